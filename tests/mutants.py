"""Broken judges, to prove that tests and demo notice. No setting starts one.

Broken rules are handed down in place of `advance`. Each judges as the real one does, but of
a watch whose levels or gaps were changed, so that it is broken in one way, everywhere, and
still a function of the series. What is broken beside the rules replaces the evaluator, or
by which time silence is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from alerting.following.evaluator import Evaluator
from blackbox.clock import real_now
from domain.brought import Brought
from domain.listened import Listened
from domain.readings import Reading, Slot
from rules.engine import advance
from rules.gap import GapLevel
from rules.level import Level
from rules.threshold import ThresholdLevel
from rules.trend import TrendLevel
from rules.watch import Advance, Period, State, Step, Watch
from storage.unit import Unit

Change = Callable[[Period], Period]
FOREVER = timedelta(days=36500)


def _altered(watch: Watch, change: Change) -> Watch:
    return replace(watch, periods=tuple(map(change, watch.periods)))


def _judging(change: Change) -> Advance:
    """Judge as if each period were `change(period)`."""
    altered = lru_cache(maxsize=256)(_altered)

    def broken(watch: Watch, state: State, slot: Slot) -> Step:
        return advance(altered(watch, change), state, slot)

    return broken


def _levels(kind: type[Level], fields: Callable[[Any], dict[str, object]]) -> Change:
    """Levels of one kind of rule have other `fields(level)`."""

    def change(period: Period) -> Period:
        level = period.level
        if not isinstance(level, kind):
            return period
        return replace(period, level=level.model_copy(update=fields(level)))

    return change


# Rules --------------------------------------------------------------------------------

exclusive = _levels(ThresholdLevel, lambda _: {"inclusive": False})
"""`>` for `>=`: reaching an inclusive limit does not violate it."""
without_deadband = _levels(ThresholdLevel, lambda _: {"deadband": 0.0})
"""An excursion ends as soon as a value does not violate."""
without_hold = _levels(ThresholdLevel, lambda _: {"hold": timedelta()})
"""`for` ignored: the first violating reading opens."""
never_missing = _levels(GapLevel, lambda _: {"tolerance": FOREVER})


def without_gaps(period: Period) -> Period:
    """A gap is a value: streaks, runs and totals go on across any, and none is found."""
    return replace(never_missing(period), max_gap=FOREVER)


mirrored = _levels(
    TrendLevel,
    lambda level: {
        "above": negated(level.below),
        "below": negated(level.above),
        "reaches_above": level.reaches_below,
        "reaches_below": level.reaches_above,
    },
)
"""What is said of rising slopes is taken of falling ones, and the other way round."""


def negated(slope: float | None) -> float | None:
    """The slope that falls as this one rises."""
    return None if slope is None else -slope


def one_interval_late(watch: Watch, state: State, slot: Slot) -> Step:
    """Off by one interval: `for` must have passed at the reading *before* this one.

    A streak of exactly `for` is missed; with `for: 0s`, a single violating reading.
    """
    latest = state.pending.latest if state.pending else slot.time
    late = max(slot.time - latest, timedelta.resolution)

    longer = _levels(ThresholdLevel, lambda level: {"hold": level.hold + late})
    return advance(_altered(watch, longer), state, slot)


MUTANTS: Mapping[str, Advance] = MappingProxyType(
    {
        "> for >=": _judging(exclusive),
        "no deadband": _judging(without_deadband),
        "gap ignored": _judging(without_gaps),
        "for ignored": _judging(without_hold),
        "off by one interval": one_interval_late,
        "slope sign flipped": _judging(mirrored),
    }
)
"""Broken rules, by the names that the issues give them."""


# Beside the rules ---------------------------------------------------------------------


class LatePathOff(Evaluator):
    """What comes late, and what contradicts, is stored and not judged."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._newest: dict[int, datetime] = {}

    async def observe(self, unit: Unit, brought: Brought, now: datetime) -> None:
        in_time = [reading for reading in brought.stored if self._moves_on(reading)]
        await super().observe(unit, replace(brought, stored=in_time, conflicts=()), now)

    def _moves_on(self, reading: Reading) -> bool:
        """Whether it is later than all before it; from now on, these are up to it."""
        later = reading.point not in self._newest or (
            reading.time > self._newest[reading.point]
        )
        if later:
            self._newest[reading.point] = reading.time
        return later


class FirstValueWins(Evaluator):
    """Conflicting values are kept and not judged."""

    async def observe(self, unit: Unit, brought: Brought, now: datetime) -> None:
        await super().observe(unit, replace(brought, conflicts=()), now)


def by_wall_clock(listened: Listened, _now: datetime) -> Listened:
    """Silence is counted up to what the clock on the wall shows, however far we listened."""
    return replace(listened, watermark=real_now())


BROKEN: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        **{name: {"advance": broken} for name, broken in MUTANTS.items()},
        "late path off": {"evaluator": LatePathOff},
        "first value wins": {"evaluator": FirstValueWins},
        "silence by wall clock": {"hearing": by_wall_clock},
    }
)
"""All that is broken: what `blackbox.app.ingest.run` is handed."""
