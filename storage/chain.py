"""Walking the chain: every intake against its evidence, in one consistent snapshot.

Each table is read once, in the order of intakes, through a cursor at the server: memory
stays small whatever the size of the database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString

import psycopg

from domain.chain import GENESIS, Field, GroupDigest, digest_intake
from domain.chain_check import Fault, Misfit, examine
from storage.evidence import CHAINED, Evidence, Row
from storage.unit import Connection, intake_id

SHARES = "SELECT id, name, number, digest FROM share ORDER BY id"
INTAKES = """
SELECT id, share, number, kind, arrived, messages, previous, digest FROM intake ORDER BY id
"""
DIGESTS = """
SELECT intake, evidence, day, rows, row_crcs, column_digests, digest
  FROM intake_digest ORDER BY intake, evidence, day
"""
COUNT = "SELECT count(*) FROM intake"
EVERY = 500
"""Intakes between two reports of progress."""
FETCH = 2_000
END = 1 << 62
"""Beyond every intake."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """The end of a share's chain: what to write down to recognise it later."""

    share: str
    number: int
    digest: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """What a walk found."""

    intakes: int
    rows: int
    heads: tuple[Head, ...]
    fault: Fault | None


class Rows:
    """A query's rows in the order of intakes (their first column), taken intake by intake."""

    def __init__(self, cursor: psycopg.AsyncServerCursor[tuple[Any, ...]]) -> None:
        """Read `cursor`, which has been executed."""
        self._cursor = cursor
        self._buffer: list[tuple[Any, ...]] = []
        self._next = 0

    async def peek(self) -> int:
        """Intake of the next row; END after the last."""
        if self._next >= len(self._buffer):
            self._buffer, self._next = await self._cursor.fetchmany(FETCH), 0
        return self._buffer[self._next][0] if self._buffer else END

    async def take(self, intake: int) -> list[tuple[Any, ...]]:
        """The rows of `intake`, without their first column."""
        taken: list[tuple[Any, ...]] = []
        while await self.peek() == intake:
            taken.append(self._buffer[self._next][1:])
            self._next += 1
        return taken


async def open_rows(
    stack: AsyncExitStack, connection: Connection, name: str, query: LiteralString
) -> Rows:
    """Execute `query` through a cursor at the server."""
    cursor = await stack.enter_async_context(connection.cursor(name))
    await cursor.execute(query)
    return Rows(cursor)


async def verify(
    connection: Connection, progress: Callable[[int, int], None]
) -> Verified:
    """Walk all chains up to the first fault. `progress` hears of (intakes done, all)."""
    async with connection.transaction(), AsyncExitStack() as stack:
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        walk = Walk(await (await connection.execute(SHARES)).fetchall())
        (total,) = (await (await connection.execute(COUNT)).fetchall())[0]
        intakes = await open_rows(stack, connection, "intakes", INTAKES)
        digests = await open_rows(stack, connection, "digests", DIGESTS)
        evidence = {
            e: await open_rows(stack, connection, f"of_{e.table}", e.select) for e in CHAINED
        }
        async for header in headers(intakes):
            await walk.step(header, digests, evidence)
            if walk.fault is not None:
                break
            if walk.intakes % EVERY == 0:
                progress(walk.intakes, total)
        progress(walk.intakes, total)
        if walk.fault is None:
            await walk.finish(digests, evidence)
    return Verified(
        intakes=walk.intakes, rows=walk.rows, heads=walk.ends(), fault=walk.fault
    )


async def headers(intakes: Rows) -> AsyncIterator[tuple[Any, ...]]:
    """The intakes in order: id, share, number, kind, arrived, messages, previous, digest."""
    while (number := await intakes.peek()) != END:
        for row in await intakes.take(number):
            yield (number, *row)


