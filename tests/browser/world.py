"""A small world behind the page: the real intake and rules, without broker and simulators."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import uvicorn

from alerting.findings.finding import Findings
from alerting.findings.ticker import Ticker
from alerting.following.consequences import Alerts
from alerting.following.evaluator import Evaluator
from alerting.judges import Judges
from alerting.telling.owing import Telling
from dashboard.app import create_app
from dashboard.house import InjectFault
from dashboard.pool import new_pool
from dashboard.serve import create_server
from domain.broker import Broker
from ingest.door import Message
from ingest.intake import Intake, Limits
from ingest.requests import carry_out
from simulators.scenario import find_scenario, load_scenario
from storage import requests, shares
from storage.connect import connect
from storage.unit import Connection
from tests.services import Database

NOW = datetime(2026, 11, 22, 9, 30, 5, tzinfo=UTC)
"""17:30:05 in Hangzhou."""
ENTERPRISE = "91330106MA27XY001X"
CLINIC = "91330203MA28XY002D"
TOPIC = f"blackbox/v1/33/01/06/{ENTERPRISE}/{{}}/readings"
WAKE = "SELECT pg_notify('blackbox_journal', '')"
WARM = [(float(minute), {"t1": 9.4}) for minute in range(15, -1, -1)]
"""A quarter of an hour above 8 °C."""
REGISTRY = files("simulators") / "scenarios" / "demo.registry.yaml"


@dataclass
class PageClock:
    """Domain time stands still; real time runs, and can be pushed ahead."""

    time: datetime = NOW
    ahead: float = 0.0

    def now(self) -> datetime:
        return self.time

    def elapsed(self) -> float:
        return time.monotonic() + self.ahead

    def real_now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead)


@dataclass
class World:
    """What is behind the page."""

    connection: Connection
    """Of the one writer."""
    intake: Intake
    clock: PageClock = field(default_factory=PageClock)
    beating: bool = True
    connected: bool = True
    intake_age: float = 2.0
    """Real seconds since the newest intake, as the ingestor tells."""

    async def register(self, text: str | None = None) -> None:
        """Apply a registry file, as the ingestor does."""
        body = {"text": text or REGISTRY.read_text(encoding="utf-8")}
        await requests.submit(
            self.connection, self.intake.share, "registry", body, "test"
        )
        await carry_out(self.intake, self.clock.now())

    async def send(
        self,
        device: str,
        *snapshots: tuple[float, Mapping[str, float | None]],
        **more: object,
    ) -> None:
        """Take in snapshots of `device`: (minutes before now, values)."""
        payload = {
            "snapshots": [
                {"time": self.at(minutes).isoformat(), "values": values, **more}
                for minutes, values in snapshots
            ]
        }
        message = Message(
            topic=TOPIC.format(device), payload=json.dumps(payload).encode()
        )
        await self.intake.commit([message], self.clock.now())

    def at(self, minutes: float) -> datetime:
        """So many minutes before now."""
        return self.clock.now() - timedelta(minutes=minutes)

    async def point(self, device: str, key: str) -> int:
        """The number of a point of the first enterprise."""
        return self.intake.registry.devices[ENTERPRISE, device].points[key].id

    async def enterprise(self, code: str) -> int:
        """The number of the enterprise with this code."""
        query = "SELECT id FROM enterprise WHERE code = %s"
        row = await (await self.connection.execute(query, (code,))).fetchone()
        assert row is not None, code
        return row[0]


async def opened(world: World) -> None:
    """Let cold room 1 have an alert."""
    await world.send("coldroom-1", *WARM)


async def heart(world: World, connection: Connection) -> None:
    """The ingestor's heartbeat, until cancelled; it wakes the page, to save a test's time."""
    while True:
        if world.beating:
            real = datetime.now(UTC)
            await shares.beat(
                connection,
                world.intake.share,
                beat_at=real,
                connected=world.connected,
                intake_at=real - timedelta(seconds=world.intake_age),
                waiting=0,
            )
            await connection.execute(WAKE)
        await asyncio.sleep(0.2)


@asynccontextmanager
async def heart_of(world: World, url: str) -> AsyncIterator[None]:
    """The heartbeat of the world's ingestor while the block runs."""
    async with await connect(url, name="test-heart") as own:
        beating = asyncio.create_task(heart(world, own))
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)


@asynccontextmanager
async def new_world(database: Database) -> AsyncIterator[World]:
    """A world with a heartbeat and nothing registered."""
    url = database.url("ingest")
    async with await connect(url, name="test-ingest") as connection:
        share = await shares.take_lease(connection, "main")
        telling = Telling([], lambda: NOW)
        findings = Findings(telling)
        intake = Intake(
            connection,
            share,
            Judges(Evaluator(Alerts(telling)), Ticker(findings), findings),
            limits=Limits(),
            probe=lambda _: None,
        )
        await intake.reload()
        world = World(connection, intake)
        async with heart_of(world, url):
            yield world


@dataclass(frozen=True)
class Site:
    """The running page."""

    address: str
    port: int
    server: uvicorn.Server
    serving: asyncio.Task[None]

    async def stop(self) -> None:
        """Take the server down."""
        self.server.should_exit = True
        await self.serving


@asynccontextmanager
async def serve(
    database: Database,
    clock: PageClock,
    inject_fault: InjectFault | None = None,
    port: int = 0,
    *,
    secure: bool = False,
    broker: Broker | None = None,
    speed: float | None = None,
) -> AsyncIterator[Site]:
    """Serve the page as the web process does."""
    pool = new_pool(database.url("web"), at_most=6)
    async with pool:
        app = create_app(
            pool=pool,
            clock=clock,
            real_now=clock.real_now,
            inject_fault=inject_fault,
            faults=load_scenario(find_scenario("demo")).possible,
            secure=secure,
            broker=broker,
            speed=speed,
        )
        server = create_server(app, host="127.0.0.1", port=port)
        serving = asyncio.create_task(server.serve())
        while not (server.started or serving.done()):
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        site = Site(f"http://127.0.0.1:{port}", port, server, serving)
        try:
            yield site
        finally:
            await site.stop()
