"""Commands of people, and the journal, with the real web login."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

import psycopg
import pytest
from psycopg import sql

from alerting.findings.finding import Step
from alerting.life.commands import Outcome, carry_out
from alerting.life.forms import Command
from alerting.life.life_cycle import replay, state
from alerting.life.permissions import MAY
from alerting.telling.routing import deliveries as owed_to
from domain.alerts import SYSTEM, Alert, Event, State
from domain.errors import (
    CommandError,
    ForbiddenError,
    InputError,
    StaleError,
    UnknownAlertError,
)
from domain.people import EVERYTHING, Person
from storage import alerts, deliveries, journal, people
from storage.chain import verify
from storage.evidence import CHAINED
from storage.scope import scoped
from storage.unit import PEOPLE, Connection, Unit
from tests.database.box import Box
from tests.database.box import opened as opened_box
from tests.examples import (
    ADMINISTRATOR,
    AUDITOR,
    COLLEAGUE,
    ENTERPRISE,
    FACTS,
    LEAVER,
    STRANGER,
    SUPERVISOR,
    command,
    happen,
    minutes,
)
from tests.examples import PEOPLE as EVERYBODY
from tests.services import Database
from tests.stored import connected, known, opened

NOW = minutes(3)
TABLES = """
SELECT relname FROM pg_class
 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1
