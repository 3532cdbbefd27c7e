"""A box that cannot judge time says so, and takes in readings all the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
from psycopg.errors import DivisionByZero

from alerting.judges import Unhearing
from alerting.timed import Timed
from domain.broker import Broker
from domain.listened import Listened
from ingest.loop import Ingestor, Settings
from storage.evidence import BOX_EVENT
from storage.unit import Connection, Unit
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
        ticker = box.observer.timed[0]
        sound = ticker.due

        async def due(
            connection: Connection, share: int, listened: Listened, now: datetime
        ) -> bool:
            if self.broken:
                raise ZeroDivisionError("a bug\0 \ud800")
            return await sound(connection, share, listened, now)

        monkeypatch.setattr(ticker, "due", due)
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
    assert "cannot judge all that time brings" in body["text"]["en"]
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


class Bell(Timed):
    """Rings once by an event of the box, and may fail when asked or when writing."""

    def __init__(self, fails: str = "") -> None:
        self.fails, self.forgot, self.rang = fails, 0, False

    async def due(self, connection: Connection, share: int, now: datetime) -> bool:
        if self.fails == "due":
            await connection.execute("SELECT 1 / 0")
        return not self.rang

    async def tick(self, unit: Unit, now: datetime) -> None:
        await unit.write(BOX_EVENT, [(unit.id, now, "rang", "{}")])
        if self.fails == "tick":
            await unit.connection.execute("SELECT 1 / 0")
        self.rang = True

    def forget(self) -> None:
        self.forgot += 1


@pytest.mark.parametrize("fails", ["due", "tick"])
@pytest.mark.parametrize("broken", [0, 1, 2])
async def test_what_fails_to_judge_time_keeps_none_of_the_others_back(
    database: Database, fails: str, broken: int
) -> None:
    async with opened(database) as box:
        bells = [Bell(fails if n == broken else "") for n in range(3)]
        box.observer.timed = (*box.observer.timed, *map(Unhearing, bells))
        now = at("10h")
        listened = Listened(watermark=now, since=now, unbroken=now)
        with pytest.raises(DivisionByZero):
            await box.intake.tick(listened, now)
        assert [bell.rang for bell in bells] == [n != broken for n in range(3)]
        assert [bell.forgot for bell in bells] == [int(n == broken) for n in range(3)]
        rang = await box.scalar("SELECT count(*) FROM box_event WHERE kind = 'rang'")
        assert rang == 2
        await box.check()
