"""The oracles by hand: a series a minute apart, and what each definition says of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from domain.readings import Slot
from tests.series import START, at, between, series
from tests.unit.rules.oracles import ORACLES
from tests.unit.rules.oracles.plain import Stretch, plain_period, slots


def told(text: str) -> list[Slot]:
    """`8.1/7.9` is a slot with two values: a conflict."""
    words = text.split()
    first = series(START, "1m", " ".join(word.split("/")[0] for word in words))
    more = series(START, "1m", " ".join(word.split("/")[-1] for word in words))
    return slots(first + more)


def found(kind: str, text: str, *stretches: Stretch, **level: Any) -> list[Any]:
    """What the oracle of `kind` finds under one level, or under several stretches."""
    stretches = stretches or (Stretch(0, "v1", level, 2),)
    return ORACLES[kind]([plain_period(s) for s in stretches], told(text))


def spans(kind: str, text: str, *stretches: Stretch, **level: Any) -> list[Any]:
    return [
        (start, end) for _, start, end, *_ in found(kind, text, *stretches, **level)
    ]


def peaks(kind: str, text: str, *stretches: Stretch, **level: Any) -> list[Any]:
    return [tuple(rest) for _, _, _, *rest in found(kind, text, *stretches, **level)]


# The streak machine, by the threshold


def test_hold_deadband_and_gap() -> None:
    level = {"above": 8.0, "for": "2m", "deadband": 0.2}
    assert spans("threshold", "5 9 9 8 9 9 9 7.9 7.8", **level) == [between("4m", "8m")]
    assert spans("threshold", "9 - - 9 9 9", **level) == [between("3m")]
    assert spans("threshold", "9 bad 9 5", **level) == [between("0s", "3m")]


def test_conflict_violates_if_any_value_does_and_clears_if_all_do() -> None:
    assert spans("threshold", "5/9 9/5 5", above=8.0) == [between("0s", "2m")]
    assert peaks("threshold", "8.5/9 9/5 5", above=8.0) == [(9.0, at("0s"))]


def test_peak_of_equal_excess_is_the_first_and_of_one_slot_the_smallest() -> None:
    both = {"above": 8.0, "below": 2.0}
    assert peaks("threshold", "8.3/1.7 5", **both) == [(1.7, at("0s"))]
    assert peaks("threshold", "8.3 1.7 5", **both) == [(8.3, at("0s"))]


def test_put_to_use_begins_anew() -> None:
    level = {"above": 8.0, "for": "1m"}
    empty, used = Stretch(0, "v1", level, 2, alerts=False), Stretch(3, "v1", level, 2)
    again = [between("0s", "3m"), between("3m", "5m")]
    assert spans("threshold", "9 9 9 9 9 5", empty, used) == again
    assert spans("threshold", "5 5 9 9 9 5", empty, used) == [between("3m", "5m")]
    assert spans("threshold", "9 9 9 5 9 9", empty, used)[0] == between("0s", "3m")


def test_taken_out_of_use_goes_on() -> None:
    level = {"above": 8.0, "for": "1m"}
    used, empty = Stretch(0, "v1", level, 2), Stretch(1, "v1", level, 2, alerts=False)
    later = Stretch(3, "v1", level, 2)
    assert spans("threshold", "9 9 9 9 5", used, empty, later) == [between("0s", "4m")]


# The other kinds


def test_no_value_lasts_from_the_first_without_to_the_first_with_a_value() -> None:
    assert spans("no-value", "5 bad null 5", **{"for": "1m"}) == [between("1m", "3m")]
    assert spans("no-value", "5 bad/5 null 5", **{"for": "1m"}) == []
    assert peaks("no-value", "bad bad", **{"for": "1m"}) == [(1.0, at("0s"))]


def test_rate_is_per_hour_over_the_longest_reach_within_over() -> None:
    level = {"above": 6.0, "inclusive": True, "over": "2m"}
    assert found("rate", "5 5 5.1 5.2 5.2 5.2", **level) == [
        ("v1", *between("3m", "4m"), 6.0, at("3m"))
    ]
    assert found("rate", "5 9", above=6.0, over="1m")[0][3:] == (240.0, at("1m"))


def test_rate_leaves_conflicts_out_and_needs_its_run() -> None:
    level = {"above": 6.0, "over": "5m"}
    assert spans("rate", "5 9/8 5", **level) == []
    assert spans("rate", "5 9/8 9", **level) == [between("2m")]
    assert spans("rate", "5 - - 9", **level) == []


TREND = {"above": 6.0, "window": "6m", "readings": 6, "significance": 0.01}


def test_trend_is_the_slope_where_it_is_significant() -> None:
    steady = "5 5.1 5.2 5.3 5.4 5.5 5.6"
    assert found("trend", steady, **TREND) == [("v1", *between("5m"), 6.0, at("5m"))]
    assert spans("trend", steady, **{**TREND, "above": 6.1}) == []
    assert spans("trend", steady, **{**TREND, "significance": 0.005}) == []
    assert spans("trend", "5 5.1 5.2 5.3 5.4", **TREND) == []


def test_trend_that_stops_to_be_one_has_slope_nought() -> None:
    assert spans("trend", "5 5.1 5.2 5.3 5.4 5.5 5", **TREND) == [between("5m", "6m")]


def test_trend_tells_when_it_reaches_a_limit() -> None:
    steady = "5 5.1 5.2 5.3 5.4 5.5 5.6"
    near = {**TREND, "reaches_above": 6.0, "within": "4m"}
    assert spans("trend", steady, **near) == [between("6m")]
    assert spans("trend", steady, **{**near, "within": "5m"}) == [between("5m")]
    assert spans("trend", steady, **{**near, "reaches_above": 5.0}) == [between("5m")]
    falling = {**near, "reaches_below": 1.0, "reaches_above": None}
    assert spans("trend", steady, **falling) == []


def test_cumulative_counts_time_after_what_violates_within_a_window() -> None:
    level = {"above": 8.0, "total": "3m", "within": "10m"}
    assert found("cumulative", "9 9 5 9 5 5", **level) == [
        ("v1", *between("4m"), 0.05, at("4m"))
    ]
    assert spans("cumulative", "9 9 5 9 - - 5 5", **level) == []
    short = {**level, "within": "4m"}
    assert spans("cumulative", "9 9 9 9 5 5 5", **short) == [between("3m", "6m")]


def test_cumulative_begins_anew_at_midnight_in_beijing_and_when_loaded() -> None:
    level = {"above": 8.0, "total": "2m", "since": "day"}
    periods = [plain_period(Stretch(0, "v1", level, 2))]
    late = series(at("15h57m").isoformat(), "1m", "9 9 9 9 9 9")
    (first, second) = ORACLES["cumulative"](periods, slots(late))
    assert first[1:3] == between("15h59m", "16h0m")
    assert second[1:3] == between("16h2m")
    loaded = {"above": 8.0, "total": "2m", "since": "loaded"}
    stretch = Stretch(0, "v1", loaded, 2, loaded_since=2)
    assert spans("cumulative", "9 9 9 9 9", stretch) == [between("4m")]


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ({"every": "2m"}, [between("0s", "3m")]),
        ({"every": "2m", "tolerance": "1m"}, []),
        ({"every": "1m"}, [between("0s", "3m"), between("4m", "6m")]),
        ({"every": "1m", "above": 8.0}, [between("4m", "6m")]),
        ({"every": "1m", "settle": "1m"}, [between("0s", "3m")]),
    ],
)
def test_gap(level: dict[str, Any], expected: list[tuple[datetime, datetime]]) -> None:
    assert spans("gap", "5 - - bad 9 - 5", **level) == expected


def test_gap_measures_minutes_to_the_slot_that_ends_it() -> None:
    assert peaks("gap", "5 - - 5", every="1m") == [(3.0, at("3m"))]
