"""Tables `safety` and `safety_code`, and what safety codes are judged by.

Of an enterprise, that share judges which ingests its first site, or, where it has none
left, the first that it once had: so one does, and nobody has to ask who.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from storage.evidence import SAFETY_CODE
from storage.snapshot import select
from storage.unit import Connection, Unit

JUDGED = """
WITH home AS (
    SELECT DISTINCT ON (enterprise) enterprise, site
      FROM (SELECT enterprise, id AS site, false AS once FROM site
             UNION ALL SELECT enterprise, site, true FROM site_owner) AS had
     WHERE enterprise > %(after)s
     ORDER BY enterprise, once, site
)
SELECT e.id, cardinality(e.high_risk) > 0 AS high_risk, f.code, coalesce(f.changes, 0) AS changes
  FROM home AS h
  JOIN site AS s ON s.id = h.site
  JOIN enterprise AS e ON e.id = h.enterprise
  LEFT JOIN safety AS f ON f.enterprise = e.id
 WHERE s.area BETWEEN %(low)s AND %(high)s
 ORDER BY e.id
 LIMIT %(limit)s
"""
# A point has been in use since the first of its newest settings in a row that say so.
DEVICES = """
WITH setting AS (
    SELECT DISTINCT ON (t.point, t.valid_from)
           p.device, t.point, t.valid_from, t.in_use IN ('commissioned', 'loaded') AS used, t.calibration_due
      FROM site AS s
      JOIN device AS d ON d.site = s.id
      JOIN point AS p ON p.device = d.id
      JOIN point_setting AS t ON t.point = p.id
     WHERE s.enterprise = ANY(%(enterprises)s) AND t.valid_from <= %(now)s
     ORDER BY t.point, t.valid_from, t.intake DESC
), turned AS (
    SELECT *, used AND lag(used) OVER point IS NOT TRUE AS begun
      FROM setting WINDOW point AS (PARTITION BY point ORDER BY valid_from)
), newest AS (
    SELECT DISTINCT ON (point) device, point, used, calibration_due,
           max(valid_from) FILTER (WHERE begun) OVER (PARTITION BY point) AS since
      FROM turned
     ORDER BY point, valid_from DESC
)
SELECT s.enterprise, s.id AS site, s.region, d.id, count(*) AS points, min(n.since) AS since,
       coalesce(array_agg(n.point ORDER BY n.point) FILTER (WHERE n.calibration_due < %(today)s), '{}') AS uncalibrated
  FROM newest AS n
  JOIN device AS d ON d.id = n.device
  JOIN site AS s ON s.id = d.site
 WHERE n.used
 GROUP BY s.id, d.id
 ORDER BY d.id
"""
OPENED = """
SELECT enterprise, severity, count(*) AS alerts, count(overdue_since) AS overdue, min(opened_at) AS oldest
  FROM alert
 WHERE withdrawn_at IS NULL AND closed_at IS NULL
   AND NOT suppressed AND inhibited_by IS NULL AND enterprise = ANY(%s)
 GROUP BY enterprise, severity
"""
# Of days that were wholly the present owner's.
COMPLETE = """
WITH taken AS (
    SELECT site, max(valid_from) AS at FROM site_owner WHERE valid_from <= %(now)s GROUP BY site
)
SELECT s.enterprise, sum(c.due) AS due, sum(c.filled) AS filled
  FROM site AS s
  LEFT JOIN taken ON taken.site = s.id
  JOIN device AS d ON d.site = s.id
  JOIN point AS p ON p.device = d.id
  JOIN completeness AS c ON c.point = p.id
 WHERE s.enterprise = ANY(%(enterprises)s) AND c.day = ANY(%(days)s)
   AND (taken.at IS NULL OR c.day::timestamp AT TIME ZONE interval '8 h' >= taken.at)
 GROUP BY s.enterprise
"""
LISTENING = """
SELECT s.id, s.name, h.beat_at
  FROM heartbeat AS h JOIN share AS s ON s.id = h.share
 WHERE h.watermark IS NOT NULL
 ORDER BY h.beat_at DESC
