"""The session at the broker, with the real broker: what was not acknowledged comes again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import count

import aiomqtt
import pytest

from blackbox.services.mosquitto import Mosquitto
from domain.broker import Broker
from domain.errors import Unavailable
from ingest.door import Message
from ingest.session import Session

NAMES = count(1)


class Receiver:
    """A session with a list for an inbox, which may be made full."""

    def __init__(self, url: str) -> None:
        self.got: list[Message] = []
        self.full = False
        self.probed = 0
        number = next(NAMES)
        self.topic = f"session/{number}"
        self.session = Session(
            Broker.parse(url),
            client_id=f"session-{number}",
            receive_maximum=50,
            deliver=self.got.append,
            full=lambda: self.full,
            probe=self.probe,
        )

    def probe(self, point: str) -> None:
        assert point == "between-pubacks"
        self.probed += 1

    async def open(self) -> bool:
        present = await self.session.connect()
        await self.session.subscribe(f"{self.topic}/#")
        return present

    async def receive(self, *payloads: int) -> None:
        """Wait for so many messages; these they must be."""
        async with asyncio.timeout(60):
            while len(self.got) < len(payloads):
                await asyncio.sleep(0.005)
        assert [int(message.payload) for message in self.got] == list(payloads)


@pytest.fixture
async def receiver(mosquitto: Mosquitto) -> AsyncIterator[Receiver]:
    one = Receiver(mosquitto.url)
    yield one
    one.session.close()


async def send(url: str, topic: str, *payloads: int, qos: int = 1) -> None:
    broker = Broker.parse(url)
    async with aiomqtt.Client(broker.host, broker.port) as client:
        for payload in payloads:
            await client.publish(topic, str(payload), qos=qos)


async def test_messages_come_as_they_were_sent(
    mosquitto: Mosquitto, receiver: Receiver
) -> None:
    assert not await receiver.open()
    await send(mosquitto.url, f"{receiver.topic}/a", 1)
    await send(mosquitto.url, f"{receiver.topic}/a", 2, qos=0)
    await receiver.receive(1, 2)
    assert [message.topic for message in receiver.got] == [f"{receiver.topic}/a"] * 2
    assert [bool(message.mid) for message in receiver.got] == [True, False]


async def test_what_was_not_acknowledged_comes_again_on_the_next_connection(
    mosquitto: Mosquitto, receiver: Receiver
) -> None:
    await receiver.open()
    await send(mosquitto.url, receiver.topic, *range(40))
    await receiver.receive(*range(40))
    receiver.session.acknowledge(receiver.got[:30])
    assert receiver.probed == 2
    receiver.session.close()
    assert not receiver.session.connected
    receiver.got.clear()
    assert await receiver.open()
    await receiver.receive(*range(30, 40))


async def test_messages_of_another_connection_are_not_acknowledged(
    mosquitto: Mosquitto, receiver: Receiver
) -> None:
    await receiver.open()
    await send(mosquitto.url, receiver.topic, 1)
    await receiver.receive(1)
    await receiver.open()
    await receiver.receive(1, 1)
    receiver.session.acknowledge(receiver.got[:1])
    await receiver.open()
    await receiver.receive(1, 1, 1)


async def test_what_is_beyond_the_receive_maximum_waits_for_acknowledgements(
    mosquitto: Mosquitto, receiver: Receiver
) -> None:
    await receiver.open()
    await send(mosquitto.url, receiver.topic, *range(120))
    await receiver.receive(*range(50))
    acknowledged = 0
    async with asyncio.timeout(60):
        while acknowledged < 120:
            receiver.session.acknowledge(receiver.got[acknowledged:])
            acknowledged = len(receiver.got)
            await asyncio.sleep(0.005)
    await receiver.receive(*range(120))


async def test_nothing_is_read_while_the_inbox_is_full(
    mosquitto: Mosquitto, receiver: Receiver
) -> None:
    await receiver.open()
    receiver.full = True
    await send(mosquitto.url, receiver.topic, 1, 2)
    async with asyncio.timeout(60):
        connection = receiver.session._connection
        assert connection
        while connection._reading:
            await asyncio.sleep(0.005)
    assert receiver.got == []
    receiver.full = False
    receiver.session.resume()
    await receiver.receive(1, 2)


async def test_what_we_publish_does_not_come_back(
    mosquitto: Mosquitto, receiver: Receiver
) -> None:
    await receiver.open()
    receiver.session.publish(receiver.topic, b"7")
    await send(mosquitto.url, receiver.topic, 8)
    await receiver.receive(8)


async def test_absent_broker_is_unavailable() -> None:
    receiver = Receiver("mqtt://127.0.0.1:1")
    with pytest.raises(Unavailable, match="refused"):
        await receiver.open()
    assert not receiver.session.connected


async def test_session_notices_that_the_broker_died_and_connects_again_at_once(
    new_mosquitto: Callable[[], Mosquitto],
) -> None:
    broker = new_mosquitto()
    receiver = Receiver(broker.url)
    for _ in range(3):
        await receiver.open()
        broker.kill()
        async with asyncio.timeout(5):
            while receiver.session.connected:
                await asyncio.sleep(0.005)
        with pytest.raises(Unavailable):
            await receiver.open()
        broker.start()
        async with asyncio.timeout(5):
            await receiver.open()
        assert receiver.session.connected
    receiver.session.close()


async def test_refused_subscription_is_unavailable(receiver: Receiver) -> None:
    await receiver.session.connect()
    receiver.session.close()
    with pytest.raises(Unavailable):
        await receiver.session.subscribe("x")


async def test_only_the_first_filter_takes_room_in_the_receive_window(
    mosquitto: Mosquitto, receiver: Receiver
) -> None:
    await receiver.session.connect()
    await receiver.session.subscribe(receiver.topic, f"{receiver.topic}/aside")
    await send(mosquitto.url, f"{receiver.topic}/aside", 1)
    await send(mosquitto.url, receiver.topic, 2)
    await receiver.receive(1, 2)
    assert [bool(message.mid) for message in receiver.got] == [False, True]