"""


@pytest.fixture
async def web(database: Database) -> AsyncIterator[Connection]:
    """A connection of the web login, as the pool has them: alone it sees nothing."""
    async with connected(database, "web") as connection:
        yield connection


@pytest.fixture
async def alert(database: Database) -> int:
    """An alert about the session at the broker, in Hangzhou, of no enterprise."""
    await known(database, *(one for one in EVERYBODY if one is not ENTERPRISE))
    return (await opened(database))[0]


@pytest.fixture
async def box(database: Database) -> AsyncIterator[Box]:
    """A box with an active alert of the enterprise, which people know."""
    async with opened_box(database) as one:
        await known(database, *EVERYBODY)
        await one.feed("5 8.5")
        yield one


async def everything(database: Database) -> dict[str, list[Any]]:
    """All rows of all tables."""
    async with connected(database, "owner") as owner:
        tables = [row[0] for row in await rows(owner, TABLES)]
        return {
            name: await rows(
                owner,
                sql.SQL("SELECT t::text FROM {} AS t ORDER BY 1").format(
                    sql.Identifier(name)
                ),
            )
            for name in tables
        }


async def rows(
    connection: Connection, query: LiteralString | sql.Composed
) -> list[tuple[Any, ...]]:
    return await (await connection.execute(query)).fetchall()


async def head_of(connection: Connection, alert: int) -> Alert:
    async with scoped(connection, EVERYTHING):
        return (await alerts.lock(connection, [alert]))[alert]


async def journal_of(connection: Connection, alert: int) -> list[journal.JournalEntry]:
    async with scoped(connection, EVERYTHING):
        return await journal.entries(connection, alert)


async def number_of(box: Box) -> int:
    return await box.scalar("SELECT max(id) FROM alert")


# What is done


async def test_a_command_journals_who_when_and_why(web: Connection, alert: int) -> None:
    wish = command("acknowledge", alert, 5, reason=" 已派人到场 ")
    outcome = await carry_out(web, SUPERVISOR, wish, NOW)
    assert not outcome.repeated
    assert (await journal_of(web, alert))[-1] == outcome.entry
    entry = outcome.entry
    assert (entry.n, entry.at, entry.actor) == (2, NOW, SUPERVISOR.name)
    assert (entry.event, entry.reason) == (Event.ACKNOWLEDGED, "已派人到场")
    assert entry.detail == {"command": str(UUID(int=5))}


async def test_an_alert_is_worked_to_its_verified_end(
    web: Connection, box: Box
) -> None:
    alert = await number_of(box)
    await box.feed("5")
    steps: list[tuple[Person, str, State]] = [
        (SUPERVISOR, "acknowledge", State.RETURNED_ACKNOWLEDGED),
        (SUPERVISOR, "assign", State.RETURNED_ASSIGNED),
        (ENTERPRISE, "answer", State.RETURNED_ANSWERED),
        (COLLEAGUE, "send-back", State.RETURNED_ASSIGNED),
        (ENTERPRISE, "answer", State.RETURNED_ANSWERED),
        (COLLEAGUE, "shelve", State.RETURNED_ANSWERED),
        (COLLEAGUE, "unshelve", State.RETURNED_ANSWERED),
        (ENTERPRISE, "comment", State.RETURNED_ANSWERED),
        (SUPERVISOR, "close", State.RETURNED_CLOSED),
    ]
    for person, name, expected in steps:
        head = (await carry_out(web, person, command(name, alert), NOW)).head
        assert state(head) == expected
        assert await head_of(web, alert) == head
        assert replay(await journal_of(web, alert)) == expected
    await box.check()


async def test_a_command_is_an_intake_of_the_share_of_people(
    web: Connection, alert: int
) -> None:
    await carry_out(web, SUPERVISOR, command("acknowledge", alert), NOW)
    query = "SELECT share, number, kind, arrived FROM intake ORDER BY id DESC LIMIT 1"
    assert await rows(web, query) == [(PEOPLE, 2, "command", NOW)]


async def test_the_chain_covers_the_journal_as_it_can_be_read_back(
    database: Database, web: Connection, alert: int
) -> None:
    wish = command("acknowledge", alert, reason="“到场”\n\t\\ 7 °C")
    await carry_out(web, SUPERVISOR, wish, NOW)
    async with connected(database, "owner") as owner:
        walked = await verify(owner, lambda _done, _all: None)
    assert walked.fault is None
    assert (walked.intakes, walked.rows) == (2, 2)


async def test_the_chain_notices_a_journal_that_was_changed(
    database: Database, web: Connection, alert: int
) -> None:
    await carry_out(web, SUPERVISOR, command("acknowledge", alert), NOW)
    async with connected(database, "owner") as owner:
        await owner.execute("UPDATE journal SET actor = 'li.ming' WHERE n = 2")
        assert (await verify(owner, lambda _done, _all: None)).fault is not None


async def test_an_excursion_that_goes_on_between_view_and_click_rejects_no_click(
    web: Connection, box: Box
) -> None:
    alert = await number_of(box)
    seen = await head_of(web, alert)
    await box.feed("9.5x20")
    assert len(await journal_of(web, alert)) > seen.entries
    wish = command("acknowledge", alert, revision=seen.revision)
    outcome = await carry_out(web, SUPERVISOR, wish, NOW)
    assert state(outcome.head) == State.ACTIVE_ACKNOWLEDGED


@pytest.mark.parametrize("name", ["acknowledge", "comment", "shelve"])
async def test_a_return_between_view_and_click_rejects_no_click(
    web: Connection, box: Box, name: str
) -> None:
    alert = await number_of(box)
    seen = await head_of(web, alert)
    await box.feed("5.0x3")
    wish = command(name, alert, revision=seen.revision)
    outcome = await carry_out(web, SUPERVISOR, wish, NOW)
    assert outcome.entry.old_state == State.RETURNED_UNACKNOWLEDGED


async def test_somebody_elses_command_rejects_the_click_though_it_returned_since(
    web: Connection, box: Box
) -> None:
    alert = await number_of(box)
    seen = await head_of(web, alert)
    await carry_out(web, COLLEAGUE, command("acknowledge", alert), NOW)
    await box.feed("5.0x3")
    wish = command("shelve", alert, revision=seen.revision)
    with pytest.raises(StaleError, match="returned, acknowledged"):
        await carry_out(web, SUPERVISOR, wish, NOW)


async def test_what_returned_and_began_again_rejects_the_click(
    web: Connection, box: Box
) -> None:
    alert = await number_of(box)
    seen = await head_of(web, alert)
    await box.feed("5.0x3")
    await box.feed("9.5x5")
    assert state(await head_of(web, alert)) == State.ACTIVE_UNACKNOWLEDGED
    wish = command("acknowledge", alert, revision=seen.revision)
    with pytest.raises(StaleError):
        await carry_out(web, SUPERVISOR, wish, NOW)


async def test_a_rise_in_severity_between_view_and_click_rejects_the_click(
    database: Database, web: Connection, box: Box
) -> None:
    alert = await number_of(box)
    seen = await head_of(web, alert)
    await box.feed("12.5x3")
    before = await everything(database)
    wish = command("acknowledge", alert, revision=seen.revision)
    with pytest.raises(StaleError, match="active, unacknowledged, revision"):
        await carry_out(web, SUPERVISOR, wish, NOW)
    assert await everything(database) == before


# What is refused changes nothing


def refusals() -> dict[str, tuple[Person, Command, type[InputError]]]:
    """What is refused of an alert, number 0, that has been acknowledged as command 1."""
    assign, shelve = command("assign", 0), command("shelve", 0)
    return {
        "unknown": (SUPERVISOR, command("comment", 99), UnknownAlertError),
        "no number": (SUPERVISOR, command("comment", -1), UnknownAlertError),
        "beyond numbers": (SUPERVISOR, command("comment", 1 << 63), UnknownAlertError),
        "foreign": (STRANGER, command("comment", 0), UnknownAlertError),
        "foreign, again": (STRANGER, command("acknowledge", 0, 1), UnknownAlertError),
        "disabled": (LEAVER, command("comment", 0), UnknownAlertError),
        "same id": (SUPERVISOR, command("comment", 0, 1), InputError),
        "another's id": (COLLEAGUE, command("acknowledge", 0, 1), InputError),
        "auditor": (AUDITOR, command("comment", 0), ForbiddenError),
        "administrator": (ADMINISTRATOR, command("comment", 0), ForbiddenError),
        "answer": (SUPERVISOR, command("answer", 0), ForbiddenError),
        "stale": (SUPERVISOR, command("comment", 0, revision=0), StaleError),
        "state": (SUPERVISOR, command("acknowledge", 0), CommandError),
        "to nobody": (SUPERVISOR, replace(assign, assignee="x"), InputError),
        "to a stranger": (SUPERVISOR, replace(assign, assignee="zhao.lei"), InputError),
        "to a leaver": (SUPERVISOR, replace(assign, assignee="sun.li"), InputError),
        "to an auditor": (SUPERVISOR, replace(assign, assignee="audit"), InputError),
        "to root": (SUPERVISOR, replace(assign, assignee="root"), InputError),
        "past": (SUPERVISOR, replace(shelve, until=NOW), InputError),
        "form": (SUPERVISOR, command("comment", 0, reason=None), InputError),
        "NUL": (SUPERVISOR, command("comment", 0, reason="a\0b"), InputError),
        "10 MB": (SUPERVISOR, command("comment", 0, reason="x" * 10**7), InputError),
    }


@pytest.mark.parametrize("why", refusals())
async def test_what_is_refused_changes_nothing_in_any_table(
    database: Database, web: Connection, alert: int, why: str
) -> None:
    await carry_out(web, SUPERVISOR, command("acknowledge", alert, 1), NOW)
    person, wish, error = refusals()[why]
    before = await everything(database)
    with pytest.raises(InputError) as refused:
        await carry_out(web, person, replace(wish, alert=wish.alert or alert), NOW)
    assert type(refused.value) is error
    assert await everything(database) == before


async def test_a_foreign_alert_answers_exactly_as_an_unknown_one(
    database: Database, web: Connection, alert: int
) -> None:
    async def answer(person: Person, number: int) -> str:
        with pytest.raises(UnknownAlertError) as refused:
            await carry_out(web, person, command("comment", number), NOW)
        return str(refused.value).replace(str(number), "N")

    assert await answer(STRANGER, alert) == await answer(STRANGER, alert + 50)
    assert await answer(LEAVER, alert) == await answer(SUPERVISOR, alert + 50)


async def test_an_enterprise_sees_its_own_alert_and_not_that_of_another(
    database: Database, web: Connection, box: Box
) -> None:
    alert = await number_of(box)
    (of_the_box,) = await opened(database)
    assert (await carry_out(web, ENTERPRISE, command("comment", alert), NOW)).entry
    for other in (
        replace(ENTERPRISE, enterprise=2),
        replace(ENTERPRISE, disabled=True),
    ):
        with pytest.raises(UnknownAlertError):
            await carry_out(web, other, command("comment", alert), NOW)
    with pytest.raises(UnknownAlertError):
        await carry_out(web, ENTERPRISE, command("comment", of_the_box), NOW)


async def test_a_command_can_be_assigned_to_the_enterprise_that_sees_the_alert(
    web: Connection, box: Box
) -> None:
    alert = await number_of(box)
    await carry_out(web, SUPERVISOR, command("acknowledge", alert), NOW)
    wish = command("assign", alert, assignee=ENTERPRISE.name)
    head = (await carry_out(web, SUPERVISOR, wish, NOW)).head
    assert head.assignee == ENTERPRISE.name


async def test_those_who_are_offered_are_those_who_can_be_assigned(
    database: Database, web: Connection, box: Box
) -> None:
    for alert in (await number_of(box), (await opened(database))[0]):
        async with scoped(web, EVERYTHING):
            offered = {one.name for one in await people.assignable(web, alert)}
            able = {
                one.name
                for one in EVERYBODY
                if MAY[one.role] and await alerts.seen_by(web, alert, one.scope)
            }
        assert offered == able


async def test_text_is_refused_before_the_database_is_asked(web: Connection) -> None:
    await web.close()
    with pytest.raises(InputError, match="at most 1000"):
        await carry_out(web, SUPERVISOR, command("comment", reason="x" * 10**7), NOW)


async def test_a_failure_while_telling_undoes_the_whole_command(
    database: Database, web: Connection, alert: int
) -> None:
    async def tell(_unit: Unit, _steps: Sequence[Step]) -> None:
        raise ZeroDivisionError

    before = await everything(database)
    with pytest.raises(ZeroDivisionError):
        await carry_out(web, SUPERVISOR, command("comment", alert), NOW, tell=tell)
    assert await everything(database) == before


# Again


async def test_the_same_command_again_has_the_earlier_outcome_and_changes_nothing(
    database: Database, web: Connection, alert: int
) -> None:
    wish = command("shelve", alert, 1, revision=1)
    wish = replace(wish, revision=(await head_of(web, alert)).revision)
    first = await carry_out(web, SUPERVISOR, wish, NOW)
    await carry_out(web, COLLEAGUE, command("acknowledge", alert), NOW)
    before = await everything(database)
    # Its revision is stale by now, its end is past: it was done, and that is the answer.
    again = await carry_out(web, SUPERVISOR, wish, NOW + timedelta(days=60))
    assert again.repeated
    assert again.entry == first.entry
    assert again.head == await head_of(web, alert)
    assert await everything(database) == before


async def test_one_command_sent_twice_at_once_is_done_once(
    database: Database, web: Connection, alert: int
) -> None:
    wish = command("comment", alert)
    async with connected(database, "web") as other:
        outcomes = await asyncio.gather(
            *(carry_out(one, SUPERVISOR, wish, NOW) for one in (web, other))
        )
    assert sorted(outcome.repeated for outcome in outcomes) == [False, True]
    assert len(await journal_of(web, alert)) == 2


# Two at once


@pytest.mark.parametrize(("revision", "error"), [(None, CommandError), (0, StaleError)])
async def test_of_two_at_once_one_wins_and_the_other_is_told(
    database: Database,
    web: Connection,
    alert: int,
    revision: int | None,
    error: type[CommandError],
) -> None:
    if revision is not None:
        revision = (await head_of(web, alert)).revision
    async with connected(database, "web") as other:
        results = await asyncio.gather(
            *(
                carry_out(
                    one, person, command("acknowledge", alert, revision=revision), NOW
                )
                for one, person in ((web, SUPERVISOR), (other, COLLEAGUE))
            ),
            return_exceptions=True,
        )
    assert {type(result) for result in results} == {Outcome, error}
    assert len(await journal_of(web, alert)) == 2


async def test_a_command_waits_for_an_intake_that_has_the_alert_and_sees_its_outcome(
    database: Database, web: Connection, alert: int
) -> None:
    async with connected(database, "ingest") as ingest:
        async with ingest.transaction():
            head = (await alerts.lock(ingest, [alert]))[alert]
            waiting = asyncio.create_task(
                carry_out(web, SUPERVISOR, command("acknowledge", alert), NOW)
            )
            await waits_for_a_lock(ingest)
            withdrawn, _ = happen(head, Event.WITHDRAWN)
            await alerts.update(ingest, [withdrawn])
        with pytest.raises(CommandError, match="is withdrawn"):
            await waiting


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


async def test_many_people_and_an_intake_that_takes_many_alerts_never_deadlock(
    database: Database, web: Connection, alert: int
) -> None:
    ids = [alert, *await opened(database, count=9)]

    async def intake(connection: Connection) -> None:
        for _ in range(20):
            async with connection.transaction():
                await alerts.lock(connection, ids)
                await asyncio.sleep(0)

    async def person(connection: Connection, some: Sequence[int]) -> None:
        for number in some:
            await carry_out(connection, SUPERVISOR, command("comment", number), NOW)

    async with (
        connected(database, "ingest") as ingest,
        connected(database, "web") as other,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(intake(ingest))
        group.create_task(person(web, ids))
        group.create_task(person(other, ids[::-1]))
    assert [(await head_of(web, number)).entries for number in ids] == [3] * 10


# What is told


async def test_what_must_be_told_is_owed_in_the_same_transaction(
    database: Database, web: Connection, alert: int
) -> None:
    async def tell(unit: Unit, steps: Sequence[Step]) -> None:
        owed = [
            d for _, entry in steps for d in owed_to(entry, FACTS, [("log", "log")])
        ]
        await deliveries.owe(unit, owed, due=NOW)

    wanted = command("acknowledge", alert)
    await carry_out(web, SUPERVISOR, wanted, NOW, tell=tell)
    async with connected(database, "owner") as owner:
        assert await deliveries.last_words(owner, [alert]) == {
            alert: {("log", "log"): True}
        }
        query = (
            "SELECT count(DISTINCT xmin::text) FROM (SELECT xmin FROM delivery"
            " UNION SELECT xmin FROM journal WHERE n = 2) AS rows"
        )
        assert await rows(owner, query) == [(1,)]


async def test_a_command_wakes_who_listens_for_the_journal(
    database: Database, web: Connection, alert: int
) -> None:
    async with connected(database, "web") as ears:
        await ears.execute("LISTEN blackbox_journal")
        await carry_out(web, SUPERVISOR, command("acknowledge", alert), NOW)
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
        "UPDATE alert SET region = '110000'",
        "UPDATE alert SET suppressed = true",
        "UPDATE alert SET incident = 1",
        "UPDATE command SET n = 1",
        "DELETE FROM command",
        "UPDATE alert SET withdrawn_at = opened_at",
        "UPDATE share SET name = 'x'",
        "DELETE FROM alert",
        "DELETE FROM delivery",
        "UPDATE delivery SET delivered_at = due",
        "INSERT INTO alert (id) SELECT id FROM alert",
        "INSERT INTO reading VALUES (1, now(), 1, 1, 1, 1)",
    ],
)
async def test_the_web_login_may_do_no_more_than_commands_do(
    web: Connection, statement: LiteralString
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await web.execute(statement)


async def after(connection: Connection, xid: int, limit: int) -> list[journal.Streamed]:
    """What the stream shows to somebody who sees everything."""
    async with scoped(connection, EVERYTHING):
        return await journal.after(connection, xid, limit)


async def streamed(
    connection: Connection, xid: int, count: int, limit: int = 100
) -> list[journal.Streamed]:
    """What the stream shows after `xid`, once that is `count` entries.

    A moment may pass: the server's own housekeeping holds a transaction open at times.
    """
    async with asyncio.timeout(20):
        while len(found := await after(connection, xid, limit)) < count:
            await asyncio.sleep(0.01)
    return found


async def test_the_stream_shows_entries_in_the_order_of_their_transactions(
    database: Database, web: Connection
) -> None:
    await known(database, SUPERVISOR)
    (first,) = await opened(database)
    (second,) = await opened(database)
    await carry_out(web, SUPERVISOR, command("acknowledge", first), NOW)
    shown = await streamed(web, 0, 3)
    assert [(item.entry.alert, item.entry.n) for item in shown] == [
        (first, 1),
        (second, 1),
        (first, 2),
    ]
    assert [item.entry.actor for item in shown] == [SYSTEM, SYSTEM, SUPERVISOR.name]
    assert await after(web, shown[0].xid, 100) == shown[1:]


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
            assert await after(web, start, 100) == []
        shown = await streamed(web, start, 2)
    assert [item.entry.alert for item in shown] == [alert, later]


async def test_a_stream_of_the_new_starts_at_the_horizon(
    database: Database, web: Connection, alert: int
) -> None:
    await streamed(web, 0, 1)
    start = await journal.horizon(web)
    assert await after(web, start, 100) == []
    await carry_out(web, SUPERVISOR, command("acknowledge", alert), NOW)
    (shown,) = await streamed(web, start, 1)
    assert shown.entry.event is Event.ACKNOWLEDGED
