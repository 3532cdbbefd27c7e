"""What an intake brought of one point. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from alerting.following.judging import Changes
from domain.brought import Brought
from domain.readings import Reading, Slot, slots


@dataclass(frozen=True, slots=True)
class News:
    """Readings of one point that are new, in the order of arrival."""

    stored: list[Reading] = field(default_factory=list)
    conflicts: list[Reading] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.stored or self.conflicts)

    @property
    def first(self) -> datetime:
        """Time of the earliest."""
        return min(reading.time for reading in chain(self.stored, self.conflicts))

    @property
    def last(self) -> datetime:
        """Time of the latest."""
        return max(reading.time for reading in chain(self.stored, self.conflicts))

    def split(self, time: datetime) -> tuple[News, News]:
        """What lies at or before `time`, and what after it."""
        upto, after = News(), News()
        for reading in self.stored:
            (after if reading.time > time else upto).stored.append(reading)
        for reading in self.conflicts:
            (after if reading.time > time else upto).conflicts.append(reading)
        return upto, after

    def slots(self, resolution: float) -> list[Slot]:
        """Its slots, where there was nothing before."""
        return slots(chain(self.stored, self.conflicts), resolution)

    def changes(self, series: Sequence[Slot], resolution: float) -> Changes | None:
        """What it has changed in the series; None: nothing that counts."""
        fresh = {reading.time for reading in self.stored}
        brought = {slot.time: set(slot.values) for slot in self.slots(resolution)}
        before: dict[datetime, Slot | None] = {}
        for slot in series:
            if slot.time in fresh:
                before[slot.time] = None
            elif slot.time in brought:
                left = [v for v in slot.values if v not in brought[slot.time]]
                if len(left) < len(slot.values):
                    before[slot.time] = slot._replace(values=tuple(left))
        return Changes(tuple(before), before) if before else None


def by_point(brought: Brought) -> Mapping[int, News]:
    """The news of each point."""
    news: dict[int, News] = defaultdict(News)
    for reading in brought.stored:
        news[reading.point].stored.append(reading)
    for reading in brought.conflicts:
        news[reading.point].conflicts.append(reading)
    return news
