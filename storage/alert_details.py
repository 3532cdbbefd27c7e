"""What one alert stands on: excursions, its own copy of readings, and alerts it is linked to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.snapshot import select
from storage.unit import Connection

EXCURSIONS = """
SELECT e.id, e.rule, e.version, e.level, e.severity, e.started, e.ended, e.peak, e.peak_time, e.withdrawn
  FROM seen_alert_excursion x
  JOIN excursion e ON e.id = x.excursion
 WHERE x.alert = %s
 ORDER BY e.started DESC, e.severity DESC, e.id DESC
 LIMIT 200
"""
LINKED = """
SELECT ARRAY(SELECT id FROM alert WHERE predecessor = %(alert)s ORDER BY id LIMIT 100) AS successors,
       ARRAY(SELECT id FROM alert WHERE merged_into = %(alert)s ORDER BY id LIMIT 100) AS merged
"""
SEEN = "SELECT id FROM alert WHERE id = ANY (%s)"
# With what contradicted them. A page ends with all values of a time.
READINGS = """
SELECT point, time, value, quality, provenance, conflicting
  FROM (SELECT point, time, value, quality, provenance, false AS conflicting
          FROM alert_reading WHERE alert = %(alert)s
         UNION ALL
        SELECT point, time, value, quality, provenance, true
          FROM alert_conflict WHERE alert = %(alert)s) AS r
 WHERE %(after)s::timestamptz IS NULL OR time > %(after)s
 ORDER BY time FETCH FIRST %(limit)s ROWS WITH TIES
"""
STRETCHES = """
SELECT x.alert, e.level, e.severity, count(*) AS excursions,
       min(e.started) AS started, min(e.peak) AS lowest, max(e.peak) AS highest,
       CASE WHEN bool_and(e.ended IS NOT NULL) THEN max(e.ended) END AS ended
  FROM seen_alert_excursion x
  JOIN excursion e ON e.id = x.excursion
 WHERE x.alert = ANY(%s) AND NOT e.withdrawn
 GROUP BY x.alert, e.level, e.severity
 ORDER BY x.alert, e.severity DESC
"""
COPIES = """
SELECT count(*) AS readings, count(*) FILTER (WHERE quality = 1) AS uncertain,
       (SELECT count(*) FROM alert_conflict WHERE alert = %(alert)s) AS conflicting,
       min(time) AS first, max(time) AS last
  FROM alert_reading WHERE alert = %(alert)s
"""
# The alert's own copy in slices of a width in seconds; of each the lowest and the highest value.
CURVE = """
WITH stepped AS (
    SELECT time, value, time - lag(time) OVER (ORDER BY time) AS step,
           floor(extract(epoch FROM time - %(start)s) / %(width)s) AS slice
      FROM alert_reading
     WHERE alert = %(alert)s AND point = %(point)s AND quality < 2 AND value IS NOT NULL
       AND time BETWEEN %(start)s AND %(until)s
)
SELECT min(time) AS first, max(time) AS last, max(step) AS step,
       (array_agg(time ORDER BY value, time))[1] AS low_time, min(value) AS low,
       (array_agg(time ORDER BY value DESC, time))[1] AS high_time, max(value) AS high
  FROM stepped GROUP BY slice ORDER BY first
"""
CONFLICTING = """
SELECT time, value FROM alert_conflict
 WHERE alert = %s AND point = %s AND value IS NOT NULL ORDER BY time LIMIT 500
"""
# Of each chain the newest intake that wrote about the alert: its digest stands for all before.
SEALS = """
SELECT DISTINCT ON (i.share) s.name AS share, i.number, i.id, i.arrived, encode(i.digest, 'hex') AS digest
  FROM (SELECT intake FROM journal WHERE alert = %(alert)s
         UNION SELECT intake FROM alert_reading WHERE alert = %(alert)s
         UNION SELECT intake FROM alert_conflict WHERE alert = %(alert)s
         UNION SELECT intake FROM alert_excursion WHERE alert = %(alert)s) AS w
  JOIN intake AS i ON i.id = w.intake
  JOIN share AS s ON s.id = i.share
 ORDER BY i.share, i.number DESC
