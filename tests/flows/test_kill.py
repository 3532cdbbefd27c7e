"""Receipt means kept: whichever process is killed, wherever, nothing is lost.

The same 20,000 readings, some of them late, shuffled or in conflict, are sent twice: to a
system that nobody disturbs and to one whose ingestor, broker and database are killed again
and again. What is kept and found in the end is equal.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import psycopg
import pytest

from alerting.life import life_cycle
from blackbox.clock import Clock
from blackbox.registering import register
from blackbox.services.mosquitto import Mosquitto
from blackbox.services.postgres import EmbeddedPostgres
from domain.errors import Unavailable
from simulators.load import DISORDER, plan
from simulators.messages import Address, Message
from simulators.publisher import deliver
from simulators.scenario import find_scenario, load_scenario
from storage import alerts, chain, journal, status
from storage.connect import connect
from storage.migrate import LOGINS, migrate
from storage.unit import Connection
from tests.processes import running
from tests.receiver import Receiver, receiver

SEED = 20_261_122
SECRET = "whsec_" + "dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0"
READINGS = 20_000
SLICES = 10
AGAIN = "judged-again"
"""Where the past was judged again, and nothing of that is written yet."""
POINTS = (
    AGAIN,
    "after-copy",
    "after-rules",
    "before-commit",
    "after-commit",
    "between-pubacks",
    "lookup",
    "rejection",
)
HITS = (3, 7)
KILLS = sorted(
    ((point, hit) for hit in HITS for point in POINTS), key=lambda k: k[0] != AGAIN
)
"""What was sent once is late no more when it comes again: where that is needed, is first."""
SERVICES = {3: "broker", 6: "database", 9: "broker", 12: "database"}
"""After so many kills of the ingestor this service is killed, too, while it works."""
SCENARIO = load_scenario(find_scenario("demo"))
FAULTS = (*DISORDER[2:], *DISORDER[:2])
"""Turned by two devices: those with excursions have what is late and what contradicts."""
WORLD = (resources.files("simulators") / "scenarios" / "demo.registry.yaml").read_text()

VALUES = """
SELECT point, time, value FROM reading UNION SELECT point, time, value FROM conflict
"""
REJECTIONS = "SELECT identity FROM rejected"
EXCURSIONS = """
SELECT point, rule, level, started, ended, peak, peak_time FROM excursion WHERE NOT withdrawn
"""
LIVE_ALERTS = """
SELECT x.id, count(a.id)
  FROM excursion AS x
  LEFT JOIN alert_excursion AS ae ON ae.excursion = x.id
  LEFT JOIN alert AS a ON a.id = ae.alert AND a.withdrawn_at IS NULL
 WHERE NOT x.withdrawn
 GROUP BY x.id
"""
LEDGER_BY_DEVICE = """
SELECT p.device, count(*),
       (SELECT sum(stored) FROM ledger AS l WHERE l.device = p.device)
  FROM reading AS r JOIN point AS p ON p.id = r.point
 GROUP BY p.device
"""
CONFLICTS = "SELECT count(*) FROM conflict"
REVISED = """
SELECT count(*) FILTER (WHERE r.withdrawn), count(*) FILTER (WHERE NOT r.withdrawn)
  FROM excursion_revision AS r
  JOIN excursion_revision AS old
    ON old.excursion = r.excursion AND old.revision = r.revision - 1
 WHERE r.withdrawn OR old.ended IS NOT NULL
"""
"""How often what was told was withdrawn, and how often what had ended has changed."""
OWN = """
WITH own AS (
    SELECT a.id AS alert, x.point, x.started, x.ended
      FROM excursion AS x
      JOIN alert_excursion AS ae ON ae.excursion = x.id
      JOIN alert AS a ON a.id = ae.alert AND a.withdrawn_at IS NULL
     WHERE NOT x.withdrawn)
"""
COPIED = (
    OWN
    + """
SELECT count(*), count(*) FILTER (WHERE c.alert IS NULL)
  FROM own
  JOIN reading AS r ON r.point = own.point
                   AND r.time BETWEEN started AND coalesce(ended, 'infinity')
  LEFT JOIN alert_reading AS c ON (c.alert, c.point, c.time) = (own.alert, r.point, r.time)
"""
)
COPIED_CONFLICTS = (
    OWN
    + """
