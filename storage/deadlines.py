"""Alerts for which a time has come: a deadline that has passed, a shelving that ends.

A share takes the alerts of its regions, and those of the box that its own intakes opened.
"""

from __future__ import annotations

from datetime import datetime

from domain.alerts import Alert
from domain.people import Scope
from storage import alerts
from storage.unit import Connection, Unit

# Each part in the order of its index, so that little is read, however many alerts are open.
COME = """
(SELECT id FROM alert AS a
  WHERE due_at <= %(now)s
    AND CASE WHEN area IS NULL
             THEN %(share)s = (SELECT intake >> 40 FROM journal WHERE alert = a.id AND n = 1)
             ELSE area BETWEEN %(low)s AND %(high)s END
  ORDER BY due_at LIMIT %(limit)s)
UNION
(SELECT id FROM alert AS a
  WHERE shelved_until <= %(now)s
    AND CASE WHEN area IS NULL
             THEN %(share)s = (SELECT intake >> 40 FROM journal WHERE alert = a.id AND n = 1)
             ELSE area BETWEEN %(low)s AND %(high)s END
  ORDER BY shelved_until LIMIT %(limit)s)
"""
# What somebody works on waits for the next round: so this waits for nobody.
FREE = "SELECT id FROM alert WHERE id = ANY(%s) FOR UPDATE SKIP LOCKED"


async def come(
    connection: Connection, share: int, regions: Scope, now: datetime, limit: int = 1
) -> list[int]:
    """Some alerts of a share for which a time has come; of each sort at most `limit`."""
    values = {"share": share, "low": regions.low, "high": regions.high}
    cursor = await connection.execute(COME, {**values, "now": now, "limit": limit})
    return [row[0] for row in await cursor.fetchall()]


async def claim(
    unit: Unit, regions: Scope, now: datetime, limit: int
) -> dict[int, Alert]:
    """The same, locked, as they are by then: somebody else may have been faster."""
    ids = await come(unit.connection, unit.share, regions, now, limit)
    cursor = await unit.connection.execute(FREE, (ids,))
    free = [row[0] for row in await cursor.fetchall()]
    return await alerts.lock(unit.connection, free)
