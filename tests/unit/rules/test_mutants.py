"""Each broken rule with the shortest series that gives it away."""

from __future__ import annotations

from typing import Any

import pytest

from tests.mutants import MUTANTS
from tests.series import START, series
from tests.unit.rules.builders import excursions, watching

TELLTALES = {
    "> for >=": ({"above": 8.0, "inclusive": True}, "7.9 8.0 7.9"),
    "no deadband": ({"above": 8.0, "deadband": 0.2}, "5 8.1 7.9 8.1 7.8"),
    "no max_gap": ({"above": 8.0, "hold": "4m", "max_gap": "2m"}, "5 9 9 - - 9 5"),
    "for ignored": ({"above": 8.0, "hold": "3m"}, "5 9 9 9 5"),
    "off by one interval": ({"above": 8.0, "hold": "3m"}, "5 9 9 9 9 5"),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_short_series_gives_each_broken_rule_away(name: str) -> None:
    fields: dict[str, Any]
    fields, text = TELLTALES[name]
    readings = series(START, "1m", text)
    right = excursions(watching(**fields), readings)
    assert excursions(watching(**fields), readings, MUTANTS[name]) != right


@pytest.mark.parametrize("name", MUTANTS)
def test_no_broken_rule_differs_where_nothing_violates(name: str) -> None:
    readings = series(START, "1m", "5x20 bad - - 5")
    assert excursions(watching(above=8.0), readings, MUTANTS[name]) == []


def test_single_reading_without_hold_tells_off_by_one_interval() -> None:
    readings = series(START, "1m", "5 9 5")
    assert excursions(watching(above=8.0), readings)
    assert not excursions(watching(above=8.0), readings, MUTANTS["off by one interval"])
