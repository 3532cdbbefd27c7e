"""Each broken rule with the shortest series that gives it away."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mutants import MUTANTS
from tests.series import START, series
from tests.unit.rules.builders import excursions, watching, watching_by

RISING = {"above": 6.0, "window": "10m", "readings": 6}
TELLTALES: list[tuple[str, str, dict[str, Any], str]] = [
    ("> for >=", "threshold", {"above": 8.0, "inclusive": True}, "7.9 8.0 7.9"),
    ("no deadband", "threshold", {"above": 8.0, "deadband": 0.2}, "5 8.1 7.9 8.1 7.8"),
    ("gap ignored", "threshold", {"above": 8.0, "for": "4m"}, "5 9 9 - - 9 5"),
    ("gap ignored", "no-value", {"for": "4m"}, "5 bad bad - - bad 5"),
    ("gap ignored", "rate", {"above": 6.0, "over": "5m"}, "5 - - 9"),
    ("gap ignored", "trend", RISING, "5 5.1 5.2 - - 5.5 5.6 5.7"),
    (
        "gap ignored",
        "cumulative",
        {"above": 8.0, "total": "3m", "within": "9m"},
        "9 9 - - 9",
    ),
    ("gap ignored", "gap", {"every": "2m"}, "5 - - 5"),
    ("for ignored", "threshold", {"above": 8.0, "for": "3m"}, "5 9 9 9 5"),
    ("off by one interval", "threshold", {"above": 8.0, "for": "3m"}, "5 9 9 9 9 5"),
    ("slope sign flipped", "trend", RISING, "5 5.1 5.2 5.3 5.4 5.5 5.6"),
]


@pytest.mark.parametrize(("name", "kind", "level", "text"), TELLTALES)
def test_a_short_series_gives_each_broken_rule_away(
    name: str, kind: str, level: dict[str, Any], text: str
) -> None:
    watch, readings = watching_by(kind, **level), series(START, "1m", text)
    right = excursions(watch, readings)
    assert excursions(watch, readings, MUTANTS[name]) != right


def test_each_broken_rule_has_its_telltale() -> None:
    assert MUTANTS.keys() == {name for name, *_ in TELLTALES}


@pytest.mark.parametrize("name", MUTANTS)
def test_no_broken_rule_differs_where_nothing_violates(name: str) -> None:
    readings = series(START, "1m", "5x20 bad - - 5")
    assert excursions(watching(above=8.0), readings, MUTANTS[name]) == []


def test_single_reading_without_hold_tells_off_by_one_interval() -> None:
    readings = series(START, "1m", "5 9 5")
    assert excursions(watching(above=8.0), readings)
    assert not excursions(watching(above=8.0), readings, MUTANTS["off by one interval"])
