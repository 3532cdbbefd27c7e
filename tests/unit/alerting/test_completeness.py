"""Cadence slots of a day in +08:00: which are due, which days a late reading touches."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from alerting.safety.completeness import due, full_days, lead, midnight, touched
from domain.durations import parse_duration
from domain.readings import Reading
from storage.completeness import Cadence, Timeline

DAY = date(2026, 11, 22)
BEGIN = datetime(2026, 11, 21, 16, tzinfo=UTC)
"""Midnight in +08:00."""
LONG_AGO = BEGIN - timedelta(days=30)


def after(text: str) -> datetime:
    """That far into the day; `-1h`: before it."""
    sign = -1 if text.startswith("-") else 1
    return BEGIN + sign * parse_duration(text.lstrip("-"))


def uses(*words: str, known: datetime = LONG_AGO) -> list[tuple[str, int]]:
    """Stretches as (offset, slots); a word is `since interval`, or `since idle interval`."""
    cadences = [
        Cadence(
            after(since), parse_duration(interval[-1]), in_use=interval[0] != "idle"
        )
        for since, *interval in (word.split() for word in words)
    ]
    timeline = Timeline(known, len(cadences), cadences)
    return [
        (str(stretch.start - BEGIN), stretch.slots) for stretch in due(timeline, DAY)
    ]


def test_a_day_begins_at_midnight_in_plus_8():
    assert midnight(DAY) == BEGIN
    assert full_days(after("0s"))[0] == date(2026, 11, 21)
    assert full_days(BEGIN - timedelta(microseconds=1))[0] == date(2026, 11, 20)
    assert full_days(after("0s"))[-1] == date(2026, 11, 15)


@pytest.mark.parametrize(
    ("interval", "slots"), [("1m", 1440), ("30m", 48), ("7m", 205), ("24h", 1)]
)
def test_all_whole_slots_of_a_day_are_due(interval: str, slots: int):
    assert uses(f"-1h {interval}") == [("0:00:00", slots)]


def test_of_an_interval_longer_than_a_day_nothing_is_due():
    assert uses("-1h 25h") == []


def test_only_slots_wholly_in_use_are_due():
    assert uses("-1h idle 10m", "1h05m 10m", "2h15m idle 10m") == [("1:10:00", 6)]
    assert uses("-1h 10m", "1h idle 10m") == [("0:00:00", 6)]
    assert uses("1h05m 10m", "1h12m idle 10m") == []
    assert uses("25h 10m") == uses() == []


def test_a_change_of_interval_within_the_day_divides_it():
    expected = [("0:00:00", 2), ("0:12:00", 1428)]
    assert uses("-1h 5m", "12m 1m") == expected


def test_a_change_of_something_else_leaves_no_slot_out():
    assert uses("-1h 30m", "0h45m 30m") == [("0:00:00", 48)]
    assert uses("-2h 30m", "-1h 30m") == [("0:00:00", 48)]


def test_nothing_is_due_before_the_box_knew_of_the_point():
    assert uses("-48h 30m", known=after("22h40m")) == [("23:00:00", 2)]
    assert uses("-48h 30m", known=after("24h")) == []


def test_a_slot_takes_what_was_measured_a_little_before_it():
    assert lead(timedelta(minutes=1)) == timedelta(seconds=6)
    assert lead(timedelta(hours=1)) == timedelta(minutes=1)


def test_late_readings_touch_full_days_only():
    def days(*offsets: str) -> set[tuple[int, date]]:
        readings = [Reading(7, after(offset), 5.0) for offset in offsets]
        return touched(readings, now=after("24h30m"))

    assert days("24h", "24h29m") == set()
    assert days("0s", "23h") == {(7, DAY)}
    assert days("-1h") == {(7, date(2026, 11, 21))}
    assert days("-30s") == {(7, date(2026, 11, 21)), (7, DAY)}
    assert days("23h59m30s") == {(7, DAY)}, "today is not full yet"
