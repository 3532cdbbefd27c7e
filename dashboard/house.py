"""What every request may use: handed in once, to `create_app`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Final, Protocol, TypeAlias
from weakref import WeakValueDictionary
from zoneinfo import ZoneInfo

from fastapi import Request
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from alerting.life.commands import Outcome
from alerting.life.forms import Command
from dashboard.display import Display
from dashboard.passwords import Passwords
from dashboard.shared import Shared
from dashboard.stream import Stream
from dashboard.texts import Texts, choose
from dashboard.turns import Turns
from domain.broker import Broker
from domain.people import Person
from storage.scope import enter
from storage.snapshot import snapshot
from storage.unit import Connection

PATIENCE = 3.0
"""Real seconds that a request waits for a connection."""
AT_ONCE: Final = 3
"""Connections that one person reads with: of twelve, in dashboard/pool.py."""
LONGEST_ZONE: Final = 64
"""Characters of a zone's name."""
Pool: TypeAlias = AsyncConnectionPool[Connection]

CarryOut: TypeAlias = Callable[
    [Connection, Person, Command, datetime], Awaitable[Outcome]
]
"""(connection, who, what, now): `alerting.life.commands.carry_out`, and who is told of it."""

InjectFault: TypeAlias = Callable[[str, str, int], Awaitable[Any]]
"""(device, fault, minutes of domain time); raises InputError for what does not exist."""


class Clock(Protocol):
    """Domain time, and real seconds that only go forward."""

    def now(self) -> datetime:
        """Domain time, aware."""
        ...

    def elapsed(self) -> float:
        """Real, monotonic, in seconds."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    """The surroundings of a request."""

    pool: Pool
    clock: Clock
    real_now: Callable[[], datetime]
    """Of sessions and tokens, which no demo's clock may make last longer."""
    passwords: Passwords
    secure: bool
    """Whether browsers reach us by https."""
    carry_out: CarryOut
    inject_fault: InjectFault | None
    faults: Mapping[str, Collection[str]]
    """Those that can be injected, by the keys of the devices."""
    zone: tzinfo
    """Of viewers whose browser has not told theirs."""
    stream: Stream
    shared: Shared
    """Answers of heavy queries."""
    speed: float | None = None
    """Domain seconds per real second, of a demo; None: domain time is real time."""
    broker: Broker | None = None
    """Where devices reach the broker, as pages tell it; None: its operator does."""
    channels: tuple[str, ...] = ()
    """That people can be told over, by the names of the settings."""
    turns: Turns = field(default_factory=Turns)
    """Of long work."""
    readers: WeakValueDictionary[int, asyncio.Semaphore] = field(
        default_factory=WeakValueDictionary
    )
    """By person: who asks for much at once does not keep all connections from others."""

    @property
    def cookie(self) -> str:
        """Name of the session's cookie; that of https no other host can set."""
        return "__Host-session" if self.secure else "session"

    def connection(self) -> AbstractAsyncContextManager[Connection]:
        """A connection to work with: for units of work, and for what has no scope.

        What has one is not seen with it. Raises PoolTimeout where the database is away.
        """
        return self.pool.connection(timeout=PATIENCE)

    @asynccontextmanager
    async def seen_by(self, person: Person) -> AsyncIterator[Connection]:
        """A connection that reads, in one view of the database, what `person` may see.

        One person has `AT_ONCE` of them, and waits for the next as for any connection.
        """
        async with (
            self._turn(person),
            self.connection() as connection,
            snapshot(connection),
        ):
            await enter(connection, person.scope)
            yield connection

    @asynccontextmanager
    async def _turn(self, person: Person) -> AsyncIterator[None]:
        """One of the person's `AT_ONCE`. Raises PoolTimeout where all are busy for long."""
        turns = self.readers.setdefault(person.id, asyncio.Semaphore(AT_ONCE))
        try:
            async with asyncio.timeout(PATIENCE):
                await turns.acquire()
        except TimeoutError as error:
            raise PoolTimeout(f"{person.name} reads {AT_ONCE} times already") from error
        try:
            yield
        finally:
            turns.release()

    def display(self, texts: Texts, zone: tzinfo | None = None) -> Display:
        """Writes values and times of a page that is made now, in the viewer's zone."""
        return Display(
            texts=texts,
            zone=zone or self.zone,
            now=self.clock.now(),
            demo=self.speed is not None,
        )


def house(request: Request) -> House:
    """The surroundings of `request`."""
    return request.app.state.house


def display(request: Request) -> Display:
    """Writes for whoever asks: in their language, and in the zone that their browser told."""
    return house(request).display(texts(request), zone(request.cookies.get("zone")))


def zone(name: str | None) -> tzinfo | None:
    """The time zone of that name (IANA); None for what is none."""
    if not name or len(name) > LONGEST_ZONE:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; or a path, or a folder of zones
        return None


def texts(request: Request) -> Texts:
    """The texts in the language that `request` wants."""
    language = choose(
        request.query_params.get("lang"),
        request.cookies.get("lang"),
        request.headers.get("accept-language", ""),
    )
    return Texts(language)
