"""The link of one device to the broker: sends its outbox, reads its receipts.

A link that knows its boot says on the topic `status` that it is online, has a will that
says `offline`, and says so itself before it leaves. A cut link is silent at once and its
will is heard; a stalled one keeps its connection, but nothing is sent on it.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import NoReturn

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from pydantic import ValidationError

from domain.broker import Broker
from simulators.clock import Clock
from simulators.connection import (
    Client,
    Switch,
    WentOffline,
    heeding,
    keep_connected,
)
from simulators.faults import Reach
from simulators.messages import Address, Message, Receipt, status
from simulators.outbox import Outbox

LOG = logging.getLogger(__name__)
PARTING = 2.0
"""s of real time that the last word may take."""


class Link:
    """One connection with its outbox. `run` serves it until cancelled."""

    def __init__(
        self, address: Address, *, url: str, clock: Clock, boot: str | None = None
    ) -> None:
        """Nothing is connected before `run`. Without a `boot` it says nothing of itself.

        Raises InputError for a URL that is none.
        """
        Broker.parse(url)
        self.address = address
        self.outbox = Outbox()
        self._url = url
        self._clock = clock
        self._boot = boot
        self._client: Client | None = None
        self._connected = Switch()
        self._open = asyncio.Event()
        self._open.set()
        self._changed = asyncio.Event()
        self._settled = asyncio.Event()

    def turn(self, reach: Reach) -> None:
        """Let the connection be as the device's faults want it."""
        self._connected.turn(on=reach is not Reach.CUT)
        (self._open.clear if reach is Reach.STALLED else self._open.set)()

    def put(self, message: Message) -> None:
        """Send `message` until its receipt comes."""
        self.outbox.put(message)
        self._changed.set()

    async def run(self) -> NoReturn:
        """Stay connected, send, and read receipts, until cancelled."""
        await keep_connected(
            self._url,
            self.address.client_id,
            self._session,
            self._connected,
            self._will(),
        )

    async def drained(self) -> None:
        """Return when the outbox is empty."""
        while self.outbox.counts.waiting:
            self._settled.clear()
            await self._settled.wait()

    async def leave(self) -> None:
        """Say that the device goes away. Never raises: it goes in any case."""
        if self._client is not None and self._boot is not None:
            with suppress(aiomqtt.MqttError):
                await self._say("offline", self._client, self._boot)

    def _will(self) -> aiomqtt.Will | None:
        if self._boot is None:
            return None
        topic = self.address.topic("status")
        return aiomqtt.Will(topic, status("offline", self._boot), qos=1)

    async def _say(self, word: str, client: Client, boot: str) -> None:
        message = status(word, boot, self._clock.now())
        topic = self.address.topic("status")
        await heeding(client.publish(topic, message, qos=1, timeout=PARTING))

    async def _session(self, client: Client) -> None:
        await heeding(client.subscribe(self.address.topic("receipts"), qos=1))
        if self._boot is not None:
            await self._say("online", client, self._boot)
        self.outbox.reconnected()
        self._client = client
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read(client))
                group.create_task(self._write(client))
                group.create_task(self._break_when_cut(client))
        finally:
            self._client = None

    async def _read(self, client: Client) -> None:
        async for message in client.messages:
            try:
                receipt = Receipt.model_validate_json(bytes(message.payload))
            except ValidationError as error:
                LOG.warning("%s: unreadable receipt: %s", self.address.device, error)
                continue
            if self.outbox.settle(receipt):
                self._changed.set()
                self._settled.set()

    async def _write(self, client: Client) -> NoReturn:
        while True:
            await self._open.wait()
            self._changed.clear()
            taken = self.outbox.take(self._clock.elapsed())
            if taken is None:
                await self._wait_for_change()
                continue
            message, times = taken
            for _ in range(times):
                await self._publish(client, message)

    async def _publish(self, client: Client, message: Message) -> None:
        """Boot and number go along as properties too: an unreadable payload has no other."""
        properties = Properties(PacketTypes.PUBLISH)
        properties.UserProperty = [("boot", message.boot), ("seq", str(message.seq))]
        topic = self.address.topic("readings")
        await heeding(
            client.publish(topic, message.payload(), qos=1, properties=properties)
        )

    async def _wait_for_change(self) -> None:
        """Until there is something new in the outbox, or the next message is due."""
        due = self.outbox.due_at()
        wait = None if due is None else max(0.0, due - self._clock.elapsed())
        try:
            async with asyncio.timeout(wait):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def _break_when_cut(self, client: Client) -> NoReturn:
        await self._connected.off.wait()
        await client.cut()
        raise WentOffline("offline, as told")
