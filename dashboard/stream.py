"""The live stream: one listener at the database feeds everybody, each with what it may see.

NOTIFY only wakes; asking each second is the truth. The listener sees everything, and the
database says of each entry which of the connected scopes see it, by the function that its
policies use. What a client missed while it was away is read with the client's own eyes.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from typing import Final

import psycopg
from prometheus_client import CollectorRegistry, Counter, Gauge
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from dashboard.audience import Audience, Client
from dashboard.pulse import Pulse, State, Watch
from domain.people import EVERYTHING, Person
from storage import credentials, journal, overview
from storage.journal import Streamed
from storage.scope import scoped
from storage.unit import Connection

log = logging.getLogger(__name__)

BEAT: Final = 1.0
"""Seconds between pulses, and between looks at the database that nothing woke."""
CHECK: Final = 20.0
"""Seconds between looks at whether those who follow still may."""
BATCH: Final = 500
"""Journal entries read at once; also the most that a reconnecting client is sent."""

FARTHEST: Final = 200_000
"""Transactions that are looked through for a reconnecting client: about a day of a busy box."""

LISTEN = "LISTEN blackbox_journal"


def event(kind: str, data: str, position: int | None = None) -> bytes:
    """One server-sent event; `position` is what a reconnecting client comes back with."""
    head = f"id: {position}\n" if position is not None else ""
    return f"{head}event: {kind}\ndata: {data}\n\n".encode()


def compact(data: object) -> str:
    """JSON in one line."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def line(streamed: Streamed) -> str:
    """What is told of one entry."""
    entry = streamed.entry
    return compact(
        {
            "alert": entry.alert,
            "n": entry.n,
            "event": entry.event,
            "severity": entry.severity.name.lower(),
            "state": entry.new_state,
        }
    )


def journal_events(lines: Iterable[tuple[int, str]]) -> Iterable[bytes]:
    """One event per transaction, so that a position never cuts one in two.

    `lines` are pairs of transaction and what `line` says.
    """
    for xid, group in groupby(lines, key=lambda pair: pair[0]):
        yield event("journal", f"[{','.join(text for _, text in group)}]", xid)


