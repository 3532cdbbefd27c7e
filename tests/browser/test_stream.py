"""The stream of events behind a page; who is told of what: test_events.py."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from storage import journal
from storage.connect import connect
from tests.browser.sse import events
from tests.browser.world import WARM, World, opened
from tests.services import Database

EVENTS = "/api/v1/events"
AWAY = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'blackbox_web' AND datname = current_database()"


@asynccontextmanager
async def listening(
    client: httpx.AsyncClient, **headers: str
) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """The events of a page, as dictionaries of their fields."""
    async with client.stream("GET", EVENTS, headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        yield events(response)


async def next_of(kind: str, stream: AsyncIterator[dict[str, Any]]) -> dict[str, Any]:
    """The next event of that kind, within twenty seconds."""
    async with asyncio.timeout(20):
        async for event in stream:
            if event.get("event") == kind:
                return event
    raise AssertionError("the stream ended")


async def test_a_pulse_comes_each_second(client: httpx.AsyncClient) -> None:
    async with listening(client) as stream:
        for _ in range(2):
            pulse = (await next_of("pulse", stream))["data"]
            assert set(pulse) >= {"state", "reason", "age", "waiting", "mark"}


async def test_a_transaction_is_one_event(
    world: World, client: httpx.AsyncClient
) -> None:
    async with listening(client) as stream:
        await next_of("pulse", stream)
        await world.send("coldroom-1", *((m, {"t1": 9.4, "h1": 90}) for m, _ in WARM))
        told = (await next_of("journal", stream))["data"]
        assert [(one["alert"], one["event"]) for one in told] == [
            (1, "opened"),
            (2, "opened"),
        ]


async def test_a_page_that_comes_back_misses_nothing(
    world: World, client: httpx.AsyncClient
) -> None:
    async with listening(client) as stream:
        await next_of("pulse", stream)
        await opened(world)
        position = (await next_of("journal", stream))["id"]
    await world.send("coldroom-2", *WARM)
    async with listening(client) as stream:  # somebody else: the server knows by now
        await next_of("pulse", stream)
        await world.send("coldroom-1", (-0.5, {"t1": 5.0}))
        await next_of("journal", stream)
    async with listening(client, **{"Last-Event-ID": position}) as stream:
        missed = [(await next_of("journal", stream))["data"][0] for _ in range(2)]
        assert [(one["alert"], one["event"]) for one in missed] == [
            (2, "opened"),
            (1, "returned"),
        ]


async def test_after_the_database_was_away_nothing_is_missing(
    database: Database, world: World, client: httpx.AsyncClient
) -> None:
    async with listening(client) as stream:
        await next_of("pulse", stream)
        async with await connect(database.url(), name="test-owner") as owner:
            await owner.execute(AWAY)
        await opened(world)
        told = (await next_of("journal", stream))["data"]
        assert told[0]["event"] == "opened"


async def test_what_comes_between_page_and_stream_is_not_missed(
    world: World, client: httpx.AsyncClient
) -> None:
    position = await journal.horizon(world.connection)
    await opened(world)
    async with client.stream("GET", f"{EVENTS}?after={position}") as response:
        told = await next_of("journal", events(response))
        assert told["data"][0]["event"] == "opened"


def lines(text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if not line.startswith("#"))


async def test_open_pages_are_counted(client: httpx.AsyncClient) -> None:
    async with listening(client) as stream:
        await next_of("pulse", stream)
        metrics = (await client.get("/metrics")).text
    assert "blackbox_stream_clients 1.0" in lines(metrics)
