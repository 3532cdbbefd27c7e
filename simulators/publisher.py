"""The publisher: plays a scenario through real MQTT connections, one per device.

A message stays in its device's outbox until a receipt settles it. The publisher ends when
the scenario is over and every outbox is empty.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import reduce
from operator import add

import aiomqtt

from domain.errors import Unavailable
from simulators.build import build_devices
from simulators.clock import Clock
from simulators.connection import Switch, heeding, keep_connected
from simulators.device import Device
from simulators.expectations import Exclusion
from simulators.faults import Reach
from simulators.link import Link
from simulators.live import ANSWERS, REQUESTS, FaultAnswer, decide
from simulators.messages import Address, Message
from simulators.outbox import Counts
from simulators.scenario import Scenario

PATIENCE = 60.0
"""s of real time that receipts may take after the last message."""


class Undelivered(Unavailable):
    """No receipt came in time; `waiting` has the number of messages by device."""

    def __init__(self, waiting: dict[str, int]) -> None:
        """Name what is waiting."""
        counts = ", ".join(f"{device} {count}" for device, count in waiting.items())
        super().__init__(f"没有回执 / without a receipt: {counts}")
        self.waiting = waiting


@dataclass(frozen=True, kw_only=True, slots=True)
class Statistics(Counts):
    """What became of a scenario's messages."""

    excluded: tuple[Exclusion, ...] = ()
    """What live faults have taken out of the comparison."""


async def publish(
    scenario: Scenario,
    *,
    clock: Clock,
    mqtt_url: str,
    start: datetime,
    boot: str | None = None,
    patience: float = PATIENCE,
) -> Statistics:
    """Play a scenario whose offset 0 is `start` in domain time, to its end.

    `boot` names this run in the messages and defaults to `start`. Raises Undelivered when
    messages still have no receipt `patience` seconds (real) after the last one.
    """
    publisher = Publisher(
        scenario,
        clock=clock,
        mqtt_url=mqtt_url,
        start=start,
        boot=boot,
        patience=patience,
    )
    return await publisher.run()


async def deliver(
    plan: Iterable[tuple[Address, Message]],
    *,
    clock: Clock,
    mqtt_url: str,
    patience: float = PATIENCE,
) -> Counts:
    """Send the messages of a load plan as fast as they are taken. Raises Undelivered."""
    links: dict[Address, Link] = {}
    for address, message in plan:
        if address not in links:
            links[address] = Link(address, url=mqtt_url, clock=clock)
        links[address].put(message)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(link.run()) for link in links.values()]
        await _drain(links.values(), patience)
        _cancel(tasks)
    return _settled(links.values())


class Publisher:
    """One run of a scenario. `statistics` can be read at any time, also after Ctrl-C."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        clock: Clock,
        mqtt_url: str,
        start: datetime,
        boot: str | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """See `publish`."""
        self._scenario = scenario
        self._clock = clock
        self._url = mqtt_url
        self._start = start
        self._patience = patience
        boot = boot or start.isoformat()
        self._devices = {
            device.address.device: device
            for device in build_devices(scenario, start=start, boot=boot)
        }
        self._links = {
            key: Link(device.address, url=mqtt_url, clock=clock, boot=boot)
            for key, device in self._devices.items()
        }
        self._models = {spec.device: spec.model for spec in scenario.devices}
        self._excluded: list[Exclusion] = []

    @property
    def statistics(self) -> Statistics:
        """What became of the messages so far."""
        counts = _counts(self._links.values())
        return Statistics(**asdict(counts), excluded=tuple(self._excluded))

    async def run(self) -> Statistics:
        """Play to the end. Raises Undelivered."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(link.run()) for link in self._links.values()]
            hearing = group.create_task(self._hear_faults())
            await self._play_all()
            hearing.cancel()
            await _drain(self._links.values(), self._patience)
            await asyncio.gather(*(link.leave() for link in self._links.values()))
            _cancel(tasks)
        _settled(self._links.values())
        return self.statistics

    async def _play_all(self) -> None:
        async with asyncio.TaskGroup() as group:
            for key, device in self._devices.items():
                group.create_task(self._play(device, self._links[key]))

    async def _play(self, device: Device, link: Link) -> None:
        for offset in device.offsets(self._scenario.length):
            await self._clock.sleep_until(self._start + offset)
            _pass_on(device.sample(offset), link, device.reach)
        await self._clock.sleep_until(self._start + self._scenario.length)
        _pass_on(device.flush(), link, Reach.REACHED)

    async def _hear_faults(self) -> None:
        await keep_connected(self._url, None, self._answer_faults, Switch())

    async def _answer_faults(self, client: aiomqtt.Client) -> None:
        await heeding(client.subscribe(REQUESTS, qos=1))
        async for message in client.messages:
            answer = self._answer(bytes(message.payload))
            await heeding(client.publish(ANSWERS, answer.model_dump_json(), qos=1))

    def _answer(self, request: bytes) -> FaultAnswer:
        now = self._clock.now()
        answer, fault = decide(request, self._models, start=self._start, now=now)
        if fault is not None:
            self._devices[fault.device].faults.append(fault)
            felt = (self._start + fault.felt_from, self._start + fault.felt_until)
            self._excluded.append(Exclusion(fault.device, *felt))
        return answer


def _pass_on(messages: Sequence[Message], link: Link, reach: Reach) -> None:
    link.turn(reach)
    for message in messages:
        link.put(message)


async def _drain(links: Iterable[Link], patience: float) -> None:
    """Return when all outboxes are empty, or after `patience` seconds."""
    try:
        async with asyncio.timeout(patience):
            for link in links:
                await link.drained()
    except TimeoutError:
        pass


def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()


def _counts(links: Iterable[Link]) -> Counts:
    return reduce(add, (link.outbox.counts for link in links), Counts())


def _settled(links: Iterable[Link]) -> Counts:
    """The counts. Raises Undelivered if anything waits."""
    links = list(links)
    waiting = {
        link.address.device: link.outbox.counts.waiting
        for link in links
        if link.outbox.counts.waiting
    }
    if waiting:
        raise Undelivered(waiting)
    return _counts(links)
