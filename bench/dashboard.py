"""What the supervisor's screen costs: charts from roll-ups, and what keeping these costs the intake.

    python -m bench.dashboard [--rounds 3]

On one real database with fsync; every ratio is of figures of the same run.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from unittest.mock import patch

import psycopg
from psycopg.conninfo import make_conninfo

from bench import box, late, world
from bench.alerting import each
from ingest.rolling_up import roll_up
from storage import rollups
from storage.connect import connect
from storage.rollups import ORIGIN, Level
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
SLICES: dict[str, tuple[Level, timedelta]] = {
    "days": (Level.DAY, timedelta(days=1)),
    "slices of 8 h": (Level.HOUR, timedelta(hours=8)),
}


async def year(database: Database, rounds: int) -> None:
    """Query and fetch of a year of a point at one reading a minute ÷ SELECT 1."""
    with psycopg.connect(database.url(), cursor_factory=psycopg.ClientCursor) as owner:
        owner.execute(SEED, {"start": START, "stop": STOP})
    async with await connect(database.url("ingest"), name="bench") as worker:
        while taken := await rollups.take(worker, NOW):
            await rollups.roll_up(worker, taken)
    with psycopg.connect(database.url(), autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")
    async with await connect(database.url("web"), name="bench") as web:
        for _ in range(rounds):
            one = await each(lambda: web.execute("SELECT 1"), 200)
            for name, (level, width) in SLICES.items():
                read = chart(web, level, width)
                took = await each(read, 50)
                print(
                    f"  {len(await read()):5,} {name:15} {1e3 * took:6.2f} ms"
                    f" = × {took / one:4.0f} of {1e3 * one:.3f} ms"
                )


def chart(
    web: Connection, level: Level, width: timedelta
) -> Callable[[], Awaitable[list[rollups.Rolled]]]:
    """Reads the year."""
    return lambda: rollups.read(web, 1, [(START, STOP)], level, width=width)


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
    """One run on a database of its own; the worker finds everything over at once."""
    sent = world.stream(50, 4 * 60, 0.0, late.LONGEST)
    async with AsyncExitStack() as stack:
        own = await stack.enter_async_context(
            box.opened(admin, 50, next(iter(world.RULES.values())))
        )
        if how == "neither":
            stack.enter_context(patch.object(rollups, "touch", nothing))
        if how == "worker":
            clock = ManualClock(sent[-1].arrived + timedelta(days=1))
            url = make_conninfo(own.connection.info.dsn, password=PASSWORD)
            task = asyncio.create_task(roll_up(url, clock, lambda _: None))
            stack.callback(task.cancel)
        return await late.feed(own, sent, 500, how)


async def nothing(*_: object) -> None:
    """Notes nothing."""


async def measure(options: argparse.Namespace) -> None:
    """All of it."""
    with box.server() as admin:
        async with box.migrated(admin) as database:
            print("\na year of one point, 525,600 readings")
            await year(database, options.rounds)
        print("\nthe intake, and roll-ups beside it")
        await intake(admin, options.rounds)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=3)
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
