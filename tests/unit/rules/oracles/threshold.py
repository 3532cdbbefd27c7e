"""Threshold: the measure of a slot is its values."""

from tests.unit.rules.oracles.common import exact, limits_of, streaks


def oracle_threshold(periods, slots):
    """(version, start, end, peak, peak time) of each excursion."""
    values = [[exact(value) for value in slot.values] for slot in slots]

    def limits(level):
        return limits_of(level, level.inclusive)

    return streaks(periods, slots, limits, lambda i, _: values[i])
