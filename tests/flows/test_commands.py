"""The command line, on a running ingestor: what an engineer does in an afternoon."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from blackbox.services.mosquitto import Mosquitto
from storage.connect import connect
from tests.processes import running
from tests.services import Database

WORLD = (resources.files("simulators") / "scenarios" / "demo.registry.yaml").read_text()
CODE = "91330106MA27XY001X"
TOPIC = f"blackbox/v1/33/01/06/{CODE}/coldroom-1/readings"
EARLY = {
    "boot": "b", "seq": 1, "time": "2026-07-15T08:00:00+08:00", "values": {"t1": 5.3},
}  # fmt: skip
PROVENANCE = """
SELECT r.provenance, i.arrived = (SELECT min(arrived) FROM intake WHERE kind = 'readings')
  FROM reading AS r JOIN intake AS i ON i.id = r.intake
"""


class Bench:
    """An ingestor with its services, and the command line on them."""

    def __init__(self, database: Database, mosquitto: Mosquitto) -> None:
        self.database = database
        self.mosquitto = mosquitto

    def settings(self, role: str) -> dict[str, str]:
        return {
            "database_url": self.database.url(role),
            "mqtt_url": self.mosquitto.url,
        }

    async def command(self, *arguments: str, role: str = "web") -> tuple[int, str, str]:
        """Exit code, output, errors."""
        own = {f"BLACKBOX_{k.upper()}": v for k, v in self.settings(role).items()}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "blackbox", *arguments,
            env={**os.environ, **own}, stdout=-1, stderr=-1,
        )  # fmt: skip
        output, errors = await process.communicate()
        return process.returncode or 0, output.decode(), errors.decode()

    async def publish(self, document: Mapping[str, object]) -> dict[str, Any]:
        """Publish one message; its receipt."""
        async with aiomqtt.Client("127.0.0.1", self.mosquitto.port) as client:
            await client.subscribe(TOPIC.replace("/readings", "/receipts"))
            await client.publish(TOPIC, json.dumps(document), qos=1)
            async with asyncio.timeout(60):
                async for message in client.messages:
                    return json.loads(bytes(message.payload))
        raise AssertionError


@pytest.fixture
async def bench(
    database: Database, new_mosquitto: Callable[[], Mosquitto], tmp_path: Path
) -> AsyncIterator[Bench]:
    bench = Bench(database, new_mosquitto())
    log = tmp_path / "ingest.log"
    async with running(("blackbox", "ingest"), log, **bench.settings("ingest")):
        yield bench


async def test_what_came_before_its_device_was_registered_is_readmitted(
    bench: Bench, tmp_path: Path
) -> None:
    file = tmp_path / "world.yaml"
    file.write_text(WORLD)
    while not (await bench.command("status", "--json"))[1].count('"established"'):
        await asyncio.sleep(0.2)
    receipt = await bench.publish(EARLY)
    assert receipt["kept"] == [[1, 1]]
    (refused,) = receipt["refused"]
    assert refused["reason"] == "unknown_device"
    assert "registry apply" in refused["remedy"]

    code, output, _ = await bench.command("registry", "apply", str(file))
    assert (code, "coldroom-1" in output) == (0, True)
    code, output, _ = await bench.command("registry", "apply", str(file))
    assert (code, "unchanged" in output) == (0, True)
    code, output, _ = await bench.command("registry", "show")
    assert (code, "coldroom-1/t1" in output) == (0, True)

    code, output, _ = await bench.command("rejected", "list")
    assert (code, "unknown_device" in output) == (0, True)
    code, output, errors = await bench.command(
        "rejected", "readmit", "--reason", "unknown_device"
    )
    assert (code, json.loads(output)) == (0, {"stored": 1}), errors
    code, output, _ = await bench.command("rejected", "list")
    assert "→ stored" in output

    async with await connect(bench.database.url(), name="test") as connection:
        rows = await (await connection.execute(PROVENANCE)).fetchall()
    assert rows == [(3, True)]

    code, output, _ = await bench.command("status", "--json")
    status = json.loads(output)
    assert (status["stored"], status["unreadable"], status["adds_up"]) == (1, 1, True)
    assert status["broker"] == f"127.0.0.1:{bench.mosquitto.port}"
    code, output, _ = await bench.command("verify", role="owner")
    assert (code, "the chain holds" in output) == (0, True)


async def test_broken_registry_file_is_refused_with_its_lines(
    bench: Bench, tmp_path: Path
) -> None:
    file = tmp_path / "world.yaml"
    file.write_text(
        WORLD.replace(CODE, "91330106MA27XY0019").replace("330203", "990203", 1)
    )
    code, _, errors = await bench.command("registry", "apply", str(file))
    assert code == 2
    assert "line" in errors
    assert len(errors.splitlines()) > 2
    assert "Traceback" not in errors


async def test_wrong_setting_ends_the_start_with_a_message_that_names_it(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    async with running(("blackbox", "ingest"), log, share="everything") as process:
        assert await process.wait() == 2
    assert "BLACKBOX_SHARE" in log.read_text()
    assert "Traceback" not in log.read_text()


async def test_ready_rules_are_listed_with_their_basis(bench: Bench) -> None:
    _, output, _ = await bench.command("rules", "list", "--json")
    rules = {rule["key"]: rule for rule in json.loads(output)}
    assert {"gsp-cold-room", "gsp-humidity", "who-refrigerator-heat"} <= rules.keys()
    assert all(rule["basis"]["zh"] and rule["basis"]["en"] for rule in rules.values())
