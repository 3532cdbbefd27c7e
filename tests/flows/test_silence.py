"""Silence with a real broker: a device's will, its return, and a broker that is away.

The ingestor runs in this process. Its domain's time stands still unless a test moves it;
real time runs, and the box is deaf after four seconds.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from alerting.findings.finding import Findings
from alerting.findings.ticker import Ticker
from alerting.following.consequences import Alerts
from alerting.following.evaluator import Evaluator
from alerting.judges import Judges
from alerting.telling.owing import Telling
from blackbox.clock import real_now
from blackbox.services.mosquitto import Mosquitto
from domain.broker import Broker
from ingest.loop import Ingestor, Settings
from storage import shares, status
from storage.connect import connect
from storage.unit import Connection
from tests.database.box import SHARE, Box, apply, nothing, snapshot, topic
from tests.database.test_ticker import WORLD
from tests.series import at
from tests.services import Database

SILENT = "device-silent"
DEAF = """
SELECT j.event FROM journal AS j JOIN alert AS a ON a.id = j.alert
 WHERE a.rule = 'deaf' ORDER BY j.alert, j.n
"""


class DomainClock:
    """Domain time stands still; real time runs."""

    def __init__(self) -> None:
        self.time = at("10h")

    def now(self) -> datetime:
        return self.time

    def elapsed(self) -> float:
        return time.monotonic()


class Device:
    """A logger with a will."""

    def __init__(self, url: str) -> None:
        self._broker = Broker.parse(url)
        self._client = self._new()

    def _new(self) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
        client.will_set(topic(kind="status"), b'{"status": "offline"}', qos=1)
        client.connect(self._broker.host, self._broker.port)
        client.loop_start()
        return client

    def send(self, document: object, kind: str = "readings") -> None:
        sent = self._client.publish(topic(kind=kind), json.dumps(document), qos=1)
        sent.wait_for_publish(10)

    def die(self) -> None:
        """Lose the connection without a word."""
        found = self._client.socket()
        assert isinstance(found, socket.socket)
        found.shutdown(socket.SHUT_RDWR)
        self._client.loop_stop()

    def come_back(self) -> None:
        self._client.loop_stop()
        self._client = self._new()


class Ingesting:
    """A running ingestor, and what it has left in the database."""

    def __init__(self, connection: Connection, clock: DomainClock) -> None:
        self.connection = connection
        self.clock = clock

    async def until(self, ask: Callable[[], Any], wanted: object) -> None:
        """Wait for an answer."""
        found: object = None
        for _ in range(1200):
            found = await ask()
            if found == wanted:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(found)

    async def messages(self) -> int:
        return (await status.ledger(self.connection))["messages"]

    async def findings(self) -> list[Any]:
        return [tuple(row[1:]) for row in await status.findings(self.connection)]

    async def silent_devices(self) -> list[str]:
        return [device for device, rule, *_ in await self.findings() if rule == SILENT]

    async def deaf(self) -> list[str]:
        rows = await (await self.connection.execute(DEAF)).fetchall()
        return [event for (event,) in rows]

    async def pass_time(self, **by: float) -> None:
        """Let domain time go on, and wait until the share has listened so far."""
        self.clock.time += timedelta(**by)
        await self.until(self.watermark, self.clock.now())

    async def watermark(self) -> datetime | None:
        cursor = await self.connection.execute("SELECT watermark FROM heartbeat")
        row = await cursor.fetchone()
        return row[0] if row else None


@asynccontextmanager
async def ingesting(database: Database, url: str) -> AsyncIterator[Ingesting]:
    async with await connect(database.url("ingest"), name="setting up") as connection:
        box = Box(connection, await shares.take_lease(connection, SHARE))
        await apply(box, WORLD)
    clock, telling = DomainClock(), Telling([], real_now)
    findings = Findings(telling)
    ingestor = Ingestor(
        Settings(
            database_url=database.url("ingest"),
            broker=Broker.parse(url),
            share=SHARE,
            deaf_after=4.0,
        ),
        Judges(Evaluator(Alerts(telling)), Ticker(findings), findings),
        clock,
        real_now=real_now,
        probe=nothing,
    )
    running = asyncio.create_task(ingestor.run())
    try:
        async with await connect(database.url("dispatch"), name="test") as connection:
            one = Ingesting(connection, clock)
            await one.until(one.watermark, clock.now())
            await one.pass_time(seconds=1)
            yield one
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_will_is_found_at_once_and_the_return_ends_it(
    database: Database, new_mosquitto: Callable[[], Mosquitto]
) -> None:
    mosquitto = new_mosquitto()
    async with ingesting(database, mosquitto.url) as one:
        device = await asyncio.to_thread(Device, mosquitto.url)
        start = one.clock.now()
        await asyncio.to_thread(device.send, snapshot(start, t1=5.0))
        await one.until(one.messages, 1)
        await one.pass_time(seconds=1)
        assert await one.findings() == []

        gone = one.clock.now()
        await asyncio.to_thread(device.die)
        await one.until(one.messages, 2)
        await one.pass_time(seconds=1)
        silent = ("logger-1", SILENT, gone)
        await one.until(one.findings, [(*silent, None)])

        await one.pass_time(minutes=2)
        await asyncio.to_thread(device.come_back)
        await asyncio.to_thread(device.send, {"status": "online"}, "status")
        await one.until(one.findings, [(*silent, one.clock.now())])
        await asyncio.to_thread(device.die)


@pytest.mark.parametrize("how", ["kill", "stop"])
async def test_a_broker_that_is_away_is_one_alert_and_no_silence_of_devices(
    database: Database, new_mosquitto: Callable[[], Mosquitto], how: str
) -> None:
    mosquitto = new_mosquitto()
    async with ingesting(database, mosquitto.url) as one:
        device = await asyncio.to_thread(Device, mosquitto.url)
        start = one.clock.now()
        await asyncio.to_thread(device.send, snapshot(start, t1=5.0))
        await one.until(one.messages, 1)

        await asyncio.to_thread(getattr(mosquitto, how))
        await one.until(one.deaf, ["opened"])
        one.clock.time += timedelta(hours=2)
        await asyncio.to_thread(mosquitto.start)
        await one.until(one.deaf, ["opened", "returned"])
        await one.pass_time(minutes=15)
        assert await one.findings() == []

        await one.pass_time(minutes=1)
        await one.until(one.silent_devices, ["logger-1"])
        assert await one.deaf() == ["opened", "returned"]