SELECT count(*), count(*) FILTER (WHERE c.alert IS NULL)
  FROM own
  JOIN conflict AS x ON x.point = own.point
                    AND x.time BETWEEN started AND coalesce(ended, 'infinity')
  LEFT JOIN alert_conflict AS c
         ON (c.alert, c.point, c.time, c.judged) = (own.alert, x.point, x.time, x.judged)
"""
)
"""How many alerts must have copied, and how many of them are missing."""
OWED_WEBHOOKS = "SELECT id FROM delivery WHERE channel = 'webhook'"
ALERTS = "SELECT id FROM alert ORDER BY id"
PROGRESS = "SELECT coalesce(max(number), 0) FROM share WHERE id > 0"


@dataclass
class System:
    """One whole system: services, ingestor, dispatcher."""

    postgres: EmbeddedPostgres
    mosquitto: Mosquitto
    directory: Path
    told: dict[str, str] = field(default_factory=dict)
    """Settings that make it tell somebody."""

    def settings(self, role: str) -> dict[str, str]:
        return {
            "database_url": self.postgres.url(user=LOGINS[role]),
            "mqtt_url": self.mosquitto.url,
            "batch_messages": "40",
            **self.told,
        }

    async def send(self, messages: Sequence[tuple[Address, Message]]) -> None:
        await deliver(
            messages, clock=Clock.real(), mqtt_url=self.mosquitto.url, patience=60
        )

    async def progress(self) -> int:
        """Number of the newest intake."""
        async with await connect(self.postgres.url(), name="test") as connection:
            return (await rows(connection, PROGRESS))[0][0]

    async def moved(self, beyond: int) -> None:
        """Wait until there is an intake after `beyond`."""
        for _ in range(600):
            with suppress(Unavailable, psycopg.OperationalError):
                if await self.progress() > beyond:
                    return
            await asyncio.sleep(0.1)
        raise AssertionError("no intake for a minute")


async def rows(connection: Connection, query: Any) -> list[tuple[Any, ...]]:
    return await (await connection.execute(query)).fetchall()


async def prepared(system: System) -> None:
    """Migrated, and the world registered by an ingestor of its own."""
    await migrate(system.postgres.url())
    log = system.directory / "first.log"
    async with (
        running(("blackbox", "ingest"), log, **system.settings("ingest")),
        await connect(
            system.postgres.url(user=LOGINS["web"]), name="test"
        ) as connection,
    ):
        await register(connection, "33", WORLD, "test")


async def undisturbed(
    system: System, messages: Sequence[tuple[Address, Message]]
) -> None:
    log = system.directory / "ingest.log"
    async with running(("blackbox", "ingest"), log, **system.settings("ingest")):
        await system.send(messages)


async def disturbed(
    system: System, messages: Sequence[tuple[Address, Message]]
) -> None:
    """Send slice after slice, until all are kept and everybody has been killed."""
    killed, sent_all = asyncio.Event(), asyncio.Event()
    size = -(-len(messages) // SLICES)
    slices = [messages[at : at + size] for at in range(0, len(messages), size)]
    sent = 0
    async with asyncio.TaskGroup() as group:
        group.create_task(kill_all(system, killed, sent_all))
        while sent < len(slices) or not killed.is_set():
            await system.send(slices[sent % len(slices)])
            sent += 1
        sent_all.set()


async def kill_all(
    system: System, killed: asyncio.Event, sent_all: asyncio.Event
) -> None:
    """Kill the ingestor at every point, the services in between; the last one lives on."""
    log, hits = system.directory / "ingest.log", system.directory / "hits"
    for done, (point, hit) in enumerate(KILLS):
        command = ("tests.flows.killing_ingest", point, str(hit), str(hits))
        async with running(command, log, **system.settings("ingest")) as process:
            async with asyncio.timeout(60):
                await process.wait()
        if done in SERVICES:
            await kill_service(system, SERVICES[done], log, hits)
    killed.set()
    async with running(("blackbox", "ingest"), log, **system.settings("ingest")):
        await sent_all.wait()


async def kill_service(system: System, name: str, log: Path, hits: Path) -> None:
    """SIGKILL a service while the ingestor works, start it again, let the work go on."""
    service = system.mosquitto if name == "broker" else system.postgres
    async with running(
        ("blackbox", "ingest"), log, **system.settings("ingest")
    ) as process:
        await system.moved(beyond=await system.progress())
        before = await system.progress()
        service.kill()
        with hits.open("a") as file:
            file.write(f"{name}\n")
        await asyncio.to_thread(service.start)
        await system.moved(beyond=before)
        process.kill()
        await process.wait()


async def all_told(system: System, received: Receiver) -> set[str]:
    """The webhooks owed, once all of them have arrived."""
    owed: set[str] = set()
    async with await connect(system.postgres.url(), name="test") as connection:
        for _ in range(600):
            owed = {row[0] for row in await rows(connection, OWED_WEBHOOKS)}
            if owed <= received.counts.keys():
                return owed
            await asyncio.sleep(0.1)
    return owed


async def state(system: System) -> dict[str, Any]:
    """What must be equal."""
    async with await connect(system.postgres.url(), name="test") as connection:
        return {
            "values": set(await rows(connection, VALUES)),
            "rejections": set(await rows(connection, REJECTIONS)),
            "excursions": set(await rows(connection, EXCURSIONS)),
        }


async def check_journals(connection: Connection) -> int:
    """Replaying each journal gives its alert's state, without a gap; how many alerts."""
    ids = [row[0] for row in await rows(connection, ALERTS)]
    heads = await alerts.lock(connection, ids)
    for number in ids:
        entries = await journal.entries(connection, number)
        assert life_cycle.replay(entries) == life_cycle.state(heads[number])
        assert len(entries) == heads[number].entries
    return len(ids)


