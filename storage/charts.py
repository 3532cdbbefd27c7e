"""What a chart reads of one point: its series, the limits in force and its excursions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from storage.scope import clip, windows
from storage.snapshot import select
from storage.unit import Connection

# Of the owners that are seen, the present one comes first.
POINT = """
SELECT p.id, p.name_zh, p.name_en, p.quantity, p.unit, p.resolution,
       s.name_zh AS site_zh, s.name_en AS site_en,
       e.name_zh AS enterprise_zh, e.name_en AS enterprise_en,
       d.name_zh AS device_zh, d.name_en AS device_en
  FROM point p
  JOIN device d ON d.id = p.device
  JOIN site s ON s.id = d.site
  JOIN LATERAL (SELECT e.name_zh, e.name_en FROM enterprise e
                 WHERE e.id = s.enterprise
                    OR e.id IN (SELECT o.enterprise FROM site_owner o WHERE o.site = s.id)
                 ORDER BY e.id <> s.enterprise LIMIT 1) e ON true
 WHERE p.id = %s
"""
# The setting in force when the range starts, and those that begin within it.
SETTINGS = """
SELECT DISTINCT ON (s.valid_from) s.valid_from, s.interval, s.max_gap, s.in_use, s.rules,
       (SELECT min(i.arrived) FROM seen_setting f JOIN intake i ON i.id = f.intake
         WHERE f.point = s.point) AS known
  FROM seen_setting s
 WHERE s.point = %(point)s AND s.valid_from < %(until)s
   AND s.valid_from >= coalesce(
           (SELECT max(valid_from) FROM seen_setting
             WHERE point = %(point)s AND valid_from <= %(start)s), '-infinity')
 ORDER BY s.valid_from, s.intake DESC
"""
# Of the newest time that is seen.
LAST = """
SELECT time, value, quality
  FROM reading
 WHERE point = %(point)s AND time >= %(start)s AND time < %(stop)s
 ORDER BY time DESC LIMIT 1
"""
RULES = "SELECT version, content::text FROM rule_version WHERE version = ANY(%s)"
# Of each bucket the lowest and the highest reading, so that no peak is lost.
SERIES = """
WITH stepped AS (
    SELECT time, value, quality, time - lag(time) OVER (ORDER BY time) AS step,
           floor(extract(epoch FROM time - %(start)s) / %(width)s)::int4 AS bucket
      FROM reading
     WHERE point = %(point)s AND time >= %(start)s AND time <= %(until)s
       AND quality < 2 AND value IS NOT NULL
)
SELECT min(time) AS first, max(time) AS last, max(step) AS step, count(*) AS readings,
       (array_agg(time ORDER BY value, time))[1] AS low_time, min(value) AS low,
       (array_agg(quality ORDER BY value, time))[1] AS low_quality,
       (array_agg(time ORDER BY value DESC, time))[1] AS high_time, max(value) AS high,
       (array_agg(quality ORDER BY value DESC, time))[1] AS high_quality
  FROM stepped GROUP BY bucket ORDER BY bucket
"""
# Of each bucket the first reading that is no value.
NO_VALUES = """
SELECT DISTINCT ON (floor(extract(epoch FROM time - %(start)s) / %(width)s)) time, value
  FROM reading
 WHERE point = %(point)s AND time >= %(start)s AND time <= %(until)s
   AND (quality = 2 OR value IS NULL)
 ORDER BY floor(extract(epoch FROM time - %(start)s) / %(width)s), time
"""
CONFLICTS = """
SELECT DISTINCT ON (floor(extract(epoch FROM time - %(start)s) / %(width)s)) time, value
  FROM conflict
 WHERE point = %(point)s AND time >= %(start)s AND time <= %(until)s
 ORDER BY floor(extract(epoch FROM time - %(start)s) / %(width)s), time
"""
# Of each bucket the first reading that arrived late.
LATE = """
SELECT DISTINCT ON (floor(extract(epoch FROM time - %(start)s) / %(width)s)) time, NULL::float8 AS value
  FROM reading
 WHERE point = %(point)s AND time >= %(start)s AND time <= %(until)s AND provenance = 1
 ORDER BY floor(extract(epoch FROM time - %(start)s) / %(width)s), time
"""
# Those of a severity and level that begin in the same bucket are one: nobody could tell them
# apart, and none is left out.
EXCURSIONS = """
SELECT level, severity, count(*) AS excursions, min(started) AS started,
       nullif(max(coalesce(ended, 'infinity')), 'infinity') AS ended
  FROM seen_excursion
 WHERE point = %(point)s AND NOT withdrawn
   AND started <= %(until)s AND coalesce(ended, 'infinity') > %(start)s
 GROUP BY level, severity, floor(extract(epoch FROM greatest(started, %(start)s) - %(start)s) / %(width)s)
 ORDER BY started
