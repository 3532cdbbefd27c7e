"""The publisher against a real broker, with a small box of our own that forgets things."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiomqtt
import pytest

from blackbox.clock import Clock
from blackbox.services.mosquitto import Mosquitto
from domain.errors import InputError, Unavailable
from simulators.build import build_devices
from simulators.connection import Switch, connected, heeding, keep_connected
from simulators.device import Device
from simulators.faults import Reach
from simulators.link import Link
from simulators.live import ANSWERS, REQUESTS, FaultAnswer, FaultRequest, inject
from simulators.load import plan
from simulators.messages import Address, Message, Snapshot
from simulators.outbox import Counts
from simulators.publisher import Publisher, Undelivered, deliver, publish
from simulators.scenario import Scenario, find_scenario, load_scenario

START = datetime(2026, 7, 15, 6, 0, tzinfo=UTC)
FAST = 1200.0
"""Twenty domain minutes in a second."""
READINGS = "blackbox/v1/+/+/+/+/+/readings"
A, B = "91330106MA27XY001X", "91330203MA28XY002D"


def scenario(length: str = "1h", **parts: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "seed": 7,
            "start": "2026-07-15T06:00:00+08:00",
            "length": length,
            "devices": [
                entry("330106", A, "coldroom-1", "cold-room", "1m"),
                entry("330106", A, "coldroom-2", "cold-room", "1m"),
                entry("330203", B, "refrigerator-1", "refrigerator", "5m"),
            ],
            **parts,
        }
    )


def entry(region: str, enterprise: str, device: str, model: str, interval: str) -> Any:
    return {
        "region": region,
        "enterprise": enterprise,
        "device": device,
        "model": model,
        "interval": interval,
    }


def due(device: str, fault: str, at: str, lasts: str) -> dict[str, str]:
    return {"device": device, "fault": fault, "at": at, "lasts": lasts}


class Box:
    """Keeps messages and sends receipts, but not at every first time."""

    def __init__(self, url: str, *, forget: int, session: str | None) -> None:
        """Forget the first arrival of every `forget`-th message, if not 0."""
        self.ready = asyncio.Event()
        self.kept: dict[tuple[str, int], bytes] = {}
        """By topic and number."""
        self._url = url
        self._forget = forget
        self._session = session
        self._arrivals = 0
        self._arrived = asyncio.Event()
        self._forgotten: set[tuple[str, int]] = set()

    async def run(self) -> None:
        await keep_connected(self._url, self._session, self._hear, Switch())

    async def _hear(self, client: aiomqtt.Client) -> None:
        await heeding(client.subscribe(READINGS, qos=1))
        self.ready.set()
        async for message in client.messages:
            await self._take(client, message)

    async def seen(self, count: int) -> None:
        """Return when there have been that many arrivals."""
        async with asyncio.timeout(30):
            while self._arrivals < count:
                self._arrived.clear()
                await self._arrived.wait()

    async def _take(self, client: aiomqtt.Client, message: aiomqtt.Message) -> None:
        self._arrivals += 1
        self._arrived.set()
        properties: Any = message.properties
        said = dict(properties.UserProperty)
        topic, seq = str(message.topic), int(said["seq"])
        name = (topic, seq)
        if self._forget and seq % self._forget == 0 and name not in self._forgotten:
            self._forgotten.add(name)
            return
        payload = bytes(message.payload)
        self.kept[name] = payload
        receipt = {
            "boot": said["boot"],
            "kept": [[seq, seq]],
            "refused": [{"seq": seq, "reason": "unreadable"}] * (b"\xff" in payload),
        }
        receipts = topic.replace("readings", "receipts")
        # A publish that the broker's end interrupts is noticed by its time-out only.
        await heeding(client.publish(receipts, json.dumps(receipt), qos=1, timeout=2))


@asynccontextmanager
async def running_box(
    url: str, *, forget: int = 0, session: str | None = None
) -> AsyncIterator[Box]:
    """A box that is subscribed; with a `session` it survives the broker's end."""
    box = Box(url, forget=forget, session=session)
    task = asyncio.create_task(box.run())
    try:
        await box.ready.wait()
        yield box
    finally:
        task.cancel()
        await asyncio.wait({task})


