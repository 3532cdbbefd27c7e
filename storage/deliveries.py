"""Deliveries: the notifications owed, and each attempt made. Times here are real.

A claim moves `due` forward by a lease, so that the work of a dispatcher that died comes
back by itself. Nothing is taken as delivered before a receiver said so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from psycopg.rows import class_row, kwargs_row
from psycopg.types.json import Json

from domain.alerts import Delivery
from storage.unit import Connection, Unit

INSERT = """
INSERT INTO delivery (id, alert, n, channel, recipient, body, due)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
WAKE = "SELECT pg_notify('blackbox_delivery', '')"
LISTEN = "LISTEN blackbox_delivery"
CLAIM = """
UPDATE delivery SET due = %(until)s
 WHERE id = (SELECT id FROM delivery
              WHERE channel = %(channel)s AND due <= %(now)s
                AND delivered_at IS NULL AND failed_at IS NULL
              ORDER BY due LIMIT 1
                FOR UPDATE SKIP LOCKED)
RETURNING alert, n, channel, recipient, body, attempts,
          coalesce((SELECT language FROM person WHERE name = recipient), 'zh') AS language,
          (SELECT c.address FROM contact AS c JOIN person AS p ON p.id = c.person
            WHERE p.name = delivery.recipient AND p.disabled_at IS NULL
              AND c.channel = delivery.channel) AS address
"""
RECORD = """
WITH tried AS (
    UPDATE delivery
       SET attempts = attempts + 1,
           due = coalesce(%(due)s, due),
           delivered_at = coalesce(delivered_at, CASE WHEN %(outcome)s = 'delivered' THEN %(at)s END),
           failed_at = CASE WHEN %(outcome)s = 'failed' AND delivered_at IS NULL THEN %(at)s END
     WHERE id = %(id)s
 RETURNING id, attempts)
INSERT INTO attempt (delivery, n, at, outcome, detail)
SELECT id, attempts, %(at)s, %(outcome)s, %(detail)s FROM tried
"""
DEPTH = """
SELECT channel, count(*) AS owed, count(*) FILTER (WHERE due <= %s) AS due
  FROM delivery WHERE delivered_at IS NULL AND failed_at IS NULL
 GROUP BY channel ORDER BY channel
"""
TOLD = "SELECT DISTINCT alert, channel, recipient FROM delivery WHERE alert = ANY (%s)"
DETAIL = 500
"""Characters that are kept of what an attempt ended with."""


class Outcome(StrEnum):
    """How an attempt ended."""

    DELIVERED = "delivered"
    RETRY = "retry"
    FAILED = "failed"
    """Given up."""


class Depth(NamedTuple):
    """How many deliveries wait in one channel."""

    channel: str
    owed: int
    """Neither delivered nor given up."""
    due: int
    """Of these, to be tried now and not claimed."""


async def owe(unit: Unit, deliveries: Sequence[Delivery], due: datetime) -> None:
    """Owe `deliveries` from the real time `due` on, and wake the dispatcher at the commit."""
    if not deliveries:
        return
    rows = [
        (
            item.id,
            item.alert,
            item.n,
            item.channel,
            item.recipient,
            Json(item.body),
            due,
        )
        for item in deliveries
    ]
    async with unit.connection.cursor() as cursor:
        await cursor.executemany(INSERT, rows)
        await cursor.execute(WAKE)


async def claim(
    connection: Connection, channel: str, *, now: datetime, until: datetime
) -> Delivery | None:
    """Take the delivery of `channel` that is due longest; nobody else gets it before `until`."""
    async with connection.cursor(row_factory=kwargs_row(Delivery)) as cursor:
        await cursor.execute(CLAIM, {"channel": channel, "now": now, "until": until})
        return await cursor.fetchone()


async def record(
    connection: Connection,
    delivery: Delivery,
    outcome: Outcome,
    *,
    at: datetime,
    detail: str,
    due: datetime | None = None,
) -> None:
    """Record an attempt that ended at `at`; `due` is when to try again.

    What was once delivered stays so, whatever a second, slower dispatcher says.
    """
    await connection.execute(
        RECORD,
        {
            "id": delivery.id,
            "outcome": outcome.value,
            "at": at,
            "detail": detail[:DETAIL],
            "due": due,
        },
    )


async def depth(connection: Connection, now: datetime) -> list[Depth]:
    """How much waits, per channel that something waits in."""
    async with connection.cursor(row_factory=class_row(Depth)) as cursor:
        await cursor.execute(DEPTH, (now,))
        return await cursor.fetchall()


async def told(
    connection: Connection, alerts: Iterable[int]
) -> dict[int, set[tuple[str, str]]]:
    """Each (channel, recipient) that was ever owed something about each of `alerts`."""
    cursor = await connection.execute(TOLD, (list(alerts),))
    found: dict[int, set[tuple[str, str]]] = defaultdict(set)
    async for alert, channel, recipient in cursor:
        found[alert].add((channel, recipient))
    return found
