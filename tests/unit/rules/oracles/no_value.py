"""No value: a slot without values measures 1, one with values 0."""

from fractions import Fraction

from tests.unit.rules.oracles.common import Limits, streaks


def oracle_no_value(periods, slots):
    """(version, start, end, peak, peak time) of each excursion."""
    missing = [Fraction(0 if slot.values else 1) for slot in slots]

    def limits(level):
        return Limits(Fraction(1), hold=level.hold)

    return streaks(periods, slots, limits, lambda i, _: [missing[i]])
