"""How complete today's data are so far, by a sample of points.

Counted are the slots that are over for longer than a reading may take to arrive; by the
reckoning of alerting/safety/completeness.py, which has the full days.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from alerting.safety.completeness import day_of, due, lead, midnight
from storage import completeness as counts
from storage import standing
from storage.completeness import Asked, Stretch
from storage.standing import Region
from storage.unit import Connection

SAMPLE: Final = 100
"""Points at most; of fewer, all."""
SLOTS: Final = 150_000
"""No more slots are counted: of points that are recorded each second, fewer are looked at."""
GRACE: Final = timedelta(minutes=5)
"""A reading is late after two intervals, or this if it is longer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Today:
    """Slots of a sample since midnight (+08:00)."""

    due: int
    filled: int
    points: int
    """That had a slot due."""
    whole: bool
    """These are all points; else a sample."""


async def today(
    connection: Connection, region: Region, points: int, now: datetime
) -> Today:
    """So far; `points` is about how many the region has. `connection` is of `House.seen_by`."""
    step = max(1, ceil(points / SAMPLE))
    day = day_of(now)
    chosen = await standing.sample(
        connection, region, midnight(day), step=step, limit=SAMPLE
    )
    timelines = await counts.timelines(connection, chosen)
    expected = [
        Asked(point, passed, lead(passed.interval))
        for point, timeline in sorted(timelines.items())
        for stretch in due(timeline, day)
        if (passed := over(stretch, now)).slots > 0
    ]
    asked = affordable(expected)
    filled = await counts.filled(connection, asked)
    return Today(
        due=sum(one.stretch.slots for one in asked),
        filled=sum(filled),
        points=len({one.point for one in asked}),
        whole=step == 1 and len(chosen) < SAMPLE and asked == expected,
    )


def over(stretch: Stretch, now: datetime) -> Stretch:
    """The part of a stretch whose readings should have arrived by now."""
    until = now - max(2 * stretch.interval, GRACE)
    slots = (until - stretch.start) // stretch.interval
    return stretch._replace(slots=max(0, min(stretch.slots, slots)))


def affordable(asked: Iterable[Asked]) -> list[Asked]:
    """As many of the first as hold no more than SLOTS together."""
    chosen: list[Asked] = []
    left = SLOTS
    for one in asked:
        left -= one.stretch.slots
        if left < 0:
            break
        chosen.append(one)
    return chosen
