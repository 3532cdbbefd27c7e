"""Table `completeness`: how many of a day's cadence slots a point has filled.

Work: it follows from settings and readings. A row stands until its day is counted again,
so that a code does not flicker meanwhile; `settings` says whether it has to be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple, TypeAlias

from domain.registry import InUse
from storage.unit import Connection

# Newest days first; of points in sites of the regions `low` … `high`. Most points have all days
# counted: they are told by how many, which is half the work of looking for what is not there.
UNCOUNTED = """
WITH known AS MATERIALIZED (
    SELECT p.id, count(*) AS settings
      FROM site AS s
      JOIN device AS d ON d.site = s.id
      JOIN point AS p ON p.device = d.id
      JOIN point_setting AS t ON t.point = p.id
     WHERE s.area BETWEEN %(low)s AND %(high)s
     GROUP BY p.id
), counted AS MATERIALIZED (
    SELECT point, settings, count(*) AS days
      FROM completeness
     WHERE day = ANY(%(days)s::date[])
     GROUP BY point, settings
), short AS MATERIALIZED (
    SELECT k.id, k.settings
      FROM known AS k
      LEFT JOIN counted AS c ON (c.point, c.settings) = (k.id, k.settings)
     WHERE c.days IS DISTINCT FROM cardinality(%(days)s::date[])
)
SELECT k.id, d.day
  FROM short AS k
 CROSS JOIN unnest(%(days)s::date[]) AS d (day)
  LEFT JOIN completeness AS c ON c.point = k.id AND c.day = d.day
 WHERE c.settings IS DISTINCT FROM k.settings
 ORDER BY d.day DESC, k.id
 LIMIT %(limit)s
"""
TIMELINES = """
SELECT DISTINCT ON (t.point, t.valid_from)
       t.point, t.valid_from, t.interval, t.in_use,
       min(i.arrived) OVER (PARTITION BY t.point) AS known, count(*) OVER (PARTITION BY t.point) AS settings
  FROM point_setting AS t JOIN intake AS i ON i.id = t.intake
 WHERE t.point = ANY(%s)
 ORDER BY t.point, t.valid_from, t.intake DESC
"""
# What is measured up to a slot's lead before it belongs to it. `since` and `until` say once
# more what holds for all: so partitions (chunks) of other times are left out.
FILLED = """
SELECT s.number, count(DISTINCT date_bin(s.step, r.time, s.start))
  FROM unnest(%(points)s::int4[], %(starts)s::timestamptz[], %(stops)s::timestamptz[],
              %(steps)s::interval[]) WITH ORDINALITY AS s (point, start, stop, step, number)
 CROSS JOIN LATERAL (
       SELECT time FROM reading
        WHERE point = s.point AND time >= s.start AND time < s.stop
          AND time >= %(since)s AND time < %(until)s
          AND quality < 2 AND value IS NOT NULL
        UNION ALL
       SELECT time FROM conflict
        WHERE point = s.point AND time >= s.start AND time < s.stop
          AND quality < 2 AND value IS NOT NULL) AS r
 GROUP BY s.number
"""
KEEP = """
INSERT INTO completeness (point, day, due, filled, settings)
SELECT * FROM unnest(%s::int4[], %s::date[], %s::int4[], %s::int4[], %s::int4[])
ON CONFLICT (point, day) DO UPDATE
   SET due = excluded.due, filled = excluded.filled, settings = excluded.settings
"""
FORGET = "DELETE FROM completeness WHERE point = ANY(%s) AND day < %s"
STALE = """
UPDATE completeness AS c SET settings = 0
  FROM unnest(%s::int4[], %s::date[]) AS s (point, day)
 WHERE c.point = s.point AND c.day = s.day
"""

PointDay: TypeAlias = tuple[int, date]
"""A point and a day in +08:00."""


class Cadence(NamedTuple):
    """What is expected of a point from a time on."""

    since: datetime
    interval: timedelta
    in_use: bool


class Timeline(NamedTuple):
    """What was expected of a point, and since when the box knows."""

    known: datetime
    """When the registration of the point was taken in."""
    settings: int
    """How many there are; they only ever become more."""
    cadences: list[Cadence]
    """By time."""


class Stretch(NamedTuple):
    """Consecutive slots of one length."""

    start: datetime
    interval: timedelta
    slots: int


class Asked(NamedTuple):
    """A stretch of slots of a point, and how long before its slot a value may be measured."""

    point: int
    stretch: Stretch
    lead: timedelta


class Counted(NamedTuple):
    """A day of a point, counted."""

    point: int
    day: date
    due: int
    filled: int
    settings: int


async def uncounted(
    connection: Connection, low: int, high: int, days: Collection[date], limit: int
) -> list[PointDay]:
    """Up to `limit` points and days to be counted (again), of regions `low` … `high`."""
    parameters = {"low": low, "high": high, "days": list(days), "limit": limit}
    cursor = await connection.execute(UNCOUNTED, parameters)
    return [(point, day) for point, day in await cursor.fetchall()]


async def timelines(
    connection: Connection, points: Iterable[int]
) -> dict[int, Timeline]:
    """What was expected of `points` when."""
    cursor = await connection.execute(TIMELINES, (list(points),))
    found: dict[int, Timeline] = {}
    for point, since, interval, in_use, known, settings in await cursor.fetchall():
        timeline = found.setdefault(point, Timeline(known, settings, []))
        timeline.cadences.append(Cadence(since, interval, InUse(in_use).alerts))
    return found


async def filled(connection: Connection, asked: Sequence[Asked]) -> list[int]:
    """How many slots of each stretch have a value that is not bad."""
    if not asked:
        return []
    starts = [one.stretch.start - one.lead for one in asked]
    lengths = [one.stretch.slots * one.stretch.interval for one in asked]
    stops = [start + length for start, length in zip(starts, lengths, strict=True)]
    parameters = {
        "points": [one.point for one in asked],
        "starts": starts,
        "stops": stops,
        "steps": [one.stretch.interval for one in asked],
        "since": min(starts),
        "until": max(stops),
    }
    # Not prepared: a plan for all times would look at all partitions.
    cursor = await connection.execute(FILLED, parameters, prepare=False)
    counts = dict(await cursor.fetchall())
    return [counts.get(number, 0) for number in range(1, len(asked) + 1)]


async def keep(
    connection: Connection, counted: Sequence[Counted], oldest: date
) -> None:
    """Keep what was counted; of the same points, forget the days before `oldest`."""
    columns = [list(column) for column in zip(*counted, strict=True)]
    await connection.execute(KEEP, columns)
    await connection.execute(FORGET, (columns[0], oldest))


async def stale(connection: Connection, changed: Iterable[PointDay]) -> None:
    """Let these be counted again; what is not counted yet is passed over."""
    points, days = map(list, zip(*changed, strict=True))
    await connection.execute(STALE, (points, days))
