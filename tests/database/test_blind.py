"""A box that cannot judge time says so, and takes in readings all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from domain.broker import Broker
from domain.listened import Listened
from ingest.loop import Ingestor, Settings
from storage.unit import Connection
from tests.clock import ManualClock
from tests.database.box import REAL, SHARE, Box, message, nothing, opened, snapshot
from tests.series import at
from tests.services import Database

BLIND = """
SELECT j.event, j.detail->>'error' FROM journal AS j JOIN alert AS a ON a.id = j.alert
 WHERE a.rule = 'blind' ORDER BY a.id, j.n
"""


class Looping:
    """The ticks of an ingestor, whose observer fails while it is `broken`."""

    def __init__(self, box: Box, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.box = box
        self.broken = True
        self.clock = ManualClock(at("10h"))
        sound = box.observer.due

        async def due(
            connection: Connection, share: int, listened: Listened, now: datetime
        ) -> bool:
            if self.broken:
                raise ZeroDivisionError("a bug\0 \ud800")
            return await sound(connection, share, listened, now)

        monkeypatch.setattr(box.observer, "due", due)
        settings = Settings(
            database_url=url, broker=Broker.parse("mqtt://127.0.0.1"), share=SHARE
        )
        self.ingestor = Ingestor(
            settings, box.observer, self.clock, real_now=lambda: REAL, probe=nothing
        )

    async def tick_for(self, seconds: int) -> None:
        """A tick every two seconds of real time."""
        for _ in range(0, seconds, 2):
            now = self.clock.advance(seconds=2)
            listened = Listened(watermark=now, since=now, unbroken=now)
            await self.ingestor._tick(self.box.intake, listened)

    async def told(self) -> list[Any]:
        return [event for event, _ in await self.box.rows(BLIND)]


@pytest.fixture
async def loop(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Looping]:
    async with opened(database) as box:
        yield Looping(box, database.url("ingest"), monkeypatch)
        await box.check()


async def test_a_box_that_cannot_judge_time_says_so_once(loop: Looping) -> None:
    await loop.tick_for(30)
    assert await loop.told() == []
    await loop.tick_for(60)
    assert await loop.told() == ["opened", "returned"]
    assert await loop.box.owed() == ["duty: 1 opened", "chief: 1 opened"]
    ((_, error), _) = await loop.box.rows(BLIND)
    assert error.startswith("ZeroDivisionError")
    body = await loop.box.scalar("SELECT body FROM delivery WHERE recipient = 'duty'")
    assert "cannot judge which devices are silent" in body["text"]["en"]
    await loop.box.commit([message(snapshot(at("10h"), t1=5.0))])
    assert (await loop.box.ledger())["stored"] == 1


async def test_a_tick_that_works_ends_the_episode(loop: Looping) -> None:
    await loop.tick_for(28)
    loop.broken = False
    await loop.tick_for(2)
    loop.broken = True
    await loop.tick_for(30)
    assert await loop.told() == []
    await loop.tick_for(4)
    loop.broken = False
    await loop.tick_for(2)
    loop.broken = True
    await loop.tick_for(34)
    assert await loop.told() == ["opened", "returned", "recurred", "returned"]
