"""Ranges of time, as addresses of a point's page say them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dashboard.pages.points.ranges import RANGES, BadRange, Range, asked

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")


def wanted(since: str = "", until: str = "", name: str = "") -> Range:
    return asked(since, until, name, NOW, ZONE)


def test_an_address_without_a_range_is_the_last_day() -> None:
    assert wanted() == Range(start=NOW - timedelta(days=1), until=NOW, name="24h")


@pytest.mark.parametrize("name", RANGES)
def test_a_named_range_ends_now_and_keeps_its_name(name: str) -> None:
    assert wanted(name=name).until == NOW
    assert wanted(name=name).address["range"] == name


def test_a_time_without_an_offset_is_the_viewers() -> None:
    assert wanted("2026-11-22T08:00", "2026-11-22T10:00").address == {
        "range": None,
        "from": "2026-11-22T00:00:00Z",
        "to": "2026-11-22T02:00:00Z",
    }


def test_the_future_is_cut_off() -> None:
    assert wanted("2026-11-22T09:00Z", "2027-11-22T09:00Z").until == NOW


def test_what_is_too_narrow_is_widened() -> None:
    times = "2026-11-22T09:00:00Z", "2026-11-22T09:00:00.5Z"
    assert wanted(*times).span == timedelta(seconds=10)


@pytest.mark.parametrize(
    ("since", "until", "name", "problem"),
    [
        ("", "", "2h", "unknown"),
        ("2026-11-22T09:00Z", "2026-11-21T09:00Z", "", "reversed"),
        ("2026-11-21T09:00Z", "2026-11-21T09:00Z", "", "reversed"),
        ("1975-01-01T00:00Z", "2026-01-01T00:00Z", "", "long"),
        ("2026-11-23T09:00Z", "2026-11-24T09:00Z", "", "future"),
        ("2026-11-23T09:00Z", "", "", "reversed"),
        ("yesterday", "", "", "unreadable"),
        ("0001-01-01T00:00", "", "", "unreadable"),
        ("", "9999-12-31T23:59:59Z", "", "unreadable"),
        ("2026-11-22T08:00:00 08:00", "", "", "unreadable"),
    ],
)
def test_a_range_that_cannot_be_shown_says_why(
    since: str, until: str, name: str, problem: str
) -> None:
    with pytest.raises(BadRange, match=problem):
        wanted(since, until, name)


def test_one_goes_back_and_forth_up_to_now() -> None:
    day = wanted()
    assert day.later(NOW) is None
    before = day.earlier()
    assert (before.until, before.span) == (day.start, day.span)
    assert before.later(NOW) == day


def test_one_zooms_in_and_out() -> None:
    hours = Range(start=NOW - timedelta(hours=8), until=NOW - timedelta(hours=4))
    assert hours.closer().wider(NOW) == hours
    wide = wanted(name="5y")
    for _ in range(3):
        wide = wide.wider(NOW) or wide
    assert wide.wider(NOW) is None
