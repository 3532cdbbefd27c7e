"""Sites and enterprises as lists show them, with safety codes, and the regions they are in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, LiteralString, NamedTuple

from psycopg.rows import dict_row

from storage.alert_list import like
from storage.safety import Scored
from storage.snapshot import select
from storage.unit import Connection

# Whom one calls there is the owner's matter: a former one does not see it.
SITES = """
SELECT s.id, s.key, s.name_zh, s.name_en, s.kind, s.region,
       CASE WHEN e.id IS NULL THEN '' ELSE s.telephone END AS telephone, s.area_m2, s.height_m,
       s.longitude, s.latitude, e.code AS enterprise_code, e.name_zh AS enterprise_zh, e.name_en AS enterprise_en,
       (SELECT count(*) FROM device d WHERE d.site = s.id) AS devices,
       (SELECT count(*) FROM point p JOIN device d ON d.id = p.device WHERE d.site = s.id) AS points
  FROM site s
  LEFT JOIN enterprise e ON e.id = s.enterprise
 WHERE (%(id)s::int4 IS NULL OR s.id = %(id)s)
   AND (%(enterprise)s::text IS NULL OR e.code = %(enterprise)s)
   AND (%(low)s::int4 IS NULL OR s.area BETWEEN %(low)s AND %(high)s)
   AND (%(like)s::text IS NULL OR concat_ws(' ', s.name_zh, s.name_en, s.key) ILIKE %(like)s)
   AND (%(after)s::int8 IS NULL OR s.id > %(after)s)
 ORDER BY s.id
 LIMIT %(limit)s
"""
ENTERPRISES = """
SELECT e.id, e.code, e.name_zh, e.name_en, e.kind, e.high_risk,
       f.code AS safety, f.score, f.facts, f.reasons, f.formula, f.judged_at, h.beat_at,
       ARRAY(SELECT DISTINCT s.region FROM site s WHERE s.enterprise = e.id ORDER BY 1) AS regions
  FROM enterprise e
  LEFT JOIN safety f ON f.enterprise = e.id
  LEFT JOIN heartbeat h ON h.share = (f.facts->>'share')::int2
 WHERE (%(enterprise)s::text IS NULL OR e.code = %(enterprise)s)
   AND (%(safety)s::text IS NULL OR f.code = %(safety)s)
   AND (%(low)s::int4 IS NULL OR EXISTS (SELECT FROM site s WHERE s.enterprise = e.id
                                            AND s.area BETWEEN %(low)s AND %(high)s))
   AND (%(like)s::text IS NULL OR concat_ws(' ', e.name_zh, e.name_en, e.code) ILIKE %(like)s)
   AND (%(after)s::int8 IS NULL OR e.id > %(after)s)
 ORDER BY e.id
 LIMIT %(limit)s
"""
# The worst codes first, as they stand: grey where nobody has judged, or lives who did. What is
# shown besides is looked up only for those shown.
RANKED = """
WITH lives AS MATERIALIZED (
    SELECT share FROM heartbeat WHERE beat_at >= %(beating)s
), standing AS (
    SELECT e.id, e.code, e.name_zh, e.name_en, e.kind, e.high_risk,
           CASE WHEN (f.facts->>'share')::int2 IN (SELECT share FROM lives) THEN f.code ELSE 'grey' END AS safety,
           f.score, f.reasons->0 AS reason, f.code IS NOT NULL AS judged
      FROM enterprise AS e
      LEFT JOIN safety AS f ON f.enterprise = e.id
     WHERE (%(low)s::int4 IS NULL OR e.id IN (SELECT enterprise FROM site WHERE area BETWEEN %(low)s AND %(high)s))
       AND (%(like)s::text IS NULL OR concat_ws(' ', e.name_zh, e.name_en, e.code) ILIKE %(like)s)
), placed AS (
    SELECT *, array_position(ARRAY['red', 'yellow', 'grey', 'green'], safety) AS rank,
           (coalesce(score, 0) * 1e6)::int8 AS place
      FROM standing
), page AS (
    SELECT * FROM placed
     WHERE (%(safety)s::text IS NULL OR safety = %(safety)s)
       AND (%(after_id)s::int4 IS NULL
            OR (rank, place, id) > (%(after_rank)s::int4, %(after_place)s::int8, %(after_id)s))
     ORDER BY rank, place, id
     LIMIT %(limit)s
), counted AS (
    SELECT coalesce(json_object_agg(safety, n), '{}') AS colours
      FROM (SELECT safety, count(*) AS n FROM standing GROUP BY safety) AS by_colour
)
SELECT counted.colours, p.*, s.sites, s.regions, coalesce(a.alerts, 0) AS alerts, coalesce(a.overdue, 0) AS overdue,
       a.severity
  FROM counted
  LEFT JOIN page AS p ON true
  LEFT JOIN LATERAL (
       SELECT count(*) AS sites, array_agg(DISTINCT region ORDER BY region) AS regions
         FROM site WHERE enterprise = p.id) AS s ON true
  LEFT JOIN LATERAL (
       SELECT count(*) AS alerts, count(overdue_since) AS overdue, max(severity) AS severity
         FROM alert
        WHERE enterprise = p.id AND withdrawn_at IS NULL AND closed_at IS NULL
          AND shelved_until IS NULL AND NOT suppressed) AS a ON true
 ORDER BY p.rank, p.place, p.id
