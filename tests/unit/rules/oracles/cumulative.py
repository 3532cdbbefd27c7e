"""Cumulative: hours spent beyond limits, within the last `within` or `since` a reset."""

from datetime import timedelta, timezone
from itertools import pairwise

from tests.unit.rules.oracles.common import Limits, beyond, hours, in_force, streaks

BEIJING = timezone(timedelta(hours=8))


def left(level, period, time):
    if level.within is not None:
        return time - level.within
    midnight = {"hour": 0, "minute": 0, "second": 0, "microsecond": 0}
    day = time.astimezone(BEIJING).replace(**midnight)
    return day if level.since == "day" else (period.loaded_since or time)


def oracle_cumulative(periods, slots):
    """(version, start, end, peak, peak time) of each excursion."""
    valued, counted = [slot for slot in slots if slot.values], []
    for a, b in pairwise(valued):
        before, after = in_force(periods, a.time), in_force(periods, b.time)
        if before and before.level and b.time - a.time <= after.max_gap:
            counted += [(a.time, b.time)] if beyond(before.level, a.values) else []

    def numbers(i, level):
        time, values = slots[i].time, slots[i].values
        if not values or level is None:
            return [0] if values else []
        begin = left(level, in_force(periods, time), time)
        parts = ((max(a, begin), b) for a, b in counted if b <= time)
        return [hours(sum((b - a for a, b in parts if a < b), timedelta()))]

    return streaks(periods, slots, lambda level: Limits(hours(level.total)), numbers)
