"""Table `reading`: what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from domain.readings import Provenance, Quality, Reading, Slot
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
SELECT r.point, r.time, r.value, r.quality, r.provenance, c.value, c.quality, c.provenance
  FROM (SELECT point, time, value, quality, provenance
          FROM reading
         WHERE point = %s AND time >= %s
         ORDER BY time
         LIMIT %s) AS r
  LEFT JOIN conflict AS c ON c.point = r.point AND c.time = r.time
 ORDER BY r.time
"""
BEFORE = """
SELECT time FROM reading WHERE point = %s AND time < %s ORDER BY time DESC LIMIT 1
"""

UPTO = """
SELECT time FROM reading WHERE point = %s AND time <= %s ORDER BY time DESC LIMIT 1
"""

Place = tuple[int, datetime]
"""(point, time): where at most one reading can be."""


class Kept(NamedTuple):
    """What stands at a slot."""

    intake: int
    value: float | None
    quality: int


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
    for number, time, *columns in await cursor.fetchall():
        readings.append(_reading(number, time, columns[:3]))
        if columns[4] is not None:
            readings.append(_reading(number, time, columns[3:]))
    return judged_slots(readings, point.resolution)


def _reading(point: int, time: datetime, columns: Sequence[Any]) -> Reading:
    value, quality, provenance = columns
    return Reading(point, time, value, Quality(quality), Provenance(provenance))


async def predecessor(
    connection: Connection, point: int, time: datetime
) -> datetime | None:
    """Time of the newest reading of `point` before `time`, or None."""
    cursor = await connection.execute(BEFORE, (point, time))
    row = await cursor.fetchone()
    return row[0] if row else None


async def upto(connection: Connection, point: int, time: datetime) -> datetime | None:
    """Time of the newest reading of `point` at or before `time`, or None."""
    cursor = await connection.execute(UPTO, (point, time))
    row = await cursor.fetchone()
    return row[0] if row else None
