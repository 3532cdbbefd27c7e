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
from typing import Any, NamedTuple

from psycopg.rows import dict_row

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
NARROWED = """
SELECT CASE WHEN scope_enterprise() IS NULL THEN scope_low() END AS scope_low, scope_high(),
       CASE WHEN scope_enterprise() IS NOT NULL THEN ARRAY(SELECT DISTINCT site FROM seen_site) END AS scope_sites
"""
CURRENT = "SELECT scope_low(), scope_high(), scope_enterprise(), scope_box()"


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


async def narrowed(connection: Connection) -> dict[str, Any]:
    """The regions, or else the sites, beyond which the scope sees no point: to be said as values.

    `scope_low` and `scope_high`, or `scope_sites`, as queries of many points name them. The
    views that these ask decide who sees what; only from values does the planner know how much
    that is, and which index to take.
    """
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(NARROWED)
        found = await cursor.fetchone()
    assert found is not None
    return found


async def enter(connection: Connection, scope: Scope) -> None:
    """See with the eyes of `scope` until the transaction, which is open, ends."""
    owner = "" if scope.enterprise is None else str(scope.enterprise)
    await connection.execute(
        ENTER, (str(scope.low), str(scope.high), owner, str(scope.box).lower())
    )


async def current(connection: Connection) -> Scope:
    """The scope of the transaction; `NOTHING` where it has none."""
    cursor = await connection.execute(CURRENT)
    found = await cursor.fetchone()
    assert found is not None
    return Scope(*found)


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
    before = await current(connection)
    await enter(connection, EVERYTHING)
    yield
    await enter(connection, before)
