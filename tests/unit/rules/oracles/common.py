"""What the oracles have in common: exact numbers, runs, and the streak machine.

Shares no code with `rules/`. A float stands for the decimal number that it is written as,
so that differences, sums and quotients are exact fractions; where the definition rounds to
10 digits, the fraction is rounded half-even. The product rounds floats at the same places:
a measure, an excess, the hours to a limit and their `within`. The two agree unless the
exact number lies within float error of half a unit of the 10th digit; in worlds of tenths
on a grid of minutes none does.
"""

from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple


def exact(number: float | None) -> Any:
    """The decimal number that a float is written as; None stays None."""
    return None if number is None else Fraction(repr(number))


def hours(duration):
    return Fraction(duration // timedelta(microseconds=1), 3_600_000_000)


def in_force(periods, time) -> Any:
    """The last period with `valid_from` <= time; None before the first."""
    return next((p for p in reversed(periods) if p.valid_from <= time), None)


class Limits(NamedTuple):
    """What the machine asks of a level; numbers are fractions."""

    above: Fraction | None = None
    below: Fraction | None = None
    inclusive: bool = True
    deadband: Fraction = Fraction(0)
    hold: timedelta = timedelta(0)

    def excess(self, number):
        over = [] if self.above is None else [number - self.above]
        return max(over + ([] if self.below is None else [self.below - number]))

    def violates(self, numbers):
        most = max(map(self.excess, numbers))
        return most > 0 or (self.inclusive and most == 0)

    def clears(self, numbers):
        most = max(map(self.excess, numbers)) + self.deadband
        return most < 0 or (not self.inclusive and most == 0)


def limits_of(level, inclusive):
    """Of a level whose limits are on the measure itself."""
    limits = exact(level.above), exact(level.below), inclusive
    return Limits(*limits, exact(level.deadband), level.hold)


def beyond(level, values):
    """Whether some value of a slot violates the limits of a level, or it has none."""
    limits = Limits(exact(level.above), exact(level.below), level.inclusive)
    free = limits.above is None and limits.below is None
    return free or any(limits.violates([exact(value)]) for value in values)


def runs(periods, slots):
    """By the index of each single slot: the indices of its run, up to and with itself."""
    found, period = {}, [in_force(periods, slot.time) for slot in slots]
    single = [i for i, s in enumerate(slots) if len(s.values) == 1 and period[i]]
    for i in single:
        back = [j for j in single if j <= i]
        steps = [(slots[b].time - slots[a].time, b) for a, b in pairwise(back)]
        begin = max((b for gap, b in steps if gap > period[b].max_gap), default=0)
        found[i] = [j for j in back if j >= begin]
    return found


def streaks(periods, slots, limits, numbers):
    """The streak machine. `numbers(i, level)`: what slot i measures under a level.

    An empty list is nothing; level None asks only whether the slot says anything at all.
    """
    time = [slot.time for slot in slots]
    period = [in_force(periods, t) for t in time]
    level = [p.level if p else None for p in period]
    alerts = [bool(p and p.alerts) for p in period]
    own = [numbers(i, of) for i, of in enumerate(level)]
    said = [i for i, measured in enumerate(own) if measured]
    bad = {i for i in said if level[i] and limits(level[i]).violates(own[i])}
    near = {
        b
        for a, b in pairwise(said)
        if period[b] and time[b] - time[a] <= period[b].max_gap
    }

    def whole(streak):
        joined = bad.issuperset(streak) and near.issuperset(streak[1:])
        return joined and (alerts[streak[0]] or not any(alerts[i] for i in streak))

    found, free = [], 0
    for i in sorted(bad):
        opening = limits(level[i])
        back = [j for j in said if free <= j <= i]
        streak = next((s for k in range(len(back)) if whole(s := back[k:])), None)
        if streak is None or time[i] - time[streak[0]] < opening.hold:
            continue
        after = {k: numbers(k, level[i]) for k in range(i + 1, len(slots))}
        end = (k for k in after if after[k] and opening.clears(after[k]))
        used = (k for k in after if after[k] and alerts[k] > alerts[streak[0]])
        free = min(next(end, len(slots)), next(used, len(slots)))
        judged = {k: own[k] for k in streak} | {k: after[k] for k in after if k < free}
        each = [(opening.excess(x), -k, -x) for k in judged for x in judged[k]]
        _, k, x = max(each)
        span = (time[streak[0]], [*time, None][free])
        found.append((period[i].version, *span, float(-x), time[-k]))
    return found
