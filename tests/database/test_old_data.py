"""Late data into what is old: partitions of earlier months, and chunks that are compressed."""

from __future__ import annotations

import psycopg
import pytest

from storage.server import describe
from tests.database.box import Box, message_of, opened
from tests.series import at, series
from tests.services import Database

OLD = at("0s", "2026-09-30T23:00Z")
"""An hour before a month, and with it a partition and a chunk, ends."""
NOW = at("10h")


async def send(box: Box, minute: int, text: str) -> None:
    """Readings of the old time, from that minute on, arriving now."""
    start = at(f"{minute}m", OLD.isoformat())
    found = series(start.isoformat(), "1m", text)
    await box.commit([message_of(reading, "t1") for reading in found], NOW)


async def correct_the_past(box: Box) -> None:
    """A gap is filled and an excursion ends in it; one is found; one is in conflict."""
    await send(box, 53, "7.6 7.6 9 5 9 9")
    await send(box, 20, "9 5")
    await send(box, 58, "5.0")
    await send(box, 58, "4.2")
    await box.check()


async def the_past(box: Box) -> list[tuple[int, int]]:
    """Excursions of level `excursion`: from, to, in minutes after OLD."""
    return [
        (round((e.start - OLD).total_seconds() / 60), round((e.end - OLD).total_seconds() / 60))
        for e in await box.excursions()
        if e.level == "excursion" and e.end
    ]  # fmt: skip


async def test_late_data_reach_partitions_of_earlier_months(database: Database) -> None:
    async with opened(database) as box:
        await send(box, 0, "5x50 9x3 -x6 9x8 5x40")
        assert await the_past(box) == [(50, 67)]
        await correct_the_past(box)
        assert await the_past(box) == [(20, 21), (50, 53), (55, 56), (57, 67)]
        assert (await box.ledger())["conflicts"] == 3


async def test_late_data_reach_compressed_chunks(database: Database) -> None:
    async with opened(database) as box:
        if (await describe(box.connection)).variant != "timescaledb":
            pytest.skip("plain PostgreSQL has no compressed chunks")
        await send(box, 0, "5x50 9x3 -x6 9x8 5x40")
        with psycopg.connect(database.url(), autocommit=True) as owner:
            compressed = owner.execute(
                "SELECT compress_chunk(c) FROM show_chunks('reading') AS c"
            )
            assert compressed.rowcount == 2
        await correct_the_past(box)
        assert await the_past(box) == [(20, 21), (50, 53), (55, 56), (57, 67)]
        assert (await box.ledger())["conflicts"] == 3
