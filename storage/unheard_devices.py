"""Devices that no share has heard for a while, and whom no finding calls silent. For the overview.

`ledger` has no row-level security: it is asked of devices that the scope of the transaction
sees at present, and nothing of it is told but that there is nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row, dict_row

from storage.standing import Region, Silent, within
from storage.unit import Connection

# A device that was heard is told by one look into the index of each share; the others are few.
UNHEARD = """
WITH recent AS MATERIALIZED (
    SELECT first.id AS first, (s.id::int8 + 1 << 40) - 1 AS last
      FROM share AS s
     CROSS JOIN LATERAL (SELECT id FROM intake WHERE share = s.id AND kind = 'readings' AND arrived > %(since)s
                          ORDER BY arrived, id LIMIT 1) AS first)
SELECT d.id, d.site, s.enterprise,
       (SELECT max(o.valid_from) FROM site_owner AS o WHERE o.site = s.id AND o.enterprise = %(owner)s) AS taken
  FROM site AS s
  JOIN device AS d ON d.site = s.id
  LEFT JOIN LATERAL (
       SELECT true AS heard
         FROM recent AS r
        CROSS JOIN LATERAL (
              SELECT FROM ledger AS l JOIN intake AS i ON i.id = l.intake AND i.kind = 'readings'
               WHERE l.device = d.id AND l.intake BETWEEN r.first AND r.last AND l.messages > l.unreadable
               ORDER BY l.intake DESC LIMIT 1) AS message
        LIMIT 1) AS h ON true
 WHERE (s.area BETWEEN %(low)s AND %(high)s OR s.enterprise = %(owner)s)
   AND (%(whole)s OR s.area BETWEEN %(first)s AND %(last)s)
   AND h.heard IS NULL
   AND NOT EXISTS (SELECT FROM alert AS a
                    WHERE a.device = d.id AND a.device IS NOT NULL AND a.point IS NULL AND a.withdrawn_at IS NULL AND a.closed_at IS NULL
                      AND a.returned_at IS NULL AND NOT a.suppressed
                      AND a.version IN (SELECT version FROM rule_version WHERE kind = 'silence'))
 ORDER BY d.id
"""
NAMED = """
SELECT d.id AS device, d.name_zh AS device_zh, d.name_en AS device_en,
       s.name_zh AS site_zh, s.name_en AS site_en, s.telephone,
       e.name_zh AS enterprise_zh, e.name_en AS enterprise_en
  FROM device AS d JOIN site AS s ON s.id = d.site JOIN enterprise AS e ON e.id = s.enterprise
 WHERE d.id = ANY(%s)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Unheard:
    """A device, its site and whose that is."""

    id: int
    site: int
    enterprise: int
    taken: datetime | None
    """When the site became that of an owner who asks; None: it always was, or another asks."""


async def devices(
    connection: Connection, region: Region, since: datetime
) -> list[Unheard]:
    """Those of a region from which nothing readable came after `since`, of whatever use.

    Without those of which an alert says so.
    """
    values = {"since": since, **await within(connection, region)}
    async with connection.cursor(row_factory=class_row(Unheard)) as cursor:
        # Never prepared: as in storage/alert_list.py.
        await cursor.execute(UNHEARD, values, prepare=False)
        return await cursor.fetchall()


async def named(connection: Connection, since: Mapping[int, datetime]) -> list[Silent]:
    """Devices by their names; `since` is by device."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(NAMED, (list(since),))
        return [
            Silent(alert=None, since=since[row["device"]], **row)
            async for row in cursor
        ]
