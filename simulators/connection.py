"""Connections to the broker: how they are made, and made again."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import NoReturn, TypeVar

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from domain.broker import Broker

LOG = logging.getLogger(__name__)
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0
"""s, between tries to connect; doubling from the first to the longest."""
SESSION_EXPIRY = 3600
"""s; how long the broker keeps receipts for a device that is away."""

NO_DELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
"""Small packets do not wait for each other; without it a receipt takes 40 ms longer."""

T = TypeVar("T")


class Client(aiomqtt.Client):
    """A client whose network can fail."""

    async def cut(self) -> None:
        """Break the connection without a word, so that the broker publishes the will."""
        wire = self._client.socket()
        if isinstance(wire, socket.socket):
            with suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)
        with suppress(aiomqtt.MqttError, TimeoutError):
            async with asyncio.timeout(self.timeout):
                await asyncio.shield(self._disconnected)


Session = Callable[[Client], Awaitable[None]]


class WentOffline(aiomqtt.MqttError):
    """A session was left because the device is to be offline."""


class Switch:
    """Whether something is to be connected; both states can be waited for."""

    def __init__(self, *, on: bool = True) -> None:
        """Start in the state `on`."""
        self.on, self.off = asyncio.Event(), asyncio.Event()
        self.turn(on=on)

    def turn(self, *, on: bool) -> None:
        """Go into the state `on`."""
        (self.on if on else self.off).set()
        (self.off if on else self.on).clear()


async def heeding(call: Awaitable[T]) -> T:
    """Await a call of aiomqtt, and do stop if we were cancelled meanwhile.

    aiomqtt waits with `asyncio.wait_for`, which before Python 3.12 loses a cancellation
    that comes together with the result. Counts are compared because a TaskGroup of those
    Pythons leaves the count of its task raised.
    """
    task = asyncio.current_task()
    assert task is not None
    before = task.cancelling()
    result = await call
    if task.cancelling() > before:
        raise asyncio.CancelledError
    return result


@asynccontextmanager
async def connected(
    url: str, identifier: str | None = None, will: aiomqtt.Will | None = None
) -> AsyncIterator[Client]:
    """A connection (see `new_client`), closed afterwards. Raises aiomqtt.MqttError."""
    stack = AsyncExitStack()
    try:
        client = new_client(url, identifier, will)
        yield await heeding(stack.enter_async_context(client))
    finally:
        await heeding(stack.aclose())


def new_client(
    url: str, identifier: str | None = None, will: aiomqtt.Will | None = None
) -> Client:
    """An MQTT 5 client for a broker's URL. Raises InputError for one that is none.

    With an identifier its session outlives the connection by `SESSION_EXPIRY`.
    """
    broker = Broker.parse(url)
    properties = Properties(PacketTypes.CONNECT)
    if identifier is not None:
        properties.SessionExpiryInterval = SESSION_EXPIRY
    return Client(
        broker.host,
        broker.port,
        username=broker.username,
        password=broker.password,
        identifier=identifier,
        will=will,
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=identifier is None,
        properties=properties,
        socket_options=[NO_DELAY],
        tls_context=ssl.create_default_context() if broker.tls else None,
    )


async def keep_connected(
    url: str,
    identifier: str | None,
    session: Session,
    switch: Switch,
    will: aiomqtt.Will | None = None,
) -> NoReturn:
    """Hold `session` on a connection while the switch is on, again after every loss.

    Each connection is a task of its own: one that is lost and cancelled at the same moment
    ends as lost (a TaskGroup prefers the error), and would be made again for ever.
    """
    wait = FIRST_WAIT
    while True:
        await switch.on.wait()
        connection = asyncio.create_task(_connection(url, identifier, session, will))
        try:
            await asyncio.wait({connection})
        finally:
            connection.cancel()
            await asyncio.wait({connection})
        wait = FIRST_WAIT if connection.result() else min(LONGEST_WAIT, 2 * wait)
        await asyncio.sleep(wait)


async def _connection(
    url: str, identifier: str | None, session: Session, will: aiomqtt.Will | None
) -> bool:
    """Hold `session` on one connection until it is lost; whether there was one at all."""
    made = False
    try:
        async with connected(url, identifier, will) as client:
            made = True
            await session(client)
    except* aiomqtt.MqttError as lost:
        LOG.info("%s: %s", identifier, lost.exceptions[0])
    return made
