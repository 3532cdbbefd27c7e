"""Which rule versions judge the points that are seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.snapshot import select
from storage.unit import Connection

ASSIGNED = """
SELECT v.version, v.rule, v.content::text AS content, count(*) AS points
  FROM (SELECT DISTINCT ON (point) point, rules FROM point_setting
         WHERE valid_from <= %s ORDER BY point, valid_from DESC, intake DESC) AS t
 CROSS JOIN unnest(t.rules) AS r (version)
  JOIN rule_version v ON v.version = r.version
 GROUP BY v.version, v.rule, v.content::text
 ORDER BY v.rule, points DESC, v.version
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
    return await select(connection, Assigned, ASSIGNED, (now,))
