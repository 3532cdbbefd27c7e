"""A real client: mosquitto_pub, exactly as the README shows it."""

from __future__ import annotations

import asyncio
import re
import shlex
import shutil
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

from blackbox.registering import register
from blackbox.services.mosquitto import Mosquitto
from storage import status
from storage.connect import connect
from tests.processes import running
from tests.services import Database

README = Path(__file__).parents[2] / "README.md"
COMMAND = re.compile(r"```sh\n(mosquitto_pub .*?)```", re.DOTALL)
WORLD = (resources.files("simulators") / "scenarios" / "demo.registry.yaml").read_text()


def test_the_readme_shows_how_to_publish() -> None:
    assert COMMAND.search(README.read_text())


@pytest.mark.skipif(
    not shutil.which("mosquitto_pub"), reason="mosquitto_pub is not installed"
)
async def test_what_the_readme_publishes_is_stored(
    database: Database, new_mosquitto: Callable[[], Mosquitto], tmp_path: Path
) -> None:
    mosquitto = new_mosquitto()
    found = COMMAND.search(README.read_text())
    assert found
    command = shlex.split(
        found[1].replace("\\\n", " ").replace("$PORT", str(mosquitto.port))
    )
    settings = {"database_url": database.url("ingest"), "mqtt_url": mosquitto.url}
    log = tmp_path / "ingest.log"
    async with (
        running(("blackbox", "ingest"), log, **settings),
        await connect(database.url("web"), name="test") as connection,
    ):
        await register(connection, "33", WORLD, "test")
        process = await asyncio.create_subprocess_exec(*command)
        assert await process.wait() == 0
        ledger = await status.ledger(connection)
        for _ in range(600):
            if ledger["messages"]:
                break
            await asyncio.sleep(0.1)
            ledger = await status.ledger(connection)
    assert ledger["stored"] == ledger["offered"] > 0
