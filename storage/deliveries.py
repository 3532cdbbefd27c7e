"""Deliveries: the notifications owed, and each attempt made. Times here are real.

A claim moves `due` forward by a lease, so that the work of a dispatcher that died comes
back by itself. Nothing is taken as delivered before a receiver said so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from psycopg.rows import class_row, kwargs_row
from psycopg.types.json import Json

from domain.alerts import Delivery, Event, JournalEntry, Recipient
from storage import journal
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
# Whoever has been disabled meanwhile is told no more; names of the settings are nobody's.
LAST_WORDS = """
SELECT DISTINCT ON (alert, channel, recipient)
       alert, channel, recipient, body->>'state' LIKE 'active-%%'
  FROM delivery
 WHERE alert = ANY (%s)
   AND NOT EXISTS (SELECT FROM person WHERE name = recipient AND disabled_at IS NOT NULL)
 ORDER BY alert, channel, recipient, n DESC
"""
# What stands for nothing any more, or is over and was acknowledged, covers nothing new.
COVERED = """
SELECT i.id, a.rule, d.channel, d.recipient, max(j.severity),
       coalesce(max(j.severity) FILTER (WHERE d.body->>'state' LIKE 'active-%%'), 0)
  FROM incident AS i
  JOIN alert AS a ON a.incident = i.id AND a.withdrawn_at IS NULL
   AND (a.returned_at IS NULL OR a.acknowledged_at IS NULL)
  JOIN delivery AS d ON d.alert = a.id
  JOIN journal AS j ON (j.alert, j.n) = (d.alert, d.n)
 WHERE i.id = ANY (%s) AND j.event = ANY (%s) AND j.at >= greatest(i.opened_at, %s)
 GROUP BY i.id, a.rule, d.channel, d.recipient
"""
# Of alerts in settled incidents: the newest return, for those who heard of a begin and
# whose last word is not that it is over.
ENDS = """
SELECT r.alert, r.n, r.at, r.actor, r.event, r.severity, r.old_state, r.new_state, r.reason, r.detail,
       w.channel, w.recipient
  FROM alert AS a
 CROSS JOIN LATERAL (SELECT * FROM journal AS j
                      WHERE j.alert = a.id AND j.event = 'returned'
                      ORDER BY j.n DESC LIMIT 1) AS r
 CROSS JOIN LATERAL (SELECT d.channel, d.recipient
                       FROM delivery AS d JOIN journal AS b ON (b.alert, b.n) = (d.alert, d.n)
                      WHERE d.alert = a.id
                      GROUP BY d.channel, d.recipient
                     HAVING bool_or(b.event = ANY (%(begins)s))
                        AND (array_agg(d.body->>'state' ORDER BY d.n DESC))[1] LIKE 'active-%%'
                    ) AS w
 WHERE a.incident = ANY (%(incidents)s) AND a.returned_at IS NOT NULL
   AND a.withdrawn_at IS NULL AND a.shelved_until IS NULL
   AND NOT EXISTS (SELECT FROM person WHERE name = w.recipient AND disabled_at IS NOT NULL)
 ORDER BY r.alert, w.channel, w.recipient
"""
# What attempts ended with stays with the operators: it may name addresses.
TOLD = """
SELECT d.n, j.event, d.channel, d.recipient, d.attempts, d.delivered_at, d.failed_at,
       (SELECT max(at) FROM attempt WHERE delivery = d.id) AS tried_at
  FROM seen_journal AS j JOIN delivery AS d ON (d.alert, d.n) = (j.alert, j.n)
 WHERE j.alert = %s
 ORDER BY d.n DESC, d.channel, d.recipient LIMIT 200
"""
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


class Told(NamedTuple):
    """A notification about an alert, and what came of it. Times are real."""

    n: int
    """The journal entry that it tells of."""
    event: str
    channel: str
    recipient: str
    attempts: int
    delivered_at: datetime | None
    failed_at: datetime | None
    """When it was given up."""
    tried_at: datetime | None
    """The last attempt."""


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


async def told(connection: Connection, alert: int) -> list[Told]:
    """The newest 200 notifications about the alert, as far as the scope sees it."""
    async with connection.cursor(row_factory=class_row(Told)) as cursor:
        await cursor.execute(TOLD, (alert,))
        return await cursor.fetchall()


async def last_words(
    connection: Connection, alerts: Iterable[int]
) -> dict[int, dict[Recipient, bool]]:
    """By alert, of each that ever heard of it: whether, by the last word, it is active."""
    cursor = await connection.execute(LAST_WORDS, (list(alerts),))
    found: dict[int, dict[Recipient, bool]] = defaultdict(dict)
    async for alert, channel, recipient, active in cursor:
        found[alert][channel, recipient] = active
    return found


async def covered(
    connection: Connection,
    incidents: Iterable[int],
    events: Iterable[Event],
    since: datetime,
) -> dict[tuple[int, str, Recipient], tuple[int, int]]:
    """By incident, rule and recipient: the highest severity that one of `events` told of.

    Since the incident opened, and since `since` in domain time. The second is that of what
    was active when it was told; 0: of none.
    """
    names = [event.value for event in events]
    cursor = await connection.execute(COVERED, (list(incidents), names, since))
    return {
        (incident, rule, (channel, recipient)): (highest, active)
        async for incident, rule, channel, recipient, highest, active in cursor
    }


async def ends(
    connection: Connection, incidents: Iterable[int], begins: Iterable[Event]
) -> list[tuple[JournalEntry, Recipient]]:
    """The returns to be told once `incidents` have settled, and to whom."""
    values = {"incidents": list(incidents), "begins": [e.value for e in begins]}
    async with connection.cursor(row_factory=kwargs_row(_end)) as cursor:
        await cursor.execute(ENDS, values)
        return await cursor.fetchall()


def _end(
    *, channel: str, recipient: str, **columns: Any
) -> tuple[JournalEntry, Recipient]:
    return journal.entry(**columns), (channel, recipient)
