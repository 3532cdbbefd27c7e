"""Roll-ups say what the readings say, whatever came in whatever order, and whoever was killed."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import NamedTuple

import psycopg
import pytest

from domain.readings import Reading
from ingest.intake import touched
from ingest.rolling_up import roll_up
from ingest.sorting import Sorted
from storage import rollups
from storage.connect import connect
from storage.readings import ensure_range
from storage.rollups import Level, Rolled, Windows
from storage.server import describe
from storage.unit import Connection
from tests.clock import ManualClock
from tests.database.box import Box, message_of
from tests.series import at
from tests.services import Database

START = datetime.fromisoformat("2026-10-30T15:00Z")
"""An hour before a local day, and nine before a month, and a partition, ends."""
SPAN = timedelta(days=3)
LATER = START + 2 * SPAN
POINTS = (1, 2)
INSERT = "INSERT INTO reading VALUES (%s, %s, 1, %s, %s, %s)"
CONTRADICT = "INSERT INTO conflict VALUES (%s, %s, 0, 1, 1, %s, %s, %s)"


class Row(NamedTuple):
    """A row of `reading`, or of `conflict`."""

    point: int
    time: datetime
    value: float | None
    quality: int
    provenance: int
    conflict: bool


def brute(rows: Iterable[Row], windows: Windows, width: timedelta) -> list[Rolled]:
    """What the roll-ups of one point have to be."""
    slices: dict[datetime, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.time):
        if any(start <= row.time < stop for start, stop in windows):
            slices[row.time - (row.time - rollups.ORIGIN) % width].append(row)
    return [summed(time, slices[time]) for time in sorted(slices)]


def summed(time: datetime, rows: list[Row]) -> Rolled:
    held = [row for row in rows if row.quality < 2 and row.value is not None]
    values = [row.value for row in held if row.value is not None]
    times = [row.time for row in held]
    steps = [b - a for a, b in pairwise(times)]
    return Rolled(
        time=time,
        low=min(values, default=None),
        high=max(values, default=None),
        total=sum(values),
        count=len(values),
        readings=len(rows),
        uncertain=sum(row.quality == 1 for row in held),
        first=min(times, default=None),
        last=max(times, default=None),
        step=max(steps, default=None),
        conflicts=sum(row.conflict for row in rows),
        late=sum(row.provenance == 1 for row in rows),
    )


class Store:
    """Readings as intakes store them, and questions about them. Values are eighths: sums are exact."""

    def __init__(self, ingest: Connection, web: Connection) -> None:
        self.ingest, self.web = ingest, web
        self.rows: list[Row] = []

    async def take_in(self, rows: list[Row]) -> None:
        """One intake."""
        async with self.ingest.transaction():
            await write(self.ingest, rows)
        self.rows += rows

    async def work(self, now: datetime = LATER) -> int:
        """Roll up all that is over; how many takes that was."""
        takes = 0
        while taken := await rollups.take(self.ingest, now):
            await rollups.roll_up(self.ingest, taken)
            takes += 1
        return takes

    async def check(
        self, windows: Windows, level: Level, width: timedelta | None = None
    ) -> None:
        """What is read is what the readings say."""
        for point in POINTS:
            own = [row for row in self.rows if row.point == point]
            found = await rollups.read(self.web, point, windows, level, width=width)
            assert found == brute(own, windows, width or level.width)


async def write(connection: Connection, rows: list[Row]) -> None:
    """What an intake writes."""
    result = Sorted()
    for row in rows:
        reading = Reading(*row[:3])
        if row.conflict:
            await connection.execute(CONTRADICT, row[:5])
            result.conflicts.append((reading, None, 1))
        else:
            await connection.execute(INSERT, row[:5])
            result.stored.append(reading)
    await rollups.touch(connection, touched(result))


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    async with (
        await connect(database.url("ingest"), name="test ingest") as ingest,
        await connect(database.url("web"), name="test web") as web,
    ):
        await ensure_range(ingest, START, START + SPAN)
        yield Store(ingest, web)


def some_row(random: Random, taken: set[tuple[int, datetime]]) -> Row | None:
    """A reading, or one that contradicts it; None: the slot has both."""
    point = random.choice(POINTS)
    minute = round(random.triangular(0, SPAN / timedelta(minutes=1) - 1, 600))
    time = START + timedelta(minutes=minute, seconds=random.choice((0, 0, 30)))
    conflict = (point, time) in taken
    if conflict and random.random() < 0.5:
        return None
    taken.add((point, time))
    value = random.choice((None, *(random.randrange(-40, 80) / 8 for _ in range(9))))
    quality, provenance = random.choice((0, 0, 0, 1, 2)), random.choice((0, 0, 1))
    return Row(point, time, value, quality, provenance, conflict)


def some_windows(random: Random) -> Windows:
    """Up to three stretches: whole days, hours, or any."""
    unit = random.choice((86400, 3600, 300, 7))
    last = 5 * 86400 // unit
    marks = sorted(random.sample(range(-1, last), k=random.choice((2, 4, 6))))
    base = Level.DAY.floor(START)
    times = [base + timedelta(seconds=unit * mark) for mark in marks]
    return list(zip(times[::2], times[1::2], strict=True))


WIDTHS = [
    *((level, None) for level in Level),
    (Level.FIVE_MINUTES, timedelta(minutes=15)),
    (Level.HOUR, timedelta(hours=8)),
    (Level.DAY, timedelta(days=2)),
]


class KilledError(Exception):
    """The worker was killed."""


async def killed(store: Store, random: Random, now: datetime) -> None:
    """Let the worker begin, and die somewhere."""
    left = random.randrange(3)

    def die(_point: str) -> None:
        nonlocal left
        if not left:
            raise KilledError
        left -= 1

    if taken := await rollups.take(store.ingest, now):
        with pytest.raises(KilledError):
            await rollups.roll_up(store.ingest, taken, die)


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_came_is_what_is_read(store: Store, seed: int) -> None:
    random, slots = Random(seed), set[tuple[int, datetime]]()
    for _ in range(14):
        batch = [some_row(random, slots) for _ in range(random.choice((1, 8, 120)))]
        distinct: dict[tuple[int, datetime, bool], Row] = {
            (row.point, row.time, row.conflict): row for row in batch if row
        }
        known = {(row.point, row.time) for row in store.rows if row.conflict}
        await store.take_in(
            [
                row
                for row in distinct.values()
                if not row.conflict or row[:2] not in known
            ]
        )
        match random.randrange(4):
            case 0:
                await store.work()
            case 1:
                await store.work(START + random.random() * SPAN)
            case 2:
                await killed(store, random, LATER)
            case _:
                pass
        for level, width in random.sample(WIDTHS, k=3):
            await store.check(some_windows(random), level, width)
    await store.work()
    for level, width in WIDTHS:
        await store.check([(START, LATER)], level, width)


def one(minute: float, value: float = 5, *, conflict: bool = False) -> Row:
    return Row(1, START + timedelta(minutes=minute), value, 0, 0, conflict)


async def levels(store: Store) -> list[tuple[int, int]]:
    """(level, readings) of everything that is rolled up."""
    cursor = await store.ingest.execute(
        "SELECT level, sum(readings)::int4 FROM rollup WHERE level > 0 GROUP BY 1 ORDER BY 1"
    )
    return [(level, readings) for level, readings in await cursor.fetchall()]


async def test_only_what_is_over_is_rolled_up(store: Store) -> None:
    await store.take_in([one(0), one(6)])
    await store.work(START + timedelta(minutes=9))
    assert await levels(store) == [(1, 1), (2, 1), (3, 1)]
    await store.work(START + timedelta(minutes=10))
    assert await levels(store) == [(1, 2), (2, 2), (3, 2)]


async def test_a_day_begins_at_midnight_of_china(store: Store) -> None:
    await store.take_in([one(59), one(60)])
    await store.work()
    found = await rollups.read(store.web, 1, [(START, LATER)], Level.DAY)
    assert [day.time.isoformat() for day in found] == [
        "2026-10-29T16:00:00+00:00",
        "2026-10-30T16:00:00+00:00",
    ]
    assert [day.count for day in found] == [1, 1]


async def test_what_comes_while_the_worker_works_stays_noted(
    store: Store, database: Database
) -> None:
    """Committed between any two of its statements."""
    await store.take_in([one(0)])
    late = iter(range(1, 4))

    def arrive(_point: str) -> None:
        row = one(next(late))
        with psycopg.connect(database.url("ingest")) as other:
            other.execute(INSERT, row[:5])
            other.execute(rollups.TOUCH, (START, [1]))
        store.rows.append(row)

    taken = await rollups.take(store.ingest, LATER)
    assert taken is not None
    await rollups.roll_up(store.ingest, taken, arrive)
    for level in Level:
        await store.check([(START, LATER)], level)
    assert await rollups.waiting(store.ingest, LATER) == 3
    assert await store.work() == 1
    assert await levels(store) == [(1, 4), (2, 4), (3, 4)]


async def test_an_intake_that_commits_after_the_worker_began_is_not_lost(
    store: Store, database: Database
) -> None:
    await store.take_in([one(0)])
    async with await connect(database.url("ingest"), name="test") as other:
        async with other.transaction():
            await write(other, [one(1)])
            assert await store.work() == 1
        store.rows.append(one(1))
    await store.check([(START, LATER)], Level.HOUR)
    assert await store.work() == 1
    assert await levels(store) == [(1, 2), (2, 2), (3, 2)]


async def test_there_is_one_worker_at_a_time(store: Store, database: Database) -> None:
    async with await connect(database.url("ingest"), name="worker") as first:
        assert await rollups.lock(first)
        assert not await rollups.lock(store.ingest)
    for _ in range(100):  # the server takes a moment to see that the first is gone
        if await rollups.lock(store.ingest):
            return
        await asyncio.sleep(0.05)
    pytest.fail("the lock was not freed")


async def test_many_notes_are_taken_in_pieces(store: Store) -> None:
    everything = [(START + n * timedelta(minutes=5), [1, 2]) for n in range(800)]
    for _ in range(7):
        await rollups.touch(store.ingest, dict(everything))
    await store.take_in([one(m) for m in range(0, 4000, 7)])
    assert await store.work() == 2
    await store.check([(START, LATER)], Level.HOUR)


async def test_what_was_rolled_up_outlives_its_readings(
    store: Store, database: Database
) -> None:
    """Retention removes readings; a note that is left then takes nothing away."""
    await store.take_in([one(0), one(1)])
    await store.work()
    with psycopg.connect(database.url()) as owner:
        owner.execute("DELETE FROM reading")
    await rollups.touch(store.ingest, {START: [1]})
    await store.work()
    assert await levels(store) == [(1, 2), (2, 2), (3, 2)]


async def test_late_readings_reach_compressed_roll_ups(
    store: Store, database: Database
) -> None:
    if (await describe(store.ingest)).variant != "timescaledb":
        pytest.skip("plain PostgreSQL has no compressed chunks")
    await store.take_in([one(m) for m in range(0, 3000, 2)])
    await store.work()
    with psycopg.connect(database.url(), autocommit=True) as owner:
        for table in ("reading", "rollup_fine", "rollup_coarse"):
            owner.execute(
                "SELECT compress_chunk(c) FROM show_chunks(%s) AS c", (table,)
            )
    await store.take_in([one(m, 9) for m in range(1, 3000, 2)])
    await store.take_in([one(m, -9, conflict=True) for m in range(0, 3000, 50)])
    for _ in range(2):
        for level in Level:
            await store.check([(START, LATER)], level)
        await store.work()
    assert {readings for _, readings in await levels(store)} == {3060}


async def test_no_window_no_readings_and_odd_widths(store: Store) -> None:
    assert await rollups.read(store.web, 1, [], Level.DAY) == []
    with pytest.raises(ValueError, match="no multiple of 1:00:00"):
        await rollups.read(
            store.web, 1, [(START, LATER)], Level.HOUR, width=timedelta(minutes=90)
        )


async def test_the_worker_goes_on_after_the_database_was_away(
    box: Box, database: Database
) -> None:
    """Through the intake itself, and its worker as the ingestor runs it."""
    clock = ManualClock(at("10h"))
    worker = asyncio.create_task(roll_up(database.url("ingest"), clock, lambda _: None))
    try:
        for minute in range(3):
            await box.commit(
                [message_of(Reading(0, at(f"{minute}m"), 5.0), "t1")], at("10h")
            )
            await drained(box)
            with psycopg.connect(database.url(), autocommit=True) as owner:
                owner.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'blackbox roll-ups'"
                    "   AND datname = current_database()"
                )
        assert await box.scalar("SELECT readings FROM rollup WHERE level = 3") == 3
    finally:
        worker.cancel()


async def drained(box: Box) -> None:
    """Wait until nothing waits."""
    for _ in range(200):
        if not await rollups.waiting(box.connection, at("10h")):
            return
        await asyncio.sleep(0.05)
    pytest.fail("nobody rolls up")