class Walk:
    """Where a walk stands."""

    def __init__(self, shares: Sequence[tuple[Any, ...]]) -> None:
        """Begin at the genesis of every share: (id, name, number, digest)."""
        self.intakes = 0
        self.rows = 0
        self.fault: Fault | None = None
        self._names = {share: name for share, name, _, _ in shares}
        self._claimed = {share: (number, digest) for share, _, number, digest in shares}
        self._ends = {share: (0, GENESIS) for share in self._names}

    def ends(self) -> tuple[Head, ...]:
        """The end of each chain as far as walked."""
        return tuple(
            Head(share=self._names[share], number=number, digest=digest)
            for share, (number, digest) in self._ends.items()
        )

    async def step(
        self, header: tuple[Any, ...], digests: Rows, evidence: dict[Evidence, Rows]
    ) -> None:
        """Check one intake: its place, its digest, its rows; notes the first fault."""
        intake, share, number, kind, arrived, messages, previous, digest = header
        last, last_digest = self._ends[share]
        if number != last + 1:
            return self.blame("the intake is missing", share, last + 1)
        if previous != last_digest or intake != intake_id(share, number):
            return self.blame("the link to the intake before is broken", share, number)
        await self.no_strangers(intake, digests, evidence)
        if self.fault is not None:
            return None
        groups = [
            GroupDigest(
                table=table, day=day, rows=rows, row_crcs=crcs,
                column_digests=columns, digest=own,
            )
            for table, day, rows, crcs, columns, own in await digests.take(intake)
        ]
        fields = (share, number, kind, arrived, messages)
        for table, rows in evidence.items():
            await self.compare(share, number, arrived, table, groups, await rows.take(intake))
            if self.fault is not None:
                return None
        if digest_intake(fields, previous, groups) != digest:
            return self.blame("its own row or digests were changed", share, number, "intake")
        self._ends[share] = (number, digest)
        self.intakes += 1
        return None

    async def compare(
        self,
        share: int,
        number: int,
        arrived: datetime,
        evidence: Evidence,
        groups: Sequence[GroupDigest],
        rows: Sequence[Row],
    ) -> None:
        """Check the rows of one table in one intake."""
        self.rows += len(rows)
        days: dict[date, list[Row]] = defaultdict(list)
        for row in rows:
            days[evidence.day_of(row, arrived)].append(row)
        kept = {group.day: group for group in groups if group.table == evidence.table}
        for day in sorted(days.keys() | kept.keys()):
            present = sorted(days.get(day, []), key=evidence.sort_key)
            group = kept.get(day)
            if group is None:
                return self.blame(
                    "a row was inserted", share, number, evidence.table,
                    describe(evidence, present[0]),
                )
            misfit = examine(group, present)
            if misfit is not None:
                names = tuple(evidence.columns[n] for n in misfit.columns)
                row = place(evidence, present, misfit)
                return self.blame(misfit.what, share, number, evidence.table, row, names)
        return None

    async def no_strangers(
        self, upto: int, digests: Rows, evidence: dict[Evidence, Rows]
    ) -> None:
        """Blame rows of an intake before `upto` that no intake has claimed."""
        named = {"intake_digest": digests} | {e.table: rows for e, rows in evidence.items()}
        for table, rows in named.items():
            intake = await rows.peek()
            if intake < upto:
                share, number = intake >> 40, intake & ((1 << 40) - 1)
                what = "rows of an intake that does not exist"
                return self.blame(what, share, number, table)
        return None

    async def finish(self, digests: Rows, evidence: dict[Evidence, Rows]) -> None:
        """After the last intake: nothing is left over, and the heads are where they claim."""
        await self.no_strangers(END, digests, evidence)
        for share, (number, digest) in self._ends.items():
            if self.fault is None and self._claimed[share] != (number, digest):
                self.blame("the intake is missing", share, number + 1)

    def blame(
        self,
        what: str,
        share: int,
        number: int,
        table: str | None = None,
        row: str | None = None,
        fields: tuple[str, ...] = (),
    ) -> None:
        """Note the first fault."""
        self.fault = Fault(
            what=what, intake=number, share=self._names.get(share, f"#{share}"),
            table=table, row=row, fields=fields,
        )


def describe(evidence: Evidence, row: Row) -> str:
    """The key of a row, for people."""
    return ", ".join(f"{evidence.columns[n]}={shown(row[n])}" for n in evidence.key)


def place(evidence: Evidence, rows: Sequence[Row], misfit: Misfit) -> str | None:
    """Where in its group a misfit is: the row's key, or the neighbour of one that is gone."""
    if misfit.row is None or not rows:
        return None
    if misfit.row == len(rows):
        return f"after {describe(evidence, rows[-1])}"
    before = "before " if misfit.gone else ""
    return before + describe(evidence, rows[misfit.row])


def shown(value: Field) -> str:
    """A key field as text."""
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)
