"""Commands of people, and the journal, with the real web login."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, LiteralString

import psycopg
import pytest

from alerting.commands import UnknownAlertError, acknowledge
from alerting.life_cycle import replay, state
from alerting.routing import deliveries as owed_to
from domain.alerts import SYSTEM, Alert, Event, JournalEntry, State
from domain.errors import CommandError, InputError
from storage import alerts, deliveries, journal
from storage.chain import verify
from storage.evidence import CHAINED
from storage.unit import PEOPLE, Connection, Unit
from tests.examples import FACTS, happen, minutes
from tests.services import Database
from tests.stored import connected, opened

NOW = minutes(3)
EVERYTHING = """
SELECT (SELECT json_agg(alert ORDER BY id) FROM alert)::text,
       (SELECT count(*) FROM journal), (SELECT count(*) FROM intake),
       (SELECT count(*) FROM delivery), (SELECT number FROM share WHERE id = 0)
"""


@pytest.fixture
async def web(database: Database) -> AsyncIterator[Connection]:
    async with connected(database, "web") as connection:
        yield connection


@pytest.fixture
async def alert(database: Database) -> int:
    return (await opened(database))[0]


async def everything(connection: Connection) -> tuple[Any, ...] | None:
    return await (await connection.execute(EVERYTHING)).fetchone()


async def head_of(connection: Connection, alert: int) -> Alert:
    async with connection.transaction():
        return (await alerts.lock(connection, [alert]))[alert]


async def test_acknowledging_journals_who_when_and_why(
    web: Connection, alert: int
) -> None:
    entry = await acknowledge(web, alert, " 王芳 ", "已派人到场", NOW)
    stored = await journal.entries(web, alert)
    assert stored[-1] == entry
    assert (entry.n, entry.at, entry.actor) == (2, NOW, "王芳")
    assert (entry.event, entry.reason) == (Event.ACKNOWLEDGED, "已派人到场")


async def test_head_and_journal_agree_afterwards(web: Connection, alert: int) -> None:
    await acknowledge(web, alert, "王芳", None, NOW)
    head = await head_of(web, alert)
    assert (head.acknowledged_at, head.entries) == (NOW, 2)
    assert state(head) == State.ACTIVE_ACKNOWLEDGED
    assert replay(await journal.entries(web, alert)) == state(head)


async def test_a_command_is_an_intake_of_the_share_of_people(
    web: Connection, alert: int
) -> None:
    await acknowledge(web, alert, "王芳", None, NOW)
    cursor = await web.execute(
        "SELECT share, number, kind, arrived FROM intake ORDER BY id DESC LIMIT 1"
    )
    assert await cursor.fetchone() == (PEOPLE, 2, "command", NOW)


async def test_the_chain_covers_the_journal_as_it_can_be_read_back(
    web: Connection, alert: int
) -> None:
    await acknowledge(web, alert, "王芳", "“到场”\n\t\\ 7 °C", NOW)
    walked = await verify(web, lambda _done, _all: None)
    assert walked.fault is None
    assert (walked.intakes, walked.rows) == (2, 2)


async def test_the_chain_notices_a_journal_that_was_changed(
    database: Database, web: Connection, alert: int
) -> None:
    await acknowledge(web, alert, "王芳", None, NOW)
    async with connected(database, "owner") as owner:
        await owner.execute("UPDATE journal SET actor = '李明' WHERE n = 2")
    assert (await verify(web, lambda _done, _all: None)).fault is not None


async def test_a_second_acknowledgement_is_told_so_and_changes_nothing(
    web: Connection, alert: int
) -> None:
    await acknowledge(web, alert, "王芳", None, NOW)
    before = await everything(web)
    with pytest.raises(CommandError, match="is active, acknowledged"):
        await acknowledge(web, alert, "李明", None, NOW)
    assert await everything(web) == before


async def test_of_two_at_once_one_wins_and_the_other_is_told(
    database: Database, web: Connection, alert: int
) -> None:
    async with connected(database, "web") as other:
        results = await asyncio.gather(
            acknowledge(web, alert, "王芳", None, NOW),
            acknowledge(other, alert, "李明", None, NOW),
            return_exceptions=True,
        )
    assert {type(result) for result in results} == {JournalEntry, CommandError}
    assert len(await journal.entries(web, alert)) == 2


async def test_a_command_waits_for_an_intake_that_has_the_alert_and_sees_its_outcome(
    database: Database, web: Connection, alert: int
) -> None:
    async with connected(database, "ingest") as ingest:
        async with ingest.transaction():
            head = (await alerts.lock(ingest, [alert]))[alert]
            command = asyncio.create_task(acknowledge(web, alert, "王芳", None, NOW))
            await waits_for_a_lock(ingest)
            withdrawn, _ = happen(head, Event.WITHDRAWN)
            await alerts.update(ingest, [withdrawn])
        with pytest.raises(CommandError, match="is withdrawn"):
            await command


async def waits_for_a_lock(connection: Connection) -> None:
    """Wait until the web login's session waits for somebody's lock."""
    query: LiteralString = (
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN"
        " (SELECT pid FROM pg_stat_activity WHERE application_name = 'test-web'"
        "  AND datname = current_database())"
    )
    async with asyncio.timeout(20):
        while True:
            row = await (await connection.execute(query)).fetchone()
            if row and row[0]:
                return
            await asyncio.sleep(0.01)


async def test_an_unknown_alert_is_named_and_changes_nothing(web: Connection) -> None:
    before = await everything(web)
    with pytest.raises(UnknownAlertError, match="There is no alert 99"):
        await acknowledge(web, 99, "王芳", None, NOW)
    assert await everything(web) == before


@pytest.mark.parametrize(
    ("actor", "reason"),
    [
        ("", None),
        ("  ", None),
        ("a\x00b", None),
        ("王芳", "\ud800"),
        ("王芳", "x" * 1001),
    ],
)
async def test_text_that_cannot_be_kept_is_refused_before_anything_happens(
    web: Connection, alert: int, actor: str, reason: str | None
) -> None:
    before = await everything(web)
    with pytest.raises(InputError):
        await acknowledge(web, alert, actor, reason, NOW)
    assert await everything(web) == before


async def test_what_must_be_told_is_owed_in_the_same_transaction(
    web: Connection, alert: int
) -> None:
    async def tell(unit: Unit, _: Alert, entry: JournalEntry) -> None:
        await deliveries.owe(unit, owed_to(entry, FACTS, [("log", "log")]), due=NOW)

    await acknowledge(web, alert, "王芳", None, NOW, tell=tell)
    assert await deliveries.last_words(web, [alert]) == {alert: {("log", "log"): True}}
    cursor = await web.execute(
        "SELECT count(DISTINCT xmin::text) FROM"
        " (SELECT xmin FROM delivery UNION SELECT xmin FROM journal WHERE n = 2) AS rows"
    )
    assert await cursor.fetchone() == (1,)


async def test_a_failure_while_telling_undoes_the_whole_command(
    web: Connection, alert: int
) -> None:
    async def tell(_unit: Unit, _head: Alert, _entry: JournalEntry) -> None:
        raise ZeroDivisionError

    before = await everything(web)
    with pytest.raises(ZeroDivisionError):
        await acknowledge(web, alert, "王芳", None, NOW, tell=tell)
    assert await everything(web) == before


async def test_a_command_wakes_who_listens_for_the_journal(
    database: Database, web: Connection, alert: int
) -> None:
    async with connected(database, "web") as ears:
        await ears.execute("LISTEN blackbox_journal")
        await acknowledge(web, alert, "王芳", None, NOW)
        heard = [n.channel async for n in ears.notifies(timeout=20, stop_after=1)]
    assert heard == ["blackbox_journal"]


EVIDENCE = {
    **{table.table: table.columns[0] for table in CHAINED},
    "intake": "id",
    "intake_digest": "intake",
}
"""Tables that are only added to, each with a column."""


@pytest.mark.parametrize("role", ["web", "ingest", "dispatch", "retention"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET {column} = {column}",
        "DELETE FROM {table}",
        "TRUNCATE {table}",
    ],
)
async def test_no_login_may_change_or_remove_evidence(
    database: Database, role: str, statement: str
) -> None:
    async with connected(database, role) as connection:
        for table, column in EVIDENCE.items():
            query = statement.format(table=table, column=column).encode()
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(query)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE alert SET severity = 1",
        "UPDATE alert SET withdrawn_at = opened_at",
        "UPDATE share SET name = 'x'",
        "DELETE FROM alert",
        "DELETE FROM delivery",
        "UPDATE delivery SET delivered_at = due",
        "INSERT INTO alert SELECT * FROM alert",
        "INSERT INTO reading VALUES (1, now(), 1, 1, 1, 1)",
    ],
)
async def test_the_web_login_may_do_no_more_than_acknowledge(
    web: Connection, statement: LiteralString
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await web.execute(statement)


async def streamed(
    connection: Connection, xid: int, count: int, limit: int = 100
) -> list[journal.Streamed]:
    """What the stream shows after `xid`, once that is `count` entries.

    A moment may pass: the server's own housekeeping holds a transaction open at times.
    """
    async with asyncio.timeout(20):
        while len(found := await journal.after(connection, xid, limit)) < count:
            await asyncio.sleep(0.01)
    return found


async def test_the_stream_shows_entries_in_the_order_of_their_transactions(
    database: Database, web: Connection
) -> None:
    (first,) = await opened(database)
    (second,) = await opened(database)
    await acknowledge(web, first, "王芳", None, NOW)
    shown = await streamed(web, 0, 3)
    assert [(item.entry.alert, item.entry.n) for item in shown] == [
        (first, 1),
        (second, 1),
        (first, 2),
    ]
    assert [item.entry.actor for item in shown] == [SYSTEM, SYSTEM, "王芳"]
    assert await journal.after(web, shown[0].xid, 100) == shown[1:]


async def test_the_stream_shows_whole_transactions_however_small_its_limit(
    database: Database, web: Connection
) -> None:
    ids = await opened(database, count=5)
    await opened(database)
    shown = await streamed(web, 0, 5, limit=2)
    assert [item.entry.alert for item in shown] == list(ids)
    assert len(await streamed(web, shown[-1].xid, 1, limit=2)) == 1


async def test_the_stream_shows_nothing_before_which_something_may_still_come(
    database: Database, web: Connection, alert: int
) -> None:
    start = (await streamed(web, 0, 1))[-1].xid
    async with connected(database, "ingest") as slow:
        async with slow.transaction():
            _, entry = happen(await head_of(slow, alert), Event.REVISED)
            await journal.append(Unit(slow, PEOPLE, 99, "session", NOW), [entry])
            (later,) = await opened(database)  # with a greater transaction id
            assert await journal.after(web, start, 100) == []
        shown = await streamed(web, start, 2)
    assert [item.entry.alert for item in shown] == [alert, later]


async def test_a_stream_of_the_new_starts_at_the_horizon(
    database: Database, web: Connection, alert: int
) -> None:
    await streamed(web, 0, 1)
    start = await journal.horizon(web)
    assert await journal.after(web, start, 100) == []
    await acknowledge(web, alert, "王芳", None, NOW)
    (shown,) = await streamed(web, start, 1)
    assert shown.entry.event is Event.ACKNOWLEDGED
