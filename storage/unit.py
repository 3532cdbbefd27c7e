"""The unit of work: one intake, one top-level transaction, one link of the chain.

Every row of evidence is written through `Unit.write` (or told to `Unit.wrote`, where
another statement inserted it), so that no evidence escapes the digest. Row numbers of
shares are taken under the row lock of the share's head, so they have no gaps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from domain.chain import digest_group, digest_intake
from storage.evidence import Evidence, Row

Connection = AsyncConnection[tuple[Any, ...]]

PEOPLE = 0
"""The share that holds the commands of people."""

LOCK_HEAD = "SELECT number, digest FROM share WHERE id = %s FOR UPDATE"
MOVE_HEAD = "UPDATE share SET number = %s, digest = %s WHERE id = %s"
INSERT_INTAKE = """
INSERT INTO intake (id, share, number, kind, arrived, messages, previous, digest)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
INSERT_DIGEST = """
INSERT INTO intake_digest (intake, evidence, day, rows, row_crcs, column_digests, digest)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""


def intake_id(share: int, number: int) -> int:
    """The int8 that names intake `number` of `share` everywhere."""
    return (share << 40) | number


class Unit:
    """One intake in the making. Made by `unit_of_work`, never by hand."""

    def __init__(
        self, connection: Connection, share: int, number: int, kind: str, arrived: datetime
    ) -> None:
        """Hold the open transaction of `connection`."""
        self.connection = connection
        self.share = share
        self.number = number
        self.id = intake_id(share, number)
        self.kind = kind
        self.arrived = arrived
        self.messages = 0
        self.digest = b""
        """Digest of this intake; set when the unit closes."""
        self._rows: dict[Evidence, list[Row]] = defaultdict(list)

    async def write(self, evidence: Evidence, rows: Iterable[Row]) -> None:
        """Copy `rows` (all columns, in order) into the table and note them for the digest.

        Raises UniqueViolation or another psycopg error; then the transaction is lost.
        """
        rows = list(rows)
        if not rows:
            return
        async with self.connection.cursor() as cursor, cursor.copy(evidence.copy) as copy:
            copy.set_types(evidence.types)
            for row in rows:
                await copy.write_row(row)
        self.wrote(evidence, rows)

    def wrote(self, evidence: Evidence, rows: Iterable[Row]) -> None:
        """Note rows that another statement of this transaction has inserted."""
        self._rows[evidence].extend(rows)

    async def close(self, previous: bytes) -> None:
        """Write the digests, the intake's own row and the share's new head."""
        groups = [
            digest_group(evidence.table, day, sorted(rows, key=evidence.sort_key))
            for evidence, all_rows in self._rows.items()
            for day, rows in by_day(evidence, all_rows, self.arrived).items()
        ]
        header = (self.share, self.number, self.kind, self.arrived, self.messages)
        self.digest = digest_intake(header, previous, groups)
        async with self.connection.cursor() as cursor:
            await cursor.execute(
                INSERT_INTAKE,
                (self.id, self.share, self.number, self.kind, self.arrived,
                 self.messages, previous, self.digest),
            )
            await cursor.executemany(
                INSERT_DIGEST,
                [
                    (self.id, g.table, g.day, g.rows, g.row_crcs, g.column_digests, g.digest)
                    for g in groups
                ],
            )
            await cursor.execute(MOVE_HEAD, (self.number, self.digest, self.share))


def by_day(
    evidence: Evidence, rows: Iterable[Row], arrived: datetime
) -> dict[Any, list[Row]]:
    """Group rows by the UTC day that the chain files them under."""
    days: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        days[evidence.day_of(row, arrived)].append(row)
    return days


@asynccontextmanager
async def unit_of_work(
    connection: Connection, *, share: int, kind: str, arrived: datetime
) -> AsyncIterator[Unit]:
    """Open a transaction, take the share's head, and on a clean exit link and commit.

    `connection` is in autocommit mode and idle. Any exception rolls everything back.
    """
    async with connection.transaction():
        cursor = await connection.execute(LOCK_HEAD, (share,))
        head = await cursor.fetchone()
        if head is None:
            raise LookupError(f"no share {share}")
        unit = Unit(connection, share, head[0] + 1, kind, arrived)
        yield unit
        await unit.close(head[1])
