"""Five broken rules, to prove that tests and demo notice. Handed down in place of `advance`.

Each judges as the real `advance` does, but of a watch whose levels or gaps were changed, so
that it is broken in one way, everywhere, and still a function of the series.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType

from domain.readings import Slot
from rules.engine import advance
from rules.threshold import ThresholdLevel
from rules.watch import Advance, Period, State, Step, Watch

Change = Callable[[Period, ThresholdLevel], Period]
FOREVER = timedelta(days=36500)


def _altered(watch: Watch, change: Change) -> Watch:
    periods = (
        change(p, p.level) if isinstance(p.level, ThresholdLevel) else p
        for p in watch.periods
    )
    return replace(watch, periods=tuple(periods))


def _judging(change: Change) -> Advance:
    """Judge as if each period that has a level were `change(period, level)`."""
    altered = lru_cache(maxsize=256)(_altered)

    def broken(watch: Watch, state: State, slot: Slot) -> Step:
        return advance(altered(watch, change), state, slot)

    return broken


def _with(period: Period, level: ThresholdLevel, **fields: object) -> Period:
    return replace(period, level=level.model_copy(update=fields))


def exclusive(period: Period, level: ThresholdLevel) -> Period:
    """`>` for `>=`: reaching an inclusive limit does not violate it."""
    return _with(period, level, inclusive=False)


def without_deadband(period: Period, level: ThresholdLevel) -> Period:
    """An excursion ends as soon as a value does not violate."""
    return _with(period, level, deadband=0.0)


def without_hold(period: Period, level: ThresholdLevel) -> Period:
    """`for` ignored: the first violating reading opens."""
    return _with(period, level, hold=timedelta())


def without_max_gap(period: Period, level: ThresholdLevel) -> Period:
    """A streak goes on across any gap."""
    del level
    return replace(period, max_gap=FOREVER)


def one_interval_late(watch: Watch, state: State, slot: Slot) -> Step:
    """Off by one interval: `for` must have passed at the reading *before* this one.

    A streak of exactly `for` is missed; with `for: 0s`, a single violating reading.
    """
    latest = state.pending.latest if state.pending else slot.time
    late = max(slot.time - latest, timedelta.resolution)

    def longer(period: Period, level: ThresholdLevel) -> Period:
        return _with(period, level, hold=level.hold + late)

    return advance(_altered(watch, longer), state, slot)


MUTANTS: Mapping[str, Advance] = MappingProxyType(
    {
        "> for >=": _judging(exclusive),
        "no deadband": _judging(without_deadband),
        "no max_gap": _judging(without_max_gap),
        "for ignored": _judging(without_hold),
        "off by one interval": one_interval_late,
    }
)
"""By the names that the issue gives them."""
