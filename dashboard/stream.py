"""The live stream: one listener at the database feeds every open page.

NOTIFY only wakes; asking each second is the truth. A page reconnects with the position of
the last event it got and misses nothing. Whatever a page does, the others do not notice:
each has a bounded queue, and one that stops reading is dropped.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from dataclasses import asdict
from itertools import groupby
from typing import Any

import psycopg
from prometheus_client import CollectorRegistry, Counter, Gauge
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dashboard.pulse import Pulse, State, Watch
from domain.people import EVERYTHING
from storage import journal, overview
from storage.journal import Streamed
from storage.scope import scoped
from storage.unit import Connection

log = logging.getLogger(__name__)

BEAT = 1.0
"""Seconds between pulses, and between looks at the database that nothing woke."""
QUEUE = 120
"""Events that wait for a page before it is dropped: two minutes of pulses."""
SEND_WITHIN = 20.0
"""Seconds that a page may take to accept one event."""
BATCH = 500
"""Journal entries read at once; also the most that a reconnecting page is sent."""

LISTEN = "LISTEN blackbox_journal"
RENEW = b"event: renew\ndata: {}\n\n"
"""Tells a page to fetch itself: it may have missed something."""


def event(kind: str, data: object, position: int | None = None) -> bytes:
    """One server-sent event; `position` is what a reconnecting page comes back with."""
    head = f"id: {position}\n" if position is not None else ""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"{head}event: {kind}\ndata: {text}\n\n".encode()


def journal_events(entries: Iterable[Streamed]) -> Iterable[bytes]:
    """One event per transaction, so that a position never cuts one in two."""
    for xid, group in groupby(entries, key=lambda streamed: streamed.xid):
        lines = [
            {
                "alert": entry.alert,
                "n": entry.n,
                "event": entry.event,
                "severity": entry.severity.name.lower(),
                "state": entry.new_state,
            }
            for _, entry in group
        ]
        yield event("journal", lines, xid)


class Client:
    """One open page."""

    def __init__(self) -> None:
        """Wait for events."""
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)
        self.dropped = False

    def offer(self, data: bytes) -> bool:
        """Queue an event; False where the page has stopped reading."""
        if self._queue.full():
            self.end()
            self.dropped = True
            return False
        self._queue.put_nowait(data)
        return True

    def end(self) -> None:
        """Forget what waits, and end the stream."""
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def events(self) -> AsyncIterator[bytes]:
        """Events until the end."""
        while (data := await self._queue.get()) is not None:
            yield data


class Stream:
    """Follows journal and heartbeats, and tells every client."""

    def __init__(
        self,
        *,
        pool: AsyncConnectionPool[Connection],
        elapsed: Callable[[], float],
        quiet_after: float,
        metrics: CollectorRegistry,
    ) -> None:
        """Nothing happens before `running`. `elapsed` is real and monotonic, in seconds."""
        self._pool = pool
        self._elapsed = elapsed
        self._watch = Watch(quiet_after=quiet_after, elapsed=elapsed())
        self._clients: set[Client] = set()
        self._position: int | None = None
        self._told: State | None = None
        self._closed = False
        self._dropped = Counter(
            "blackbox_stream_dropped",
            "Pages dropped because they stopped reading.",
            registry=metrics,
        )
        Gauge(
            "blackbox_stream_clients", "Pages that follow the stream.", registry=metrics
        ).set_function(lambda: len(self._clients))

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
        for client in self._clients:
            client.end()
        self._clients.clear()

    @asynccontextmanager
    async def client(self, after: int | None) -> AsyncIterator[AsyncIterator[bytes]]:
        """Events for one page: what came after position `after`, then what comes."""
        client = Client()
        if self._closed:
            client.end()
        else:
            self._clients.add(client)
        known = self._position
        try:
            yield self._events(client, after, known)
        finally:
            self._clients.discard(client)

    async def _events(
        self, client: Client, after: int | None, known: int | None
    ) -> AsyncIterator[bytes]:
        """The backlog up to what is known, then the queue, which has all beyond."""
        yield b"retry: 1000\n\n"
        yield event("pulse", asdict(self.pulse))
        if after is not None and after != known:
            for data in await self._backlog(after, known):
                yield data
        async for data in client.events():
            yield data

    async def _backlog(self, after: int, known: int | None) -> list[bytes]:
        try:
            async with (
                self._pool.connection(timeout=BEAT) as connection,
                scoped(connection, EVERYTHING),
            ):
                entries = await journal.after(connection, after, BATCH)
        except (psycopg.Error, PoolTimeout):
            return [RENEW]
        if known is None or len(entries) >= BATCH:
            return [RENEW]
        return list(journal_events(one for one in entries if one.xid <= known))

    def _publish(self, data: bytes) -> None:
        for client in list(self._clients):
            if not client.offer(data):
                self._clients.discard(client)
                self._dropped.inc()

    async def _beat(self) -> None:
        """A pulse each second, whatever the database does; a change is told at once."""
        while True:
            self._tell(self.pulse)
            await asyncio.sleep(BEAT)

    def _tell(self, pulse: Pulse) -> None:
        self._told = pulse.state
        self._publish(event("pulse", asdict(pulse)))

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
                async with asyncio.timeout(5 * BEAT):
                    await self._read(connection)
                await _woken(connection)
        finally:
            await connection.close()  # nobody else wants one that listens

    async def _read(self, connection: Connection) -> None:
        self._watch.see(await overview.heartbeats(connection), self._elapsed())
        if self.pulse.state is not self._told:
            self._tell(self.pulse)
        if self._position is None:
            self._position = await journal.horizon(connection)
            self._publish(RENEW)
        async with scoped(connection, EVERYTHING):
            while entries := await journal.after(connection, self._position, BATCH):
                self._position = entries[-1].xid
                for data in journal_events(entries):
                    self._publish(data)


async def _woken(connection: Connection) -> None:
    """Wait for a notification, but not for longer than a beat."""
    async with aclosing(connection.notifies(timeout=BEAT, stop_after=1)) as notifies:
        async for _ in notifies:
            pass


class EventStream(Response):
    """The response to `GET /events`: ends when the page goes, or stops reading."""

    def __init__(self, stream: Stream, after: int | None) -> None:
        """Nothing is subscribed before the response is sent."""
        super().__init__(
            media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )
        del self.headers["content-length"]
        self._stream = stream
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until either side ends."""
        await send(
            {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        )
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_gone(receive))
        await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        for task in (sending, leaving):
            task.cancel()
        await asyncio.gather(sending, leaving, return_exceptions=True)

    async def _send(self, send: Send) -> None:
        async with self._stream.client(self._after) as events:
            async for data in events:
                async with asyncio.timeout(SEND_WITHIN):
                    await send(body(data, more=True))
        await send(body(b"", more=False))


def body(data: bytes, *, more: bool) -> dict[str, Any]:
    """An ASGI message with a piece of the body."""
    return {"type": "http.response.body", "body": data, "more_body": more}


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
