"""Connections: what needs no broker."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from simulators.connection import heeding


async def swallowing() -> str:
    """What `asyncio.wait_for` does when it is cancelled as its result comes."""
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(60)
    return "result"


async def test_cancellation_that_a_call_swallows_is_heeded() -> None:
    task = asyncio.create_task(heeding(swallowing()))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()


async def test_earlier_cancellation_that_was_dealt_with_does_not_matter() -> None:
    async def body() -> str:
        await swallowing()
        return await heeding(asyncio.sleep(0, "result"))

    task = asyncio.create_task(body())
    await asyncio.sleep(0)
    task.cancel()
    assert await task == "result"
