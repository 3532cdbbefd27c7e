"""A session at the broker that should exist and does not: recorded, and raised."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, LiteralString

from blackbox.services.mosquitto import Mosquitto
from storage.connect import connect
from storage.unit import Connection
from tests.processes import running
from tests.services import Database

EVENTS = "SELECT kind FROM box_event ORDER BY intake"
ALERTS = """
SELECT a.rule, a.point, j.event FROM journal AS j JOIN alert AS a ON a.id = j.alert
 ORDER BY j.alert, j.n
"""
OWED = "SELECT count(*) FROM delivery"


async def until(connection: Connection, query: LiteralString, rows: list[Any]) -> None:
    found: list[Any] = []
    for _ in range(600):
        found = await (await connection.execute(query)).fetchall()
        if found == rows:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(found)


async def test_a_session_that_the_broker_forgot_is_recorded_and_raised_and_one_that_it_kept_is_not(
    database: Database, new_mosquitto: Callable[[], Mosquitto], tmp_path: Path
) -> None:
    mosquitto = new_mosquitto()
    settings = {"database_url": database.url("ingest"), "mqtt_url": mosquitto.url}
    log = tmp_path / "ingest.log"
    async with await connect(database.url(), name="test") as connection:
        async with running(("blackbox", "ingest"), log, **settings):
            await until(connection, EVENTS, [("session_opened",)])
        async with running(("blackbox", "ingest"), log, **settings):
            while "session_present=True" not in log.read_text():
                await asyncio.sleep(0.1)
            await until(connection, EVENTS, [("session_opened",)])
            await asyncio.to_thread(mosquitto.kill)
            shutil.rmtree(mosquitto.data)
            mosquitto.start()
            await until(connection, EVENTS, [("session_opened",), ("session_lost",)])
        await until(
            connection,
            ALERTS,
            [("session-lost", None, "opened"), ("session-lost", None, "returned")],
        )
        await until(connection, OWED, [(1,)])
