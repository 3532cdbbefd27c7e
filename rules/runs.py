"""Runs: the latest single values of a point, without a gap. What rate and trend remember.

Only slots with exactly one value count; a conflict is left out. A run breaks where two of
them are farther apart than `max_gap`, because a gap is not a value.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from domain.readings import Slot
from rules.statistics import Window
from rules.streaks import L, Measure

if TYPE_CHECKING:
    from rules.watch import Watch


class RunMeasure(Measure[L]):
    """A measure over the run of single values within the level's window."""

    def counts(self, slot: Slot) -> bool:
        """Only single values do."""
        return len(slot.values) == 1

    def remember(self, watch: Watch, memory: Window | None, slot: Slot) -> Any:
        """The run with this slot, as far back as the longest window of the watch."""
        period = watch.period(slot.time)
        if period is None:
            return None
        if len(slot.values) != 1:
            return memory
        if memory is None or slot.time - memory.times[-1] > period.max_gap:
            return Window.of([(slot.time, slot.values[0])])
        first = self.memory_from(watch, slot.time)
        return memory.since(first).push(slot.time, slot.values[0])

    def memory_from(self, watch: Watch, time: datetime) -> datetime:
        """The longest window before, and a moment: its end is inclusive."""
        return time - watch.longest_span - timedelta.resolution
