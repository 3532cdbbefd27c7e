"""Opened alerts in a real database, for tests of what follows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import astuple, replace
from datetime import UTC, datetime

from alerting.life.commands import carry_out
from alerting.telling.routing import Subscription, fixed
from alerting.telling.routing import deliveries as owed_to
from domain.alerts import Alert, Event
from domain.people import Person
from storage import alerts, deliveries, journal
from storage.connect import connect
from storage.unit import PEOPLE, Connection, unit_of_work
from tests.examples import ALERT, FACTS, OPENED, SUPERVISOR, command, happen
from tests.services import Database

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""In real time."""
UNREGISTERED = replace(
    ALERT, rule="session-lost", version=None, point=None, enterprise=None, site=None
)
"""An alert that needs no registry."""


PERSON = """
INSERT INTO person (id, name, full_name, role, region, enterprise, language, disabled_at, created_at)
OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s, %s, %s, %s, %s, CASE WHEN %s THEN %s END, %s)
ON CONFLICT DO NOTHING
"""


@asynccontextmanager
async def connected(database: Database, role: str) -> AsyncIterator[Connection]:
    """A connection as `role`."""
    async with await connect(database.url(role), name=f"test-{role}") as connection:
        yield connection


async def opened(
    database: Database,
    *subscriptions: Subscription,
    due: datetime = LONG_AGO,
    count: int = 1,
    like: Alert = UNREGISTERED,
    share: int = PEOPLE,
) -> Sequence[int]:
    """Open alerts, in one unit of the ingestor, that owe `subscriptions` from `due` on."""
    async with (
        connected(database, "ingest") as connection,
        unit_of_work(connection, share=share, kind="session", arrived=OPENED) as unit,
    ):
        ids = await alerts.new_ids(connection, count)
        for number in ids:
            head, entry = happen(replace(like, id=number), Event.OPENED)
            await alerts.insert(connection, [head])
            await journal.append(unit, [entry])
            to = fixed(subscriptions, entry.severity)
            owed = owed_to(entry, replace(FACTS, alert=head), to)
            await deliveries.owe(unit, owed, due)
    return ids


async def known(database: Database, *people: Person) -> None:
    """Let these people be known, whose enterprises are."""
    async with connected(database, "owner") as owner, owner.cursor() as cursor:
        await cursor.executemany(
            PERSON, [(*astuple(one), LONG_AGO, LONG_AGO) for one in people]
        )


async def acknowledge(database: Database, alert: int, now: datetime) -> None:
    """Somebody acknowledges an alert."""
    await known(database, SUPERVISOR)
    async with connected(database, "web") as web:
        await carry_out(web, SUPERVISOR, command("acknowledge", alert), now)
