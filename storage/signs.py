"""When devices were last heard: tables `ledger` and `device_sign`.

And since when the box knows of them: the intake of their first setting. What is readmitted is no sign of life: its intake tells when it came first.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from storage.unit import Connection

LAST = """
SELECT DISTINCT ON (d.device) d.device, last.arrived, last.will
  FROM unnest(%s::int4[]) AS d (device)
 CROSS JOIN share AS s
 CROSS JOIN LATERAL (
           SELECT i.arrived, coalesce(g.final, false) AS will
             FROM ledger AS l
             JOIN intake AS i ON i.id = l.intake
             LEFT JOIN device_sign AS g
               ON g.intake = l.intake AND g.device = l.device AND g.sign = 'offline'
            WHERE l.device = d.device AND l.messages > l.unreadable AND i.kind = 'readings'
              AND l.intake BETWEEN s.id::int8 << 40 AND (s.id::int8 + 1 << 40) - 1
            ORDER BY l.intake DESC LIMIT 1) AS last
 ORDER BY d.device, last.arrived DESC
"""
REGISTERED = """
SELECT p.device, min(i.arrived)
  FROM point AS p
  JOIN point_setting AS s ON s.point = p.id
  JOIN intake AS i ON i.id = s.intake
 WHERE p.device = ANY(%s)
 GROUP BY p.device
"""
NEWEST_CONFLICT = """
SELECT p.device, max(i.arrived)
  FROM unnest(%s::int4[], %s::int8[]) AS f (device, since)
  JOIN conflict AS c ON c.intake >= f.since AND c.intake >> 40 = f.since >> 40
  JOIN point AS p ON p.id = c.point AND p.device = f.device
  JOIN intake AS i ON i.id = c.intake AND i.kind = 'readings'
 GROUP BY p.device
"""
# Identical refusals leave no new row: after a restart the quiet hour may count from an older one.
NEWEST_AHEAD = """
SELECT r.device, max(i.arrived)
  FROM unnest(%s::int4[], %s::int8[]) AS f (device, since)
  JOIN rejected AS r ON r.intake >= f.since AND r.intake >> 40 = f.since >> 40
   AND r.device = f.device AND r.reason = 'in_future'
  JOIN intake AS i ON i.id = r.intake
 GROUP BY r.device
"""


class Last(NamedTuple):
    """The last message of a device that could be read."""

    at: datetime
    """When it arrived; domain time."""
    will: bool


async def last(connection: Connection, devices: Iterable[int]) -> dict[int, Last]:
    """When each of `devices` was last heard; those never heard are left out."""
    cursor = await connection.execute(LAST, (list(devices),))
    return {device: Last(at, will) for device, at, will in await cursor.fetchall()}


async def registered(
    connection: Connection, devices: Iterable[int]
) -> dict[int, datetime]:
    """When the registration of each of `devices` was taken in; domain time."""
    cursor = await connection.execute(REGISTERED, (list(devices),))
    return dict(await cursor.fetchall())


async def newest_conflict(
    connection: Connection, since: dict[int, int]
) -> dict[int, datetime]:
    """When the newest conflict of each device came, from the intake given for it on."""
    values = (list(since), list(since.values()))
    return dict(await (await connection.execute(NEWEST_CONFLICT, values)).fetchall())


async def newest_ahead(
    connection: Connection, since: dict[int, int]
) -> dict[int, datetime]:
    """The same of the newest reading that was refused as lying in the future."""
    values = (list(since), list(since.values()))
    return dict(await (await connection.execute(NEWEST_AHEAD, values)).fetchall())