def planned(scenario: Scenario) -> dict[tuple[str, int], bytes]:
    """What the devices of a scenario send, by topic and number, without any broker."""
    return {
        (device.address.topic("readings"), message.seq): message.payload()
        for device in build_devices(scenario, start=START, boot=START.isoformat())
        for message in messages(device, scenario.length)
    }


def messages(device: Device, length: timedelta) -> list[Message]:
    sent = [m for offset in device.offsets(length) for m in device.sample(offset)]
    return [*sent, *device.flush()]


async def test_nothing_is_lost_though_the_box_forgets_and_the_broker_is_killed(
    new_mosquitto: Callable[[], Mosquitto],
) -> None:
    broker = new_mosquitto()
    played = scenario(
        faults=[
            due("coldroom-1", "offline", "20m", "20m"),
            due("coldroom-2", "duplicates", "0s", "10m"),
            due("coldroom-2", "corrupt", "10m", "10m"),
            due("refrigerator-1", "offline", "30m", "30m"),
        ]
    )
    clock = Clock.resume(START, FAST)
    running = running_box(broker.url, forget=7, session="box")
    async with running as box, asyncio.TaskGroup() as group:
        publishing = group.create_task(
            publish(played, clock=clock, mqtt_url=broker.url, start=START)
        )
        await box.seen(40)
        broker.kill()
        await asyncio.sleep(0.5)
        broker.start()
        statistics = await publishing
    assert box.kept == planned(played)
    assert statistics.sent == statistics.kept == len(box.kept)
    assert statistics.waiting == 0
    assert statistics.resent > 0
    assert statistics.repeated == 10
    assert statistics.refused == sum(b"\xff" in p for p in box.kept.values()) == 3


async def test_short_scenario_plays_in_a_few_seconds(mosquitto: Mosquitto) -> None:
    short = load_scenario(find_scenario("short"))
    clock = Clock.resume(START, 3600.0)
    began = clock.elapsed()
    async with running_box(mosquitto.url) as box:
        statistics = await publish(
            short, clock=clock, mqtt_url=mosquitto.url, start=START
        )
    assert 2.9 < clock.elapsed() - began < 8.0
    assert statistics.sent == len(box.kept) == 180
    assert statistics.excluded == ()


async def test_what_is_waiting_is_named_when_patience_ends(
    mosquitto: Mosquitto,
) -> None:
    with pytest.raises(Undelivered, match="coldroom-1 5, coldroom-2 5") as caught:
        await publish(
            scenario("5m"),
            clock=Clock.resume(START, FAST),
            mqtt_url=mosquitto.url,
            start=START,
            boot="nobody listens",
            patience=0.3,
        )
    assert caught.value.waiting["refrigerator-1"] == 1


async def test_broker_that_is_away_is_waited_for(
    new_mosquitto: Callable[[], Mosquitto],
) -> None:
    broker = new_mosquitto()
    broker.stop()
    async with asyncio.TaskGroup() as group:
        publishing = group.create_task(
            publish(
                scenario("5m"),
                clock=Clock.resume(START, FAST),
                mqtt_url=broker.url,
                start=START,
            )
        )
        await asyncio.sleep(0.5)
        broker.start()
        async with running_box(broker.url):
            statistics = await publishing
    assert statistics.kept == 11


async def test_publisher_stops_cleanly_when_cancelled(mosquitto: Mosquitto) -> None:
    before = asyncio.all_tasks()
    publisher = Publisher(
        scenario("24h"),
        clock=Clock.resume(START, FAST),
        mqtt_url=mosquitto.url,
        start=START,
        boot="cancelled",
    )
    async with running_box(mosquitto.url) as box:
        publishing = asyncio.create_task(publisher.run())
        await box.seen(10)
        publishing.cancel()
        await asyncio.wait({publishing})
    assert publishing.cancelled()
    assert publisher.statistics.sent >= len(box.kept) >= 10
    assert asyncio.all_tasks() == before


