"""Channels that stay unreachable become an alert of the box; real time is minutes after REAL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from alerting.findings.channel_health import ChannelHealth
from alerting.findings.finding import Findings
from alerting.telling.owing import Telling
from storage import channel_health
from tests.database.box import CHIEF, REAL, TEN, Box, opened
from tests.services import Database
from tests.stored import connected

BODIES = "SELECT body->'text'->>'en' FROM delivery ORDER BY alert, n"


class Watched:
    """A box, and a dispatcher's word on channels."""

    def __init__(self, box: Box, dispatcher: Any) -> None:
        self.box = box
        self.dispatcher = dispatcher
        self.minute = 0.0
        self.health = self.watch()

    def watch(self) -> ChannelHealth:
        """An ingestor's, newly started."""
        return ChannelHealth(Findings(Telling([CHIEF], self.real)), self.real)

    def real(self) -> datetime:
        return REAL + timedelta(minutes=self.minute)

    async def fail(
        self, minute: float, *channels: str, gave_up: bool = False, times: int = 1
    ) -> None:
        self.minute = minute
        for channel in channels * times:
            await channel_health.failed(
                self.dispatcher,
                channel,
                at=self.real(),
                gave_up=gave_up,
                detail="HTTP 500",
            )

    async def work(self, minute: float, *channels: str) -> None:
        self.minute = minute
        for channel in channels:
            await channel_health.works(self.dispatcher, channel)

    async def look(self, minute: float, share: int | None = None) -> bool:
        """Whether there was anything to write at a minute."""
        self.minute = minute
        number = self.box.intake.share if share is None else share
        if not await self.health.due(self.box.connection, number, TEN):
            return False
        async with self.box.intake.unit("session", TEN, TEN) as unit:
            await self.health.tick(unit, TEN)
        return True


@asynccontextmanager
async def watching(database: Database) -> AsyncIterator[Watched]:
    async with (
        opened(database) as box,
        connected(database, "dispatch") as dispatcher,
    ):
        yield Watched(box, dispatcher)
        await box.check_alerts()


@pytest.fixture
async def one(database: Database) -> AsyncIterator[Watched]:
    async with watching(database) as it:
        yield it


async def test_a_channel_that_fails_for_15_minutes_is_told_once_and_its_end(
    one: Watched,
) -> None:
    await one.fail(0, "mail", times=3)
    assert not await one.look(14)
    assert await one.look(15)
    assert not await one.look(16)
    await one.fail(17, "mail")
    assert not await one.look(18)
    await one.work(20, "mail")
    assert await one.look(21)
    assert not await one.look(22)
    assert await one.box.journal() == ["1 opened major", "1 returned major"]
    began, ended = [row[0] for row in await one.box.rows(BODIES)]
    assert began == (
        "Major alert: a channel of notifications fails, people may not be told\n"
        "Where: the black box itself\n"
        "When: since 2026-11-22 18:00:00 (Beijing time, +08:00)\n"
        "Channels: mail\n"
        "What to do: check the channel's address, its keys and the network; what is owed is"
        " tried for 24 h; until it works, reach the people concerned by other means\n"
        "Number: 1-1"
    )
    assert ended.startswith("Major alert, back to normal: a channel")
    assert "Channels" not in ended
    detail = await one.box.scalar("SELECT detail FROM journal WHERE n = 1")
    assert detail == {
        "channels": {
            "mail": {
                "failing_since": REAL.isoformat(),
                "failures": 3,
                "gave_up": False,
                "detail": "HTTP 500",
            }
        }
    }


async def test_less_than_three_failures_are_none_yet(one: Watched) -> None:
    await one.fail(0, "mail", times=2)
    assert not await one.look(60)
    await one.fail(61, "mail")
    assert await one.look(62)


async def test_a_success_in_between_begins_anew(one: Watched) -> None:
    await one.fail(0, "mail", times=5)
    await one.work(10, "mail")
    await one.fail(11, "mail", times=5)
    assert not await one.look(20)
    assert await one.look(26)


async def test_a_delivery_given_up_is_told_at_once(one: Watched) -> None:
    await one.fail(0, "webhook", gave_up=True)
    assert await one.look(1)


async def test_another_channel_that_fails_is_news_and_the_end_is_that_of_all(
    one: Watched,
) -> None:
    await one.fail(0, "mail", "sms", times=3)
    await one.fail(10, "hook", times=3)
    assert await one.look(15)
    assert await one.look(25)
    await one.work(30, "mail", "hook")
    assert not await one.look(31)
    await one.work(32, "sms")
    assert await one.look(33)
    assert await one.box.journal() == [
        "1 opened major", "1 recurred major", "1 returned major"
    ]  # fmt: skip
    second = (await one.box.rows(BODIES))[1][0]
    assert "Channels: hook, mail, sms\n" in second


async def test_what_fails_and_works_by_turns_is_told_once_in_a_while(
    one: Watched,
) -> None:
    await one.fail(0, "mail", gave_up=True)
    assert await one.look(1)
    await one.work(2, "mail")
    assert await one.look(3)
    await one.fail(4, "mail", gave_up=True)
    assert not await one.look(5)
    await one.work(6, "mail")
    await one.fail(7, "mail", gave_up=True)
    assert not await one.look(17)
    assert await one.look(18.1)


async def test_only_the_first_share_speaks_for_the_box(one: Watched) -> None:
    await one.fail(0, "mail", gave_up=True)
    assert not await one.look(1, share=one.box.intake.share + 1)
    assert await one.look(2)


async def test_a_share_that_nobody_ingests_any_more_speaks_for_nobody(
    one: Watched, database: Database
) -> None:
    first = one.box.intake.share
    await one.fail(0, "mail", gave_up=True)
    assert await one.look(1)
    async with connected(database, "owner") as owner:
        add = "INSERT INTO share (id, name, digest) VALUES (%s, '44', '')"
        await owner.execute(add, (first + 1,))
        beat = "INSERT INTO heartbeat (share, beat_at, connected, waiting) VALUES (%s, %s, true, 0)"
        await owner.execute(beat, (first, one.real()))
    one.minute, connection = 16.0, one.box.connection
    assert not await one.watch().due(connection, first + 1, TEN)
    one.minute = 16.1
    assert await one.watch().due(connection, first + 1, TEN)
    one.health = one.watch()
    assert await one.look(16.1), "what it had said, ends: another one speaks"


async def test_the_table_is_asked_every_five_seconds_at_most(one: Watched) -> None:
    assert not await one.look(0)
    await one.fail(0, "mail", gave_up=True)
    assert not await one.look(4.9 / 60)
    assert await one.look(5.1 / 60)


async def test_a_restart_neither_repeats_nor_forgets(one: Watched) -> None:
    await one.fail(0, "mail", gave_up=True)
    assert await one.look(1)
    one.health = one.watch()
    assert not await one.look(2)
    one.health.forget()
    await one.work(3, "mail")
    assert await one.look(3)