"""
PAST = """
SELECT n, at, old_code, new_code, score, detail->'reasons'->0 AS reason
  FROM safety_code WHERE enterprise = %s ORDER BY n DESC LIMIT %s
"""
SITE_STATES = """
SELECT s.id, max(a.severity) AS severity, count(a.id) AS alerts, count(a.overdue_since) AS overdue
  FROM site AS s
  LEFT JOIN alert AS a ON a.site = s.id AND a.enterprise = s.enterprise
   AND a.withdrawn_at IS NULL AND a.closed_at IS NULL AND a.shelved_until IS NULL AND NOT a.suppressed
 WHERE s.id = ANY(%s)
 GROUP BY s.id
"""
DEVICES = "SELECT id, name_zh, name_en FROM device WHERE id = ANY(%s) ORDER BY id"
POINTS = "SELECT id, name_zh, name_en FROM point WHERE id = ANY(%s) ORDER BY id"
SITE_NAMES = "SELECT id, name_zh, name_en FROM site WHERE id = ANY(%s) ORDER BY id"
THINGS: Final[Mapping[str, LiteralString]] = {
    "devices": DEVICES,
    "points": POINTS,
    "sites": SITE_NAMES,
}
PREFECTURES = "SELECT DISTINCT left(region, 4) FROM site ORDER BY 1"
# Each enterprise once per region that it has sites in.
PRESENCE = """
SELECT DISTINCT s.region, e.id, e.code AS enterprise_code, e.name_zh AS enterprise_zh, e.name_en AS enterprise_en,
       e.high_risk <> '{}' AS high_risk, coalesce(f.code, 'grey') AS code, f.score, h.beat_at
  FROM site s
  JOIN enterprise e ON e.id = s.enterprise
  LEFT JOIN safety f ON f.enterprise = e.id
  LEFT JOIN heartbeat h ON h.share = (f.facts->>'share')::int2
 WHERE s.area BETWEEN %(low)s AND %(high)s
 ORDER BY s.region, e.id
"""
NAMES = """
SELECT id, code AS enterprise_code, name_zh AS enterprise_zh, name_en AS enterprise_en
  FROM enterprise WHERE id = ANY(%s)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteLine:
    """A site; of its owner None, if that is not seen."""

    id: int
    key: str
    name_zh: str
    name_en: str
    kind: str
    region: str
    telephone: str
    area_m2: float | None
    height_m: float | None
    longitude: float | None
    latitude: float | None
    enterprise_code: str | None
    enterprise_zh: str | None
    enterprise_en: str | None
    devices: int
    points: int


@dataclass(frozen=True, kw_only=True, slots=True)
class EnterpriseLine:
    """An enterprise; of one that was never judged, nothing of safety."""

    id: int
    code: str
    name_zh: str
    name_en: str
    kind: str
    high_risk: list[str]
    safety: str | None
    score: float | None
    facts: Any
    reasons: Any
    formula: str | None
    judged_at: datetime | None
    beat_at: datetime | None
    """When who judges last gave a sign of life, real; None: never."""
    regions: list[str]
    """Of its sites."""


