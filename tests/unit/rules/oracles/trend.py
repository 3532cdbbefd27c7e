"""Trend: Theil–Sen's slope, where Mann–Kendall's test says that there is one."""

from collections import Counter
from fractions import Fraction
from itertools import combinations
from math import sqrt
from statistics import NormalDist, median

from tests.unit.rules.oracles.common import exact, hours, limits_of, runs, streaks


def slope_of(window, level):
    """The measure at the last of the readings (hours, value) of a window."""
    pairs = list(combinations(window, 2))
    s = sum((b > a) - (b < a) for (_, a), (_, b) in pairs)
    sizes = [len(window), *Counter(value for _, value in window).values()]
    whole, *tied = (n * (n - 1) * (2 * n + 5) for n in sizes)
    z = (abs(s) - 1) / sqrt(Fraction(whole - sum(tied), 18)) if s else 0
    slope = median((b - a) / (u - t) for (t, a), (u, b) in pairs)
    if 2 * NormalDist().cdf(-z) > level.significance or slope * s <= 0:
        return 0
    if level.within is None:
        return round(slope, 10)
    limit = exact(level.reaches_above if slope > 0 else level.reaches_below)
    now = median(v - slope * (t - window[-1][0]) for t, v in window)
    within = round(hours(level.within), 10)
    far = limit is None or round((limit - now) / slope, 10) > within
    return 0 if far else round(slope, 10)


def oracle_trend(periods, slots):
    """(version, start, end, peak, peak time) of each excursion."""
    run, time = runs(periods, slots), [hours(s.time - slots[0].time) for s in slots]

    def numbers(i, level):
        if i not in run or level is None:
            return [0] if i in run else []
        length = hours(level.window)
        window = [j for j in run[i] if time[j] > time[i] - length]
        if len(window) < level.readings or time[i] - time[window[0]] < length / 2:
            return []
        return [slope_of([(time[j], exact(slots[j].values[0])) for j in window], level)]

    return streaks(periods, slots, lambda level: limits_of(level, True), numbers)
