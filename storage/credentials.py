"""Whom credentials stand for, many at once: what keeps open streams honest."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from domain.people import Person
from storage.people import person
from storage.sessions import IDLE
from storage.unit import Connection

HOLDERS = """
SELECT c.token, p.id, p.name, p.full_name, p.role, p.region, p.enterprise, p.language
  FROM (SELECT token, person FROM session
         WHERE token = ANY(%(tokens)s) AND expires_at > %(now)s AND seen_at > %(idle)s
         UNION ALL
        SELECT token, person FROM api_token
         WHERE token = ANY(%(tokens)s) AND expires_at > %(now)s AND revoked_at IS NULL) AS c
  JOIN person AS p ON p.id = c.person
 WHERE p.disabled_at IS NULL
"""


async def holders(
    connection: Connection, digests: Collection[bytes], now: datetime
) -> dict[bytes, Person]:
    """Who stands behind each of `digests` at `now` (real); what is over is left out."""
    values = {"tokens": list(digests), "now": now, "idle": now - IDLE}
    cursor = await connection.execute(HOLDERS, values)
    names = [column.name for column in cursor.description or ()][1:]
    return {
        token: person(**dict(zip(names, columns, strict=True)))
        for token, *columns in await cursor.fetchall()
    }
