"""Table `reading`: what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from domain.readings import Quality, Reading, Slot
from domain.readings import slots as judged_slots
from domain.registry import Point
from storage.unit import Connection

ENSURE_RANGE = "SELECT ensure_reading_range(%s, %s)"
NEWEST = """
SELECT p.point, r.time
  FROM unnest(%s::int4[]) AS p (point)
 CROSS JOIN LATERAL (SELECT time FROM reading WHERE point = p.point
                      ORDER BY time DESC LIMIT 1) AS r
"""
AT_SLOTS = """
SELECT r.point, r.time, r.intake, r.value, r.quality
  FROM unnest(%s::int4[], %s::timestamptz[]) AS s (point, time)
  JOIN reading AS r ON r.point = s.point AND r.time = s.time
"""
SLOTS = """
SELECT r.time, r.value, r.quality, c.value, c.quality
  FROM (SELECT point, time, value, quality
          FROM reading
         WHERE point = %s AND time >= %s
         ORDER BY time
         LIMIT %s) AS r
  LEFT JOIN conflict AS c ON c.point = r.point AND c.time = r.time
 ORDER BY r.time
"""
AROUND = """
SELECT s.point, b.time, n.time
  FROM unnest(%s::int4[], %s::timestamptz[]) AS s (point, time)
  LEFT JOIN LATERAL (SELECT time FROM reading WHERE point = s.point AND time < s.time
                      ORDER BY time DESC LIMIT 1) AS b ON true
 CROSS JOIN LATERAL (SELECT time FROM reading WHERE point = s.point
                      ORDER BY time DESC LIMIT 1) AS n
"""
SERIES = """
SELECT s.point, r.time, r.value, r.quality
  FROM unnest(%s::int4[], %s::timestamptz[], %s::timestamptz[]) AS s (point, since, until)
  LEFT JOIN LATERAL (SELECT time FROM reading WHERE point = s.point AND time <= s.since
                      ORDER BY time DESC LIMIT 1) AS b ON true
 CROSS JOIN LATERAL (
       SELECT time, value, quality FROM reading
        WHERE point = s.point AND time >= coalesce(b.time, s.since) AND time <= s.until
        UNION ALL
       SELECT time, value, quality FROM conflict
        WHERE point = s.point AND time >= coalesce(b.time, s.since) AND time <= s.until) AS r
 ORDER BY s.point, r.time
"""
QUALITIES = tuple(Quality)
"""By their numbers: many times faster than to call the class."""
Place = tuple[int, datetime]
"""(point, time): where at most one reading can be."""


class Kept(NamedTuple):
    """What stands at a slot."""

    intake: int
    value: float | None
    quality: int


class Around(NamedTuple):
    """Times of readings of a point."""

    before: datetime | None
    """Of the newest before a place; None: there is none."""
    newest: datetime
    """Of the newest of all."""


class Span(NamedTuple):
    """A stretch of a point's series."""

    point: Point
    since: datetime
    """Inclusive; what there is just before it, or at it, belongs to the span."""
    until: datetime
    """Inclusive."""


async def ensure_range(
    connection: Connection, earliest: datetime, latest: datetime
) -> None:
    """Make room for readings between the two times; before the intake, on its own."""
    await connection.execute(ENSURE_RANGE, (earliest, latest))


async def newest(connection: Connection, points: Iterable[int]) -> dict[int, datetime]:
    """Time of the newest reading of each point; points without readings are left out."""
    cursor = await connection.execute(NEWEST, (list(points),))
    return dict(await cursor.fetchall())


async def at(connection: Connection, slots: Sequence[Place]) -> dict[Place, Kept]:
    """What stands at each of `slots`; free ones are left out."""
    if not slots:
        return {}
    points, times = [slot[0] for slot in slots], [slot[1] for slot in slots]
    cursor = await connection.execute(AT_SLOTS, (points, times))
    return {
        (point, time): Kept(intake, value, quality)
        for point, time, intake, value, quality in await cursor.fetchall()
    }


async def slots(
    connection: Connection,
    point: Point,
    since: datetime,
    limit: int | None = None,
) -> list[Slot]:
    """The slots of a point from `since` on (inclusive), by time, conflicting values included.

    The first `limit` of them.
    """
    cursor = await connection.execute(SLOTS, (point.id, since, limit))
    readings: list[Reading] = []
    for time, value, quality, other, others in await cursor.fetchall():
        readings.append(Reading(point.id, time, value, QUALITIES[quality]))
        if others is not None:
            readings.append(Reading(point.id, time, other, QUALITIES[others]))
    return judged_slots(readings, point.resolution)


async def around(connection: Connection, places: Iterable[Place]) -> dict[int, Around]:
    """By point, what stands around a place; one place per point, that has readings."""
    points, times = map(list, zip(*places, strict=True))
    cursor = await connection.execute(AROUND, (points, times))
    return {point: Around(*times) for point, *times in await cursor.fetchall()}


async def series(
    connection: Connection, spans: Sequence[Span]
) -> dict[int, list[Slot]]:
    """The slots of each span, by time, conflicting values included; one span per point.

    Points without readings there are left out.
    """
    points, since, until = map(list, zip(*spans, strict=True))
    resolutions = {point.id: point.resolution for point in points}
    numbers = list(resolutions)
    cursor = await connection.execute(SERIES, (numbers, since, until))
    return {
        point: judged_slots(
            (Reading(n, time, value, QUALITIES[q]) for n, time, value, q in rows),
            resolutions[point],
        )
        for point, rows in groupby(await cursor.fetchall(), itemgetter(0))
    }