"""
INTAKES = "SELECT n, intake FROM journal WHERE alert = %s"
# What findings about devices and the box stand for is in their journal; begin and end in different entries.
EXTENTS = """
SELECT DISTINCT ON (j.alert) j.alert, (j.detail->>'from')::timestamptz AS began, (j.detail->>'to')::timestamptz AS ended
  FROM seen_journal j JOIN alert a ON a.id = j.alert
 WHERE j.alert = ANY(%s) AND a.point IS NULL AND j.detail->>'from' IS NOT NULL
 ORDER BY j.alert, j.n DESC
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExcursionLine:
    """An excursion of an alert, at its newest revision."""

    id: int
    rule: str
    version: str
    level: str
    severity: int
    started: datetime
    ended: datetime | None
    """None: it goes on."""
    peak: float
    peak_time: datetime
    withdrawn: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Links:
    """Alerts that refer to one."""

    successors: list[int]
    merged: list[int]
    """Those that it took over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CopiedReading:
    """A reading that an alert keeps for itself."""

    point: int
    time: datetime
    value: float | None
    quality: int
    provenance: int
    conflicting: bool
    """A further value of its time, which contradicts the first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """All excursions of one alert at one level, taken together."""

    alert: int
    level: str
    severity: int
    excursions: int
    started: datetime
    ended: datetime | None
    """None while one of them is open."""
    lowest: float
    """Lowest and highest of their peaks, in the point's unit."""
    highest: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Copies:
    """How many readings an alert keeps as its own copy, and from when to when."""

    readings: int
    uncertain: int
    """Of these, by their sender's word."""
    conflicting: int
    """Further values of their slots."""
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Extent:
    """When what was found about a device or the box began and ended, as its journal last says."""

    alert: int
    began: datetime
    ended: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice:
    """Part of an alert's own copy: its ends, its extremes, and the longest step to any of it."""

    first: datetime
    last: datetime
    step: timedelta | None
    low_time: datetime
    low: float
    high_time: datetime
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Seal:
    """An intake that wrote about an alert (docs/chain.md)."""

    share: str
    number: int
    id: int
    arrived: datetime
    digest: str
    """SHA-256, hexadecimal."""


async def excursions(connection: Connection, alert: int) -> list[ExcursionLine]:
    """The newest 200 excursions of the alert, the newest first, the withdrawn among them."""
    return await select(connection, ExcursionLine, EXCURSIONS, (alert,))


async def links(connection: Connection, alert: int) -> Links:
    """Alerts that follow it or were merged into it, at most 100 each."""
    return (await select(connection, Links, LINKED, {"alert": alert}))[0]


async def seen(connection: Connection, alerts: Iterable[int]) -> set[int]:
    """Those of `alerts` that are there, and seen."""
    cursor = await connection.execute(SEEN, (list(alerts),))
    return {number for (number,) in await cursor.fetchall()}


async def readings(
    connection: Connection, alert: int, *, after: datetime | None, limit: int
) -> list[CopiedReading]:
    """About `limit` of its readings after a time, in order of time, each time's as a whole."""
    parameters = {"alert": alert, "after": after, "limit": limit}
    found = await select(connection, CopiedReading, READINGS, parameters)
    return sorted(found, key=lambda one: (one.time, one.point, one.conflicting))


async def stretches(connection: Connection, ids: Sequence[int]) -> list[Stretch]:
    """Per alert and level what its excursions come to, the most severe level first."""
    return await select(connection, Stretch, STRETCHES, (list(ids),))


async def copies(connection: Connection, alert: int) -> Copies:
    """What the alert keeps of the readings that were judged."""
    return (await select(connection, Copies, COPIES, {"alert": alert}))[0]


async def curve(
    connection: Connection,
    alert: int,
    point: int,
    span: tuple[datetime, datetime],
    slices: int,
) -> list[Slice]:
    """What the alert keeps of the point, in at most `slices` and one; those without are left out."""
    start, until = span
    parameters = {
        "alert": alert,
        "point": point,
        "start": start,
        "until": until,
        "width": (until - start).total_seconds() / slices,
    }
    return await select(connection, Slice, CURVE, parameters)


async def conflicting(
    connection: Connection, alert: int, point: int
) -> list[tuple[datetime, float]]:
    """The first 500 values that contradicted the alert's own copy."""
    cursor = await connection.execute(CONFLICTING, (alert, point))
    return await cursor.fetchall()


async def seals(connection: Connection, alert: int) -> list[Seal]:
    """By chain, the newest intake that wrote about the alert."""
    return await select(connection, Seal, SEALS, {"alert": alert})


async def intakes(connection: Connection, alert: int) -> dict[int, int]:
    """By number of the journal's entry, the intake that wrote it."""
    return dict(await (await connection.execute(INTAKES, (alert,))).fetchall())


async def extents(connection: Connection, ids: Sequence[int]) -> dict[int, Extent]:
    """By alert, of findings about devices and the box only."""
    found = await select(connection, Extent, EXTENTS, (list(ids),))
    return {one.alert: one for one in found}
