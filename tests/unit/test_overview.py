"""The overview's arithmetic: tiles, areas, states, codes, what is due by now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from alerting.safety.code import Colour
from alerting.safety.hearing import Silent
from dashboard.pages.overview import completeness, summary, view
from dashboard.pages.overview.cartogram import WIDEST, Place, centre, tiles, width
from dashboard.pages.overview.summary import Summary, by_area, state
from storage.completeness import Asked, Stretch
from storage.standing import Enterprise, Open, Site

REAL = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ZHEJIANG = {
    "330100": Place(120.15, 30.27), "330200": Place(121.55, 29.87), "330300": Place(120.70, 28.00),
    "330400": Place(120.76, 30.75), "330500": Place(120.09, 30.89), "330600": Place(120.58, 30.00),
    "330700": Place(119.65, 29.08), "330800": Place(118.87, 28.97), "330900": Place(122.20, 29.99),
    "331000": Place(121.42, 28.66), "331100": Place(119.92, 28.47),
}  # fmt: skip


def site(number: int, region: str = "330106", owner: int = 1) -> Site:
    return Site(
        id=number, name_zh="库", name_en="store", region=region, enterprise=owner,
        longitude=None, latitude=None,
    )  # fmt: skip


def enterprise(
    number: int, code: str = "green", score: float | None = 95.0, **more: object
) -> Enterprise:
    facts = {
        "high_risk": False, "beat_at": REAL, "enterprise_code": f"E{number}",
        "name_zh": "企业", "name_en": "enterprise", "points": 3, "due": 100, "filled": 90,
    }  # fmt: skip
    return Enterprise(id=number, code=code, score=score, **{**facts, **more})  # type: ignore[arg-type]


def summarised(
    sites: list[Site],
    enterprises: list[Enterprise],
    *opened: Open,
    unheard: list[Silent] | None = None,
) -> Summary:
    return summary.summarise(sites, enterprises, opened, unheard or [], REAL)


# The map ----------------------------------------------------------------------------


def test_tiles_go_from_north_to_south_and_from_west_to_east() -> None:
    assert [tiles(ZHEJIANG)[n : n + 4] for n in (0, 4, 8)] == [
        ["330500", "330100", "330600", "330400"],
        ["330800", "330700", "330200", "330900"],
        ["331100", "330300", "331000"],
    ]


def test_the_map_does_not_depend_on_the_order_of_areas() -> None:
    shuffled = list(ZHEJIANG.items())
    for seed in range(20):
        Random(seed).shuffle(shuffled)
        assert tiles(dict(shuffled)) == tiles(ZHEJIANG)


def test_areas_that_are_nowhere_come_last() -> None:
    assert tiles({"c": None, "b": Place(1, 1), "a": None}) == ["b", "a", "c"]
    assert tiles({}) == []


def test_areas_of_one_place_are_told_apart_by_their_codes() -> None:
    same = Place(120, 30)
    assert tiles({"b": same, "a": same, "c": same}) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("areas", "tiles_in_a_row"),
    [(0, 1), (1, 1), (2, 2), (11, 4), (34, 6), (999, WIDEST)],
)
def test_a_map_is_about_square(areas: int, tiles_in_a_row: int) -> None:
    assert width(areas) == tiles_in_a_row


def test_a_centre_is_the_mean_of_what_is_known() -> None:
    assert centre([Place(120, 30), Place(121, 28)]) == Place(120.5, 29)
    assert centre([]) is None


@pytest.mark.parametrize(
    ("regions", "areas"),
    [
        (["330106", "110101"], ["110000", "330000"]),
        (["330106", "330108", "330203"], ["330100", "330200"]),
        (["330106", "330108"], ["330106", "330108"]),
        (["330106", "330106"], ["330106"]),
        ([], []),
    ],
)
def test_areas_are_the_largest_that_tell_sites_apart(
    regions: list[str], areas: list[str]
) -> None:
    found = by_area(site(n, region) for n, region in enumerate(regions))
    assert sorted(found) == areas


@pytest.mark.parametrize(
    ("opened", "expected"),
    [
        (Open(), "well"),
        (Open(critical=1), "well"),  # returned: work, but no state any more
        (Open(worst=1), "minor"),
        (Open(worst=1, silent=1), "silent"),
        (Open(worst=2, silent=1), "major"),
        (Open(worst=3, silent=1), "critical"),
        (Open(silent=2), "silent"),
    ],
)
def test_a_site_is_as_bad_as_what_goes_on_there(opened: Open, expected: str) -> None:
    assert state(opened) == expected


def test_nothing_is_known_to_be_well_whose_owner_is_not_assessed() -> None:
    assert state(Open(), assessed=False) == "unknown"
    assert state(Open(worst=1), assessed=False) == "minor"


# The region -------------------------------------------------------------------------


def test_a_region_adds_up_its_areas() -> None:
    found = summarised(
        [site(1), site(2, "330203", owner=2), site(3, "330203", owner=2)],
        [enterprise(1, high_risk=True), enterprise(2, "yellow", 80.0)],
        Open(site=2, major=1, worst=2, unacknowledged=1),
        Open(site=3, silent=1, major=1),
        Open(site=None, critical=1, worst=3),
    )
    areas = {area.code: area for area in found.areas}
    assert areas["330100"].index.value == 95
    assert areas["330200"].index.value == 80
    assert areas["330200"].states == {"major": 1, "silent": 1}
    assert [spot.site.id for spot in areas["330200"].spots] == [2, 3]
    assert areas["330200"].open.alerts == 2
    assert found.index.value == 90  # high risk weighs 2
    assert (found.open.critical, found.open.major, found.open.worst) == (1, 2, 3)
    assert (found.sites, found.points, found.due, found.filled) == (3, 6, 200, 180)


def test_devices_that_no_alert_calls_silent_are_counted_beside_those_of_alerts() -> (
    None
):
    unheard = [Silent(1, 1, REAL), Silent(2, 1, REAL), Silent(3, 2, REAL)]
    found = summarised(
        [site(1), site(2), site(3)],
        [enterprise(1)],
        Open(site=1, major=1, silent=1),
        unheard=unheard,
    )
    (area,) = found.areas
    assert (found.open.silent, area.open.silent) == (4, 4)
    assert area.states == {"silent": 2, "well": 1}
    assert found.unheard == unheard


def test_codes_are_listed_the_worst_first() -> None:
    enterprises = [
        enterprise(1), enterprise(2, "grey", None), enterprise(3, "red", 60.0),
        enterprise(4, "yellow", 70.0), enterprise(5, "red", 40.0), enterprise(6, score=99.0),
    ]  # fmt: skip
    found = summarised([site(n, owner=n) for n in range(1, 7)], enterprises)
    assert [one.enterprise.id for one in found.coded] == [5, 3, 4, 2, 1, 6]


def test_a_code_that_nobody_judges_any_more_is_grey() -> None:
    long_ago = REAL - timedelta(minutes=11)
    found = summarised([site(1)], [enterprise(1, beat_at=long_ago)])
    assert (found.coded[0].colour, found.coded[0].heard) == (Colour.GREY, False)
    assert (found.index.value, found.index.band) == (None, None)


def test_a_site_whose_owner_is_not_seen_is_left_out() -> None:
    assert summarised([site(1, owner=9)], []).areas == []


@pytest.mark.parametrize(
    ("region", "root", "expected"),
    [
        (None, None, []),
        ("330106", None, ["", "330000", "330100"]),
        ("330106", "330000", ["330000", "330100"]),
        ("330106", "330106", []),
        ("330000", None, [""]),
        ("330000", "330000", []),
    ],
)
def test_who_looks_into_a_region_is_led_back_out_as_far_as_they_see(
    region: str | None, root: str | None, expected: list[str]
) -> None:
    assert view.above(region, root) == expected


# Completeness -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("interval", "passed", "slots"),
    [(1, 60, 55), (1, 5, 0), (1, 4, 0), (10, 60, 4), (60, 50, 0), (1, 6000, 1440)],
)
def test_a_slot_is_due_once_its_reading_would_be_late(
    interval: int, passed: int, slots: int
) -> None:
    step = timedelta(minutes=interval)
    whole = Stretch(REAL, step, timedelta(days=1) // step)
    now = REAL + timedelta(minutes=passed)
    assert completeness.over(whole, now) == whole._replace(slots=slots)


def test_no_more_slots_are_counted_than_can_be_paid_for() -> None:
    half = Stretch(REAL, timedelta(seconds=1), completeness.SLOTS // 2)
    asked = [Asked(n, half, timedelta()) for n in range(3)]
    assert completeness.affordable(asked) == asked[:2]
