"""Scope: whose eyes a transaction of the web login sees with.

Row-level security (migration 0005) shows the web login only what the scope of its
transaction allows; without one, nothing. Of readings, which have no such policy, only
those of points and times that `windows` names may be shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import NamedTuple

from domain.people import EVERYTHING, Scope
from storage.unit import Connection

ENTER = """
SELECT set_config('blackbox.low', %s, true), set_config('blackbox.high', %s, true),
       set_config('blackbox.enterprise', %s, true), set_config('blackbox.box', %s, true)
"""
SEE_ALL = """
SELECT set_config('blackbox.low', '0', false), set_config('blackbox.high', '999999', false),
       set_config('blackbox.enterprise', '', false), set_config('blackbox.box', 'true', false)
"""
CURRENT = """
SELECT current_setting('blackbox.low', true), current_setting('blackbox.high', true),
       current_setting('blackbox.enterprise', true), current_setting('blackbox.box', true)
"""


WINDOWS = """
SELECT point, nullif(starts, '-infinity'), nullif(stops, 'infinity')
  FROM seen_point WHERE point = ANY(%s) ORDER BY point, starts
"""


class Window(NamedTuple):
    """A time of a point that a scope sees."""

    start: datetime | None
    """Inclusive; None: from the beginning."""
    stop: datetime | None
    """Exclusive; None: from then on for good."""


async def windows(
    connection: Connection, points: Sequence[int]
) -> dict[int, list[Window]]:
    """The times of `points` that the scope of the transaction sees, each list by time.

    Points of which it sees nothing are left out. Whoever reads readings or conflicts, which
    have no policy, reads only within these.
    """
    cursor = await connection.execute(WINDOWS, (list(points),))
    found: dict[int, list[Window]] = defaultdict(list)
    for point, start, stop in await cursor.fetchall():
        found[point].append(Window(start, stop))
    return dict(found)


def clip(
    windows: Iterable[Window], start: datetime, stop: datetime
) -> list[tuple[datetime, datetime]]:
    """The parts from `start` (inclusive) to `stop` (exclusive) that are within `windows`."""
    parts = (
        (
            start if window.start is None else max(start, window.start),
            stop if window.stop is None else min(stop, window.stop),
        )
        for window in windows
    )
    return [(begin, end) for begin, end in parts if begin < end]


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


async def see_all(connection: Connection) -> None:
    """See everything from now on: for an operator's connection, never for one of a pool."""
    await connection.execute(SEE_ALL)


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