"""
# Of many points, each in its windows; `since` and `until` say once more what holds for all, so
# that partitions (chunks) of other times are left out.
SPARKS = """
SELECT w.point, least(floor(extract(epoch FROM r.time - %(since)s) / %(width)s), %(last)s)::int4 AS step,
       min(r.value) AS low, max(r.value) AS high
  FROM unnest(%(points)s::int4[], %(starts)s::timestamptz[], %(stops)s::timestamptz[]) AS w (point, start, stop)
 CROSS JOIN LATERAL (
       SELECT time, value FROM reading
        WHERE point = w.point AND time >= w.start AND time < w.stop
          AND time >= %(since)s AND time <= %(until)s
          AND quality < 2 AND value IS NOT NULL) AS r
 GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class PointName:
    """What heads a chart."""

    id: int
    name_zh: str
    name_en: str
    quantity: str
    unit: str
    resolution: float
    site_zh: str
    site_en: str
    enterprise_zh: str
    enterprise_en: str
    device_zh: str
    device_en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What the chart needs of a point's setting."""

    valid_from: datetime
    interval: timedelta
    max_gap: timedelta
    in_use: str
    rules: list[str]
    known: datetime
    """When the point's registration was taken in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """The readings of one slice of a chart: extremes, ends and the longest step to any."""

    first: datetime
    last: datetime
    step: timedelta | None
    readings: int
    low_time: datetime
    low: float
    low_quality: int
    high_time: datetime
    high: float
    high_quality: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Last:
    """The newest reading of a point."""

    time: datetime
    value: float | None
    quality: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A reading that the line leaves out: no value, or a contradicting one."""

    time: datetime
    value: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Spark:
    """The lowest and the highest value of a slice of a point's time."""

    point: int
    step: int
    """Number of the slice, from 0."""
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Shade:
    """An excursion of the charted point, or several that begin in the same slice."""

    level: str
    severity: int
    excursions: int
    started: datetime
    ended: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Slices:
    """A range of one point's readings, cut into slices of `width` seconds."""

    point: int
    start: datetime
    until: datetime
    width: float

    @property
    def parameters(self) -> dict[str, Any]:
        """As the queries name them."""
        return {
            "point": self.point,
            "start": self.start,
            "until": self.until,
            "width": self.width,
        }


async def seen(connection: Connection, slices: Slices) -> list[Slices]:
    """The parts of the range that the transaction's scope sees of the point."""
    seen = await windows(connection, [slices.point])
    stop = slices.until + datetime.resolution
    return [
        replace(slices, start=start, until=end - datetime.resolution)
        for start, end in clip(seen.get(slices.point, []), slices.start, stop)
    ]


async def point(connection: Connection, number: int) -> PointName | None:
    """The point with its site and enterprise, or None."""
    return next(iter(await select(connection, PointName, POINT, (number,))), None)


async def last(
    connection: Connection, number: int, since: datetime, now: datetime
) -> Last | None:
    """The newest reading of the point from `since` to `now` that the scope sees, or None."""
    own = (await windows(connection, [number])).get(number, [])
    for start, stop in reversed(clip(own, since, now + datetime.resolution)):
        parameters = {"point": number, "start": start, "stop": stop}
        if found := await select(connection, Last, LAST, parameters):
            return found[0]
    return None


async def settings(
    connection: Connection, number: int, start: datetime, until: datetime
) -> list[Setting]:
    """Settings of the point that hold somewhere in the range, in order of time."""
    parameters = {"point": number, "start": start, "until": until}
    return await select(connection, Setting, SETTINGS, parameters)


async def rules(connection: Connection, versions: Sequence[str]) -> dict[str, str]:
    """Content (JSON) of the rule versions."""
    cursor = await connection.execute(RULES, (list(versions),))
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def series(connection: Connection, slices: Slices) -> list[Bucket]:
    """Readings with a value, at most one bucket per slice, in order of time."""
    return await select(connection, Bucket, SERIES, slices.parameters)


async def no_values(connection: Connection, slices: Slices) -> list[Mark]:
    """Readings that are no value (bad or null), at most one per slice."""
    return await select(connection, Mark, NO_VALUES, slices.parameters)


async def conflicts(connection: Connection, slices: Slices) -> list[Mark]:
    """Contradicting values, at most one per slice."""
    return await select(connection, Mark, CONFLICTS, slices.parameters)


async def late(connection: Connection, slices: Slices) -> list[Mark]:
    """Readings that arrived late, at most one per slice and without their values."""
    return await select(connection, Mark, LATE, slices.parameters)


async def excursions(connection: Connection, slices: Slices) -> list[Shade]:
    """The excursions that reach into the range; of each slice at most one per level."""
    return await select(connection, Shade, EXCURSIONS, slices.parameters)


async def sparks(
    connection: Connection,
    points: Sequence[int],
    start: datetime,
    until: datetime,
    steps: int,
) -> dict[int, list[Spark]]:
    """By point, the slices with a value, of `steps` that the range has, by time.

    Points of which nothing is seen are left out.
    """
    seen = [
        (point, *part)
        for point, own in (await windows(connection, points)).items()
        for part in clip(own, start, until + datetime.resolution)
    ]
    parameters = {
        "points": [point for point, _, _ in seen],
        "starts": [begin for _, begin, _ in seen],
        "stops": [end for _, _, end in seen],
        "since": start,
        "until": until,
        "width": (until - start).total_seconds() / steps,
        "last": steps - 1,
    }
    found: dict[int, list[Spark]] = {}
    for one in await select(connection, Spark, SPARKS, parameters):
        found.setdefault(one.point, []).append(one)
    return found
