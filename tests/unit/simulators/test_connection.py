"""Connections: what needs no broker."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from domain.errors import InputError
from simulators.connection import Broker, heeding


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


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1883", "mqtt://", "127.0.0.1:1883", "mqtt://a:b"]
)
def test_url_that_is_no_broker_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="mqtt://host:port"):
        Broker.parse(url)


def test_url_of_a_broker_has_a_default_port_and_may_have_a_login() -> None:
    assert Broker.parse("mqtt://a") == Broker("a", 1883, None, None)
    assert Broker.parse("mqtt://me:p%40ss@a:1") == Broker("a", 1, "me", "p@ss")
