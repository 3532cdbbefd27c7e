"""Rate: how much a value has changed per hour over the last `over`, within its run."""

from tests.unit.rules.oracles.common import exact, hours, limits_of, runs, streaks


def oracle_rate(periods, slots):
    """(version, start, end, peak, peak time) of each excursion."""
    run = runs(periods, slots)

    def numbers(i, level):
        if i not in run:
            return []
        if level is None:
            return [0]
        reach = (j for j in run[i] if slots[j].time >= slots[i].time - level.over)
        first = next(reach)
        if first == i:
            return []
        change = exact(slots[i].values[0]) - exact(slots[first].values[0])
        return [round(change / hours(slots[i].time - slots[first].time), 10)]

    def limits(level):
        return limits_of(level, level.inclusive)

    return streaks(periods, slots, limits, numbers)
