"""Which rule versions judge the points that are seen, since when, and which points those are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.alert_list import like
from storage.scope import narrowed
from storage.snapshot import select
from storage.unit import Connection

ASSIGNED = """
SELECT v.version, v.rule, v.content::text AS content, n.points
  FROM (SELECT r.version, sum(t.points)::int8 AS points
          FROM (SELECT rules, count(*) AS points
                  FROM (SELECT DISTINCT ON (point) point, rules FROM seen_setting
                         WHERE valid_from <= %(now)s
                           AND (%(scope_low)s::int4 IS NULL OR area BETWEEN %(scope_low)s AND %(scope_high)s)
                           AND (%(scope_sites)s::int4[] IS NULL OR site = ANY (%(scope_sites)s))
                         ORDER BY point, valid_from DESC, intake DESC) AS held
                 GROUP BY rules) AS t
         CROSS JOIN unnest(t.rules) AS r (version)
         GROUP BY r.version) AS n
  JOIN rule_version v ON v.version = n.version
 ORDER BY v.rule, points DESC, v.version
"""
VERSIONS = "SELECT version FROM rule_version WHERE rule = %s"
# The newest statement counts where a setting was stated twice. A version is in force at a
# point until the next setting there. Few lists of rules hold at many points: summed by list first.
HISTORY = """
WITH said AS (
    SELECT DISTINCT ON (point, valid_from) point, valid_from, rules FROM seen_setting
     WHERE point IN (SELECT point FROM seen_setting
                      WHERE rules && %(versions)s
                        AND (%(scope_low)s::int4 IS NULL OR area BETWEEN %(scope_low)s AND %(scope_high)s)
                        AND (%(scope_sites)s::int4[] IS NULL OR site = ANY (%(scope_sites)s)))
     ORDER BY point, valid_from, intake DESC),
held AS (SELECT *, lead(valid_from) OVER (PARTITION BY point ORDER BY valid_from) AS until FROM said),
listed AS (
    SELECT rules, min(valid_from) AS since, max(coalesce(until, 'infinity')) AS until,
           count(*) FILTER (WHERE valid_from <= %(now)s AND (until IS NULL OR until > %(now)s)) AS points
      FROM held WHERE rules && %(versions)s GROUP BY rules),
summed AS (
    SELECT r.version, min(since) AS since, nullif(max(until), 'infinity') AS until, sum(points)::int8 AS points
      FROM listed CROSS JOIN unnest(rules) AS r (version)
     WHERE r.version = ANY (%(versions)s)
     GROUP BY r.version)
SELECT v.version, v.content::text AS content, s.since, s.until, s.points
  FROM summed AS s JOIN rule_version AS v ON v.version = s.version
 ORDER BY points DESC, since DESC
 LIMIT %(limit)s
"""
# First the few that may be meant: a rule may judge any point, or only one of a hundred thousand.
POINTS = """
SELECT p.id, p.name_zh, p.name_en, p.quantity, p.unit, p.resolution, p.device_zh, p.device_en,
       p.site, p.site_zh, p.site_en, p.enterprise_code, p.enterprise_zh, p.enterprise_en, v.version
  FROM placed_point AS p
  LEFT JOIN LATERAL (SELECT rules FROM seen_setting
                      WHERE point = p.id AND valid_from <= %(now)s
                      ORDER BY valid_from DESC, intake DESC LIMIT 1) AS t ON true
  LEFT JOIN LATERAL (SELECT one AS version FROM unnest(t.rules) AS one
                      WHERE one = ANY (%(versions)s) LIMIT 1) AS v ON true
 WHERE (NOT %(watched)s OR v.version IS NOT NULL AND p.id IN (SELECT point FROM seen_setting WHERE rules && %(versions)s))
   AND (%(ids)s::int4[] IS NULL OR p.id = ANY (%(ids)s))
   AND (%(quantity)s::text IS NULL OR (p.quantity, p.unit) = (%(quantity)s, %(unit)s))
   AND (%(like)s::text IS NULL
        OR concat_ws(' ', p.name_zh, p.name_en, p.key, p.device_key, p.device_zh, p.device_en, p.site_zh, p.site_en,
                     p.enterprise_zh, p.enterprise_en, p.enterprise_code) ILIKE %(like)s)
   AND (%(scope_low)s::int4 IS NULL OR p.area BETWEEN %(scope_low)s AND %(scope_high)s)
   AND (%(scope_sites)s::int4[] IS NULL OR p.site = ANY (%(scope_sites)s))
   AND p.id > %(after)s
 ORDER BY p.id
 LIMIT %(limit)s
"""
OPEN = """
SELECT rule, count(*) FROM alert
 WHERE withdrawn_at IS NULL AND closed_at IS NULL AND shelved_until IS NULL AND NOT suppressed GROUP BY rule
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Assigned:
    """A rule version in force."""

    version: str
    rule: str
    content: str
    points: int
    """That it judges."""


async def assigned(connection: Connection, now: datetime) -> list[Assigned]:
    """The rule versions in force at `now`."""
    values = {"now": now, **await narrowed(connection)}
    return await select(connection, Assigned, ASSIGNED, values)


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A rule version, from its first setting anywhere to the end of its last."""

    version: str
    content: str
    since: datetime
    until: datetime | None
    """None: in force somewhere, without an end."""
    points: int
    """That it judges now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PointLine:
    """A point and where it is."""

    id: int
    name_zh: str
    name_en: str
    quantity: str
    unit: str
    resolution: float
    device_zh: str
    device_en: str
    site: int
    site_zh: str
    site_en: str
    enterprise_code: str | None
    enterprise_zh: str | None
    enterprise_en: str | None
    version: str | None
    """Of the rule, in force there now; None: the rule does not judge it."""


async def history(
    connection: Connection, rule: str, now: datetime, limit: int
) -> list[Held]:
    """The versions of `rule` at points that are seen, those of most points first."""
    values = {
        "versions": await _versions(connection, rule),
        "now": now,
        "limit": limit,
        **await narrowed(connection),
    }
    return await select(connection, Held, HISTORY, values)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which points are wanted."""

    rule: str
    watched: bool = True
    """Only those that the rule judges."""
    ids: Sequence[int] | None = None
    quantity: str | None = None
    """With `unit`; None: any."""
    unit: str | None = None
    search: str | None = None


async def points(
    connection: Connection,
    wanted: Wanted,
    now: datetime,
    *,
    after: int = 0,
    limit: int,
) -> list[PointLine]:
    """The first `limit` points after number `after`, each with the version in force `now`."""
    values = {
        "versions": await _versions(connection, wanted.rule),
        "now": now,
        "watched": wanted.watched,
        "ids": None if wanted.ids is None else list(wanted.ids),
        "quantity": wanted.quantity,
        "unit": wanted.unit,
        "like": None if wanted.search is None else like(wanted.search),
        "after": after,
        "limit": limit,
        **await narrowed(connection),
    }
    return await select(connection, PointLine, POINTS, values)


async def _versions(connection: Connection, rule: str) -> list[str]:
    """As values: only so does the planner know how many points they judge."""
    cursor = await connection.execute(VERSIONS, (rule,))
    return [version for (version,) in await cursor.fetchall()]


async def open_alerts(connection: Connection) -> dict[str, int]:
    """How many alerts that are seen wait in the inbox, by rule."""
    return dict(await (await connection.execute(OPEN)).fetchall())
