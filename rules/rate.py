"""Rate rules: how fast a value may change, per hour, measured over a stretch of time."""

from __future__ import annotations

from bisect import bisect_left
from datetime import timedelta

from domain.readings import Slot
from domain.text import Text
from rules.level import Band
from rules.model import DIGITS, Span
from rules.rule import Rule
from rules.runs import RunMeasure
from rules.statistics import Window
from rules.streaks import Numbers, streaks
from rules.watch import Watch
from rules.words import held, per_hour, span

HOUR = timedelta(hours=1)


class RateLevel(Band):
    """Limits on the change, in the rule's unit per hour; falling is negative."""

    over: Span
    """The change is that from the earliest value within so long before."""

    @property
    def span(self) -> timedelta:
        """What it is measured over."""
        return self.over

    def limit(self, unit: str) -> Text:
        """`> 12 °C/h over 10 min`."""
        signs, over = self.signs(f"{unit}/h"), span(self.over)
        words = Text(f"{over.zh}内变化率 {signs}", f"{signs} over {over.en}")
        return held(words, self.hold)

    def amount(self, peak: float, unit: str, decimals: int) -> Text:
        """The rate: `14.20 °C/h`."""
        rate = per_hour(peak, unit, decimals)
        return Text(rate, rate)


class RateRule(Rule[RateLevel]):
    """Limits on change."""


class Change(RunMeasure[RateLevel]):
    """Change per hour since the earliest value of the run within `over`."""

    def numbers(
        self, watch: Watch, level: RateLevel, memory: Window | None, slot: Slot
    ) -> Numbers:
        """The rate, in the unit per hour; none for the first value of a run."""
        del watch
        if memory is None:
            return ()
        first = bisect_left(memory.times, slot.time - level.over)
        elapsed = slot.time - memory.times[first]
        if not elapsed:
            return ()
        change = slot.values[0] - memory.values[first]
        return (round(change / (elapsed / HOUR), DIGITS),)


KIND = streaks(RateRule, Change())
