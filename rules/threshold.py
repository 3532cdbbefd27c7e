"""Threshold rules: limits that a value must not go beyond for longer than a hold time.

*Instant* is a hold of 0, *consecutive* any other; what adds up over interruptions is
`rules/cumulative.py`. Of a slot with several values (a conflict) each counts: it violates
if any of them does, and ends an excursion only if all of them do.
"""

from __future__ import annotations

from domain.readings import Slot
from domain.text import Text
from rules.level import Band
from rules.rule import Rule
from rules.streaks import Measure, Numbers, streaks
from rules.watch import Watch
from rules.words import rounded


class ThresholdLevel(Band):
    """Limits on the values, in the rule's unit."""

    def amount(self, peak: float, unit: str, decimals: int) -> Text:
        """The value: `8.1 °C`."""
        value = f"{rounded(peak, decimals)} {unit}"
        return Text(value, value)


class ThresholdRule(Rule[ThresholdLevel]):
    """Limits on values."""


class Values(Measure[ThresholdLevel]):
    """The values themselves; nothing is remembered."""

    def numbers(
        self, watch: Watch, level: ThresholdLevel, memory: None, slot: Slot
    ) -> Numbers:
        """The values of the slot."""
        del watch, level, memory
        return slot.values


KIND = streaks(ThresholdRule, Values())
