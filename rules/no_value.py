"""No value: a sensor that says null or of itself that it is bad, for longer than it may.

A bad value is no value, so no other rule sees it; sustained, that is a finding of its own.
"""

from __future__ import annotations

from typing import Any

from domain.readings import Slot
from domain.text import Text
from rules.level import Judging
from rules.rule import Rule
from rules.streaks import Measure, Numbers, streaks
from rules.watch import Watch
from rules.words import span

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

    def limit(self, unit: str) -> Text:
        """`no value for 15 min`."""
        del unit
        hold = span(self.hold)
        return Text(f"持续 {hold.zh}没有有效值", f"no value for {hold.en}")


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
