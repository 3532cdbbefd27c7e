"""What excursions are, by brute force: straight from the definition, in integers.

Shares no code with `rules/`: no state, no fold, no floats. At a resolution of 0.1 only.
"""

from datetime import timedelta
from itertools import pairwise


def tenths(number):
    return round(number * 10)


def beyond(level, value):
    """Tenths beyond the limits; above 0 where `value` violates them."""
    over = [value - tenths(level.above)] if level.above is not None else []
    under = [tenths(level.below) - value] if level.below is not None else []
    return max(over + under) + level.inclusive


def oracle(watch, readings):
    """(version, start, end, peak, peak time) of each excursion."""
    valued = [r for r in readings if r.value is not None and r.quality != 2]
    time, value = [r.time for r in valued], [tenths(r.value) for r in valued]
    period = [[p for p in watch.periods if p.valid_from <= t][-1:] for t in time]
    level = [p[0].level if p else None for p in period]
    bad = [bool(p) and beyond(p, v) > 0 for p, v in zip(level, value, strict=True)]
    found, free, n = [], 0, len(valued)
    gap = [timedelta.max, *(b - a for a, b in pairwise(time))]
    near = [bool(p) and g <= p[0].max_gap for p, g in zip(period, gap, strict=False)]
    for i, limits in enumerate(level):
        last = i + 1
        whole = [j for j in range(free, last) if all(bad[j:last] + near[j + 1 : last])]
        if limits and whole and time[i] - time[whole[0]] >= limits.hold:
            first = whole[0]
            far = [beyond(limits, v) for v in value]
            clear = (k for k in range(i, n) if far[k] + tenths(limits.deadband) <= 0)
            free = next(clear, n)
            peak = max(range(first, free), key=lambda k: (far[k], -k))
            span = (time[first], [*time, None][free])
            found.append((period[i][0].version, *span, value[peak] / 10, time[peak]))
    return found
