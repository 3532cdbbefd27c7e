"""The worker beside the intake loop: rolls up what intakes have touched, once it is over.

On a connection of its own, so that it neither waits for the intake nor keeps it waiting;
whatever happens to it, charts are right (`storage/rollups.py`), only slower.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import psycopg
import structlog

from domain.errors import Unavailable
from ingest import metrics
from ingest.loop import BEAT, Clock, Waits
from storage import rollups
from storage.connect import connect
from storage.unit import Connection

log = structlog.get_logger()


async def roll_up(url: str, clock: Clock, probe: Callable[[str], None]) -> None:
    """Roll up until cancelled, while no other process does."""
    waits = Waits()
    while True:
        try:
            async with await connect(url, name="blackbox roll-ups") as connection:
                await _work(connection, clock, waits, probe)
        except (Unavailable, psycopg.OperationalError) as error:
            log.warning("roll-ups wait for the database", error=str(error))
        except Exception:
            metrics.FAILURES.labels("roll-ups").inc()
            log.exception("not rolled up")
        await asyncio.sleep(waits.grow())


async def _work(
    connection: Connection, clock: Clock, waits: Waits, probe: Callable[[str], None]
) -> None:
    """Round after round, for as long as the connection lives; none beside another worker."""
    if not await rollups.lock(connection):
        return
    while True:
        now = clock.now()
        if taken := await rollups.take(connection, now):
            await rollups.roll_up(connection, taken, probe)
        metrics.TOUCHED.set(await rollups.waiting(connection, now))
        waits.reset()
        if not taken:
            await asyncio.sleep(BEAT)
