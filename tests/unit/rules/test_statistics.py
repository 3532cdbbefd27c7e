"""Theil–Sen and Mann–Kendall against SciPy, and against the definition by brute force.

SciPy's `theilslopes` gives slope and interval. Its `kendalltau` over time gives S (its tau-b
is S / √(pairs · pairs without ties)) and, without the correction for continuity, a p-value
of the same variance; with the correction there is none in SciPy: its normal distribution is
put on the definition.
"""

from __future__ import annotations

import math
import tracemalloc
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rules.statistics import HOUR, KEPT, Window, sen_interval, theil_sen
from tests.series import at

SOME = settings(derandomize=True, deadline=None, max_examples=100)

STEPS = st.sampled_from([1, 1, 1, 2, 5, 7, 60])
FEW_TIES = st.integers(-(10**6), 10**6).map(lambda n: n / 1000)
MANY_TIES = st.integers(47, 53).map(lambda n: n / 10)
SIZES = st.one_of(st.integers(3, 12), st.integers(13, 60), st.integers(61, 200))


@st.composite
def runs(draw: st.DrawFn) -> list[tuple[datetime, float]]:
    """Uneven times, from 3 to 200 readings; many ties, or few."""
    size = draw(SIZES)
    value = draw(st.sampled_from([FEW_TIES, MANY_TIES]))
    steps = draw(st.lists(STEPS, min_size=size, max_size=size))
    values = draw(st.lists(value, min_size=size, max_size=size))
    drift = draw(st.sampled_from([0, 0, 0.1, -0.05]))
    return [
        (at(f"{sum(steps[:i])}m"), round(value + drift * i, 3))
        for i, value in enumerate(values)
    ]


def s_by_definition(values: Sequence[float]) -> int:
    return sum((b > a) - (b < a) for a, b in combinations(values, 2))


def variance(values: Sequence[float]) -> float:
    """Of S, by the definition."""
    n, groups = len(values), Counter(values).values()
    ties = sum(g * (g - 1) * (2 * g + 5) for g in groups)
    return (n * (n - 1) * (2 * n + 5) - ties) / 18


@SOME
@given(runs())
def test_slope_and_interval_are_those_of_scipy(
    run: list[tuple[datetime, float]],
) -> None:
    window = Window.of(run)
    expected: Any = stats.theilslopes(window.values, window.hours, 0.95)
    interval = (expected.low_slope, expected.high_slope)
    slope = theil_sen(window.hours, window.values)
    assert slope == pytest.approx(expected.slope, rel=1e-12, abs=1e-12)
    assert sen_interval(window.hours, window.values) == pytest.approx(
        interval, rel=1e-12, abs=1e-12
    )


@SOME
@given(runs())
def test_s_is_that_of_scipy_and_of_the_definition(
    run: list[tuple[datetime, float]],
) -> None:
    window = Window.of(run)
    assert window.s == s_by_definition(window.values)
    pairs = math.comb(len(run), 2)
    tied = sum(math.comb(g, 2) for g in Counter(window.values).values())
    if tied < pairs:
        result: Any = stats.kendalltau(window.hours, window.values)
        assert (
            round(result.statistic * math.sqrt(pairs * (pairs - tied)), 6) == window.s
        )


@SOME
@given(runs())
def test_p_is_that_of_the_definition_and_uncorrected_that_of_scipy(
    run: list[tuple[datetime, float]],
) -> None:
    window = Window.of(run)
    if not window.s:
        assert window.p == 1.0
        return
    sigma = math.sqrt(variance(window.values))
    z = (window.s - math.copysign(1, window.s)) / sigma
    assert window.p == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-9)
    plain: Any = stats.kendalltau(window.hours, window.values, method="asymptotic")
    uncorrected = 2 * stats.norm.sf(abs(window.s) / sigma)
    assert plain.pvalue == pytest.approx(uncorrected, rel=1e-9)


