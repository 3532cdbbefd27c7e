"""How complete the data of a point are: slots due, by day. Pure.

1. A day is one of +08:00. Each interval divides it, from midnight on, into cadence slots.
2. A slot is due if the point is in use with that interval, and known to the box, during all
   of it. What is left over before a change or at the end of the day is asked of nobody; so of
   an interval longer than a day nothing is due.
3. It is filled by a value that is not bad, be it late or in conflict. Clocks jitter: one
   measured up to `lead` before the slot is of the slot (else a good logger that reports at
   each full minute, give or take a little, would leave every fourth slot empty).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, zip_longest
from typing import Final, NamedTuple

from alerting.telling.texts import BEIJING
from domain.readings import Reading
from storage.completeness import Cadence, PointDay, Stretch, Timeline

DAY: Final = timedelta(days=1)
DAYS: Final = 7
"""Full days that completeness is about, and that are counted again where late readings change them."""
KEPT: Final = 60
"""Days whose counts are kept, to be looked back upon."""
LONGEST_LEAD: Final = timedelta(minutes=1)
FOREVER: Final = datetime.max.replace(tzinfo=UTC)


def midnight(day: date) -> datetime:
    """When a day begins."""
    return datetime.combine(day, time(), BEIJING)


def day_of(moment: datetime) -> date:
    """The day that a moment is of."""
    return moment.astimezone(BEIJING).date()


def full_days(now: datetime) -> list[date]:
    """The last full days, the newest first."""
    today = day_of(now)
    return [today - number * DAY for number in range(1, DAYS + 1)]


def lead(interval: timedelta) -> timedelta:
    """How long before its slot a value may be measured."""
    return min(interval / 10, LONGEST_LEAD)


def due(timeline: Timeline, day: date) -> list[Stretch]:
    """The stretches of due slots of a point on a day."""
    first, last = midnight(day), midnight(day) + DAY
    stretches: list[Stretch] = []
    for interval, since, until in _uses(timeline.cadences):
        begin = max(since, timeline.known, first)
        skipped = -((first - begin) // interval)
        slots = (min(until, last) - first) // interval - skipped
        if slots > 0:
            stretches.append(Stretch(first + skipped * interval, interval, slots))
    return stretches


class _Use(NamedTuple):
    interval: timedelta
    since: datetime
    until: datetime


def _uses(cadences: Sequence[Cadence]) -> Iterator[_Use]:
    """When the point is in use with which interval."""
    runs = groupby(cadences, key=lambda cadence: cadence[1:])
    changes = [next(run) for _, run in runs]
    for cadence, following in zip_longest(changes, changes[1:]):
        if cadence.in_use:
            until = following.since if following else FOREVER
            yield _Use(cadence.interval, cadence.since, until)


def touched(readings: Iterable[Reading], now: datetime) -> set[PointDay]:
    """The points and full days whose counts freshly stored readings may change."""
    today = day_of(now)
    begin = midnight(today)
    return {
        (reading.point, day)
        for reading in readings
        if reading.time < begin
        for day in (day_of(reading.time), day_of(reading.time + LONGEST_LEAD))
        if day < today
    }
