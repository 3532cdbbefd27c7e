"""Gap rules: records that are missing, by the cadence that the zone demands.

Judged by measured times, so what a device sends late fills its gap: `settle` leaves it time
to. (A device from which nothing arrives is *silent*: `rules/silence.py`.)
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Self

from pydantic import model_validator

from domain.excursions import Excursion
from domain.readings import Slot
from domain.text import Text
from rules.level import Limits
from rules.model import Duration, Span
from rules.rule import Rule
from rules.watch import Kind, State, Step, Watch
from rules.words import number, span

MINUTE = timedelta(minutes=1)


class GapLevel(Limits):
    """How often there must be a record; with limits: while values are outside of them."""

    every: Span
    """How far apart records may be."""
    tolerance: Duration = timedelta()
    """By how much more, because no device keeps time to the second."""
    settle: Duration = timedelta()
    """A gap is certain once there is a record this long after it, and every earlier one is."""

    @property
    def unlimited(self) -> bool:
        """Whether the cadence holds whatever the values."""
        return self.above is None and self.below is None

    @model_validator(mode="after")
    def _limits_are_given(self) -> Self:
        return self  # … or not

    def misses(self, slot: Slot, until: datetime) -> bool:
        """Whether records are missing between `slot` and the next, at `until`."""
        if until - slot.time <= self.every + self.tolerance:
            return False
        return self.unlimited or any(map(self.outside, slot.values))

    def limit(self, unit: str) -> Text:
        """`no record for more than 2 min while < 2 °C, > 8 °C`."""
        every = span(self.every)
        gap = Text(f"超过 {every.zh}没有记录", f"no record for more than {every.en}")
        if self.unlimited:
            return gap
        signs = self.signs(unit)
        return Text(f"{gap.zh}，且数值处于 {signs}", f"{gap.en} while {signs}")

    def amount(self, peak: float, unit: str, decimals: int) -> Text:
        """The length of the gap: `45 min`."""
        del unit, decimals
        return Text(f"{number(peak)} 分钟", f"{number(peak)} min")


class GapRule(Rule[GapLevel]):
    """A cadence of records, of whatever is measured unless a level has limits."""

    of_values = False


def advance(watch: Watch, state: State, slot: Slot) -> Step:
    """Judge the time between the slot before and this one."""
    waiting = (*state.waiting, *missing(watch, state.memory, slot))
    certain = tuple(takewhile(lambda gap: settled(watch, gap, slot.time), waiting))
    return State(memory=slot, waiting=waiting[len(certain) :]), certain


def missing(watch: Watch, last: Slot | None, slot: Slot) -> tuple[Excursion, ...]:
    """The gap between two slots, if it is one."""
    period = watch.period(last.time) if last else None
    if last is None or period is None or period.level is None:
        return ()
    level: Any = period.level
    assert period.version is not None, "a level in force belongs to a version"
    if not level.misses(last, slot.time):
        return ()
    gap = Excursion(
        point=watch.point,
        rule=watch.rule,
        version=period.version,
        level=level.name,
        severity=level.severity,
        start=last.time,
        end=slot.time,
        peak=(slot.time - last.time) / MINUTE,
        peak_time=slot.time,
    )
    return (gap,)


def settled(watch: Watch, gap: Excursion, newest: datetime) -> bool:
    """Whether `newest` is so long after a gap that nothing more will fill it."""
    period = watch.period(gap.start)
    assert period is not None
    assert gap.end is not None
    level: Any = period.level
    return newest >= gap.end + level.settle


def remember(watch: Watch, memory: Slot | None, slot: Slot) -> Slot:
    """The newest slot."""
    del watch, memory
    return slot


def floor(watch: Watch, predecessor: datetime, at: datetime) -> datetime:
    """What had ended before this was certain at the predecessor."""
    del at
    settles = (level.settle for level in watch.levels)
    return predecessor - max(settles, default=timedelta())


def memory_from(watch: Watch, time: datetime) -> datetime:
    """Nothing before the fold's first slot matters."""
    del watch
    return time


KIND = Kind(
    rule=GapRule,
    advance=advance,
    remember=remember,
    floor=floor,
    memory_from=memory_from,
    from_slot=True,
)
