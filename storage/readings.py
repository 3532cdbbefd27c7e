"""Table `reading`: what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
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
  FROM unnest(%(points)s::int4[]) AS p (point)
 CROSS JOIN LATERAL (SELECT time FROM reading
                      WHERE point = p.point AND time >= %(since)s
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
BEFORE = """
SELECT s.point, r.time
  FROM unnest(%(points)s::int4[], %(times)s::timestamptz[]) AS s (point, time)
 CROSS JOIN LATERAL (SELECT time FROM reading
                      WHERE point = s.point AND time < s.time
                        AND time BETWEEN %(since)s AND %(until)s
                      ORDER BY time DESC LIMIT 1) AS r
"""
SERIES = """
SELECT s.point, r.time, r.value, r.quality
  FROM unnest(%(points)s::int4[], %(starts)s::timestamptz[], %(stops)s::timestamptz[])
       AS s (point, start, stop)
 CROSS JOIN LATERAL (
       SELECT time, value, quality FROM reading
        WHERE point = s.point AND time BETWEEN s.start AND s.stop
          AND time BETWEEN %(since)s AND %(until)s
        UNION ALL
       SELECT time, value, quality FROM conflict
        WHERE point = s.point AND time BETWEEN s.start AND s.stop) AS r
 ORDER BY s.point, r.time
"""
# Where a statement is about many points, what holds for all of their times is said once more
# by `since` and `until`: so the planner leaves out the partitions (chunks) of other times,
# of which there may be thousands.

BEGINNING = datetime.min.replace(tzinfo=UTC)
RECENT = timedelta(days=2)
"""So far back is looked first for the reading before; for most points there is one."""
QUALITIES = tuple(Quality)
"""By their numbers: many times faster than to call the class."""
Place = tuple[int, datetime]
"""(point, time): where at most one reading can be."""


class Kept(NamedTuple):
    """What stands at a slot."""

    intake: int
    value: float | None
    quality: int


class Span(NamedTuple):
    """A stretch of a point's series."""

    point: Point
    start: datetime
    """Inclusive."""
    stop: datetime
    """Inclusive."""


async def ensure_range(
    connection: Connection, earliest: datetime, latest: datetime
) -> None:
    """Make room for readings between the two times; before the intake, on its own."""
    await connection.execute(ENSURE_RANGE, (earliest, latest))


async def newest(
    connection: Connection, points: Iterable[int], since: datetime = BEGINNING
) -> dict[int, datetime]:
    """Time of the newest reading of each point, if there is one at `since` or later."""
    parameters = {"points": list(points), "since": since}
    cursor = await connection.execute(NEWEST, parameters)
    return dict(await cursor.fetchall())


async def before(
    connection: Connection, times: Mapping[int, datetime]
) -> dict[int, datetime]:
    """Time of the newest reading of each point before that of `times`, if there is one."""
    found = await _before(connection, times, min(times.values()) - RECENT)
    left = {point: time for point, time in times.items() if point not in found}
    return found | (await _before(connection, left, BEGINNING) if left else {})


async def _before(
    connection: Connection, times: Mapping[int, datetime], since: datetime
) -> dict[int, datetime]:
    parameters = {
        "points": list(times),
        "times": list(times.values()),
        "since": since,
        "until": max(times.values()),
    }
    # Not prepared: a plan for all times would look at all partitions.
    cursor = await connection.execute(BEFORE, parameters, prepare=False)
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


async def series(
    connection: Connection, spans: Sequence[Span]
) -> dict[int, list[Slot]]:
    """The slots of each span, by time, conflicting values included; one span per point.

    Points without readings there are left out.
    """
    points = {span.point.id: span.point for span in spans}
    parameters = {
        "points": list(points),
        "starts": [span.start for span in spans],
        "stops": [span.stop for span in spans],
        "since": min(span.start for span in spans),
        "until": max(span.stop for span in spans),
    }
    cursor = await connection.execute(SERIES, parameters)
    return {
        point: judged_slots(
            (Reading(n, time, value, QUALITIES[q]) for n, time, value, q in rows),
            points[point].resolution,
        )
        for point, rows in groupby(await cursor.fetchall(), itemgetter(0))
    }
