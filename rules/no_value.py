"""No value: a sensor that says null or of itself that it is bad, for longer than it may.

A bad value is no value, so no other rule sees it; sustained, that is a finding of its own.
"""

from __future__ import annotations

from typing import Any

from domain.durations import format_duration
from domain.readings import Slot
from rules.level import Judging
from rules.rule import Rule
from rules.streaks import Measure, Numbers, streaks
from rules.watch import Watch

ABSENT, PRESENT = 1.0, 0.0


class NoValueLevel(Judging):
    """How long there may be no value."""

    def excess(self, number: float) -> float:
        """1 where there is no value."""
        return number

    def violates(self, number: float) -> bool:
        """Whether there is no value."""
        return number >= ABSENT

    def clears(self, number: float) -> bool:
        """Whether there is one again."""
        return number < ABSENT

    def limit(self, unit: str) -> str:
        """`no value for 15m`."""
        del unit
        return f"no value for {format_duration(self.hold)}"

    def amount(self, peak: float, unit: str, decimals: int) -> str:
        """Nothing: there is no amount of it."""
        del peak, unit, decimals
        return ""


class NoValueRule(Rule[NoValueLevel]):
    """Sustained bad quality or null, of whatever is measured."""

    of_values = False


class Absence(Measure[NoValueLevel]):
    """Whether a slot has no value."""

    def counts(self, slot: Slot) -> bool:
        """Every slot does."""
        del slot
        return True

    def numbers(
        self, watch: Watch, level: NoValueLevel, memory: Any, slot: Slot
    ) -> Numbers:
        """1 if there is no value, else 0."""
        del watch, level, memory
        return (PRESENT,) if slot.values else (ABSENT,)


KIND = streaks(NoValueRule, Absence())