"""
KEEP = """
INSERT INTO safety (enterprise, code, score, facts, reasons, formula, judged_at, changes)
SELECT enterprise, code, score, detail->'facts', detail->'reasons', formula, at, n
  FROM unnest(%s::int4[], %s::int4[], %s::timestamptz[], %s::text[], %s::float8[], %s::text[], %s::json[])
       AS v (enterprise, n, at, code, score, formula, detail)
ON CONFLICT (enterprise) DO UPDATE
   SET code = excluded.code, score = excluded.score, facts = excluded.facts, reasons = excluded.reasons,
       formula = excluded.formula, judged_at = excluded.judged_at, changes = excluded.changes
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """An enterprise to be judged, and its code so far."""

    id: int
    high_risk: bool
    code: str | None
    """None: it was never judged."""
    changes: int
    """Of its code, so far."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InUse:
    """A device with points in use."""

    id: int
    enterprise: int
    """Its site's owner."""
    site: int
    region: str
    points: int
    """In use."""
    since: datetime
    """Since when one of them has been."""
    uncalibrated: list[int]
    """Of them, those past their calibration."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """Open alerts of an enterprise and severity, less those of which nobody is told."""

    enterprise: int
    severity: int
    alerts: int
    overdue: int
    oldest: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Complete:
    """Cadence slots of an enterprise."""

    enterprise: int
    due: int
    filled: int


class Listener(NamedTuple):
    """A share that somebody listened for."""

    id: int
    name: str
    beat_at: datetime
    """Last sign of life; real time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What an enterprise was judged to be."""

    enterprise: int
    n: int
    """Changes of its code so far, with this one."""
    at: datetime
    old_code: str | None
    """None: it was never judged before."""
    code: str
    score: float | None
    formula: str
    detail: str
    """JSON: `facts` and `reasons`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """Of an enterprise, what the index of a region is made of."""

    id: int
    high_risk: bool
    code: str
    """Grey, too, if it was never judged."""
    score: float | None
    beat_at: datetime | None
    """Last sign of life of whoever judges; real time (see `alerting.safety.code.standing`)."""


# What codes are judged by -------------------------------------------------------------


async def judged(
    connection: Connection, low: int, high: int, *, after: int = 0, limit: int
) -> list[Judged]:
    """The enterprises that whoever ingests the regions `low` … `high` has to judge.

    The first `limit` whose numbers are above `after`.
    """
    values = {"low": low, "high": high, "after": after, "limit": limit}
    return await select(connection, Judged, JUDGED, values)


async def devices(
    connection: Connection, enterprises: Collection[int], now: datetime, today: date
) -> list[InUse]:
    """Devices with points in use at `now`; `today` in +08:00."""
    values = {"enterprises": list(enterprises), "now": now, "today": today}
    return await select(connection, InUse, DEVICES, values)


async def opened(connection: Connection, enterprises: Collection[int]) -> list[Opened]:
    """Open alerts by enterprise and severity."""
    return await select(connection, Opened, OPENED, (list(enterprises),))


async def complete(
    connection: Connection,
    enterprises: Collection[int],
    now: datetime,
    days: Collection[date],
) -> list[Complete]:
    """Slots of `days`, as far as they are counted and were wholly the owner's at `now`."""
    values = {"enterprises": list(enterprises), "now": now, "days": list(days)}
    return await select(connection, Complete, COMPLETE, values)


async def listening(connection: Connection) -> list[Listener]:
    """Shares that were ever listened for; the one with the newest sign of life first."""
    cursor = await connection.execute(LISTENING)
    return [Listener(*row) for row in await cursor.fetchall()]


# What they are judged to be -----------------------------------------------------------


async def keep(unit: Unit, verdicts: Sequence[Verdict]) -> None:
    """Keep what enterprises were judged to be; journal each change of a code."""
    rows = [
        (v.enterprise, v.n, v.at, v.code, v.score, v.formula, v.detail)
        for v in verdicts
    ]
    if rows:
        columns = [list(column) for column in zip(*rows, strict=True)]
        await unit.connection.execute(KEEP, columns)
    changes = [
        (
            v.enterprise,
            v.n,
            unit.id,
            v.at,
            v.old_code,
            v.code,
            v.score,
            v.formula,
            v.detail,
        )
        for v in verdicts
        if v.code != v.old_code
    ]
    await unit.write(SAFETY_CODE, changes)
