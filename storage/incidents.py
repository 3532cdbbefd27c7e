"""Table `incident`. Only the ingestor of the share that a site belongs to writes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from psycopg.rows import kwargs_row

from domain.incidents import Incident
from domain.people import Scope
from domain.rules import Severity
from storage.columns import columns
from storage.unit import Connection

NEW_IDS = "SELECT nextval('incident_id') FROM generate_series(1, %s)"
LOCK = """
SELECT id, site, enterprise, area, opened_at, newest_at, window_until, severity, alerts,
       active, settled_at
  FROM incident
 WHERE id = ANY(ARRAY(SELECT (SELECT id FROM incident WHERE site = s.site ORDER BY id DESC LIMIT 1)
                        FROM unnest(%(sites)s::int4[]) AS s (site)) || %(ids)s::int8[])
 ORDER BY id FOR UPDATE
"""
INSERT = """
INSERT INTO incident (id, site, enterprise, area, opened_at, newest_at, window_until,
                      severity, alerts, active, settled_at)
VALUES (%(id)s, %(site)s, %(enterprise)s, %(area)s, %(opened_at)s, %(newest_at)s,
        %(window_until)s, %(severity)s, %(alerts)s, %(active)s, %(settled_at)s)
"""
UPDATE = """
UPDATE incident SET newest_at = %(newest_at)s, window_until = %(window_until)s,
       severity = %(severity)s, alerts = %(alerts)s, active = %(active)s
 WHERE id = %(id)s
"""
CALM = """
SELECT EXISTS (SELECT FROM incident
                WHERE settled_at IS NULL AND active = 0 AND window_until < %s
                  AND area BETWEEN %s AND %s)
"""
SETTLE = """
UPDATE incident SET settled_at = %(now)s
 WHERE id IN (SELECT id FROM incident
               WHERE settled_at IS NULL AND active = 0 AND window_until < %(now)s
                 AND area BETWEEN %(low)s AND %(high)s
               ORDER BY window_until LIMIT %(limit)s)
RETURNING id
"""


async def new_ids(connection: Connection, count: int) -> list[int]:
    """Numbers for `count` new incidents."""
    cursor = await connection.execute(NEW_IDS, (count,))
    return [row[0] for row in await cursor.fetchall()]


async def lock(
    connection: Connection, sites: Iterable[int], ids: Iterable[int]
) -> list[Incident]:
    """The newest incident of each of `sites` and those of `ids`, locked."""
    values = {"sites": list(sites), "ids": list(ids)}
    async with connection.cursor(row_factory=kwargs_row(_incident)) as cursor:
        await cursor.execute(LOCK, values)
        return await cursor.fetchall()


def _incident(*, severity: int, **rest: Any) -> Incident:
    return Incident(severity=Severity(severity), **rest)


async def insert(connection: Connection, incidents: Sequence[Incident]) -> None:
    """Add new ones."""
    async with connection.cursor() as cursor:
        await cursor.executemany(INSERT, [columns(one) for one in incidents])


async def update(connection: Connection, incidents: Sequence[Incident]) -> None:
    """Bring locked ones up to date."""
    async with connection.cursor() as cursor:
        await cursor.executemany(UPDATE, [columns(one) for one in incidents])


async def calm(connection: Connection, regions: Scope, now: datetime) -> bool:
    """Whether any incident of `regions` is over, and its end not told."""
    cursor = await connection.execute(CALM, (now, regions.low, regions.high))
    row = await cursor.fetchone()
    assert row is not None
    return row[0]


async def settle(
    connection: Connection, regions: Scope, now: datetime, limit: int
) -> list[int]:
    """Mark those that are over as settled; their numbers, at most `limit`."""
    values = {"now": now, "low": regions.low, "high": regions.high, "limit": limit}
    cursor = await connection.execute(SETTLE, values)
    return [row[0] for row in await cursor.fetchall()]
