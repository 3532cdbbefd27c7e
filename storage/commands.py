"""Table `command`: what was asked under which id, so that nothing is done twice.

It is no evidence: the journal entry that came of a command says its id, too.
"""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from storage.unit import Connection

FIND = "SELECT person, digest, alert, n FROM command WHERE id = %s"
INSERT = (
    "INSERT INTO command (person, digest, alert, n, id) VALUES (%s, %s, %s, %s, %s)"
)


class Recorded(NamedTuple):
    """A command that was carried out."""

    person: int
    digest: bytes
    """SHA-256 of all that was asked."""
    alert: int
    n: int
    """The journal entry that came of it."""


async def find(connection: Connection, command: UUID) -> Recorded | None:
    """What was carried out under this id; None: nothing."""
    cursor = await connection.execute(FIND, (command,))
    row = await cursor.fetchone()
    return Recorded(*row) if row else None


async def record(connection: Connection, command: UUID, done: Recorded) -> None:
    """Remember what came of a command; its journal entry is written.

    The head of the share of people is locked, so of two under one id the second has found
    the first.
    """
    await connection.execute(INSERT, (*done, command))
