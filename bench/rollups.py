"""What charts from roll-ups cost, and what keeping roll-ups costs the intake."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress
from datetime import timedelta

import psycopg
from psycopg.conninfo import make_conninfo

from bench import box, late, world
from bench.alerting import each
from dashboard.parts.chart.curves import MOST
from dashboard.parts.chart.slices import level, narrowest
from dashboard.pool import new_pool
from ingest.rolling_up import roll_up
from storage import rollups
from storage.connect import connect
from storage.rollups import ORIGIN
from storage.unit import Connection
from tests.clock import ManualClock
from tests.services import PASSWORD, Database

START = ORIGIN.replace(year=2025)
STOP = ORIGIN.replace(year=2026)
SEED = """
SELECT ensure_reading_range(%(start)s, %(stop)s);
INSERT INTO reading SELECT 1, t, 1, 5 + sin(extract(epoch FROM t) / 40000), 0, 0
  FROM generate_series(%(start)s, %(stop)s::timestamptz - interval '1 min', '1 min') AS t;
INSERT INTO touched (bucket, points) SELECT DISTINCT date_bin('5 min', time, %(start)s), ARRAY[1] FROM reading;
"""
NOW = STOP - timedelta(minutes=3)
"""The last five minutes of the year are not over: that is how a chart mostly ends."""
UNNOTED = "CREATE RULE unnoted AS ON INSERT TO touched DO INSTEAD NOTHING"


async def year(database: Database, rounds: int) -> None:
    """Query and fetch of a year of a point at one reading a minute ÷ SELECT 1."""
    with psycopg.connect(database.url(), cursor_factory=psycopg.ClientCursor) as owner:
        owner.execute(SEED, {"start": START, "stop": STOP})
    async with await connect(database.url("ingest"), name="bench") as worker:
        while taken := await rollups.take(worker, NOW):
            await rollups.roll_up(worker, taken)
    with psycopg.connect(database.url(), autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")
    async with new_pool(database.url("web")) as pool, pool.connection() as web:
        for _ in range(rounds):
            one = await each(lambda: web.execute("SELECT 1"), 200)
            took = await each(lambda: chart(web), 200)
            print(
                f"  {len(await chart(web)):5,} slices {1e3 * took:6.2f} ms"
                f" = × {took / one:4.0f} of {1e3 * one:.3f} ms"
            )


async def chart(web: Connection) -> list[rollups.Rolled]:
    """The year, in slices as wide as the page has them: days."""
    width = narrowest(STOP - START, MOST)
    return await rollups.read(web, 1, [(START, STOP)], level(width), width=width)


# The intake -------------------------------------------------------------------------


async def intake(admin: str, rounds: int) -> None:
    """Readings per second without notes, with them, and with the worker beside, in turn."""
    speeds: dict[str, list[late.Speed]] = {"neither": [], "notes": [], "worker": []}
    for _ in range(rounds):
        for how, found in speeds.items():
            found.append(await feed(admin, how))
    for how, found in speeds.items():
        ratios = [
            b.readings / a.readings
            for a, b in zip(speeds["neither"], found, strict=True)
        ]
        speed = late.spread([one.readings for one in found], ",.0f")
        print(f"  {how:8} {speed:28} readings/s = × {late.spread(ratios, '.2f')}")


async def feed(admin: str, how: str) -> late.Speed:
    """One run on a database of its own; the worker finds everything over at once.

    Without notes, the database drops them; what names them (in Python) is in all figures.
    """
    sent = world.stream(50, 4 * 60, 0.0, late.LONGEST)
    async with AsyncExitStack() as stack:
        own = await stack.enter_async_context(
            box.opened(admin, 50, next(iter(world.RULES.values())))
        )
        if how == "neither":
            await unnoted(admin, own.connection.info.dbname)
        if how == "worker":
            clock = ManualClock(sent[-1].arrived + timedelta(days=1))
            url = make_conninfo(own.connection.info.dsn, password=PASSWORD)
            task = asyncio.create_task(roll_up(url, clock, lambda _: None))
            stack.push_async_callback(stopped, task)
        return await late.feed(own, sent, 500, how)


async def stopped(task: asyncio.Task[None]) -> None:
    """Cancel it, and wait until it has closed its connection."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def unnoted(admin: str, name: str) -> None:
    """Let that database drop the notes."""
    async with await connect(
        Database(name=name, admin=admin).url(), name="bench"
    ) as owner:
        await owner.execute(UNNOTED)
