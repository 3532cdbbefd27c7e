"""Walking the chain: every intake against its evidence, in one consistent snapshot.

Each table is read once, in the order of intakes, through a cursor at the server: memory
stays small whatever the size of the database.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any, LiteralString

from psycopg import AsyncServerCursor
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format

from domain.chain import GroupDigest, Row, Table
from domain.chain_check import Fault, Head, Intake, Misfit, Walk
from storage.evidence import CHAINED, Evidence
from storage.unit import Connection

SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
SHARES = "SELECT id, name, number, digest FROM share ORDER BY id"
COUNT = "SELECT count(*) FROM intake"
INTAKES = """
SELECT id, share, number, kind, arrived, messages, previous, digest FROM intake ORDER BY id
"""
# A day beyond Python's calendar is none of ours, but must be read to be blamed.
DIGESTS = """
SELECT intake, evidence, greatest(least(day, '9999-12-31'), '0001-01-01') AS day,
       rows, row_crcs, column_digests, digest
  FROM intake_digest ORDER BY intake
"""
EVERY = 500
"""Intakes between two reports of progress."""
FETCH = 2_000
"""Rows that are asked of the server at a time."""
END = 1 << 63
"""Beyond every intake."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """What a walk found."""

    intakes: int
    rows: int
    heads: tuple[Head, ...]
    """The end of each chain, as far as it holds."""
    fault: Fault | None


async def verify(
    connection: Connection, progress: Callable[[int, int], None]
) -> Verified:
    """Walk all chains up to the first fault. `progress` hears of (intakes done, all)."""
    async with connection.transaction(), AsyncExitStack() as stack:
        await connection.execute(SNAPSHOT)
        shares = await (await connection.execute(SHARES)).fetchall()
        walk = Walk({share: Head(*head) for share, *head in shares})
        (total,) = (await (await connection.execute(COUNT)).fetchall())[0]
        fault = await follow(walk, await open_book(stack, connection), progress, total)
    return Verified(
        intakes=walk.intakes,
        rows=walk.rows,
        heads=tuple(walk.heads.values()),
        fault=fault,
    )


async def follow(
    walk: Walk, book: Book, progress: Callable[[int, int], None], total: int
) -> Fault | None:
    """Go through `book` to the first fault or the end."""
    async for intake in book.intakes():
        fault = await stray(walk, book, before=intake.id) or walk.step(
            intake, await book.groups(intake.id), await book.rows(intake.id)
        )
        if fault is not None:
            return fault
        if walk.intakes % EVERY == 0 or walk.intakes == total:
            progress(walk.intakes, total)
    return await stray(walk, book, before=END) or walk.finish()


async def stray(walk: Walk, book: Book, before: int) -> Fault | None:
    """Blame a row of an intake earlier than `before` that none has claimed."""
    for table, rows in book.tables():
        intake = await rows.intake()
        if intake < before:
            what = "the intake is missing, but has rows"
            return walk.blame(intake, Misfit(what, table))
    return None


# Reading ------------------------------------------------------------------------------


class Rows:
    """A query's rows in the order of intakes, taken intake by intake."""

    def __init__(self, cursor: AsyncServerCursor[tuple[Any, ...]], column: int) -> None:
        """Read `cursor`, which has been executed; `column` is that of the intake."""
        self._cursor = cursor
        self._column = itemgetter(column)
        self._buffer: Sequence[tuple[Any, ...]] = ()
        self._next = 0

    async def intake(self) -> int:
        """Intake of the next row; END after the last."""
        if self._next >= len(self._buffer):
            self._buffer, self._next = await self._cursor.fetchmany(FETCH), 0
        return self._column(self._buffer[self._next]) if self._buffer else END

    async def take(self, intake: int) -> list[tuple[Any, ...]]:
        """The rows of `intake`, which is that of the next row, or has none."""
        taken: list[tuple[Any, ...]] = []
        while await self.intake() == intake:
            end = bisect_right(self._buffer, intake, self._next, key=self._column)
            taken += self._buffer[self._next : end]
            self._next = end
        return taken


@dataclass(frozen=True, slots=True)
class Book:
    """All that the chain covers, and the chain itself."""

    _intakes: Rows
    _digests: Rows
    _evidence: Mapping[Evidence, Rows]

    async def intakes(self) -> AsyncIterator[Intake]:
        """Every intake, in order."""
        while (number := await self._intakes.intake()) != END:
            for row in await self._intakes.take(number):
                yield Intake(*row)

    async def groups(self, intake: int) -> list[GroupDigest]:
        """What the chain keeps of the rows of an intake."""
        return [GroupDigest(*row[1:]) for row in await self._digests.take(intake)]

    async def rows(self, intake: int) -> dict[Table, Sequence[Row]]:
        """The evidence of an intake."""
        return {
            table: await rows.take(intake) for table, rows in self._evidence.items()
        }

    def tables(self) -> Iterator[tuple[str, Rows]]:
        """What has rows of intakes, by name."""
        yield "intake_digest", self._digests
        for table, rows in self._evidence.items():
            yield table.table, rows


async def open_book(stack: AsyncExitStack, connection: Connection) -> Book:
    """Open every table, until `stack` is closed."""

    async def open_rows(name: str, query: LiteralString, column: int = 0) -> Rows:
        cursor = await stack.enter_async_context(connection.cursor(f"all of {name}"))
        cursor.adapters.register_loader("timestamptz", AnyTime)
        await cursor.execute(query, binary=True)
        return Rows(cursor, column)

    return Book(
        await open_rows("intake", INTAKES),
        await open_rows("intake_digest", DIGESTS),
        {
            table: await open_rows(
                table.table, table.select, table.columns.index("intake")
            )
            for table in CHAINED
        },
    )


class AnyTime(Loader):
    """Reads every time that PostgreSQL knows; one beyond Python's calendar as its last.

    Nothing of ours is of that time, so such a row is found to be changed.
    """

    format = Format.BINARY
    epoch = datetime(2000, 1, 1, tzinfo=UTC)

    def load(self, data: Buffer) -> datetime:
        """Microseconds since 2000."""
        (microseconds,) = struct.unpack(">q", data)
        try:
            return self.epoch + timedelta(microseconds=microseconds)
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC)
