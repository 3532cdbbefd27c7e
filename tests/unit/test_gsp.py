"""What GSP asks of a site, at every boundary; and what nobody can say."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from domain.gsp import Sensor, Space, Verdict, calibration, checks, needed, people
from domain.gsp import endpoints as judged

TODAY = date(2026, 11, 22)
MET, SHORT, UNKNOWN = Verdict.MET, Verdict.SHORT, Verdict.UNKNOWN
FLAT = Space(area=420, height=4.5)


def sensor(due: date | None = TODAY, zone: str = "cold") -> Sensor:
    return Sensor(zone=zone, calibration_due=due)


@pytest.mark.parametrize(
    ("size", "unit", "number"),
    [
        (1, 300, 2), (300, 300, 2), (300.1, 300, 3), (600, 300, 3), (601, 300, 4),
        (100, 100, 2), (101, 100, 3), (420, 100, 6),
        (20, 20, 2), (20.5, 20, 3), (40, 20, 3), (40.1, 20, 4),
    ],
)  # fmt: skip
def test_two_endpoints_and_one_more_for_each_further_unit_begun(
    size: float, unit: float, number: int
) -> None:
    assert needed(size, unit) == number


@pytest.mark.parametrize(
    ("space", "zone", "present", "verdict"),
    [
        (FLAT, "cold", 6, MET),
        (FLAT, "frozen", 5, SHORT),
        (FLAT, "cool", 3, MET),
        (FLAT, "ambient", 2, SHORT),
        (Space(vehicle=True, area=10, height=2), "cold", 2, MET),
        (Space(vehicle=True, area=10.1, height=2), "cold", 2, SHORT),
        (Space(vehicle=True, area=10.1, height=2), "cold", 3, MET),
    ],
)
def test_endpoints_are_judged_by_area_and_zone_in_vehicles_by_volume(
    space: Space, zone: str, present: int, verdict: Verdict
) -> None:
    assert judged(space, zone, 1, present).verdict is verdict


@pytest.mark.parametrize(
    ("height", "most"), [(4.5, 6), (4.6, 12), (8.0, 12), (8.1, 18), (None, 18)]
)
def test_high_racks_may_ask_for_more_and_between_nobody_can_say(
    height: float | None, most: int
) -> None:
    space = Space(area=420, height=height)
    assert judged(space, "cold", 1, most).most == most
    assert judged(space, "cold", 1, most).verdict is MET
    assert judged(space, "cold", 1, most - 1).verdict is (SHORT if most == 6 else UNKNOWN)  # fmt: skip
    assert judged(space, "cold", 1, 5).verdict is SHORT


def test_without_an_area_only_what_falls_short_of_two_can_be_said() -> None:
    found = judged(Space(height=3), "cold", 1, 40)
    assert (found.verdict, found.least, found.most) == (UNKNOWN, 2, None)
    assert found.missing == ("area",)
    assert judged(Space(height=3), "cold", 1, 1).verdict is SHORT
    assert judged(Space(vehicle=True, area=10), "cold", 1, 9).missing == ("height",)


def test_of_several_zones_nobody_knows_which_has_what_area() -> None:
    found = judged(FLAT, "cold", 2, 5)
    assert (found.verdict, found.least, found.most) == (UNKNOWN, 2, 6)
    assert found.missing == ("zones",)
    assert judged(FLAT, "cold", 2, 6).verdict is MET
    assert judged(FLAT, "cold", 2, 1).verdict is SHORT


@pytest.mark.parametrize(
    ("days", "verdict"),
    [
        ([0, 366], MET),
        ([-1, 300], SHORT),
        ([367], SHORT),
        ([0, None], UNKNOWN),
        ([-1, None], SHORT),
    ],
)
def test_calibration_is_valid_today_and_for_a_year_at_most(
    days: list[int | None], verdict: Verdict
) -> None:
    due = [None if day is None else TODAY + timedelta(days=day) for day in days]
    assert calibration([sensor(one) for one in due], TODAY).verdict is verdict


@pytest.mark.parametrize(
    ("told", "verdict"), [(0, SHORT), (2, SHORT), (3, MET), (None, UNKNOWN)]
)
def test_an_alarm_reaches_three_people(told: int | None, verdict: Verdict) -> None:
    assert people(told).verdict is verdict


def test_each_zone_is_checked_then_calibration_and_people() -> None:
    found = checks(FLAT, [sensor(), sensor(zone="cool"), sensor()], 3, TODAY)
    assert [(one.key, one.zone) for one in found] == [
        ("cold-store", "cold"), ("store", "cool"), ("calibration", None), ("people", None),
    ]  # fmt: skip
    assert checks(FLAT, [], 3, TODAY) == []
