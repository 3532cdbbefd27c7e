"""The unit of work: one intake, one top-level transaction, one link of the chain.

Every row of evidence is written through `Unit.write` (or told to `Unit.wrote`, where
another statement inserted it), so that no evidence escapes the digest. The number of an
intake is taken under the row lock of its share's head, so numbers have no gaps (ADR 0002).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import astuple
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.pq import TransactionStatus

from domain.chain import Row, Table, digest_groups, digest_intake, intake_id
from storage.evidence import Evidence

Connection = AsyncConnection[tuple[Any, ...]]

PEOPLE = 0
"""The share that holds the commands of people."""

LOCK_HEAD = "SELECT number, digest FROM share WHERE id = %s FOR NO KEY UPDATE"
MOVE_HEAD = "UPDATE share SET number = %s, digest = %s WHERE id = %s"
INSERT_INTAKE = """
INSERT INTO intake (id, share, number, kind, arrived, messages, previous, digest)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
"""
INSERT_DIGEST = """
INSERT INTO intake_digest (intake, evidence, day, rows, row_crcs, column_digests, digest)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""


class Unit:
    """One intake in the making. Made by `unit_of_work`, never by hand."""

    def __init__(
        self,
        connection: Connection,
        share: int,
        number: int,
        kind: str,
        arrived: datetime,
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
        self._rows: dict[Table, list[Row]] = defaultdict(list)

    async def write(self, evidence: Evidence, rows: Iterable[Row]) -> None:
        """Add `rows` (all columns, in order) to the table and note them for the digest.

        Raises UniqueViolation or another psycopg error; then the transaction is lost.
        """
        rows = list(rows)
        if not rows:
            return
        async with self.connection.cursor() as cursor:
            if evidence.insert is not None:
                await cursor.executemany(evidence.insert, rows)
            else:
                assert evidence.copy is not None
                async with cursor.copy(evidence.copy) as copy:
                    copy.set_types(evidence.types)
                    for row in rows:
                        await copy.write_row(row)
        self.wrote(evidence, rows)

    def wrote(self, evidence: Evidence, rows: Iterable[Row]) -> None:
        """Note rows that another statement of this transaction has inserted."""
        self._rows[evidence].extend(rows)

    async def close(self, previous: bytes) -> None:
        """Write the digests, the intake's own row and the share's new head."""
        groups = digest_groups(self._rows, self.arrived)
        header = (self.share, self.number, self.kind, self.arrived, self.messages)
        self.digest = digest_intake(header, previous, groups)
        async with self.connection.cursor() as cursor:
            await cursor.execute(
                INSERT_INTAKE, (self.id, *header, previous, self.digest)
            )
            await cursor.executemany(
                INSERT_DIGEST, [(self.id, *astuple(group)) for group in groups]
            )
            await cursor.execute(MOVE_HEAD, (self.number, self.digest, self.share))


@asynccontextmanager
async def unit_of_work(
    connection: Connection, *, share: int, kind: str, arrived: datetime
) -> AsyncIterator[Unit]:
    """Open a transaction, take the share's head, and on a clean exit link and commit.

    `connection` is in autocommit mode and idle. Any exception rolls everything back.
    """
    idle = connection.info.transaction_status == TransactionStatus.IDLE
    assert idle, "an intake is a transaction of its own, never a savepoint"
    async with connection.transaction():
        cursor = await connection.execute(LOCK_HEAD, (share,))
        head = await cursor.fetchone()
        if head is None:
            raise LookupError(f"no share {share}")
        unit = Unit(connection, share, head[0] + 1, kind, arrived)
        yield unit
        await unit.close(head[1])
