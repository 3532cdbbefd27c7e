"""Silence, as a table: what is expected of a device, what was heard, what is found.

Times are minutes after the start of the series. A device reports every minute and may be
silent for 15 min, unless said otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alerting.findings.silence import (
    Begins,
    Ends,
    Heard,
    Silent,
    Stretch,
    Terms,
    Verdict,
    Waits,
    in_force,
    judge,
    timeline,
)
from domain.listened import Listened
from domain.registry import Device, InUse, Point
from domain.rules import Severity
from rules.silence import SilenceRule
from tests.series import at
from tests.unit.rules.builders import a_point, a_setting


def m(minutes: float) -> datetime:
    return at("0s") + timedelta(minutes=minutes)


TERMS = Terms(timedelta(minutes=15), -Severity.MAJOR, "device-silent", "v1")
EXPECTED = Stretch(m(0), m(0), TERMS)
IDLE = Stretch(m(40), m(30), None)


def judged(
    watermark: float,
    heard: Heard | None = None,
    silent: Silent | None = None,
    stretch: Stretch | None = EXPECTED,
    since: float = 0,
    unbroken: float = -1,
    registered: float = -100,
) -> Verdict:
    listened = Listened(
        watermark=m(watermark), since=m(since), unbroken=m(max(since - 1, unbroken))
    )
    return judge(stretch, heard, silent, listened, m(registered))


def heard(minutes: float, *, will: bool = False) -> Heard:
    return Heard(m(minutes), will)


def silent(minutes: float, *, will: bool = False) -> Silent:
    return Silent(m(minutes), will, "device-silent")


def begins(minutes: float, *, will: bool = False) -> Begins:
    return Begins(m(minutes), will, TERMS)


# Begin


@pytest.mark.parametrize(
    ("watermark", "verdict"),
    [(10, Waits(m(25))), (25, Waits(m(25))), (25.001, begins(10))],
)
def test_silence_begins_when_no_message_came_for_longer_than_the_limit(
    watermark: float, verdict: Verdict
) -> None:
    assert judged(watermark, heard(10)) == verdict


def test_a_device_never_heard_is_silent_since_it_was_expected_to_speak() -> None:
    assert judged(15) == Waits(m(15))
    assert judged(16) == begins(0)


def test_a_device_never_heard_is_not_silent_before_the_box_listened() -> None:
    assert judged(16, since=5) == Waits(m(20))
    assert judged(21, since=5) == begins(5)


def test_a_device_never_heard_is_not_silent_before_the_box_knew_of_it() -> None:
    assert judged(70, registered=60) == Waits(m(75))
    assert judged(76, registered=60) == begins(60)


def test_silence_is_not_counted_from_before_the_end_of_our_deafness() -> None:
    assert judged(70, heard(10), since=60) == Waits(m(75))
    assert judged(76, heard(10), since=60) == begins(10)


def test_silence_is_not_counted_from_before_the_device_was_put_to_use() -> None:
    loaded = Stretch(m(60), m(60), TERMS)
    assert judged(61, heard(10), stretch=loaded) == Waits(m(75))
    assert judged(76, heard(10), stretch=loaded) == begins(10)


def test_a_will_begins_silence_once_the_box_has_listened_beyond_it() -> None:
    assert judged(10, heard(10, will=True)) == Waits(m(10))
    assert judged(10.001, heard(10, will=True)) == begins(10, will=True)


def test_a_will_is_a_message_like_any_if_our_connection_broke_since() -> None:
    assert judged(24, heard(10, will=True), unbroken=12) == Waits(m(25))
    assert judged(26, heard(10, will=True), unbroken=12) == begins(10, will=True)
    assert judged(26, heard(10, will=True), since=12) == Waits(m(27))


def test_a_will_of_before_the_device_was_put_to_use_is_not_held_against_it() -> None:
    loaded = Stretch(m(60), m(60), TERMS)
    assert judged(61, heard(10, will=True), stretch=loaded) == Waits(m(75))


@pytest.mark.parametrize("stretch", [None, IDLE])
def test_nothing_is_expected_of_what_is_not_in_use(stretch: Stretch | None) -> None:
    assert judged(500, heard(10, will=True), stretch=stretch) is None


# End


def test_silence_goes_on_until_a_message_comes() -> None:
    assert judged(500, heard(10), silent(10)) is None


def test_a_message_ends_silence_whatever_the_watermark() -> None:
    assert judged(40, heard(41), silent(10)) == Ends(m(41))


def test_a_will_ends_nothing() -> None:
    assert judged(41, heard(41, will=True), silent(10)) is None
    assert judged(41, heard(41, will=True), silent(10, will=True)) is None


def test_a_message_at_the_very_time_of_the_will_ends_its_silence() -> None:
    assert judged(10, heard(10), silent(10, will=True)) == Ends(m(10))


def test_what_is_taken_out_of_use_is_silent_no_more() -> None:
    assert judged(50, heard(10), silent(10), IDLE) == Ends(m(30))
    assert judged(50, heard(35), silent(35), IDLE) == Ends(m(35))
    assert judged(50, heard(10), silent(10), None) == Ends(m(50))


# What is expected


def a_rule(intervals: int = 5, at_least: str = "15m") -> SilenceRule:
    level = {
        "name": "silent",
        "severity": "major",
        "intervals": intervals,
        "at_least": at_least,
    }
    return SilenceRule.model_validate(
        {
            "key": "device-silent",
            "kind": "silence",
            "name": {"zh": "失联", "en": "silent"},
            "basis": {"zh": "测试", "en": "a test"},
            "levels": [level],
        }
    )


RULES = {"s": a_rule(), "strict": a_rule(at_least="0s")}


def a_device(*points: Point) -> Device:
    return Device(
        id=1,
        enterprise=1,
        site=1,
        enterprise_code="",
        key="logger-1",
        region="330106",
        time_zone=None,
        points={str(n): point for n, point in enumerate(points)},
    )


def stretches(*points: Point) -> list[tuple[int, int, int | None]]:
    """(start, since, patience), in minutes."""
    return [
        (
            round((one.start - m(0)) / timedelta(minutes=1)),
            round((one.since - m(0)) / timedelta(minutes=1)),
            one.terms and round(one.terms.patience / timedelta(minutes=1)),
        )
        for one in timeline(a_device(*points), RULES)
    ]


def test_a_device_is_expected_to_speak_as_often_as_its_most_impatient_point() -> None:
    fast = a_setting("0m", ["s"])
    slow = replace(fast, interval=timedelta(minutes=10), max_gap=timedelta(hours=1))
    assert stretches(a_point(slow)) == [(0, 0, 50)]
    assert stretches(a_point(slow), a_point(fast)) == [(0, 0, 15)]
    assert stretches(a_point(a_setting("0m", ["strict"])), a_point(fast)) == [(0, 0, 5)]


def test_points_without_such_a_rule_expect_nothing() -> None:
    assert stretches(a_point(a_setting("0m", ["other"]))) == []
    fast, slow = a_setting("0m", []), a_setting("0m", ["s"])
    slow = replace(slow, interval=timedelta(minutes=10), max_gap=timedelta(hours=1))
    assert stretches(a_point(fast), a_point(slow)) == [(0, 0, 50)]


def test_use_begins_and_ends_with_the_first_and_the_last_point() -> None:
    def point(*uses: tuple[str, InUse]) -> Point:
        return a_point(
            *(replace(a_setting(since, ["s"]), in_use=use) for since, use in uses)
        )

    one = point(("0m", InUse.LOADED), ("30m", InUse.EMPTY), ("60m", InUse.LOADED))
    other = point(("0m", InUse.COMMISSIONED), ("40m", InUse.IN_MAINTENANCE))
    assert stretches(one) == [(0, 0, 15), (30, 30, None), (60, 60, 15)]
    assert stretches(one, other) == [
        (0, 0, 15),
        (30, 0, 15),
        (40, 40, None),
        (60, 60, 15),
    ]


def test_the_stretch_in_force_and_when_the_next_begins() -> None:
    found = timeline(
        a_device(a_point(a_setting("10m", ["s"]), a_setting("20m", ["strict"]))), RULES
    )
    assert in_force(found, m(9)) == (None, m(10))
    assert in_force(found, m(10)) == (found[0], m(20))
    assert in_force(found, m(20)) == (found[1], None)
    assert found[1].terms is not None
    assert found[1].terms.severity is Severity.MAJOR
