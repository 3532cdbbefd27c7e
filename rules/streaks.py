"""The machine of most kinds of rule: numbers that violate without a break.

    idle ──violates──▶ pending ──held for `for`──▶ open ──clear──▶ idle
      ▲                 │  ▲ │
      └───not violated──┘  └─┘ a gap > max_gap: the streak starts again here

- A *measure* turns each slot into the numbers that levels judge. A slot of which it says
  nothing (bad, null, not enough readings) neither violates nor clears, and does not shorten
  a gap.
- Each slot is judged by the period in force at its measured time. An open excursion is
  judged by the version that opened it, to its end, whatever comes later; no gap ends it.
  The slot that ends it is then judged by its own period like any other: under tighter
  limits it may begin the next streak.
- What is put to use begins anew: nobody was told of what began before, and whoever uses it
  now must be.
- The peak is measured against the limits of the version that opened.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from domain.excursions import Excursion, Forecast
from domain.readings import Slot
from rules.level import Judging
from rules.rule import AnyRule
from rules.watch import Kind, Period, State, Step, Streak, Watch

L = TypeVar("L", bound=Judging)
Numbers: TypeAlias = Sequence[float]
"""What a slot comes to; none: nothing is said of it."""


class Measure(ABC, Generic[L]):
    """Turns slots into numbers, perhaps by what it remembers of earlier slots."""

    @abstractmethod
    def numbers(self, watch: Watch, level: L, memory: Any, slot: Slot) -> Numbers:
        """What `level` judges of `slot`, which `memory` knows already."""

    def counts(self, slot: Slot) -> bool:
        """Whether anything can be said of `slot`, under any level."""
        return bool(slot.values)

    def remember(self, watch: Watch, memory: Any, slot: Slot) -> Any:
        """What is to be remembered after `slot`. Nothing, unless a kind says otherwise."""
        del watch, memory, slot

    def memory_from(self, watch: Watch, time: datetime) -> datetime:
        """From when on slots matter to what is remembered at `time`."""
        del watch
        return time

    def forecast(self, level: L, memory: Any, slot: Slot) -> Forecast | None:
        """What is foreseen at the slot that opens an excursion, if the kind foresees."""
        del level, memory, slot


def streaks(rule: type[AnyRule], measure: Measure[Any]) -> Kind:
    """The kind of rule that judges streaks of what `measure` says."""
    return Kind(
        rule=rule,
        advance=partial(_advance, measure),
        remember=measure.remember,
        floor=_floor,
        memory_from=measure.memory_from,
    )


def _floor(watch: Watch, predecessor: datetime, at: datetime) -> datetime:
    """A streak that goes on at `at` and began before this has opened by then.

    The longest hold, before which it would have opened, and the longest gap that leaves a
    streak whole (slots of which nothing is said may lie in it).
    """
    del predecessor
    holds = (level.hold for level in watch.levels)
    return at - max(holds, default=timedelta()) - watch.longest_gap


def _advance(measure: Measure[Any], watch: Watch, state: State, slot: Slot) -> Step:
    """Judge one slot, later than all that `state` has seen."""
    memory = measure.remember(watch, state.memory, slot)
    if memory is not state.memory:
        state = State(
            pending=state.pending, open=state.open, level=state.level, memory=memory
        )
    if not measure.counts(slot):
        return state, ()
    if state.open is not None:
        return _go_on(measure, watch, state, state.open, slot)
    return _seek(measure, watch, state, slot), ()


def _go_on(
    measure: Measure[Any], watch: Watch, state: State, found: Excursion, slot: Slot
) -> Step:
    """Judge a slot while the excursion `found` is open."""
    level = state.level
    numbers = measure.numbers(watch, level, state.memory, slot)
    if not numbers:
        return state, ()
    worst = numbers[0] if len(numbers) == 1 else level.worst(numbers)
    if level.clears(worst) or watch.begins_anew(found.start, slot.time):
        idle = State(memory=state.memory)
        ended = replace(found, end=slot.time)
        return _seek(measure, watch, idle, slot), (ended,)
    if level.excess(worst) > level.excess(found.peak):
        found = replace(found, peak=worst, peak_time=slot.time)
        return replace(state, open=found), ()
    return state, ()


def _seek(measure: Measure[Any], watch: Watch, state: State, slot: Slot) -> State:
    """Judge a slot while nothing is open."""
    idle = State(memory=state.memory) if state.pending else state
    period = watch.period(slot.time)
    if period is None or period.level is None:
        return idle
    level: Any = period.level
    numbers = measure.numbers(watch, level, state.memory, slot)
    if not numbers:
        return state
    worst = numbers[0] if len(numbers) == 1 else level.worst(numbers)
    if not level.violates(worst):
        return idle
    streak = _streak(watch, period, state.pending, numbers, slot.time)
    if slot.time - streak.start < level.hold:
        return State(pending=streak, memory=state.memory)
    found = _opened(watch, period, streak)
    forecast = measure.forecast(level, state.memory, slot)
    if forecast is not None:
        found = replace(found, forecast=forecast)
    return State(open=found, level=level, memory=state.memory)


def _streak(
    watch: Watch,
    period: Period,
    pending: Streak | None,
    numbers: Numbers,
    time: datetime,
) -> Streak:
    """The pending streak with one more slot, or a new one that begins with it."""
    if (
        pending is None
        or time - pending.latest > period.max_gap
        or watch.begins_anew(pending.start, time)
    ):
        high, low = (max(numbers), time), (min(numbers), time)
        return Streak(start=time, latest=time, highest=high, lowest=low)
    return pending.extended(numbers, time)


def _opened(watch: Watch, period: Period, streak: Streak) -> Excursion:
    """The excursion that a streak has become."""
    level: Any = period.level
    assert period.version is not None, "a level in force belongs to a version"
    peak, peak_time = min(
        streak.highest, streak.lowest, key=lambda p: (-level.excess(p[0]), p[1], p[0])
    )
    return Excursion(
        point=watch.point,
        rule=watch.rule,
        version=period.version,
        level=level.name,
        severity=level.severity,
        start=streak.start,
        end=None,
        peak=peak,
        peak_time=peak_time,
    )