class Stream:
    """Follows journal and heartbeats, and tells every client."""

    def __init__(
        self,
        *,
        pool: AsyncConnectionPool[Connection],
        elapsed: Callable[[], float],
        real_now: Callable[[], datetime],
        quiet_after: float,
        metrics: CollectorRegistry,
    ) -> None:
        """Nothing happens before `running`. `elapsed` is real and monotonic, in seconds."""
        self._pool = pool
        self._elapsed = elapsed
        self._real_now = real_now
        self._watch = Watch(quiet_after=quiet_after, elapsed=elapsed())
        self._audience = Audience()
        self._checked = elapsed()
        self._position: int | None = None
        """Whatever transactions up to this one wrote has been told."""
        self._told: State | None = None
        self._closed = False
        self._dropped = Counter(
            "blackbox_stream_dropped",
            "Clients dropped because they stopped reading.",
            registry=metrics,
        )
        Gauge(
            "blackbox_stream_clients", "Clients of the stream.", registry=metrics
        ).set_function(lambda: len(self._audience))

    @property
    def pulse(self) -> Pulse:
        """The box as it is known now."""
        return self._watch.judge(self._elapsed())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the database while the block runs."""
        tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._beat())]
        try:
            yield
        finally:
            self.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def close(self) -> None:
        """End every client's stream: the server is going down."""
        self._closed = True
        self._audience.close()

    def refuses(self, person: Person) -> int | None:
        """The status that refuses one more stream of `person`; None: there is room."""
        return self._audience.refuses(person)

    @asynccontextmanager
    async def joined(
        self, client: Client, after: int | None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Events for `client`: what came after position `after`, then what comes."""
        if self._closed:
            client.end()
        else:
            self._audience.join(client)
        known = self._position
        try:
            yield self._events(client, after, known)
        finally:
            self._audience.leave(client)

    async def _events(
        self, client: Client, after: int | None, known: int | None
    ) -> AsyncIterator[bytes]:
        """The backlog up to what is known, then the queue, which has all beyond."""
        yield b"retry: 1000\n\n"
        if after is not None and after != known:
            for data in await self._backlog(client, after, known):
                yield data
        yield self._pulse_event(known)
        async for data in client.events():
            yield data

    async def _backlog(
        self, client: Client, after: int, known: int | None
    ) -> list[bytes]:
        """What `client` may see of (after, known]; `renew` where that cannot be said."""
        try:
            async with (
                self._pool.connection(timeout=BEAT) as connection,
                scoped(connection, client.person.scope),
            ):
                newest = await journal.horizon(connection)
                if not 0 <= newest - after <= FARTHEST:
                    return [self._renew(known)]
                found = await journal.after(connection, after, BATCH)
        except (psycopg.Error, PoolTimeout):
            return [self._renew(known)]
        if known is None or len(found) >= BATCH:
            return [self._renew(known)]
        missed = [(one.xid, line(one)) for one in found if one.xid <= known]
        return list(journal_events(missed))

    def _renew(self, position: int | None) -> bytes:
        """Tells a client to fetch what it shows: it may have missed something."""
        return event("renew", "{}", position)

    def _pulse_event(self, position: int | None) -> bytes:
        return event("pulse", compact(asdict(self.pulse)), position)

    def _publish(self, data: bytes, to: Iterable[Client] | None = None) -> None:
        everybody = self._audience.clients() if to is None else to
        self._dropped.inc(self._audience.tell(data, everybody))

    async def _beat(self) -> None:
        """A pulse each second, whatever the database does; a change is told at once."""
        while True:
            self._pulse()
            await asyncio.sleep(BEAT)

    def _pulse(self) -> None:
        self._told = self.pulse.state
        self._publish(self._pulse_event(self._position))

    async def _follow(self) -> None:
        """Read from the database for ever; after trouble, from where it stopped."""
        while True:
            try:
                async with self._pool.connection(timeout=BEAT) as connection:
                    await self._listen(connection)
            except (psycopg.Error, PoolTimeout, TimeoutError) as error:
                log.warning("stream: the database is away: %s", error)
            except Exception:
                log.exception("stream: what the database holds cannot be told")
            await asyncio.sleep(BEAT)

    async def _listen(self, connection: Connection) -> None:
        try:
            await connection.execute(LISTEN)
            while True:
                async with asyncio.timeout(5 * BEAT), scoped(connection, EVERYTHING):
                    await self._read(connection)
                await _woken(connection)
        finally:
            await connection.close()  # nobody else wants one that listens

    async def _read(self, connection: Connection) -> None:
        self._watch.see(await overview.heartbeats(connection), self._elapsed())
        if self.pulse.state is not self._told:
            self._pulse()
        if self._elapsed() - self._checked >= CHECK:
            await self._check(connection)
        horizon = await journal.horizon(connection)
        if self._position is None:
            self._position = horizon
            self._publish(self._renew(horizon))
        while await self._tell(connection, self._position):
            pass
        self._position = max(self._position, horizon)

    async def _tell(self, connection: Connection, position: int) -> bool:
        """Tell a batch of what came after `position`; False where there was nothing."""
        scopes = self._audience.scopes()
        found = await journal.after_for(connection, position, BATCH, scopes)
        if not set(scopes).issuperset(self._audience.scopes()):
            return True  # somebody came meanwhile, whom the database was not asked for
        lines = [(one, line(one)) for one in found]
        for i, scope in enumerate(scopes, 1):
            seen = [(one.xid, text) for one, text in lines if i in one.seen_by]
            for data in journal_events(seen):
                self._publish(data, self._audience.of(scope))
        if found:
            self._position = found[-1].xid
        return bool(found)

    async def _check(self, connection: Connection) -> None:
        """End the streams of those who have signed out, or may no longer what they might."""
        self._checked = self._elapsed()
        clients = self._audience.clients()
        digests = {client.credential for client in clients}
        holders = await credentials.holders(connection, digests, self._real_now())
        self._audience.keep(clients, holders)


async def _woken(connection: Connection) -> None:
    """Wait for a notification, but not for longer than a beat."""
    async with aclosing(connection.notifies(timeout=BEAT, stop_after=1)) as notifies:
        async for _ in notifies:
            pass