async def test_live_fault_is_accepted_felt_and_excluded(mosquitto: Mosquitto) -> None:
    played = scenario("1h")
    async with running_box(mosquitto.url) as box, asyncio.TaskGroup() as group:
        publishing = group.create_task(
            publish(
                played,
                clock=Clock.resume(START, FAST),
                mqtt_url=mosquitto.url,
                start=START,
            )
        )
        await box.seen(10)
        minutes = timedelta(minutes=20)
        answer = await inject(mosquitto.url, "coldroom-1", "door-open", minutes)
        with pytest.raises(InputError, match="coldroom-1, coldroom-2, refrigerator-1"):
            await inject(mosquitto.url, "coldroom-9", "door-open", minutes)
        with pytest.raises(InputError, match="power-cut"):
            await inject(mosquitto.url, "coldroom-1", "meteorite", minutes)
        statistics = await publishing
    assert answer.begin is not None
    assert answer.end is not None
    assert answer.end - answer.begin == minutes
    recovered = answer.end + timedelta(hours=2)
    assert statistics.excluded == (("coldroom-1", answer.begin, recovered),)
    different = {n for n, p in planned(played).items() if box.kept[n] != p}
    assert {topic.split("/")[-2] for topic, _ in different} == {"coldroom-1"}


async def test_live_fault_without_simulators_says_so(
    mosquitto: Mosquitto, new_mosquitto: Callable[[], Mosquitto]
) -> None:
    hour = timedelta(hours=1)
    with pytest.raises(Unavailable, match="no simulators answered"):
        await inject(mosquitto.url, "coldroom-1", "door-open", hour, within=0.3)
    away = new_mosquitto()
    away.stop()
    with pytest.raises(Unavailable, match="no connection"):
        await inject(away.url, "coldroom-1", "door-open", hour)
    with pytest.raises(InputError, match="24 h"):
        await inject(away.url, "coldroom-1", "door-open", 25 * hour)
    with pytest.raises(InputError, match="mqtt://host:port"):
        await inject("http://127.0.0.1", "coldroom-1", "door-open", hour)


async def test_answer_to_somebody_else_is_not_ours(mosquitto: Mosquitto) -> None:
    async with connected(mosquitto.url) as simulators, asyncio.TaskGroup() as group:
        await simulators.subscribe(REQUESTS, qos=1)
        hour = timedelta(hours=1)
        asking = group.create_task(inject(mosquitto.url, "x", "door-open", hour))
        request = FaultRequest.model_validate_json(
            bytes((await anext(simulators.messages)).payload)
        )
        for name, accepted in (("another", False), (request.id, True)):
            answer = FaultAnswer(id=name, accepted=accepted)
            await simulators.publish(ANSWERS, answer.model_dump_json(), qos=1)
    assert asking.result().id == request.id


async def test_load_plan_is_delivered_as_fast_as_it_is_taken(
    mosquitto: Mosquitto,
) -> None:
    load = plan(1, 2000, load_scenario(find_scenario("demo")).devices)
    async with running_box(mosquitto.url) as box:
        counts = await deliver(load, clock=Clock.real(), mqtt_url=mosquitto.url)
    assert len(box.kept) == len(load)
    assert counts == Counts(
        sent=len(load),
        kept=len(load),
        refused=counts.refused,
        repeated=sum(message.copies - 1 for _, message in load),
        resent=counts.resent,  # where the machine is busy and a receipt takes its time
    )


Said = list[tuple[str, str]]
"""Device and status, in the order of arrival."""


@asynccontextmanager
async def listening(url: str) -> AsyncIterator[Said]:
    """What devices say of themselves, while this lasts and a moment longer."""
    said: Said = []

    async def listen(client: aiomqtt.Client) -> None:
        async for message in client.messages:
            status = json.loads(bytes(message.payload))
            assert status["boot"] == START.isoformat()
            assert not message.retain
            said.append((str(message.topic).split("/")[-2], status["status"]))

    async with connected(url) as client:
        await heeding(client.subscribe(READINGS.replace("readings", "status"), qos=1))
        task = asyncio.create_task(listen(client))
        yield said
        await asyncio.sleep(0.3)
        task.cancel()
        await asyncio.wait({task})


async def played_with(url: str, *faults: dict[str, str]) -> Said:
    """What three devices say of themselves in an hour with these faults."""
    async with listening(url) as said, running_box(url):
        await publish(
            scenario(faults=list(faults)),
            clock=Clock.resume(START, FAST),
            mqtt_url=url,
            start=START,
        )
    return said


def of(device: str, said: Said) -> list[str]:
    return [status for who, status in said if who == device]


async def test_every_device_says_that_it_comes_and_goes(mosquitto: Mosquitto) -> None:
    said = await played_with(mosquitto.url)
    assert [status for _, status in said] == ["online"] * 3 + ["offline"] * 3
    assert {device for device, _ in said[:3]} == {device for device, _ in said[3:]}


