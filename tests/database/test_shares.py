"""Shares: who writes, what became of the session, signs of life, and what status says of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import pytest

from domain.errors import LeaseLost
from storage import shares, status
from storage.connect import connect
from storage.unit import Connection
from tests.services import Database

NOW = datetime.fromisoformat("2026-11-22T08:00Z")


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as one:
        yield one


async def ingestor(database: Database, stack: AsyncExitStack) -> Connection:
    connection = await connect(database.url("ingest"), name="test")
    return await stack.enter_async_context(connection)


async def test_one_process_has_the_lease_of_a_share(
    database: Database, stack: AsyncExitStack
) -> None:
    first, second = [await ingestor(database, stack) for _ in range(2)]
    number = await shares.take_lease(first, "33")
    assert await shares.find(second, "33") == number
    with pytest.raises(LeaseLost, match="share 33"):
        await shares.take_lease(second, "33")
    assert await shares.take_lease(second, "42") != number


async def test_the_lease_dies_with_its_connection(
    database: Database, stack: AsyncExitStack
) -> None:
    first, second = [await ingestor(database, stack) for _ in range(2)]
    number = await shares.take_lease(first, "33")
    await first.close()
    async with asyncio.timeout(20):
        while True:  # the server notices a moment later
            try:
                assert await shares.take_lease(second, "33") == number
                break
            except LeaseLost:
                await asyncio.sleep(0.01)


async def test_shares_that_begin_at_once_get_numbers_of_their_own(
    database: Database, stack: AsyncExitStack
) -> None:
    names = [f"33/0{n}" for n in range(1, 7)]
    connections = [await ingestor(database, stack) for _ in names]
    numbers = await asyncio.gather(
        *(
            shares.take_lease(connection, name)
            for connection, name in zip(connections, names, strict=True)
        )
    )
    assert len(set(numbers)) == len(names)
    assert all(number > 0 for number in numbers)


async def test_what_is_known_of_the_session_is_kept(
    database: Database, stack: AsyncExitStack
) -> None:
    connection = await ingestor(database, stack)
    share = await shares.take_lease(connection, "33")
    assert await shares.session(connection, share) == "none"
    await shares.set_session(connection, share, "resuming")
    assert await shares.session(connection, share) == "resuming"


async def test_status_says_when_each_share_last_gave_a_sign_of_life(
    database: Database, stack: AsyncExitStack
) -> None:
    connection = await ingestor(database, stack)
    share = await shares.take_lease(connection, "33")
    quiet = {"connected": None, "waiting": None, "beat_seconds_ago": None}
    (before,) = (await status.read(connection, NOW))["shares"]
    assert before == {"share": "33", "intakes": 0, "session": "none", **quiet}
    for intake_at in (NOW, None):
        await shares.beat(
            connection,
            share,
            beat_at=NOW,
            connected=True,
            intake_at=intake_at,
            waiting=7,
        )
    later = NOW + timedelta(seconds=2.5)
    found = await status.read(connection, later)
    (after,) = found["shares"]
    assert (after["connected"], after["waiting"]) == (True, 7)
    assert after["beat_seconds_ago"] == 2.5
    assert found["adds_up"]
    assert found["registry_version"] == found["alerts"] == 0
    rows = await connection.execute("SELECT intake_at FROM heartbeat")
    assert await rows.fetchall() == [(NOW,)]


@pytest.mark.parametrize(("running", "other"), [("33", "33/01"), ("33/01", "33")])
async def test_shares_that_overlap_have_one_writer_together(
    database: Database, stack: AsyncExitStack, running: str, other: str
) -> None:
    first, second = [await ingestor(database, stack) for _ in range(2)]
    await shares.take_lease(first, running)
    with pytest.raises(LeaseLost, match=f"share {running} "):
        await shares.take_lease(second, other)
    await shares.take_lease(second, "33/02" if running == "33/01" else "34")
