"""The journal of alerts: numbered under the row lock of the alert's head, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, LiteralString, NamedTuple

from psycopg.rows import kwargs_row

from domain.alerts import Event, JournalEntry, State
from domain.documents import document
from domain.people import Scope
from domain.rules import Severity
from storage.evidence import JOURNAL, Row
from storage.unit import Connection, Unit

WAKE = "SELECT pg_notify('blackbox_journal', '')"
LAST_ACTORS = """
SELECT DISTINCT ON (alert) alert, actor
  FROM journal WHERE alert = ANY (%s) AND event = ANY (%s)
 ORDER BY alert, n DESC
"""
OF_ALERT = """
SELECT alert, n, at, actor, event, severity, old_state, new_state, reason, detail
  FROM journal WHERE alert = %s ORDER BY n
"""
# What people did, and what changed a state, is read however often an excursion was revised since.
NEWEST = """
SELECT alert, n, at, actor, event, severity, old_state, new_state, reason, detail
  FROM seen_journal
 WHERE alert = %(alert)s
   AND n = ANY (ARRAY(SELECT n FROM seen_journal WHERE alert = %(alert)s ORDER BY n DESC LIMIT %(limit)s)
             || ARRAY(SELECT n FROM seen_journal WHERE alert = %(alert)s AND event <> 'revised' ORDER BY n DESC LIMIT %(limit)s)
             || ARRAY(SELECT n FROM seen_journal WHERE alert = %(alert)s AND actor <> 'system' ORDER BY n DESC LIMIT %(limit)s)
             || ARRAY(SELECT max(n) FROM seen_journal WHERE alert = %(alert)s AND event = 'answered'))
 ORDER BY n
"""
AFTER = """
SELECT xid::text::int8 AS xid, alert, n, at, actor, event, severity, old_state, new_state, reason, detail
  FROM journal
 WHERE xid > %s::text::xid8 AND xid < pg_snapshot_xmin(pg_current_snapshot())
 ORDER BY xid FETCH FIRST %s ROWS WITH TIES
"""
# The policy's own function says which scopes see an entry; they are counted from 1.
AFTER_FOR = """
SELECT j.xid::text::int8 AS xid, j.alert, j.n, j.at, j.actor, j.event, j.severity, j.old_state, j.new_state,
       j.reason, j.detail,
       ARRAY(SELECT s.i FROM unnest(%s::int4[], %s::int4[], %s::int4[], %s::bool[])
                             WITH ORDINALITY AS s (low, high, enterprise, box, i)
              WHERE in_scope(a.area, a.enterprise, s.low, s.high, s.enterprise, s.box)) AS seen_by
  FROM journal AS j JOIN alert AS a ON a.id = j.alert
 WHERE j.xid > %s::text::xid8 AND j.xid < pg_snapshot_xmin(pg_current_snapshot())
 ORDER BY j.xid FETCH FIRST %s ROWS WITH TIES
"""
HORIZON = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::int8 - 1"


class Streamed(NamedTuple):
    """A journal entry and the transaction that wrote it: a stream's place."""

    xid: int
    entry: JournalEntry
    seen_by: Sequence[int] = ()
    """Which of the scopes that were asked for, counted from 1."""


async def append(unit: Unit, entries: Sequence[JournalEntry]) -> None:
    """Write `entries`, whose alerts' rows are locked and exist, and wake who listens."""
    if not entries:
        return
    await unit.write(JOURNAL, [_row(unit, one) for one in entries])
    await unit.connection.execute(WAKE)


async def entries(connection: Connection, alert: int) -> list[JournalEntry]:
    """The whole journal of `alert`, in order."""
    async with connection.cursor(row_factory=kwargs_row(entry)) as cursor:
        await cursor.execute(OF_ALERT, (alert,))
        return await cursor.fetchall()


async def newest(connection: Connection, alert: int, limit: int) -> list[JournalEntry]:
    """The last entries of `alert`, in order.

    The last `limit` of all, of those that are no revisions, and of those of people; and the
    last answer.
    """
    async with connection.cursor(row_factory=kwargs_row(entry)) as cursor:
        await cursor.execute(NEWEST, {"alert": alert, "limit": limit})
        return await cursor.fetchall()


async def last_actors(
    connection: Connection, alerts: Iterable[int], events: Iterable[Event]
) -> dict[int, str]:
    """Who did one of `events` last to each of `alerts`, if anybody."""
    names = [event.value for event in events]
    cursor = await connection.execute(LAST_ACTORS, (list(alerts), names))
    return dict(await cursor.fetchall())


async def after(connection: Connection, xid: int, limit: int) -> list[Streamed]:
    """What transactions after `xid` wrote, in the order of (xid, alert, n).

    Only transactions older than every open one are shown, so that none can still slip in
    before the last. About `limit` entries, but each transaction's as a whole.
    """
    return await _after(connection, AFTER, (str(xid), limit))


async def after_for(
    connection: Connection, xid: int, limit: int, scopes: Sequence[Scope]
) -> list[Streamed]:
    """As `after`, with which of `scopes` see each entry; it may be none."""
    columns = (
        [scope.low for scope in scopes],
        [scope.high for scope in scopes],
        [scope.enterprise for scope in scopes],
        [scope.box for scope in scopes],
    )
    return await _after(connection, AFTER_FOR, (*columns, str(xid), limit))


async def _after(
    connection: Connection, query: LiteralString, values: Sequence[object]
) -> list[Streamed]:
    async with connection.cursor(row_factory=kwargs_row(_streamed)) as cursor:
        await cursor.execute(query, values)
        found = await cursor.fetchall()
    return sorted(found, key=lambda item: (item.xid, item.entry.alert, item.entry.n))


async def horizon(connection: Connection) -> int:
    """The newest `xid` that `after` could show now: where a stream of the new starts."""
    cursor = await connection.execute(HORIZON)
    row = await cursor.fetchone()
    assert row is not None
    return row[0]


def _row(unit: Unit, entry: JournalEntry) -> Row:
    return (
        entry.alert,
        entry.n,
        unit.id,
        entry.at,
        entry.actor,
        entry.event.value,
        int(entry.severity),
        entry.old_state and entry.old_state.value,
        entry.new_state.value,
        entry.reason,
        document(entry.detail),
    )


def entry(
    *, event: str, severity: int, old_state: str | None, new_state: str, **rest: Any
) -> JournalEntry:
    """The entry of a row, by the names of its columns."""
    return JournalEntry(
        event=Event(event),
        severity=Severity(severity),
        old_state=State(old_state) if old_state else None,
        new_state=State(new_state),
        **rest,
    )


def _streamed(*, xid: int, seen_by: Sequence[int] = (), **columns: Any) -> Streamed:
    return Streamed(xid, entry(**columns), seen_by)
