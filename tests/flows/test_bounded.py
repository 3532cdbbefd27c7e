"""The database is away: nothing is lost, and the ingestor's memory stays bounded.

Twenty times the cap wait in the broker meanwhile; what the ingestor holds is the cap.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import aiomqtt
import psutil
import pytest

from blackbox.registering import register
from blackbox.services.mosquitto import Mosquitto
from blackbox.services.postgres import EmbeddedPostgres
from storage import status
from storage.connect import connect
from storage.migrate import LOGINS, migrate
from tests.processes import running

CAP = 500
BACKLOG = 20 * CAP
GROWTH = 64 * 1024 * 1024
"""Bytes that the ingestor may grow by."""
PADDING = "x" * 12_000
"""Makes the whole backlog twice what the ingestor may grow by."""
TOPIC = "blackbox/v1/33/01/06/{}/coldroom-1/readings"
WORLD = (resources.files("simulators") / "scenarios" / "demo.registry.yaml").read_text()
START = datetime(2026, 7, 15, tzinfo=UTC)


async def publish_backlog(url: str, code: str) -> None:
    """Publish all of it at QoS 1."""
    host, port = url.removeprefix("mqtt://").split(":")
    async with aiomqtt.Client(host, int(port), max_inflight_messages=1000) as client:
        waits = []
        for n in range(BACKLOG):
            document = {
                "time": (START + timedelta(seconds=n)).isoformat(),
                "values": {"t1": 5.0},
                "note": PADDING,
            }
            waits.append(
                client.publish(
                    TOPIC.format(code), json.dumps(document), qos=1, timeout=60
                )
            )
        for at in range(0, BACKLOG, 500):
            await asyncio.gather(*waits[at : at + 500])


async def stored(database: str) -> int:
    async with await connect(database, name="test") as connection:
        return (await status.ledger(connection))["stored"]


@pytest.mark.timeout(120)
async def test_memory_stays_bounded_while_the_database_is_away_and_nothing_is_lost(
    new_postgres: Callable[[], EmbeddedPostgres],
    new_mosquitto: Callable[[], Mosquitto],
    tmp_path: Path,
) -> None:
    postgres, mosquitto = new_postgres(), new_mosquitto()
    await migrate(postgres.url())
    settings = {
        "database_url": postgres.url(user=LOGINS["ingest"]),
        "mqtt_url": mosquitto.url,
        "batch_messages": str(CAP),
        "batch_bytes": str(16 * 1024 * 1024),
    }
    log = tmp_path / "ingest.log"
    async with running(("blackbox", "ingest"), log, **settings) as process:
        async with await connect(
            postgres.url(user=LOGINS["web"]), name="test"
        ) as connection:
            await register(connection, "33", WORLD, "test")
        code = next(line for line in WORLD.splitlines() if "91330106" in line).strip(
            " :\"'"
        )
        before = psutil.Process(process.pid).memory_info().rss
        postgres.kill()
        await publish_backlog(mosquitto.url, code)
        await asyncio.sleep(1)
        grown = psutil.Process(process.pid).memory_info().rss - before
        postgres.start()
        count = 0
        for _ in range(300):
            count = await stored(postgres.url())
            if count >= BACKLOG:
                break
            await asyncio.sleep(0.2)
        peak = psutil.Process(process.pid).memory_info().rss - before

    assert count == BACKLOG
    assert grown < GROWTH
    assert peak < GROWTH
