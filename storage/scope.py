"""Scope: whose eyes a transaction of the web login sees with.

Row-level security (migration 0005) shows the web login only what the scope of its
transaction allows; without one, nothing. Of readings, which have no such policy, only
those of points and times that `windows` names may be shown.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from domain.people import EVERYTHING, Scope
from storage.unit import Connection

ENTER = """
SELECT set_config('blackbox.low', %s, true), set_config('blackbox.high', %s, true),
       set_config('blackbox.enterprise', %s, true), set_config('blackbox.box', %s, true)
"""
CURRENT = """
SELECT current_setting('blackbox.low', true), current_setting('blackbox.high', true),
       current_setting('blackbox.enterprise', true), current_setting('blackbox.box', true)
"""


async def enter(connection: Connection, scope: Scope) -> None:
    """See with the eyes of `scope` until the transaction, which is open, ends."""
    owner = "" if scope.enterprise is None else str(scope.enterprise)
    await connection.execute(
        ENTER, (str(scope.low), str(scope.high), owner, str(scope.box).lower())
    )


@asynccontextmanager
async def scoped(connection: Connection, scope: Scope) -> AsyncIterator[None]:
    """A transaction that sees with the eyes of `scope`."""
    async with connection.transaction():
        await enter(connection, scope)
        yield


@asynccontextmanager
async def widened(connection: Connection) -> AsyncIterator[None]:
    """See everything for a while, within a transaction.

    For what the box has to know to tell others: it must not depend on who acts. An error
    loses the transaction, and the scope with it.
    """
    cursor = await connection.execute(CURRENT)
    before = await cursor.fetchone()
    assert before is not None
    await enter(connection, EVERYTHING)
    yield
    await connection.execute(ENTER, tuple(value or "" for value in before))
