"""How many people would be told of a site's alerts, and which sites too few are known of."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from domain.people import Scope
from domain.rules import Severity
from storage.findings import Site
from storage.unit import Connection

# Whatever the hours: a subscription that covers the stage of a zone, of somebody whose scope
# covers the site, over a channel in which he can be reached. People are counted once per
# place, not per site.
THIN = """
WITH zone AS (
    SELECT d.site, p.stage, array_agg(DISTINCT t.zone ORDER BY t.zone) AS zones
      FROM site AS s
      JOIN device AS d ON d.site = s.id
      JOIN point AS p ON p.device = d.id AND p.stage = ANY (%(stages)s)
     CROSS JOIN LATERAL (SELECT zone FROM point_setting
                          WHERE point = p.id AND valid_from <= %(now)s
                          ORDER BY valid_from DESC, intake DESC LIMIT 1) AS t
     WHERE s.area BETWEEN %(low)s AND %(high)s AND t.zone = ANY (%(zones)s)
       AND (%(sites)s::int4[] IS NULL OR s.id = ANY (%(sites)s))
     GROUP BY d.site, p.stage),
place AS (
    SELECT DISTINCT s.area, s.enterprise, z.stage FROM zone AS z JOIN site AS s ON s.id = z.site),
reach AS (
    SELECT w.area, w.enterprise, w.stage, count(DISTINCT p.id) AS people
      FROM place AS w
      JOIN subscription AS n ON n.severity <= %(severity)s
       AND (n.stages = '{}' OR w.stage = ANY (n.stages))
      JOIN person AS p ON p.id = n.person AND p.disabled_at IS NULL
      JOIN contact AS c ON c.person = p.id AND c.channel = n.channel
     WHERE CASE WHEN p.enterprise IS NOT NULL THEN p.enterprise = w.enterprise
                ELSE w.area BETWEEN n.low AND n.high
                     AND starts_with(w.area::text, regexp_replace(coalesce(p.region, ''), '(00)+$', '')) END
     GROUP BY w.area, w.enterprise, w.stage)
SELECT s.id, s.enterprise, s.region, array_agg(DISTINCT one ORDER BY one), min(coalesce(r.people, 0))
  FROM zone AS z
  JOIN site AS s ON s.id = z.site
 CROSS JOIN LATERAL unnest(z.zones) AS one
  LEFT JOIN reach AS r ON (r.area, r.enterprise, r.stage) = (s.area, s.enterprise, z.stage)
 WHERE coalesce(r.people, 0) < %(people)s
 GROUP BY s.id
 ORDER BY s.id
"""
KNOWN = """
SELECT a.site, a.enterprise, a.region,
       (SELECT (detail->>'from')::timestamptz FROM journal
         WHERE alert = a.id AND detail->>'from' IS NOT NULL ORDER BY n DESC LIMIT 1)
  FROM alert AS a
 WHERE a.point IS NULL AND a.device IS NULL AND a.site IS NOT NULL AND a.rule = %s
   AND a.withdrawn_at IS NULL AND a.returned_at IS NULL AND a.area BETWEEN %s AND %s
"""


class Thin(NamedTuple):
    """A site of which too few people would be told."""

    site: Site
    zones: list[str]
    """Those that too few people are told of."""
    people: int
    """Of the zones' stages, for that with the fewest."""


async def thin(
    connection: Connection,
    regions: Scope,
    now: datetime,
    *,
    zones: Collection[str],
    stages: Collection[str],
    severity: Severity,
    people: int,
    sites: Collection[int] | None = None,
) -> list[Thin]:
    """Sites with one of `zones` at `now` of whose alerts fewer than `people` are told.

    `sites`: only these; None: all of the regions.
    """
    values = {
        "low": regions.low,
        "high": regions.high,
        "now": now,
        "zones": list(zones),
        "stages": list(stages),
        "severity": int(severity),
        "people": people,
        "sites": None if sites is None else list(sites),
    }
    cursor = await connection.execute(THIN, values)
    return [
        Thin(Site(site, owner, region), names, count)
        async for site, owner, region, names, count in cursor
    ]


async def known(
    connection: Connection, regions: Scope, rule: str
) -> dict[Site, datetime]:
    """The sites of which a finding by `rule` goes on, and since when."""
    cursor = await connection.execute(KNOWN, (rule, regions.low, regions.high))
    return {
        Site(site, owner, region): since async for site, owner, region, since in cursor
    }
