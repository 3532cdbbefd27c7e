"""Table `reading`: what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from domain.readings import Provenance, Quality, Reading
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
SERIES = """
SELECT point, time, value, quality, provenance
  FROM reading
 WHERE point = %s AND time >= %s
 ORDER BY time
 LIMIT %s
"""
BEFORE = """
SELECT time FROM reading WHERE point = %s AND time < %s ORDER BY time DESC LIMIT 1
"""

Slot = tuple[int, datetime]
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


async def at(connection: Connection, slots: Sequence[Slot]) -> dict[Slot, Kept]:
    """What stands at each of `slots`; free ones are left out."""
    if not slots:
        return {}
    points, times = [slot[0] for slot in slots], [slot[1] for slot in slots]
    cursor = await connection.execute(AT_SLOTS, (points, times))
    return {
        (point, time): Kept(intake, value, quality)
        for point, time, intake, value, quality in await cursor.fetchall()
    }


async def series(
    connection: Connection, point: int, since: datetime, limit: int | None = None
) -> list[Reading]:
    """The readings of a point from `since` on (inclusive), by time; the first `limit` of them."""
    cursor = await connection.execute(SERIES, (point, since, limit))
    return [
        Reading(point, time, value, Quality(quality), Provenance(provenance))
        for point, time, value, quality, provenance in await cursor.fetchall()
    ]


async def predecessor(
    connection: Connection, point: int, time: datetime
) -> datetime | None:
    """Time of the newest reading of `point` before `time`, or None."""
    cursor = await connection.execute(BEFORE, (point, time))
    row = await cursor.fetchone()
    return row[0] if row else None
