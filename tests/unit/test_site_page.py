"""A point as a tile, and the days of a site as weeks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from dashboard.pages.places.site import weeks
from dashboard.pages.places.tiles import state
from rules.threshold import ThresholdLevel
from storage.site_details import Day, PointNow

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LEVEL = ThresholdLevel.model_validate(
    {"name": "excursion", "severity": "major", "above": 8.0, "for": "10m"}
)
POINT = PointNow(
    id=1, device=1, name_zh="", name_en="", device_zh="", device_en="", quantity="temperature",
    unit="°C", resolution=0.1, stage="storage", zone="cold", interval=MINUTE, in_use="loaded",
    calibration_due=None, rules=[], time=NOW, value=5.0, quality=0, severity=None, since=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("how", "fields"),
    [
        ("within", {}),
        ("within", {"value": 8.04}),
        ("pending", {"value": 8.06}),
        ("within", {"value": 9.0, "quality": 2}),
        ("within", {"value": None}),
        ("within", {"time": NOW - 2 * MINUTE}),
        ("silent", {"time": NOW - 2 * MINUTE - timedelta(seconds=1)}),
        ("empty", {"time": None, "value": None, "quality": None}),
        ("warning", {"severity": 1}),
        ("silent", {"severity": 1, "time": NOW - 9 * MINUTE}),
        ("excursion", {"severity": 2, "time": NOW - 9 * MINUTE}),
        ("excursion", {"severity": 3, "time": None, "value": None}),
        ("idle", {"severity": 3, "in_use": "in_maintenance"}),
    ],
)
def test_the_worst_that_holds_is_the_state_of_a_point(
    how: str, fields: dict[str, Any]
) -> None:
    assert state(replace(POINT, **fields), [LEVEL], NOW) == how


def test_a_point_without_limits_is_recorded() -> None:
    assert state(replace(POINT, value=99.0), [], NOW) == "recorded"


def test_weeks_begin_on_mondays_and_end_with_yesterday() -> None:
    sunday = date(2026, 11, 22)
    counted = [
        Day(day=date(2026, 11, 21), due=100, filled=95, late=False),
        Day(day=date(2026, 11, 20), due=1000, filled=949, late=False),
        Day(day=date(2026, 11, 19), due=1000, filled=799, late=False),
        Day(day=date(2026, 11, 18), due=0, filled=0, late=False),
    ]
    found = weeks(counted, sunday)
    assert [len(week) for week in found] == [7, 7, 7, 7, 7, 6]
    assert all(week[0].day.weekday() == 0 for week in found)
    last = found[-1]
    assert [cell.colour for cell in last] == [
        "grey", "grey", "grey", "red", "yellow", "green",
    ]  # fmt: skip
    assert last[2].share is None
    assert [len(week) for week in weeks([], date(2026, 11, 23))] == [7] * 5