@SOME
@given(runs(), st.data())
def test_window_is_the_same_whatever_the_way_to_it(
    run: list[tuple[datetime, float]], data: st.DataObject
) -> None:
    window = Window.of(run)
    cut = data.draw(st.integers(0, len(run)))
    before = run[cut - 1][0] if cut else run[0][0] - HOUR
    dropped, made = window.since(before), Window.of(run[cut:])
    assert dropped == made
    assert hash(dropped) == hash(made)
    assert (dropped.s, dropped.ties) == (made.s, made.ties)
    assert dropped.ordered == made.ordered == tuple(sorted(dropped.values))
    assert dropped.s == s_by_definition(dropped.values)
    assert dropped.p == made.p


@SOME
@given(runs(), st.integers(1, 30))
def test_window_slides_one_reading_at_a_time(
    run: list[tuple[datetime, float]], minutes: int
) -> None:
    sliding, length = Window(), at(f"{minutes}m") - at("0s")
    for time, value in run:
        sliding = sliding.push(time, value).since(time - length)
        within = [(t, v) for t, v in run if time - length < t <= time]
        assert sliding == Window.of(within)
        assert sliding.s == s_by_definition(sliding.values)


def test_window_that_loses_nothing_is_itself() -> None:
    window = Window.of([(at("1m"), 5.0)])
    assert window.since(at("0s")) is window
    assert window.since(at("1m")) == Window()


def test_windows_with_other_readings_differ() -> None:
    window = Window.of([(at("1m"), 5.0), (at("2m"), 5.1)])
    assert window != Window.of([(at("1m"), 5.0), (at("2m"), 5.2)])
    assert window != Window.of([(at("1m"), 5.0), (at("3m"), 5.1)])


def test_slope_of_an_even_number_of_pairs_is_the_mean_of_the_middle_two() -> None:
    assert theil_sen([0, 1, 2, 3], [0, 1, 4, 9]) == 3.0
    assert theil_sen([0, 1, 2, 3], [0, 1, 4, 8]) == pytest.approx((8 / 3 + 3) / 2)


def test_slope_of_two_readings_is_that_between_them() -> None:
    assert theil_sen([-0.5, 0], [5.0, 5.3]) == pytest.approx(0.6)
    assert sen_interval([-0.5, 0], [5.0, 5.3]) == pytest.approx((0.6, 0.6))


def test_equal_values_have_no_slope_and_say_nothing() -> None:
    window = Window.of((at(f"{i}m"), 5.0) for i in range(20))
    assert theil_sen(window.hours, window.values) == 0.0
    assert sen_interval(window.hours, window.values) == (0.0, 0.0)
    assert (window.s, window.p) == (0, 1.0)


def test_steady_rise_of_ten_readings_is_significant() -> None:
    window = Window.of((at(f"{i}m"), 5 + i / 10) for i in range(10))
    assert (window.s, window.ties) == (45, 0)
    assert window.p == pytest.approx(math.erfc(44 / math.sqrt(2 * 125)))
    assert window.p < 0.001


def test_window_of_few_readings_says_nothing() -> None:
    assert Window().p == 1.0
    assert Window.of([(at("0s"), 5.0), (at("1m"), 6.0)]).p == 1.0


@pytest.mark.parametrize("size", [KEPT - 1, KEPT, KEPT + 1, 2 * KEPT])
def test_slope_of_many_readings_is_that_of_scipy(size: int) -> None:
    hours = [i / 12 + (i % 7) / 100 for i in range(size)]
    values = [round(5 + i * i % 89 / 10 + i / 50, 1) for i in range(size)]
    theirs: Any = stats.theilslopes(values, hours)
    assert theil_sen(hours, values) == pytest.approx(theirs.slope, rel=1e-12)
    between = (theirs.low_slope, theirs.high_slope)
    assert sen_interval(hours, values) == pytest.approx(between, rel=1e-12)


def test_windows_of_many_sizes_leave_little_in_memory() -> None:
    tracemalloc.start()
    try:
        for size in range(2, 500, 3):
            theil_sen(range(size), range(size))
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 2**20
    assert peak < 4 * 2**20
