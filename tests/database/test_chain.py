"""The chain over real tables: what a unit of work writes, and what a walk finds afterwards."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import nan
from time import perf_counter
from typing import Any, LiteralString

import psycopg
import pytest

from domain.chain import Row, Table, digest_groups, digest_intake
from domain.chain_check import REWRITTEN, Fault
from storage.chain import verify
from storage.connect import connect
from storage.evidence import (
    ALERT_EXCURSION,
    ALERT_READING,
    BOX_EVENT,
    CHAINED,
    CONFLICT,
    DEVICE_SIGN,
    EXCURSION_REVISION,
    JOURNAL,
    LEDGER,
    READING,
    READMISSION,
    REJECTED,
    Evidence,
)
from storage.server import describe
from storage.unit import PEOPLE, Connection, unit_of_work
from tests.services import Database

T0 = datetime(2026, 1, 31, 23, 57, 0, 123_456, tzinfo=UTC)
"""The third minute after it is in another day, and another partition."""
MINUTE = timedelta(minutes=1)
HANGZHOU = 1
COLUMNS = """
SELECT column_name, udt_name FROM information_schema.columns
 WHERE table_schema = 'public' AND table_name = %s ORDER BY ordinal_position
"""
GROUNDWORK = """
INSERT INTO share (id, name, digest) VALUES (1, 'hangzhou', decode(repeat('00', 32), 'hex'));
INSERT INTO enterprise (code, name_zh, name_en, kind, high_risk) VALUES ('', '', '', '', '{}');
INSERT INTO site (enterprise, key, name_zh, name_en, kind, region, telephone) VALUES (1, '', '', '', '', '', '');
INSERT INTO device (enterprise, site, key, name_zh, name_en, kind) VALUES (1, 1, '', '', '', '');
INSERT INTO rule_version VALUES ('v1', 'cold', 'threshold', '{}');
INSERT INTO alert (id, rule, version, severity, suppressed, opened_at, entries)
SELECT n, 'cold', 'v1', 2, false, '2026-01-31Z', 1 FROM generate_series(1, 6) AS n;
SELECT ensure_reading_range('2026-01-01Z', '2026-03-01Z');
"""


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[Connection]:
    """The owner of a database in which something can be recorded."""
    async with await connect(database.url(), name="test") as connection:
        await connection.execute(GROUNDWORK)
        yield connection


def evidence(intake: int, n: int) -> Mapping[Evidence, Sequence[Row]]:
    """Rows of every kind, the `n`-th of their kind, for the intake of that id."""
    at, identity = T0 + n * MINUTE, bytes([n]) * 32
    return {
        READING: [
            (1, at, intake, 5.0 + n / 10, 0, 0),
            (2, at, intake, None, 2, 1),
            (3, at, intake, -0.0, 1, 0),
            (4, at, intake, 7, 0, 0),
            (4, at - timedelta(hours=1), intake, 1e-300, 0, 1),
        ],
        CONFLICT: [(1, at, v, intake, 7, v, 0, 0) for v in (9.5, nan, -1.0)],
        REJECTED: [
            (identity, intake, 7, "主题/t", identity, 3, None, None, "unreadable", "…", b"\0{"),
            (identity[1:], intake, 0, "t", identity, 3, "t1", at, "bad_time", "x\ty\\", None),
        ],
        READMISSION: [(identity, intake, "stored")],
        LEDGER: [(intake, 7, 3, 1, 9, 4, 1, 2, 2), (intake, 8, 1, 0, 0, 0, 0, 0, 0)],
        DEVICE_SIGN: [(intake, 1, "online", 2, "2026-01-01", False), (intake, 1, "offline", 1, None, True)],
        BOX_EVENT: [(intake, at, "session_opened", json.dumps({"last": None, "库": "é"}))],
        EXCURSION_REVISION: [
            (n, 1, intake, 1, "cold", "v1", "high", 2, at, None, 9.5, at, False),
            (n, 2, intake, 1, "cold", "v1", "high", 2, at, at + MINUTE, 9.5, at, True),
        ],
        ALERT_EXCURSION: [(n, n, intake)],
        ALERT_READING: [(n, 1, at, intake, 5.1, 0, 0), (n, 2, at, intake, None, 2, 0)],
        JOURNAL: [
            (n, 1, intake, at, "系统", "opened", 2, None, "active", None, '{"b": 1, "a": [2]}'),
            (n, 2, intake, at, "王芳", "acknowledged", 2, "active", "acknowledged", "到场\n", "{}"),
        ],
    }  # fmt: skip


async def record(connection: Connection, share: int, n: int) -> int:
    """One intake that writes rows of every kind; its id."""
    async with unit_of_work(
        connection, share=share, kind="readings", arrived=T0 + n * MINUTE
    ) as unit:
        unit.messages = 3
        for table, rows in evidence(unit.id, n).items():
            await unit.write(table, rows)
    return unit.id


@pytest.fixture
async def chained(owner: Connection) -> Connection:
    """Three intakes of one share and two of another, interleaved."""
    for n, share in enumerate([HANGZHOU, PEOPLE, HANGZHOU, PEOPLE, HANGZHOU], start=1):
        await record(owner, share, n)
    return owner


async def fault_of(connection: Connection) -> Fault | None:
    """The first thing that does not fit."""
    return (await verify(connection, lambda _done, _all: None)).fault


# What holds ---------------------------------------------------------------------------


async def test_what_was_written_holds(chained: Connection):
    told: list[tuple[int, int]] = []
    found = await verify(chained, lambda *counts: told.append(counts))
    assert found.fault is None
    assert (found.intakes, found.rows) == (5, 5 * 23)
    assert [(head.share, head.number) for head in found.heads] == [
        ("people", 2),
        ("hangzhou", 3),
    ]
    assert told == [(5, 5)]


async def test_heads_are_those_of_the_shares(chained: Connection):
    heads = (await verify(chained, lambda _done, _all: None)).heads
    cursor = await chained.execute("SELECT name, number, digest FROM share ORDER BY id")
    assert [(h.share, h.number, h.digest) for h in heads] == await cursor.fetchall()


async def test_new_database_holds(owner: Connection):
    found = await verify(owner, lambda _done, _all: None)
    assert (found.intakes, found.rows, found.fault) == (0, 0, None)


async def test_every_column_is_covered(owner: Connection):
    """But one, that says nothing of what happened."""
    for table in CHAINED:
        cursor = await owner.execute(COLUMNS, (table.table,))
        columns = [
            (name, "text" if kind == "json" else kind)
            for name, kind in await cursor.fetchall()
            if (table.table, name) != ("journal", "xid")
        ]
        assert columns == list(zip(table.columns, table.types, strict=True))


async def test_all_rows_of_an_intake_are_of_one_transaction(chained: Connection):
    transactions: set[Any] = set()
    for table, column in [*((t.table, "intake") for t in CHAINED), ("intake", "id")]:
        query = f"SELECT DISTINCT xmin::text FROM {table} WHERE {column} = %s"
        cursor = await chained.execute(query.encode(), (HANGZHOU << 40 | 2,))
        transactions |= set(await cursor.fetchall())
    assert len(transactions) == 1


async def test_unit_that_fails_leaves_nothing_and_its_number_to_the_next(
    owner: Connection,
):
    first = await record(owner, HANGZHOU, 1)
    with pytest.raises(psycopg.errors.UniqueViolation):
        await record(owner, HANGZHOU, 1)
    assert await record(owner, HANGZHOU, 2) == first + 1
    assert await fault_of(owner) is None


async def test_share_that_is_not_there_has_no_intakes(owner: Connection):
    with pytest.raises(LookupError, match="no share 7"):
        await record(owner, 7, 1)


async def test_unit_is_never_a_savepoint(owner: Connection):
    async with owner.transaction():
        with pytest.raises(AssertionError, match="never a savepoint"):
            await record(owner, HANGZHOU, 1)


async def test_share_has_one_writer_at_a_time(database: Database, owner: Connection):
    async with (
        unit_of_work(owner, share=HANGZHOU, kind="readings", arrived=T0),
        await connect(database.url(), name="test") as other,
    ):
        await other.execute("SET lock_timeout = '20ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            await record(other, HANGZHOU, 1)
        await record(other, PEOPLE, 1)
        await other.execute(
            "INSERT INTO heartbeat VALUES (1, '2026-01-01Z', true, NULL, 0)"
        )
    assert await fault_of(owner) is None


# What does not ------------------------------------------------------------------------

FIRST, SECOND, THIRD = (HANGZHOU << 40 | n for n in (1, 2, 3))
"""Hangzhou's intakes; the rows in them are the 1st, 3rd and 5th of their kind."""
HEADER = ("kind", "arrived", "messages", "digest")
AT = "time=2026-02-01T00:00:00.123456+00:00"
"""Of the readings in the second."""
FEBRUARY = "evidence=reading, day=2026-02-01"