class Rank(NamedTuple):
    """Sort key of an enterprise in the list by code: a page begins after one."""

    rank: int
    place: int
    id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranked:
    """An enterprise in the list by code."""

    id: int
    code: str
    name_zh: str
    name_en: str
    kind: str
    high_risk: list[str]
    safety: str
    """As it stands: grey, too, if it was never judged."""
    score: float | None
    reason: Any
    """The gravest when it was judged; None: there was none."""
    judged: bool
    """Ever."""
    rank: int
    place: int
    sites: int
    regions: list[str] | None
    alerts: int
    """Open."""
    overdue: int
    severity: int | None
    """Of the worst open alert."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A change of a safety code."""

    n: int
    at: datetime
    old_code: str | None
    """None: it was judged for the first time."""
    new_code: str
    score: float | None
    reason: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteState:
    """Open alerts of a site, of its present owner."""

    id: int
    severity: int | None
    alerts: int
    overdue: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Thing:
    """A device, point or site, by name."""

    id: int
    name_zh: str
    name_en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EnterpriseName:
    """An enterprise, by name."""

    id: int
    enterprise_code: str
    enterprise_zh: str
    enterprise_en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Presence(Scored):
    """An enterprise in a region, with what its index is made of."""

    region: str
    enterprise_code: str
    enterprise_zh: str
    enterprise_en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which sites or enterprises are wanted; None: whatever it is."""

    id: int | None = None
    """Of a site."""
    enterprise: str | None = None
    """统一社会信用代码 of an enterprise, or of a site's owner."""
    safety: str | None = None
    """Colour of an enterprise."""
    regions: tuple[int | None, int | None] = (None, None)
    """First and last region code."""
    search: str | None = None

    def parameters(self, after: int | None, limit: int) -> dict[str, Any]:
        """As the queries name them."""
        return {
            "id": self.id,
            "enterprise": self.enterprise,
            "safety": self.safety,
            "low": self.regions[0],
            "high": self.regions[1],
            "like": None if self.search is None else like(self.search),
            "after": after,
            "limit": limit,
        }


async def sites(
    connection: Connection, wanted: Filter, *, after: int | None, limit: int
) -> list[SiteLine]:
    """The first `limit` sites after number `after`."""
    return await select(connection, SiteLine, SITES, wanted.parameters(after, limit))


async def site(connection: Connection, number: int) -> SiteLine | None:
    """The site, or None."""
    found = await sites(connection, Filter(id=number), after=None, limit=1)
    return next(iter(found), None)


async def enterprises(
    connection: Connection, wanted: Filter, *, after: int | None, limit: int
) -> list[EnterpriseLine]:
    """The first `limit` enterprises after number `after`."""
    parameters = wanted.parameters(after, limit)
    return await select(connection, EnterpriseLine, ENTERPRISES, parameters)


async def ranked(
    connection: Connection,
    wanted: Filter,
    *,
    beating: datetime,
    after: Rank | None,
    limit: int,
) -> tuple[dict[str, int], list[Ranked]]:
    """Number of enterprises by colour (of any), and the first `limit`, the worst first.

    A code stands where whoever judges gave a sign of life since `beating`, in real time.
    """
    rank, place, number = after or (None, None, None)
    parameters = {
        **wanted.parameters(None, limit),
        "beating": beating,
        "after_rank": rank,
        "after_place": place,
        "after_id": number,
    }
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(RANKED, parameters, prepare=False)
        rows = await cursor.fetchall()
    colours = rows[0]["colours"]
    names = [field.name for field in fields(Ranked)]
    lines = [Ranked(**{name: row[name] for name in names}) for row in rows if row["id"]]
    return colours, lines


async def past(connection: Connection, enterprise: int, limit: int) -> list[Change]:
    """The last `limit` changes of an enterprise's code, the newest first."""
    return await select(connection, Change, PAST, (enterprise, limit))


async def site_states(
    connection: Connection, numbers: Iterable[int]
) -> dict[int, SiteState]:
    """Open alerts of the sites of these numbers."""
    found = await select(connection, SiteState, SITE_STATES, (list(numbers),))
    return {one.id: one for one in found}


async def things(
    connection: Connection, kind: str, numbers: Iterable[int]
) -> list[Thing]:
    """The names of `devices`, `points` or `sites` of these numbers, as far as they are seen."""
    return await select(connection, Thing, THINGS[kind], (list(numbers),))


async def prefectures(connection: Connection) -> list[str]:
    """The first four digits of the regions that have sites."""
    cursor = await connection.execute(PREFECTURES)
    return [digits for (digits,) in await cursor.fetchall()]


async def enterprise(connection: Connection, code: str) -> EnterpriseLine | None:
    """The enterprise, or None."""
    found = await enterprises(connection, Filter(enterprise=code), after=None, limit=1)
    return next(iter(found), None)


async def presence(connection: Connection, low: int, high: int) -> list[Presence]:
    """Which enterprises have sites where, in a range of region codes."""
    return await select(connection, Presence, PRESENCE, {"low": low, "high": high})


async def names(
    connection: Connection, numbers: Iterable[int]
) -> dict[int, EnterpriseName]:
    """The enterprises of these numbers."""
    found = await select(connection, EnterpriseName, NAMES, (list(numbers),))
    return {one.id: one for one in found}
