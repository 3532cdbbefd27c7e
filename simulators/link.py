"""The link of one device to the broker: sends its outbox, reads its receipts."""

from __future__ import annotations

import asyncio
import logging
from typing import NoReturn

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from pydantic import ValidationError

from domain.broker import Broker
from simulators.clock import Clock
from simulators.connection import (
    Switch,
    WentOffline,
    heeding,
    keep_connected,
)
from simulators.messages import Address, Message, Receipt
from simulators.outbox import Outbox

LOG = logging.getLogger(__name__)


class Link:
    """One connection with its outbox. `run` serves it until cancelled."""

    def __init__(self, address: Address, *, url: str, clock: Clock) -> None:
        """Nothing is connected before `run`. Raises InputError for a URL that is none."""
        Broker.parse(url)
        self.address = address
        self.outbox = Outbox()
        self.switch = Switch()
        """Turned off while the device is offline."""
        self._url = url
        self._clock = clock
        self._changed = asyncio.Event()
        self._settled = asyncio.Event()

    def put(self, message: Message) -> None:
        """Send `message` until its receipt comes."""
        self.outbox.put(message)
        self._changed.set()

    async def run(self) -> NoReturn:
        """Stay connected, send, and read receipts, until cancelled."""
        await keep_connected(
            self._url, self.address.client_id, self._session, self.switch
        )

    async def drained(self) -> None:
        """Return when the outbox is empty."""
        while self.outbox.counts.waiting:
            self._settled.clear()
            await self._settled.wait()

    async def _session(self, client: aiomqtt.Client) -> None:
        await heeding(client.subscribe(self.address.topic("receipts"), qos=1))
        self.outbox.reconnected()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read(client))
            group.create_task(self._write(client))
            group.create_task(self._leave_when_offline())

    async def _read(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            try:
                receipt = Receipt.model_validate_json(bytes(message.payload))
            except ValidationError as error:
                LOG.warning("%s: unreadable receipt: %s", self.address.device, error)
                continue
            if self.outbox.settle(receipt):
                self._changed.set()
                self._settled.set()

    async def _write(self, client: aiomqtt.Client) -> NoReturn:
        while True:
            self._changed.clear()
            taken = self.outbox.take(self._clock.elapsed())
            if taken is None:
                await self._wait_for_change()
                continue
            message, times = taken
            for _ in range(times):
                await self._publish(client, message)

    async def _publish(self, client: aiomqtt.Client, message: Message) -> None:
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

    async def _leave_when_offline(self) -> NoReturn:
        await self.switch.off.wait()
        raise WentOffline("offline, as told")
