"""Gap: neighbouring slots farther apart than the cadence that is demanded."""

from datetime import timedelta
from itertools import pairwise

from tests.unit.rules.oracles.common import beyond, in_force


def oracle_gap(periods, slots):
    """(version, start, end, peak, peak time) of each excursion."""
    found = []
    for a, b in pairwise(slots):
        period = in_force(periods, a.time)
        level = period.level if period else None
        if level is None or b.time - a.time <= level.every + level.tolerance:
            continue
        if beyond(level, a.values):
            if slots[-1].time < b.time + level.settle:
                break  # nor is any later one certain
            minutes = (b.time - a.time) / timedelta(minutes=1)
            found.append((period.version, a.time, b.time, minutes, b.time))
    return found
