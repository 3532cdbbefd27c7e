"""Running the demo: services, migrations, world, processes, simulators; then the verdict.

    services ─▶ migrate ─▶ ingest · dispatch · dashboard ─▶ registry ─▶ simulators
                                                                           │
                                   expected against raised ◀── scenario over, all receipts in

Every process is the product's own command; what makes it a demo is the clock that all of
them are handed, and the simulators.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from blackbox.clock import Clock, real_now
from blackbox.demo import children, events, people, state
from blackbox.demo.children import Child
from blackbox.demo.outcome import Outcome
from blackbox.demo.surroundings import Options, open_services, prepare_directory
from blackbox.registering import register
from blackbox.services.mosquitto import free_port, version
from blackbox.settings import Settings, environment
from domain.errors import RegistryError
from simulators.expectations import (
    FINDINGS_UP_TO,
    Exclusion,
    Raised,
    RaisedFinding,
    compare,
)
from simulators.scenario import Scenario, find_scenario, load_scenario
from storage import deliveries, status
from storage.connect import connect
from storage.server import describe
from storage.unit import Connection

MINUTE = timedelta(minutes=1)
DELIVERING = 20.0
"""Real seconds that the last deliveries of a headless demo may take."""
SETTLING = 0.1


async def run(settings: Settings, options: Options) -> Outcome | None:
    """Run the demo. Headless: to the scenario's end, and what it came to; else for ever."""
    scenario = load_scenario(find_scenario(options.scenario))
    async with AsyncExitStack() as stack:
        directory = prepare_directory(stack, settings, options)
        urls = await open_services(stack, settings, directory, options.say)
        clock = await start_clock(urls["owner"], scenario, options)
        demo = Demo(settings, options, scenario, clock, directory, urls)
        stack.push_async_callback(demo.stop)
        await demo.start()
        if options.headless:
            return await demo.play()
        await demo.show()
        return None


async def start_clock(owner: str, scenario: Scenario, options: Options) -> Clock:
    """The clock of all processes: goes on where the data ends, else at the scenario's start."""
    async with await connect(owner, name="blackbox demo") as connection:
        newest = await status.newest_intake(connection)
    factor = scenario.length.total_seconds() / options.seconds
    return Clock.resume(newest or scenario.start, factor)


