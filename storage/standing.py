"""How a region stands: its sites, whose they are, what is open there, who is silent.

For the overview. Each is one statement for a whole region, whatever its size; row-level
security decides what is seen at all.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString, NamedTuple, TypeVar

from psycopg.rows import AsyncRowFactory, class_row, scalar_row

from storage import scope
from storage.safety import Scored
from storage.snapshot import select
from storage.unit import Connection

SITES = """
SELECT id, name_zh, name_en, region, enterprise, longitude, latitude
  FROM site WHERE area BETWEEN %(low)s AND %(high)s
"""
ENTERPRISES = """
SELECT e.id, e.code AS enterprise_code, e.name_zh, e.name_en, cardinality(e.high_risk) > 0 AS high_risk,
       coalesce(f.code, 'grey') AS code, f.score, h.beat_at, coalesce((f.facts->>'points')::int4, 0) AS points,
       coalesce((f.facts->>'due')::int8, 0) AS due, coalesce((f.facts->>'filled')::int8, 0) AS filled
  FROM enterprise AS e
  LEFT JOIN safety AS f ON f.enterprise = e.id
  LEFT JOIN heartbeat AS h ON h.share = (f.facts->>'share')::int2
 WHERE e.id = ANY(%s)
"""
REASONS = "SELECT enterprise, reasons FROM safety WHERE enterprise = ANY(%s)"
# Here and below: those open of which somebody is told. The scope is said again, in values,
# for the index that suits it (storage/alert_list.py).
OPEN = """
SELECT site, count(*) FILTER (WHERE waits AND severity = 3) AS critical,
       count(*) FILTER (WHERE waits AND severity = 2) AS major, count(*) FILTER (WHERE waits AND severity = 1) AS minor,
       count(*) FILTER (WHERE waits AND acknowledged_at IS NULL) AS unacknowledged,
       count(overdue_since) FILTER (WHERE waits) AS overdue,
       count(*) FILTER (WHERE unanswered) AS unanswered, count(overdue_since) FILTER (WHERE unanswered) AS unanswered_overdue,
       coalesce(max(severity) FILTER (WHERE returned_at IS NULL AND silence IS NULL), 0) AS worst,
       count(DISTINCT device) FILTER (WHERE returned_at IS NULL AND silence IS NOT NULL) AS silent
  FROM (SELECT a.*, a.shelved_until IS NULL AS waits,
               a.shelved_until IS NULL AND a.severity >= 2 AND a.answered_at IS NULL
               AND (a.assigned_at IS NOT NULL OR a.acknowledged_at IS NOT NULL) AS unanswered, CASE WHEN a.point IS NULL THEN v.version END AS silence
          FROM alert AS a
          LEFT JOIN rule_version AS v ON v.version = a.version AND v.kind = 'silence'
         WHERE a.withdrawn_at IS NULL AND a.closed_at IS NULL AND NOT a.suppressed
           AND (a.area BETWEEN %(low)s AND %(high)s OR a.enterprise = %(owner)s OR %(box)s AND a.area IS NULL)
           AND (%(whole)s OR a.area BETWEEN %(first)s AND %(last)s)) AS open
 GROUP BY site
"""
NEWEST = """
SELECT a.id
  FROM alert AS a
 WHERE a.withdrawn_at IS NULL AND a.closed_at IS NULL AND NOT a.suppressed
   AND (a.area BETWEEN %(low)s AND %(high)s OR a.enterprise = %(owner)s OR %(box)s AND a.area IS NULL)
   AND (%(whole)s OR a.area BETWEEN %(first)s AND %(last)s)
 ORDER BY coalesce(a.raised_at, a.opened_at) DESC, a.id DESC
 LIMIT %(limit)s
"""
SILENT = """
SELECT a.id AS alert, a.device, n.device_zh, n.device_en, n.site_zh, n.site_en, n.telephone,
       n.enterprise_zh, n.enterprise_en, coalesce(j.since, a.opened_at) AS since
  FROM (SELECT a.id, a.device, a.opened_at
          FROM alert AS a
         WHERE a.withdrawn_at IS NULL AND a.closed_at IS NULL AND NOT a.suppressed
           AND a.returned_at IS NULL AND a.point IS NULL AND a.device IS NOT NULL
           AND a.version IN (SELECT version FROM rule_version WHERE kind = 'silence')
           AND (a.area BETWEEN %(low)s AND %(high)s OR a.enterprise = %(owner)s)
           AND (%(whole)s OR a.area BETWEEN %(first)s AND %(last)s)
         ORDER BY a.opened_at, a.id
         LIMIT %(limit)s) AS a
  JOIN alert_names AS n ON n.alert = a.id
  LEFT JOIN LATERAL (SELECT (detail->>'from')::timestamptz AS since FROM journal
                      WHERE alert = a.id AND detail->>'from' IS NOT NULL
                      ORDER BY n DESC LIMIT 1) AS j ON true
 ORDER BY since, alert