async def test_will_of_an_offline_device_is_heard_but_none_of_one_in_a_tunnel(
    mosquitto: Mosquitto,
) -> None:
    said = await played_with(
        mosquitto.url,
        due("coldroom-1", "offline", "20m", "20m"),
        due("coldroom-2", "radio-gap", "20m", "20m"),
        due("refrigerator-1", "silent", "20m", "20m"),
    )
    assert of("coldroom-1", said) == ["online", "offline"] * 2
    assert of("coldroom-2", said) == ["online", "offline"]
    assert of("refrigerator-1", said) == ["online", "offline"]


async def test_link_that_is_cut_leaves_its_will_each_time(mosquitto: Mosquitto) -> None:
    link = Link(
        Address(region="330106", enterprise=A, device="alone"),
        url=mosquitto.url,
        clock=Clock.resume(START, FAST),
        boot=START.isoformat(),
    )
    async with listening(mosquitto.url) as said:
        running = asyncio.create_task(link.run())
        await come(said, 1)
        link.turn(Reach.CUT)
        await come(said, 2)
        link.turn(Reach.REACHED)
        await come(said, 3)
        await link.leave()
        running.cancel()
        await asyncio.wait({running})
        await link.leave()
    assert of("alone", said) == ["online", "offline"] * 2


async def come(said: Said, count: int) -> None:
    """Return when so much was said."""
    async with asyncio.timeout(10):
        while len(said) < count:
            await asyncio.sleep(0.01)


async def test_scrambled_backlog_is_kept_as_it_was_planned(
    mosquitto: Mosquitto,
) -> None:
    played = scenario(
        faults=[
            due("coldroom-1", "radio-gap", "10m", "20m"),
            due("coldroom-2", "shuffled", "10m", "20m"),
            due("refrigerator-1", "conflicting", "10m", "20m"),
        ]
    )
    async with running_box(mosquitto.url) as box:
        statistics = await publish(
            played,
            clock=Clock.resume(START, FAST),
            mqtt_url=mosquitto.url,
            start=START,
        )
    assert box.kept == planned(played)
    assert statistics.sent == statistics.kept == len(box.kept)


async def test_stalled_link_sends_nothing_until_it_is_reached_again(
    mosquitto: Mosquitto,
) -> None:
    address = Address(region="330106", enterprise=A, device="stalled")
    link = Link(address, url=mosquitto.url, clock=Clock.real())
    snapshot = Snapshot(time=START, values={"t1": 5.0})
    async with running_box(mosquitto.url) as box:
        running = asyncio.create_task(link.run())
        link.put(Message(boot="b", seq=1, snapshots=(snapshot,)))
        await box.seen(1)
        link.turn(Reach.STALLED)
        link.put(Message(boot="b", seq=2, snapshots=(snapshot,)))
        await asyncio.sleep(0.3)
        assert [seq for _, seq in box.kept] == [1]
        link.turn(Reach.REACHED)
        await link.drained()
        assert [seq for _, seq in box.kept] == [1, 2]
        running.cancel()
        await asyncio.wait({running})


async def test_unreadable_receipt_is_passed_over(mosquitto: Mosquitto) -> None:
    played = scenario("2m")
    async with connected(mosquitto.url) as client, asyncio.TaskGroup() as group:
        publishing = group.create_task(
            publish(
                played,
                clock=Clock.resume(START, FAST),
                mqtt_url=mosquitto.url,
                start=START,
                boot="odd receipts",
            )
        )
        for topic, _ in planned(played):
            receipts = topic.replace("readings", "receipts")
            await client.publish(receipts, b'{"kept": "all"}', qos=1)
        async with running_box(mosquitto.url):
            assert (await publishing).kept == 5


async def test_connection_that_is_lost_as_it_is_told_to_end_is_not_made_again(
    mosquitto: Mosquitto,
) -> None:
    begun = asyncio.Event()

    async def session(_: aiomqtt.Client) -> None:
        """Ends as a TaskGroup does whose parts are cancelled and lose their connection at once."""
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise aiomqtt.MqttError("lost") from None

    task = asyncio.create_task(
        keep_connected(mosquitto.url, "somebody", session, Switch())
    )
    await begun.wait()
    task.cancel()
    async with asyncio.timeout(30):
        await asyncio.wait({task})
    assert task.cancelled()
