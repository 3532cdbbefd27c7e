"""Is there a trend, and how steep: Mann–Kendall's test and Theil–Sen's slope.

Both ask only how the readings of a window compare in pairs, so that a few wild ones do
not decide. Sources: Mann 1945 and Kendall 1975 (test, correction for ties), Theil 1950
(slope), Sen 1968 (slope with ties, its confidence interval). SciPy's `kendalltau` and
`theilslopes` are the reference of the tests; nothing here needs it.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from statistics import NormalDist
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HOUR = timedelta(hours=1)
KEPT = 256
"""Readings; the pairs of so many (0.5 MB) are kept, those of more gone through by row."""
Floats: TypeAlias = NDArray[np.float64]
Numbers: TypeAlias = Sequence[float] | Floats


def theil_sen(hours: Numbers, values: Numbers) -> float:
    """Median of the slopes of all pairs, in unit per hour; of an even number the mean.

    `hours` ascend, no two equal; at least two of them. The result is not rounded.
    """
    return median(_slopes(hours, values))


def median(numbers: Floats) -> float:
    """The middle one; of an even number the mean of the middle two."""
    middle = len(numbers) // 2
    if len(numbers) % 2:
        return float(np.partition(numbers, middle)[middle])
    low, high = np.partition(numbers, (middle - 1, middle))[middle - 1 : middle + 1]
    return (float(low) + float(high)) / 2


def sen_interval(
    hours: Numbers, values: Sequence[float], confidence: float = 0.95
) -> tuple[float, float]:
    """Confidence interval of `theil_sen`, in unit per hour (Sen 1968, equation 2.6)."""
    slopes = np.sort(_slopes(hours, values))
    ties = sum(map(_tie, Counter(values).values()))
    sigma = math.sqrt(_variance(len(values), ties))
    spread = NormalDist().inv_cdf((1 + confidence) / 2) * sigma
    low = max(round((len(slopes) - spread) / 2) - 1, 0)
    high = min(round((len(slopes) + spread) / 2), len(slopes) - 1)
    return float(slopes[low]), float(slopes[high])


def _slopes(hours: Numbers, values: Numbers) -> Floats:
    """Of all pairs, by the later of the two, then by the earlier."""
    x, y = np.asarray(hours, np.float64), np.asarray(values, np.float64)
    if len(y) > KEPT:
        return _slopes_by_row(x, y)
    count = len(y) * (len(y) - 1) // 2
    second, first = (each[:count] for each in _pairs())
    return (y.take(second) - y.take(first)) / (x.take(second) - x.take(first))


def _slopes_by_row(x: Floats, y: Floats) -> Floats:
    """The same, in no more memory than they take themselves."""
    slopes, done = np.empty(len(y) * (len(y) - 1) // 2), 0
    for later in range(1, len(y)):
        row = slopes[done : done + later]
        np.divide(y[later] - y[:later], x[later] - x[:later], out=row)
        done += later
    return slopes


@cache
def _pairs() -> tuple[NDArray[Any], NDArray[Any]]:
    """The pairs of `KEPT` readings, later and earlier; those of fewer come first in them."""
    return np.tril_indices(KEPT, -1)


def _tie(size: int) -> int:
    """What a group of equal values takes from 18 variances."""
    return size * (size - 1) * (2 * size + 5)


def _variance(n: int, ties: int) -> float:
    """Of S, were there no trend. A single group of equal values has none."""
    return (_tie(n) - ties) / 18


@dataclass(frozen=True, slots=True)
class Window:
    """Readings of a window by time, with Mann–Kendall's statistic kept as they come and go.

    Whole numbers throughout, so that two windows with the same readings are the same,
    whatever the way to them. A new reading costs O(log n) comparisons.
    """

    times: tuple[datetime, ...] = ()
    """Ascending, no two equal."""
    values: tuple[float, ...] = ()
    """Judged values, in the point's unit."""
    stamps: tuple[int, ...] = field(default=(), compare=False, repr=False)
    """The same times, in µs."""
    ordered: tuple[float, ...] = field(default=(), compare=False, repr=False)
    """The same values, ascending."""
    s: int = field(default=0, compare=False)
    """Σ sign(later value − earlier value) over all pairs."""
    ties: int = field(default=0, compare=False)
    """Σ g(g − 1)(2g + 5) over groups of g equal values."""

    @classmethod
    def of(cls, pairs: Iterable[tuple[datetime, float]]) -> Window:
        """The window of (time, value) pairs, times ascending."""
        window = cls()
        for time, value in pairs:
            window = window.push(time, value)
        return window

    def push(self, time: datetime, value: float) -> Window:
        """With one more reading, later than all others."""
        low, high = bisect_left(self.ordered, value), bisect_right(self.ordered, value)
        return Window(
            (*self.times, time),
            (*self.values, value),
            (*self.stamps, (time - EPOCH) // MICROSECOND),
            (*self.ordered[:high], value, *self.ordered[high:]),
            self.s + low - (len(self.ordered) - high),
            self.ties + _tie(high - low + 1) - _tie(high - low),
        )

    def since(self, time: datetime) -> Window:
        """Without the readings at or before `time`."""
        count = bisect_right(self.times, time)
        if not count:
            return self
        ordered, s, ties = list(self.ordered), self.s, self.ties
        for value in self.values[:count]:
            low, high = bisect_left(ordered, value), bisect_right(ordered, value)
            s += low - (len(ordered) - high)
            ties += _tie(high - low - 1) - _tie(high - low)
            del ordered[low]
        return Window(
            self.times[count:],
            self.values[count:],
            self.stamps[count:],
            tuple(ordered),
            s,
            ties,
        )

    @property
    def p(self) -> float:
        """How likely so large an |S| is without a trend; 1 where there is nothing to say.

        Two-sided, by the normal distribution, corrected for continuity and ties.
        """
        if abs(self.s) <= 1:
            return 1.0
        variance = _variance(len(self.values), self.ties)
        return math.erfc((abs(self.s) - 1) / math.sqrt(2 * variance))

    @property
    def hours(self) -> Floats:
        """Times as hours from the newest reading, so 0 and below."""
        return (np.array(self.stamps) - self.stamps[-1]) / (HOUR // MICROSECOND)
