"""The intake: one transaction per batch, nothing lost, nothing twice, culprits alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import psycopg
import pytest

from domain.errors import Unavailable
from ingest.door import Message
from ingest.intake import Intake, Limits, RegistryMovedError
from storage import rejected, status
from storage.evidence import CHAINED
from tests.database.box import (
    WORLD,
    Box,
    apply,
    message,
    messages,
    opened,
    said,
    snapshot,
    topic,
)
from tests.series import at, series
from tests.services import Database


@pytest.fixture
async def box(database: Database) -> AsyncIterator[Box]:
    async with opened(database) as one:
        yield one
        assert await status.adds_up(one.connection)


def owner(database: Database, *statements: str) -> None:
    """Do something as the owner of the tables."""
    with psycopg.connect(database.url(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


async def test_readings_are_stored_as_they_were_sent(box: Box) -> None:
    await box.commit(
        [
            message(snapshot(at("1m"), "uncertain", t1=5.31)),
            message(snapshot(at("1m"), h1=None)),
        ],
        now=at("2m"),
    )
    found = await box.rows(
        "SELECT point, time, value, quality, provenance FROM reading ORDER BY point"
    )
    assert found == [
        (box.point("t1"), at("1m"), 5.31, 1, 0),
        (box.point("h1"), at("1m"), None, 0, 0),
    ]


async def test_late_readings_say_so(box: Box) -> None:
    await box.commit([message(snapshot(at("1m"), t1=5))], now=at("7m"))
    assert await box.scalar("SELECT provenance FROM reading") == 1


async def test_repeated_readings_are_counted_and_kept_once(box: Box) -> None:
    batch = messages(series("2026-11-22T00:00Z", "1m", "5x3"))
    await box.commit([*batch, batch[0]])
    await box.commit(batch)
    ledger = await box.ledger()
    assert ledger["messages"] == ledger["offered"] == 7
    assert (ledger["stored"], ledger["duplicates"]) == (3, 4)


async def test_conflicts_are_stored_with_both_intakes(box: Box) -> None:
    (first,) = await box.commit([message(snapshot(at("1m"), t1=5.0))])
    (second,) = await box.commit(
        [message(snapshot(at("1m"), t1=value)) for value in (6.0, 6.04, 5.0, None)]
    )
    rows = "SELECT value, intake, against FROM conflict ORDER BY value"
    both = (second.intake, first.intake)
    assert await box.rows(rows) == [(6.0, *both), (None, *both)]
    await box.commit([message(snapshot(at("1m"), t1=6.0))])
    ledger = await box.ledger()
    assert (ledger["stored"], ledger["duplicates"], ledger["conflicts"]) == (1, 3, 2)


async def test_unknown_point_does_not_take_its_snapshot_along(box: Box) -> None:
    await box.commit([message(snapshot(at("1m"), t1=5.0, t9=1.0, h1=50.0))])
    ledger = await box.ledger()
    assert (ledger["stored"], ledger["rejected"]) == (2, 1)
    (kept,) = await rejected.listed(box.connection)
    assert (kept.reason, kept.point, kept.time) == ("unknown_point", "t9", at("1m"))


async def test_ledger_adds_up_per_delivery_and_device(box: Box) -> None:
    await box.commit(
        [
            message([snapshot(at("1m"), t1=5.0, t9=1.0), snapshot(at("1m"), t1=5.0)]),
            message([snapshot(at("1m"), t1=6.0), None]),
            message(snapshot(at("1m"), t1=6.0), "logger-2"),
            message(b"{"),
            Message(topic(kind="records"), b""),
            Message("nowhere", b"\xff"),
        ]
    )
    ledger = await box.rows(
        "SELECT device, messages, unreadable, offered, stored, duplicate, conflict, rejected"
        "  FROM ledger ORDER BY device"
    )
    assert ledger == [
        (0, 1, 1, 0, 0, 0, 0, 0),
        (1, 4, 2, 5, 1, 1, 1, 2),
        (2, 1, 0, 1, 1, 0, 0, 0),
    ]
    assert await box.scalar("SELECT messages FROM intake WHERE kind = 'readings'") == 6


# Rejections


async def test_what_was_refused_is_kept_raw_once(box: Box) -> None:
    batch = [
        message(b"{"),
        message(snapshot(at("1m"), t8=1, t9=1)),
        Message("\0", b"\0"),
    ]
    await box.commit([*batch, *batch])
    await box.commit(batch)
    found = await rejected.listed(box.connection)
    assert sorted((one.reason, one.raw) for one in found) == sorted(
        [
            ("unreadable", batch[0].payload),
            ("unknown_point", batch[1].payload),
            ("unknown_point", batch[1].payload),
            ("unknown_topic", b"\0"),
        ]
    )
    assert await box.scalar("SELECT count(raw) FROM rejected") == 3
    ledger = await box.ledger()
    assert (ledger["unreadable"], ledger["rejected"]) == (6, 6)


async def test_raw_payloads_are_limited_by_size_and_by_number_per_day(
    database: Database,
) -> None:
    async with opened(database, limits=Limits(raw_bytes=100, raw_per_day=3)) as box:
        for hour in range(5):
            await box.commit([message(b"%d" % hour)], now=at(f"{hour}h"))
        await box.commit([message(b"another", "logger-2")], now=at("6h"))
        await box.commit([message(b"x" * 101, "logger-2")], now=at("6h"))
        await box.commit([message(b"tomorrow")], now=at("24h"))
        kept = [
            raw for (raw,) in await box.rows("SELECT raw FROM rejected ORDER BY intake")
        ]
        assert kept == [b"0", b"1", b"2", None, None, b"another", None, b"tomorrow"]


# One transaction


OF_INTAKE = "SELECT DISTINCT xmin::text FROM {} WHERE intake = %s"


async def test_all_rows_of_an_intake_share_one_transaction(box: Box) -> None:
    await box.commit([message(snapshot(at("0m"), t1=5.0))])
    done = await box.commit(
        [
            message(snapshot(at("1m"), t1=9.0, t9=1)),
            message(snapshot(at("0m"), t1=8.5)),
            message(b"{"),
            said("alive"),
        ]
    )
    (intake,) = [committed.intake for committed in done]
    found: dict[str, set[str]] = {}
    for table in [*(evidence.table for evidence in CHAINED), "intake_digest"]:
        cursor = await box.connection.execute(
            OF_INTAKE.format(table).encode(), (intake,)
        )
        found[table] = {xmin for (xmin,) in await cursor.fetchall()}
    for table, query in {
        "intake": "SELECT DISTINCT xmin::text FROM intake WHERE id = %s",
        "share": "SELECT xmin::text FROM share WHERE (id::int8 << 40) + number = %s",
        "alert": "SELECT DISTINCT a.xmin::text FROM alert a JOIN journal ON alert = a.id WHERE intake = %s",
        "delivery": "SELECT DISTINCT d.xmin::text FROM delivery d JOIN journal USING (alert, n) WHERE intake = %s",
    }.items():
        cursor = await box.connection.execute(query.encode(), (intake,))
        found[table] = {xmin for (xmin,) in await cursor.fetchall()}
    empty = {table for table, xmins in found.items() if not xmins}
    assert empty == {
        "readmission",
        "box_event",
        "site_owner",
        "safety_code",
        "handover",
    }
    assert len(set().union(*found.values())) == 1


async def test_intakes_are_numbered_without_gaps_though_some_were_rolled_back(
    database: Database,
) -> None:
    owner(database, "ALTER TABLE reading ADD CHECK (value < 100)")
    async with opened(database) as box:
        for minute, value in enumerate([5.0, 200.0, 6.0]):
            await box.commit([message(snapshot(at(f"{minute}m"), t1=value))])
        numbers = await box.rows("SELECT number FROM intake ORDER BY number")
        assert [number for (number,) in numbers] == [1, 2, 3, 4]
        await box.check()


# What the database refuses


async def test_the_culprit_alone_is_rejected(database: Database) -> None:
    owner(database, "ALTER TABLE reading ADD CHECK (value < 100)")
    async with opened(database) as box:
        batch = messages(series("2026-11-22T00:00Z", "1m", "5x5 200 6x7 300 7x3"))
        batch.append(message(snapshot(at("30m"), t1=1.0, h1=500.0, t2=2.0, t9=3.0)))
        done = await box.commit(batch)
        ledger = await box.ledger()
        assert (ledger["messages"], ledger["offered"]) == (18, 21)
        assert (ledger["stored"], ledger["rejected"]) == (17, 4)
        found = await rejected.listed(box.connection, reason="refused_by_database")
        assert {(one.point, one.time) for one in found} == {
            ("t1", at("5m")),
            ("t1", at("13m")),
            ("h1", at("30m")),
        }
        assert all(one.raw and "violates check" in one.detail for one in found)
        assert len({committed.intake for committed in done}) == len(done) > 3
        assert sum(o.first for c in done for o in c.offers) == 18
        await box.commit(batch)
        assert (await box.ledger())["stored"] == 17
        await box.check()


async def test_what_somebody_wrote_behind_our_back_is_found_and_respected(
    database: Database, box: Box
) -> None:
    await box.feed("5x3")
    owner(
        database,
        f"INSERT INTO reading VALUES ({box.point()}, '{at('3m')}', 1, 5.0, 0, 0),"
        f" ({box.point()}, '{at('4m')}', 1, 5.0, 0, 0)",
    )
    (_,) = await box.commit(messages(series("2026-11-22T00:03Z", "1m", "5 6 9")))
    rows = await box.rows("SELECT value FROM reading ORDER BY time")
    assert [value for (value,) in rows] == [5, 5, 5, 5, 5, 9]
    sums = await status.ledger(box.connection)
    assert (sums["stored"], sums["duplicates"], sums["conflicts"]) == (4, 1, 1)
    assert await box.spans() == [("excursion", 5, None)]
    owner(database, "DELETE FROM reading WHERE intake = 1")


# When the database goes away


def terminate(database: Database, name: str) -> None:
    with psycopg.connect(database.url(), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = %s AND datname = current_database()",
            (name,),
        )


AT_COMMIT = """
CREATE FUNCTION doom() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('application_name') = 'doomed' AND NEW.messages = 7 THEN
        PERFORM pg_terminate_backend(pg_backend_pid());
        PERFORM pg_sleep(5);
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER doom AFTER INSERT ON intake
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION doom()
"""
"""Deferred: it ends the backend of the batch of seven within its COMMIT."""


@pytest.mark.parametrize(
    "where", ["lookup", "after-copy", "after-rules", "before-commit", "COMMIT"]
)
async def test_a_terminated_backend_leaves_no_trace_in_database_or_memory(
    database: Database, where: str
) -> None:
    armed = False

    def probe(point: str) -> None:
        if armed and point == where:
            terminate(database, "doomed")

    if where == "COMMIT":
        owner(database, AT_COMMIT)
    late = series("2026-11-22T00:03Z", "1m", "9")
    batch = messages([*series("2026-11-22T00:06Z", "1m", "9x3 5x2 9"), *late])
    async with opened(database, probe, name="doomed") as box:
        await box.feed("5 9x2 - 5 9")
        before = await everything(database)
        armed = True
        with pytest.raises(Unavailable):
            await box.commit(batch)
        assert await everything(database) == before
        armed = False
        async with opened(database) as again:
            box.intake.connection = box.connection = again.connection
            await box.commit(batch)
            await box.check()
            assert await box.spans() == [
                ("excursion", 1, 4),
                ("excursion", 5, 9),
                ("warning", 5, 9),
                ("excursion", 11, None),
            ]


async def everything(database: Database) -> list[object]:
    """How much is in every table."""
    tables = [
        "intake", "reading", "excursion_revision", "alert", "journal", "delivery",
        "ledger", "rejected", "alert_reading",
    ]  # fmt: skip
    async with await psycopg.AsyncConnection.connect(database.url()) as connection:
        counts: list[object] = []
        for table in tables:
            cursor = await connection.execute(f"SELECT count(*) FROM {table}".encode())
            counts.append(await cursor.fetchone())
        return counts


async def test_a_commit_in_doubt_is_tried_again_and_shows_as_duplicates(
    database: Database,
) -> None:
    def probe(point: str) -> None:
        if point == "after-commit" and armed:
            raise psycopg.OperationalError("the answer to COMMIT was lost")

    armed = False
    async with opened(database, probe) as box:
        await box.feed("5 9x2")
        batch = messages(series("2026-11-22T00:03Z", "1m", "9 5 9"))
        armed = True
        with pytest.raises(Unavailable):
            await box.commit(batch)
        armed = False
        await box.commit(batch)
        assert (await box.ledger())["duplicates"] == 3
        await box.late("6m", "9x3 5")
        await box.check()


async def test_whatever_goes_wrong_nothing_is_remembered(box: Box) -> None:
    class BrokenError(Exception):
        pass

    def broken(point: str) -> None:
        if point == "after-rules":
            raise BrokenError

    await box.feed("5x3")
    sound, box.intake._probe = box.intake._probe, broken
    with pytest.raises(BrokenError):
        await box.feed("9x3")
    box.intake._probe = sound
    await box.feed("5", point="t3")
    await box.feed("9")
    await box.late("3m", "9x3 5")
    ledger = await box.ledger()
    assert (ledger["stored"], ledger["conflicts"], ledger["rejected"]) == (8, 1, 0)
    await box.check()


# The registry


async def test_a_registry_that_moved_while_a_batch_waits_is_taken_up(
    database: Database, box: Box
) -> None:
    await box.feed("5x3")
    async with await psycopg.AsyncConnection.connect(
        database.url("ingest"), autocommit=True
    ) as connection:
        intake = Intake(
            connection,
            box.intake.share,
            box.observer,
            limits=Limits(),
            probe=lambda _: None,
        )
        other = Box(connection, box.intake.share)
        other.intake = intake
        await apply(
            other,
            WORLD.replace(
                "h1: {",
                "t9: {quantity: temperature, resolution: 0.1}\n              h1: {",
            ),
        )
    batch = [message(snapshot(at("3m"), t1=9.0, t9=9.0))]
    with pytest.raises(RegistryMovedError):
        await box.commit(batch)
    assert (await box.ledger())["offered"] == 3
    await box.intake.reload()
    await box.commit(batch)
    assert (await box.ledger())["stored"] == 5
    assert await box.spans("t9") == [("excursion", 3, None)]
    await box.check()


# Months


async def test_readings_of_any_month_find_room(box: Box) -> None:
    times = [at("0s") - timedelta(days=days) for days in (0, 40, 400, 1500)]
    await box.commit([message([snapshot(time, h1=50) for time in times])])
    await box.commit([message([snapshot(time, h1=50) for time in times])])
    ledger = await box.ledger()
    assert (ledger["stored"], ledger["duplicates"]) == (4, 4)