def fault(
    what: str,
    table: str | None = None,
    row: str | None = None,
    *fields: str,
    share: str = "hangzhou",
    intake: int = 2,
) -> Fault:
    return Fault(
        share=share, intake=intake, what=what, table=table, row=row, fields=fields
    )


CHANGED, DELETED, INSERTED = (
    f"a row was {done}" for done in ("changed", "deleted", "inserted")
)
LEFT_OVER = "the intake is missing, but has rows"
TAMPERED: Sequence[tuple[LiteralString, Fault]] = [
    # Evidence
    (
        "UPDATE reading SET value = 5.2 WHERE intake = %(second)s AND value = 5.3",
        fault(CHANGED, "reading", f"point=1, {AT}", "value"),
    ),
    (
        "UPDATE reading SET value = 0 WHERE intake = %(second)s AND point = 3",
        fault(CHANGED, "reading", f"point=3, {AT}", "value"),
    ),
    (
        "UPDATE reading SET value = 0, quality = 0 WHERE intake = %(second)s AND value IS NULL",
        fault(CHANGED, "reading", f"point=2, {AT}", "value", "quality"),
    ),
    (
        "UPDATE reading SET value = CASE value WHEN 7 THEN 5.3 ELSE 7 END WHERE intake = %(second)s AND value IN (7, 5.3)",
        fault("2 rows were changed", "reading", f"point=1, {AT}", "value"),
    ),
    (
        "UPDATE reading SET point = 9 WHERE intake = %(second)s AND point = 2",
        fault(CHANGED, "reading", f"point=9, {AT}", "point"),
    ),
    (
        "UPDATE reading SET time = time - interval '1 microsecond' WHERE intake = %(second)s AND point = 2",
        fault(CHANGED, "reading", "point=2, time=2026-02-01T00:00:00.123455+00:00", "time"),
    ),
    (
        "DELETE FROM reading WHERE intake = %(second)s AND point = 2",
        fault(DELETED, "reading", f"2 of 4, before point=3, {AT}"),
    ),
    (
        "DELETE FROM reading WHERE intake = %(second)s AND time < '2026-02-01Z'",
        fault(DELETED, "reading", "1 of 1"),
    ),
    (
        "INSERT INTO reading VALUES (7, '2026-02-01T00:00Z', %(second)s, 5, 0, 0)",
        fault(INSERTED, "reading", "point=7, time=2026-02-01T00:00:00+00:00"),
    ),
    (
        "INSERT INTO reading VALUES (7, '2026-01-02T00:00Z', %(second)s, 5, 0, 0)",
        fault(INSERTED, "reading", "point=7, time=2026-01-02T00:00:00+00:00"),
    ),
    (
        "UPDATE reading SET intake = %(third)s WHERE intake = %(second)s AND value = 7",
        fault(DELETED, "reading", "4 of 4"),
    ),
    (
        "UPDATE reading SET intake = %(second)s WHERE intake = %(third)s AND value = 7",
        fault(INSERTED, "reading", "point=4, time=2026-02-01T00:02:00.123456+00:00"),
    ),
    (
        "UPDATE reading SET intake = 99 WHERE intake = %(second)s AND value = 7",
        fault(LEFT_OVER, "reading", share="people", intake=99),
    ),
    (
        "TRUNCATE reading",
        fault("5 rows were deleted", "reading", "1 of 5", share="people", intake=1),
    ),
    (
        "UPDATE conflict SET value = 9 WHERE intake = %(second)s AND judged = 'NaN'",
        fault(CHANGED, "conflict", f"point=1, {AT}, judged=nan", "value"),
    ),
    (
        "UPDATE rejected SET raw = '{}' WHERE intake = %(second)s AND raw IS NOT NULL",
        fault(CHANGED, "rejected", f"identity={'03' * 32}", "raw"),
    ),
    (
        "DELETE FROM readmission WHERE intake = %(second)s",
        fault(DELETED, "readmission", "1 of 1"),
    ),
    (
        "UPDATE ledger SET stored = 3, duplicate = 2 WHERE intake = %(second)s AND device = 7",
        fault(CHANGED, "ledger", f"intake={SECOND}, device=7", "stored", "duplicate"),
    ),
    (
        "UPDATE box_event SET detail = '{\"last\":null,\"库\":\"é\"}' WHERE intake = %(second)s",
        fault(CHANGED, "box_event", f"intake={SECOND}", "detail"),
    ),
    (
        "UPDATE excursion_revision SET withdrawn = false WHERE intake = %(second)s AND revision = 2",
        fault(CHANGED, "excursion_revision", "excursion=3, revision=2", "withdrawn"),
    ),
    (
        "UPDATE alert_excursion SET excursion = 4 WHERE intake = %(second)s",
        fault(CHANGED, "alert_excursion", "alert=3, excursion=4", "excursion"),
    ),
    (
        "UPDATE alert_reading SET value = 4.4 WHERE intake = %(second)s AND point = 2",
        fault(CHANGED, "alert_reading", f"alert=3, point=2, {AT}", "value"),
    ),
    (
        "UPDATE journal SET reason = '未到场' WHERE intake = %(second)s AND n = 2",
        fault(CHANGED, "journal", "alert=3, n=2", "reason"),
    ),
    (
        "UPDATE journal SET at = 'infinity' WHERE intake = %(second)s AND n = 2",
        fault(CHANGED, "journal", "alert=3, n=2", "at"),
    ),
    # Intakes
    ("DELETE FROM intake WHERE id = %(second)s", fault(LEFT_OVER, "intake_digest")),
    (
        "DELETE FROM intake WHERE id = %(third)s",
        fault(LEFT_OVER, "intake_digest", intake=3),
    ),
    (
        "UPDATE intake SET arrived = arrived + interval '1 day' WHERE id = %(second)s",
        fault(REWRITTEN.what, "intake", None, *HEADER),
    ),
    (
        "UPDATE intake SET messages = 4 WHERE id = %(second)s",
        fault(REWRITTEN.what, "intake", None, *HEADER),
    ),
    (
        "UPDATE intake SET number = 4 WHERE id = %(second)s",
        fault(CHANGED, "intake", None, "share", "number"),
    ),
    # What the chain keeps
    (
        "UPDATE intake_digest SET digest = previous FROM intake WHERE id = intake AND intake = %(second)s AND evidence = 'reading' AND day > arrived - interval '1 day'",
        fault(CHANGED, "intake_digest", FEBRUARY, "digest"),
    ),
    (
        "UPDATE intake_digest SET row_crcs = '', rows = 0 WHERE intake = %(second)s AND evidence = 'journal'",
        fault(CHANGED, "intake_digest", "evidence=journal, day=2026-02-01", "rows", "row_crcs"),
    ),
    (
        "DELETE FROM intake_digest WHERE intake = %(second)s AND evidence = 'ledger'",
        fault(DELETED, "intake_digest", "evidence=ledger, day=2026-02-01"),
    ),
    (
        "UPDATE intake_digest SET day = 'infinity' WHERE intake = %(second)s AND evidence = 'ledger'",
        fault(DELETED, "intake_digest", "evidence=ledger, day=2026-02-01"),
    ),
    (
        "TRUNCATE intake_digest",
        fault(
            DELETED, "intake_digest", "evidence=alert_excursion, day=2026-01-31",
            share="people", intake=1,
        ),
    ),
    (
        "UPDATE share SET number = 2 WHERE id = 1",
        fault(CHANGED, "share", None, "number", "digest", intake=3),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("statement", "expected"), TAMPERED, ids=[statement for statement, _ in TAMPERED]
)
async def test_tampering_is_named(
    chained: Connection, statement: LiteralString, expected: Fault
):
    ids = {"first": FIRST, "second": SECOND, "third": THIRD}
    await chained.execute(statement, ids)
    assert await fault_of(chained) == expected


async def erase(connection: Connection, intake: int) -> None:
    """Remove an intake without a trace."""
    for table in [*reversed([table.table for table in CHAINED]), "intake_digest"]:
        query = f"DELETE FROM {table} WHERE intake = %s".encode()
        await connection.execute(query, (intake,))
    await connection.execute("DELETE FROM intake WHERE id = %s", (intake,))


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_intake_that_was_erased_is_missing(chained: Connection, number: int):
    await erase(chained, HANGZHOU << 40 | number)
    assert await fault_of(chained) == fault("the intake is missing", intake=number)


async def test_intake_written_anew_with_its_digests_does_not_fit_the_next(
    chained: Connection,
):
    """Rows, what the chain keeps of them, and the intake: all agree, but not the chain."""
    rows: dict[Table, Sequence[Row]] = {**evidence(SECOND, 3)}
    rows[LEDGER] = [(SECOND, 7, 3, 1, 9, 9, 0, 0, 0), rows[LEDGER][1]]
    groups = digest_groups(rows, T0 + 3 * MINUTE)
    previous = (await heads(chained))[FIRST]
    header = (HANGZHOU, 2, "readings", T0 + 3 * MINUTE, 3)
    await chained.execute(
        "UPDATE ledger SET stored = 9, duplicate = 0, conflict = 0, rejected = 0"
        " WHERE intake = %s AND device = 7",
        (SECOND,),
    )
    for group in groups:
        await chained.execute(
            "UPDATE intake_digest SET row_crcs = %s, column_digests = %s, digest = %s"
            " WHERE intake = %s AND evidence = %s AND day = %s",
            (
                group.row_crcs, group.column_digests, group.digest,
                SECOND, group.table, group.day,
            ),
        )  # fmt: skip
    await chained.execute(
        "UPDATE intake SET digest = %s WHERE id = %s",
        (digest_intake(header, previous, groups), SECOND),
    )
    found = await fault_of(chained)
    assert found is not None
    assert (found.share, found.intake, found.fields) == ("hangzhou", 3, ("previous",))


async def heads(connection: Connection) -> dict[int, bytes]:
    """The digest of every intake, as receipts carry them."""
    cursor = await connection.execute("SELECT id, digest FROM intake")
    return dict(await cursor.fetchall())


async def test_end_removed_with_its_head_shows_by_a_receipt_only(chained: Connection):
    """What the chain cannot show by itself (docs/chain.md)."""
    receipts = await heads(chained)
    await erase(chained, THIRD)
    await chained.execute(
        "UPDATE share SET number = 2, digest = %s WHERE id = 1", (receipts[SECOND],)
    )
    assert await fault_of(chained) is None
    assert receipts.items() - (await heads(chained)).items() == {
        (THIRD, receipts[THIRD])
    }


# Compressed, and many -----------------------------------------------------------------


async def test_walk_reads_compressed_chunks(chained: Connection):
    if (await describe(chained)).variant != "timescaledb":
        pytest.skip("plain PostgreSQL has no compressed chunks")
    cursor = await chained.execute(
        "SELECT compress_chunk(c) FROM show_chunks('reading') AS c"
    )
    assert cursor.rowcount == 2
    assert await fault_of(chained) is None
    await record(chained, HANGZHOU, 6)
    assert await fault_of(chained) is None
    await chained.execute(
        "UPDATE reading SET value = 5.2 WHERE intake = %s AND value = 5.3", (SECOND,)
    )
    assert await fault_of(chained) == fault(
        CHANGED, "reading", f"point=1, {AT}", "value"
    )


@pytest.mark.slow
async def test_walk_over_many_rows_keeps_few_in_memory(owner: Connection):
    intakes, each = 50, 2_000
    for n in range(intakes):
        start = T0 + n * timedelta(hours=1)
        async with unit_of_work(
            owner, share=HANGZHOU, kind="readings", arrived=start
        ) as unit:
            await unit.write(
                READING,
                [
                    (i % 100, start + timedelta(seconds=i // 100), unit.id, i / 7, 0, 0)
                    for i in range(each)
                ],
            )
    started = perf_counter()
    found = await verify(owner, lambda _done, _all: None)
    seconds = perf_counter() - started
    assert (found.rows, found.fault) == (intakes * each, None)
    tracemalloc.start()
    await verify(owner, lambda _done, _all: None)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"{found.rows} rows in {seconds:.2f} s; peak {peak / 1e6:.1f} MB")
    assert peak < 8e6, "a few intakes, not all of them"