class Demo:
    """The processes of one demo, and what is asked of them."""

    def __init__(
        self,
        settings: Settings,
        options: Options,
        scenario: Scenario,
        clock: Clock,
        directory: Path,
        urls: Mapping[str, str],
    ) -> None:
        """Nothing runs before `start`."""
        self._settings = settings
        self._options = options
        self._scenario = scenario
        self._clock = clock
        self._directory = directory
        self._urls = urls
        self._children: list[Child] = []
        self._simulator: Child | None = None
        self._port = options.port or free_port()
        self.page = f"http://127.0.0.1:{self._port}/"
        self.users: Mapping[str, str] = {}
        """Passwords by name."""

    async def start(self) -> None:
        """Start the product's processes and register the world."""
        programs = [
            ("ingest", self._options.ingest, "ingest"),
            ("dispatch", ("-m", "blackbox", "dispatch"), "dispatch"),
        ]
        if not self._options.headless:
            page = ("-m", "blackbox", "dashboard", "--demo")
            programs.append(("dashboard", page, "web"))
        for program in programs:
            self._children.append(await self._launch(*program))
        text = (
            resources.files("simulators") / "scenarios" / "demo.registry.yaml"
        ).read_text()
        async with await connect(self._urls["web"], name="blackbox demo") as connection:
            watch = asyncio.ensure_future(children.until_one_fails(self._children))
            world = asyncio.ensure_future(
                register(connection, self._settings.share, text, "demo")
            )
            try:
                await first(world, watch)
            except RegistryError as error:
                # Data of an earlier version: what is registered stays, rather than the past change.
                self._options.say(
                    f"登记保持不变 · the registry stays as it is: {error}"
                )
        self.users = await people.invite(
            self._urls["owner"], self._directory, text, self._clock.now()
        )

    async def stop(self) -> None:
        """Stop the processes, the last started first."""
        state.forget(self._directory)
        if self._simulator is not None:
            await self._simulator.stop()
        for child in self._children:
            await child.stop()

    # With a page --------------------------------------------------------------------

    async def show(self) -> None:
        """Say where the page is, then a line per event; play again and again.

        It ends with its page. Whatever else dies, the page must say so: let it be tried.
        """
        running = state.Running(
            database_url=self._urls["owner"],
            mqtt_url=self._urls["mqtt"],
            page=self.page,
            clock=str(self._clock),
        )
        running.save(self._directory)
        *others, dashboard = self._children
        await first(self._await_page(), children.until_one_fails([dashboard]))
        say = self._options.say
        say(f"页面 · page    {self.page}")
        for name, password in self.users.items():
            say(f"登录 · sign in {name:12} {password}")
        say(f"数据 · data    {self._directory}")
        say("故障 · a fault  blackbox simulate fault coldroom-1 door-open 20m")
        say("Ctrl-C 停止 · stops")
        watch = children.until_ended(dashboard, others, say)
        await first(self._replay(), watch, events.tell(self._urls["owner"], say))

    async def _replay(self) -> None:
        """Play the scenario, and when it is over once more."""
        while True:
            simulator = await self._simulate(self._next_minute())
            if await simulator.process.wait() != 0:
                raise simulator.failed()

    async def _await_page(self) -> None:
        """Wait until the page answers, however slow the machine is."""
        host, port = "127.0.0.1", urlsplit(self.page).port
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection(host, port)
                writer.close()
                return
            await asyncio.sleep(SETTLING)

    # Headless -----------------------------------------------------------------------

    async def play(self) -> Outcome:
        """Play the scenario once, let everything arrive, and compare."""
        start = self._next_minute()
        watch = asyncio.ensure_future(children.until_one_fails(self._children))
        simulator = await self._simulate(start)
        await first(simulator.process.wait(), watch)
        if simulator.process.returncode != 0:
            raise simulator.failed()
        said = json.loads(simulator.log.read_text().splitlines()[-1])
        exclusions = [
            Exclusion(
                device, datetime.fromisoformat(begin), datetime.fromisoformat(end)
            )
            for device, begin, end in said["excluded"]
        ]
        async with await connect(
            self._urls["owner"], name="blackbox demo"
        ) as connection:
            await self._await_deliveries(connection)
            raised = [Raised(*row) for row in await status.raised(connection)]
            found = [RaisedFinding(*row) for row in await status.findings(connection)]
            counts = await self._counts(connection)
            adds_up = await status.adds_up(connection)
        expected, findings = self._scenario.expected, self._scenario.findings
        if self._clock.factor > FINDINGS_UP_TO:
            findings, found = (), []  # they depend on when messages arrive
        comparison = compare(
            [*expected, *findings],
            [*raised, *found],
            start=start,
            length=self._scenario.length,
            exclusions=exclusions,
        )
        counts |= {
            "expected_excursions": len(expected),
            "expected_findings": len(findings),
            "missed": len(comparison.missed),
            "unexpected": len(comparison.unexpected),
            "users": dict(self.users),
        }
        return Outcome(
            counts=counts, adds_up=adds_up, comparison=comparison, start=start
        )

    async def _counts(self, connection: Connection) -> dict[str, Any]:
        found = await status.read(connection, self._clock.now())
        server = await describe(connection)
        return {
            "messages": found["messages"],
            "readings": found["stored"],
            **{
                name: found[name]
                for name in (
                    "duplicates",
                    "conflicts",
                    "rejected",
                    "excursions",
                    "alerts",
                    "deliveries",
                )
            },
            "database": server.name,
            "broker": "external" if self._settings.mqtt_url else version(),
        }

    async def _await_deliveries(self, connection: Connection) -> None:
        """Wait until nothing is owed, but no longer than DELIVERING."""
        until = self._clock.elapsed() + DELIVERING
        while self._clock.elapsed() < until:
            if not await deliveries.depth(connection, real_now()):
                return
            await asyncio.sleep(SETTLING)

    # Processes ----------------------------------------------------------------------

    def _next_minute(self) -> datetime:
        """The next full minute of domain time, a moment from now: where a scenario begins."""
        soon = self._clock.now() + MINUTE
        return soon.replace(second=0, microsecond=0) + MINUTE

    async def _simulate(self, start: datetime) -> Child:
        command = (
            "-m",
            "blackbox",
            "simulate",
            "run",
            self._options.scenario,
            "--start",
            start.isoformat(),
        )
        self._simulator = await self._launch("simulate", command, "web")
        return self._simulator

    async def _launch(self, name: str, command: Sequence[str], role: str) -> Child:
        """Start one process of the product with the settings of this demo."""
        added = {
            "BLACKBOX_DATABASE_URL": self._urls[role],
            "BLACKBOX_MQTT_URL": self._urls["mqtt"],
            "BLACKBOX_PUBLIC_MQTT_URL": self._settings.public_mqtt_url
            or self._urls["mqtt"],
            "BLACKBOX_CLOCK": str(self._clock),
            "BLACKBOX_DASHBOARD_PORT": str(self._port),
        }
        return await children.start(
            name, command, environment() | added, self._directory
        )


async def first(*works: Any) -> None:
    """Until one of several things has ended; the others are cancelled, its error is raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