@pytest.mark.timeout(300)
async def test_nothing_is_lost_when_ingestor_broker_and_database_are_killed(
    new_postgres: Callable[[], EmbeddedPostgres],
    new_mosquitto: Callable[[], Mosquitto],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    messages = plan(SEED, READINGS, SCENARIO.devices, travelling=FAULTS)
    calm, wild = (
        System(new_postgres(), new_mosquitto(), tmp_path / name)
        for name in ("calm", "wild")
    )
    for system in (calm, wild):
        system.directory.mkdir()
        await prepared(system)

    await undisturbed(calm, messages)
    async with receiver() as received:
        told = {
            "webhook_url": received.url,
            "webhook_secret": SECRET,
            "allow_internal": "true",
        }
        wild.told = told
        log = wild.directory / "dispatch.log"
        async with running(("blackbox", "dispatch"), log, **wild.settings("dispatch")):
            await disturbed(wild, messages)
            owed = await all_told(wild, received)

    hits = Counter((wild.directory / "hits").read_text().split())
    expected, found = await state(calm), await state(wild)
    async with await connect(wild.postgres.url(), name="test") as connection:
        verified = await chain.verify(connection, lambda _done, _all: None)
        live = Counter(count for _, count in await rows(connection, LIVE_ALERTS))
        by_device = await rows(connection, LEDGER_BY_DEVICE)
        adds_up = await status.adds_up(connection)
        journals = await check_journals(connection)
        ledger = await status.ledger(connection)
        (conflicts,) = (await rows(connection, CONFLICTS))[0]
        withdrawn, changed = (await rows(connection, REVISED))[0]
        copies, copies_missing = (await rows(connection, COPIED))[0]
        beside, beside_missing = (await rows(connection, COPIED_CONFLICTS))[0]
    record_property(
        "figures",
        f"kills {json.dumps(hits)}; ledger {json.dumps(ledger)}; "
        f"{len(found['excursions'])} excursions, {withdrawn} withdrawn, {changed} "
        f"changed after their end, {journals} journals, {copies} + {beside} copies, "
        f"{len(owed)} webhooks, {verified.intakes} intakes",
    )

    assert all(hits[point] >= 2 for point in (*POINTS, "broker", "database")), hits
    assert conflicts
    assert withdrawn
    assert changed
    assert found["values"] == expected["values"]
    assert len(found["values"]) >= READINGS
    assert found["rejections"] == expected["rejections"]
    assert found["rejections"]
    assert found["excursions"] == expected["excursions"]
    assert found["excursions"]
    assert live == {1: len(found["excursions"])}
    assert copies
    assert beside
    assert copies_missing == beside_missing == 0
    assert adds_up
    assert all(stored == counted for _, stored, counted in by_device)
    assert owed
    assert owed <= received.counts.keys()
    assert verified.fault is None