"""
# Of sites that were wholly the present owner's since the day began: every so many-th point.
SAMPLE = """
SELECT p.id
  FROM placed_point AS p
 WHERE p.enterprise IS NOT NULL AND p.area BETWEEN %(low)s AND %(high)s AND p.id %% %(step)s = 0
   AND NOT EXISTS (SELECT FROM site_owner AS o WHERE o.site = p.site AND o.valid_from > %(since)s)
 ORDER BY p.id
 LIMIT %(limit)s
"""
SENT = "SELECT EXISTS (SELECT FROM ledger)"

Row = TypeVar("Row")


class Region(NamedTuple):
    """A range of region codes within what a scope sees; the whole of it: all that it sees."""

    low: int
    high: int
    whole: bool = False


WHOLE = Region(0, 999_999, whole=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """A site, where it is and whose."""

    id: int
    name_zh: str
    name_en: str
    region: str
    """GB/T 2260."""
    enterprise: int
    longitude: float | None
    """WGS 84, degrees, like `latitude`; None: not told."""
    latitude: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Enterprise(Scored):
    """An enterprise with its code, and how much of its data of the last 7 full days came."""

    enterprise_code: str
    name_zh: str
    name_en: str
    points: int
    """In use, when it was judged last."""
    due: int
    """Cadence slots."""
    filled: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    """Open alerts of a site, or in all; the counts are those of the inbox, without shelved ones."""

    site: int | None = None
    """None: the box's own."""
    critical: int = 0
    major: int = 0
    minor: int = 0
    unacknowledged: int = 0
    overdue: int = 0
    unanswered: int = 0
    """That await the enterprise's answer: major at least, acknowledged or assigned."""
    unanswered_overdue: int = 0
    worst: int = 0
    """Severity of those whose signal has not returned, less silences; 0: there is none."""
    silent: int = 0
    """Devices."""

    @property
    def alerts(self) -> int:
        """How many."""
        return self.critical + self.major + self.minor


@dataclass(frozen=True, kw_only=True, slots=True)
class Silent:
    """A device from which nothing comes; domain times."""

    alert: int | None
    """That says so; None: no rule has found it silent."""
    device: int
    device_zh: str
    device_en: str
    site_zh: str
    site_en: str
    telephone: str
    enterprise_zh: str
    enterprise_en: str
    since: datetime


async def sites(connection: Connection, region: Region) -> list[Site]:
    """The sites of a region; of one that once was one's own, too, its present owner is not seen."""
    values = {"low": region.low, "high": region.high}
    return await select(connection, Site, SITES, values)


async def enterprises(
    connection: Connection, numbers: Collection[int]
) -> list[Enterprise]:
    """The enterprises of these numbers that are seen."""
    return await select(connection, Enterprise, ENTERPRISES, (list(numbers),))


async def reasons(
    connection: Connection, numbers: Collection[int]
) -> dict[int, list[dict[str, Any]]]:
    """Why the codes of these enterprises are what they are; of those never judged nothing."""
    cursor = await connection.execute(REASONS, (list(numbers),))
    return dict(await cursor.fetchall())


async def opened(connection: Connection, region: Region) -> list[Open]:
    """Open alerts by site."""
    return await _open(connection, class_row(Open), OPEN, region)


async def newest(connection: Connection, region: Region, limit: int) -> list[int]:
    """The open alerts that were opened, worsened or opened again last, the newest first.

    No index has them in this order: of 100,000 open ones it takes 85 ms.
    """
    return await _open(connection, scalar_row, NEWEST, region, limit)


async def silent(connection: Connection, region: Region, limit: int) -> list[Silent]:
    """The devices from which nothing comes, first those that have been silent for longest."""
    return await _open(connection, class_row(Silent), SILENT, region, limit)


async def sample(
    connection: Connection, region: Region, since: datetime, *, step: int, limit: int
) -> list[int]:
    """Every `step`-th point of sites that have had their present owner since then."""
    values = {
        "low": region.low,
        "high": region.high,
        "since": since,
        "step": step,
        "limit": limit,
    }
    cursor = await connection.execute(SAMPLE, values)
    return [row[0] for row in await cursor.fetchall()]


async def sent(connection: Connection) -> bool:
    """Whether the box has ever taken in anything."""
    row = await (await connection.execute(SENT)).fetchone()
    return bool(row and row[0])


async def within(connection: Connection, region: Region) -> dict[str, Any]:
    """A region and the scope of the transaction, as values."""
    seen = await scope.current(connection)
    return {
        "low": seen.low,
        "high": seen.high,
        "owner": seen.enterprise,
        "box": seen.box,
        "whole": region.whole,
        "first": region.low,
        "last": region.high,
    }


async def _open(
    connection: Connection,
    rows: AsyncRowFactory[Row],
    query: LiteralString,
    region: Region,
    limit: int | None = None,
) -> list[Row]:
    values = {"limit": limit, **await within(connection, region)}
    async with connection.cursor(row_factory=rows) as cursor:
        # Never prepared: as in storage/alert_list.py.
        await cursor.execute(query, values, prepare=False)
        return await cursor.fetchall()
