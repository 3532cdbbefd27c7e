"""Findings about devices and about the box's own deafness, told as timelines.

A logger reports every minute and may be silent for 15 min; `hear` takes a message in,
`tick` lets time be judged, both at a minute after the start of the series.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

import storage.requests
from alerting.findings.ticker import Hearing, as_listened
from domain.listened import Deafness, Listened
from ingest import requests
from storage import chain, registry, shares, status
from storage.connect import connect
from tests.database.box import (
    CODE,
    COLD_STORE,
    REAL,
    SHARE,
    Box,
    apply,
    message,
    said,
    snapshot,
)
from tests.series import at
from tests.services import Database
from tests.stored import acknowledge

WORLD = (
    COLD_STORE
    + """
          logger-1:
            name: Logger
            timeline:
              - {from: 2026-01-01T00:00:00Z, zone: cold, interval: 1m, rules: [device-silent]}
              - {from: 2026-11-22T05:00:00Z, in_use: empty}
              - {from: 2026-11-22T06:00:00Z, in_use: loaded}
            points: {t1: {quantity: temperature, resolution: 0.1}, t2: {quantity: temperature, resolution: 0.1}}
          logger-2:
            name: Logger of which nothing is expected
            timeline: [{from: 2026-01-01T00:00:00Z, zone: cold, interval: 10m}]
            points: {t1: {quantity: temperature, resolution: 0.1}}
"""
)
"""The first logger is empty from 5 h to 6 h."""
EXPECTED = WORLD.replace("interval: 10m}", "interval: 10m, rules: [device-silent]}")
"""The second is expected to speak, too."""
ANOTHER = (
    WORLD
    + """
          logger-3:
            name: Logger that came later
            timeline: [{from: 2026-01-01T00:00:00Z, zone: cold, interval: 1m, rules: [device-silent]}]
            points: {t1: {quantity: temperature, resolution: 0.1}}
"""
)
"""A third is expected to speak, since long ago as its timeline has it."""
SLOWER = WORLD.replace(
    "              - {from: 2026-11-22T05",
    "              - {from: 2026-11-22T00:20:00Z, interval: 9m}\n"
    "              - {from: 2026-11-22T05",
)
"""The first has more time from 20 min on."""


def m(minutes: float) -> datetime:
    return at("0s") + timedelta(minutes=minutes)


class Ticking:
    """A box, and what is done to it at which minute."""

    def __init__(self, box: Box, since: float = 0) -> None:
        self.box = box
        self.since = since

    async def hear(
        self, minute: float, value: float = 5.0, device: str = "logger-1", **how: Any
    ) -> None:
        """A reading of that minute, or of `measured`; late, if that is long ago."""
        time = m(how.get("measured", minute))
        await self.box.commit([message(snapshot(time, t1=value), device)], m(minute))

    async def say(self, minute: float, *signs: str, device: str = "logger-1") -> None:
        """What a device says of itself, in one batch."""
        await self.box.commit([said(sign, device) for sign in signs], m(minute))

    async def tick(
        self,
        minute: float,
        watermark: float | None = None,
        deaf: tuple[float, float | None] | None = None,
    ) -> None:
        """Let time be judged at a minute; the share has listened so far, unless said so."""
        upto = minute if watermark is None else watermark
        deafness = None
        if deaf is not None:
            end = None if deaf[1] is None else m(deaf[1])
            deafness = Deafness(start=m(deaf[0]), end=end)
        since = m(self.since)
        listened = Listened(
            watermark=m(upto), since=since, unbroken=since, deaf=deafness
        )
        await self.box.intake.tick(listened, m(minute))

    async def restart(self) -> None:
        """Another process goes on."""
        self.box = Box(self.box.connection, self.box.intake.share)
        await self.box.intake.reload()

    async def findings(self) -> list[tuple[str, str, float, float | None]]:
        """(device, rule, from, to), in minutes."""

        def minutes(time: datetime) -> float:
            return (time - m(0)) / timedelta(minutes=1)

        return [
            (device, rule, minutes(start), None if end is None else minutes(end))
            for code, device, rule, start, end in await status.findings(
                self.box.connection
            )
            if code == CODE
        ]

    async def intakes(self) -> int:
        return await self.box.scalar("SELECT count(*) FROM intake")


@asynccontextmanager
async def ticking(
    database: Database, hearing: Hearing = as_listened
) -> AsyncIterator[Ticking]:
    async with await connect(database.url("ingest"), name="test ingest") as connection:
        share = await shares.take_lease(connection, SHARE)
        box = Box(connection, share, hearing=hearing)
        await apply(box, WORLD)
        await box.intake.reload()
        yield Ticking(box)


@pytest.fixture
async def one(database: Database) -> AsyncIterator[Ticking]:
    """A ticking box; afterwards, all that must hold at any time holds."""
    async with ticking(database) as it:
        yield it
        await it.box.check()
        verified = await chain.verify(it.box.connection, lambda _done, _all: None)
        assert verified.fault is None


# Silence


async def test_a_silent_device_is_found_once_and_its_return_is_told(
    one: Ticking,
) -> None:
    await one.hear(10)
    await one.tick(25)
    assert await one.findings() == []
    await one.tick(26)
    await one.tick(27)
    assert await one.findings() == [("logger-1", "device-silent", 10, None)]
    await one.hear(40)
    await one.tick(40)
    await one.tick(50)
    assert await one.findings() == [("logger-1", "device-silent", 10, 40)]
    assert await one.box.journal() == ["1 opened major", "1 returned major"]
    assert await one.box.owed() == [
        "duty: 1 opened", "chief: 1 opened", "duty: 1 returned", "chief: 1 returned",
    ]  # fmt: skip


async def test_a_silence_ends_for_the_former_owner_and_begins_for_the_new_one(
    one: Ticking,
) -> None:
    heir = "91330203MA28XY002D"
    connection, share = one.box.connection, one.box.intake.share
    await apply(one.box, f"enterprises: {{{heir}: {{name: Heir, kind: clinic}}}}")
    await one.box.intake.reload()
    await one.hear(10)
    await one.tick(26)
    transfer = {"code": CODE, "site": "store-1", "to": heir}
    await storage.requests.submit(connection, share, "transfer", transfer, "test")
    await requests.carry_out(one.box.intake, m(30))
    await one.tick(31)
    await one.tick(32)
    await one.tick(33)
    assert await one.box.rows(
        "SELECT e.code, a.returned_at, a.predecessor FROM alert AS a"
        "  JOIN enterprise AS e ON e.id = a.enterprise ORDER BY a.id"
    ) == [(CODE, m(31), None), (heir, None, None)]
    assert await status.findings(connection) == [
        (heir, "logger-1", "device-silent", m(10), m(30)),
        (heir, "logger-1", "device-silent", m(10), None),
    ]


async def test_the_alert_is_of_the_device_and_of_no_point(one: Ticking) -> None:
    await one.hear(10)
    await one.tick(26)
    (row,) = await one.box.rows(
        "SELECT a.point, d.key, a.region, a.suppressed, v.rule, a.opened_at"
        "  FROM alert a JOIN device d ON d.id = a.device"
        "  JOIN rule_version v ON v.version = a.version"
        "  JOIN site s ON s.id = a.site AND s.enterprise = a.enterprise"
    )
    assert row == (None, "logger-1", "330106", False, "device-silent", m(26))
    body = await one.box.scalar("SELECT body FROM delivery LIMIT 1")
    assert body["subject"]["device"]["en"] == "Logger"
    assert "Where: West Lake Pharma · Cold store · Logger\n" in body["text"]["en"]
    assert "since 2026-11-22 08:10:00" in body["text"]["en"]
    assert body["subject"]["telephone"] == "0571-88880000"


async def test_nothing_is_written_while_nothing_begins_or_ends(one: Ticking) -> None:
    await one.hear(10)
    before = await one.intakes()
    for minute in range(11, 26):
        await one.tick(minute)
    assert await one.intakes() == before
    await one.tick(26)
    assert await one.intakes() == before + 1
    kinds = await one.box.rows("SELECT kind FROM intake ORDER BY number DESC LIMIT 1")
    assert kinds == [("tick",)]


async def test_silence_is_judged_by_the_watermark(one: Ticking) -> None:
    await one.hear(10)
    await one.tick(500, watermark=25)
    assert await one.findings() == []


async def test_silence_by_wall_clock_is_noticed(database: Database) -> None:
    """The mutant: a box that is deaf itself blames its devices."""

    def by_wall_clock(listened: Listened, now: datetime) -> Listened:
        return replace(listened, watermark=now)

    async with ticking(database, by_wall_clock) as it:
        await it.hear(10)
        await it.tick(500, watermark=25)
        assert ("logger-1", "device-silent", 10, None) in await it.findings()


async def test_each_device_is_silent_for_itself_and_by_its_own_interval(
    one: Ticking,
) -> None:
    await apply(one.box, EXPECTED)
    await one.box.intake.reload()
    await one.hear(10, device="logger-2")
    await one.tick(16)
    assert await one.findings() == [("logger-1", "device-silent", 0, None)]
    await one.tick(60)
    assert len(await one.findings()) == 1
    await one.tick(61)
    assert await one.findings() == [
        ("logger-1", "device-silent", 0, None),
        ("logger-2", "device-silent", 10, None),
    ]


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_device_is_not_silent_before_the_box_knew_of_it(
    one: Ticking, *, restarts: bool
) -> None:
    await one.hear(1000)
    await one.tick(1000)
    await apply(one.box, ANOTHER, m(1005))
    await one.box.intake.reload()
    for minute in (1005, 1015):
        await one.hear(minute)
        await one.tick(minute)
    if restarts:
        await one.restart()
    await one.hear(1020)
    await one.tick(1020)
    assert await one.findings() == []
    await one.tick(1021)
    assert await one.findings() == [("logger-3", "device-silent", 1005, None)]


async def test_any_message_is_a_sign_of_life(one: Ticking) -> None:
    await one.hear(10)
    await one.hear(20, measured=-500)
    await one.say(30, "alive")
    await one.hear(40, measured=50)
    await one.box.commit([message({"values": 1})], m(50))
    await one.tick(64)
    assert [f for f in await one.findings() if f[1] == "device-silent"] == []
    await one.box.commit([message(b"{")], m(64))
    await one.tick(66)
    found = await one.findings()
    assert ("logger-1", "device-silent", 50, None) in found


@pytest.mark.parametrize("restarts", [False, True])
async def test_what_is_readmitted_is_no_sign_of_life(
    one: Ticking, *, restarts: bool
) -> None:
    await one.hear(10)
    await one.box.commit([message(snapshot(m(11), t9=5.0))], m(11))
    (identity,) = await one.box.rows("SELECT identity FROM rejected")
    await one.box.connection.execute(
        "INSERT INTO request (share, kind, body, requested_by)"
        " VALUES (%s, 'readmission', json_build_object('identities', ARRAY[%s]), 'test')",
        (one.box.intake.share, identity[0].hex()),
    )
    await requests.carry_out(one.box.intake, m(20))
    if restarts:
        await one.restart()
    await one.tick(26)
    assert await one.findings() == []
    await one.tick(27)
    assert await one.findings() == [("logger-1", "device-silent", 11, None)]


async def test_a_will_is_found_at_once_and_a_birth_ends_it(one: Ticking) -> None:
    await one.hear(10)
    await one.say(12, "offline")
    await one.tick(12.1)
    assert await one.findings() == [("logger-1", "device-silent", 12, None)]
    await one.say(13, "online")
    await one.tick(13)
    assert await one.findings() == [("logger-1", "device-silent", 12, 13)]


async def test_the_last_word_of_a_batch_counts(one: Ticking) -> None:
    await one.say(10, "offline", "online")
    await one.tick(10)
    assert await one.findings() == []
    await one.say(11, "online", "offline")
    await one.tick(11.1)
    assert await one.findings() == [("logger-1", "device-silent", 11, None)]
    signs = await one.box.rows(
        "SELECT sign, messages, final FROM device_sign ORDER BY intake, sign"
    )
    assert signs == [
        ("offline", 1, False),
        ("online", 1, True),
        ("offline", 1, True),
        ("online", 1, False),
    ]


async def test_what_is_not_in_use_may_be_silent(one: Ticking) -> None:
    await one.hear(290)
    await one.tick(310)
    await one.say(320, "offline")
    await one.tick(355)
    assert await one.findings() == []
    await one.tick(375)
    assert await one.findings() == []
    await one.tick(376)
    assert await one.findings() == [("logger-1", "device-silent", 320, None)]


async def test_silence_ends_when_the_device_is_taken_out_of_use(one: Ticking) -> None:
    await one.hear(200)
    await one.tick(230)
    await one.tick(299)
    assert await one.findings() == [("logger-1", "device-silent", 200, None)]
    await one.tick(301)
    assert await one.findings() == [("logger-1", "device-silent", 200, 300)]


async def test_silence_that_recurs_joins_the_alert_that_nobody_answered(
    one: Ticking,
) -> None:
    for minute in (0, 30):
        await one.hear(minute)
        await one.tick(minute)
        await one.tick(minute + 20)
    assert await one.box.journal() == [
        "1 opened major", "1 returned major", "1 recurred major",
    ]  # fmt: skip
    assert await one.findings() == [
        ("logger-1", "device-silent", 0, 30),
        ("logger-1", "device-silent", 30, None),
    ]


async def test_silence_after_a_closed_alert_opens_a_linked_successor(
    database: Database, one: Ticking
) -> None:
    await one.hear(0)
    await one.tick(20)
    await one.hear(30)
    await one.tick(30)
    number = await one.box.scalar("SELECT id FROM alert")
    await acknowledge(database, number, m(31))
    await one.tick(50)
    rows = await one.box.rows("SELECT id, predecessor FROM alert ORDER BY id")
    assert [predecessor for _, predecessor in rows] == [None, number]


# Restarts and doubt


@pytest.mark.parametrize("restarts", [False, True])
async def test_a_restart_changes_nothing(one: Ticking, *, restarts: bool) -> None:
    async def step() -> None:
        if restarts:
            await one.restart()

    await one.hear(0)
    await one.say(1, "offline")
    await step()
    await one.tick(1.1)
    await step()
    await one.tick(2)
    await one.say(3, "online")
    await step()
    await one.tick(3)
    await one.hear(10)
    await step()
    await one.tick(25)
    await one.tick(26)
    await step()
    await one.tick(30)
    await one.hear(40)
    await step()
    await one.tick(41)
    assert await one.findings() == [
        ("logger-1", "device-silent", 1, 3),
        ("logger-1", "device-silent", 10, 40),
    ]


async def test_what_was_rolled_back_was_not_heard(database: Database) -> None:
    class BrokenError(Exception):
        pass

    def broken(point: str) -> None:
        if armed and point == "before-commit":
            raise BrokenError

    armed = False
    async with ticking(database) as it:
        it.box.intake._probe = broken
        await it.hear(10)
        armed = True
        with pytest.raises(BrokenError):
            await it.hear(20)
        with pytest.raises(BrokenError):
            await it.tick(26)
        assert await it.findings() == []
        armed = False
        await it.tick(26)
        assert await it.findings() == [("logger-1", "device-silent", 10, None)]


async def test_a_tick_is_not_judged_by_an_old_registry(one: Ticking) -> None:
    await one.hear(10)
    other = Box(one.box.connection, one.box.intake.share)
    await apply(other, SLOWER)
    with pytest.raises(Exception, match="registry has changed"):
        await one.tick(26)
    assert await registry.version(one.box.connection) == 2
    await one.box.intake.reload()
    await one.tick(26)
    assert await one.findings() == []


# Conflicts and clocks


async def test_conflicts_are_one_finding_until_there_was_none_for_an_hour(
    one: Ticking,
) -> None:
    for minute in range(0, 140, 10):
        await one.hear(minute)
        if minute < 60:
            await one.hear(minute, 6.0)
        await one.tick(minute)
    assert await one.findings() == [("logger-1", "conflict", 0, 50)]
    assert await one.box.journal() == ["1 opened major", "1 returned major"]
    first, last = await one.box.rows("SELECT at, detail FROM journal ORDER BY n")
    assert (first[0], last[0]) == (m(0), m(110))
    intakes = await one.box.rows("SELECT intake, against FROM conflict LIMIT 1")
    assert first[1] == {
        "from": m(0).isoformat(),
        "to": None,
        "point": "t1",
        "time": m(0).isoformat(),
        "values": [5.0, 6.0],
        "intakes": [intakes[0][1], intakes[0][0]],
        "incident": 1,
    }


async def test_a_conflict_within_one_batch_is_found_like_any(one: Ticking) -> None:
    batch = [message(snapshot(m(1), t1=value)) for value in (5.0, 6.0, 7.0)]
    await one.box.commit(batch, m(1))
    assert await one.findings() == [("logger-1", "conflict", 1, None)]


async def test_readings_from_the_future_are_a_finding_of_the_clock(
    one: Ticking,
) -> None:
    await one.hear(0)
    await one.hear(10, measured=130)
    await one.hear(20, measured=140)
    await one.hear(30)
    await one.restart()
    await one.tick(32)
    assert await one.findings() == [("logger-1", "clock-ahead", 10, None)]
    await one.hear(79)
    await one.tick(79)
    assert await one.box.journal() == ["1 opened minor"]
    await one.hear(80)
    await one.tick(80)
    assert await one.box.journal() == ["1 opened minor", "1 returned minor"]
    assert await one.findings() == [("logger-1", "clock-ahead", 10, 20)]
    await one.tick(81)
    assert await one.box.owed() == ["duty: 1 opened", "duty: 1 returned"]


async def test_conflicts_go_on_over_a_restart(one: Ticking) -> None:
    for minute in (0, 30):
        await one.hear(minute)
        await one.hear(minute, 6.0)
        await one.restart()
    await one.hear(80)
    await one.tick(80)
    await one.hear(89)
    await one.tick(89)
    assert await one.findings() == [("logger-1", "conflict", 0, None)]
    await one.tick(90)
    assert await one.findings() == [("logger-1", "conflict", 0, 30)]


async def test_a_conflict_of_what_is_not_in_use_is_kept_and_told_nobody(
    one: Ticking,
) -> None:
    for minute in (310, 365):
        await one.hear(minute)
        await one.hear(minute, 6.0)
    assert await one.box.rows("SELECT suppressed FROM alert ORDER BY id") == [
        (True,),
        (False,),
    ]
    assert await one.findings() == [
        ("logger-1", "conflict", 310, 310),
        ("logger-1", "conflict", 365, None),
    ]
    assert await one.box.owed() == ["duty: 2 opened", "chief: 2 opened"]


# Deafness


async def test_a_deaf_box_raises_one_alert_about_itself_and_none_about_its_devices(
    one: Ticking,
) -> None:
    await one.hear(10)
    await one.tick(20)
    await one.tick(60, watermark=20, deaf=(20, None))
    await one.tick(120, watermark=20, deaf=(20, None))
    assert await one.box.journal() == ["1 opened critical"]
    one.since = 180
    await one.tick(180, deaf=(20, 180))
    await one.tick(190, deaf=(20, 180))
    assert await one.box.journal() == ["1 opened critical", "1 returned critical"]
    details = await one.box.rows("SELECT detail FROM journal ORDER BY n")
    start, end = m(20).isoformat(), m(180).isoformat()
    assert details == [({"from": start, "to": None},), ({"from": start, "to": end},)]
    subjects = await one.box.rows("SELECT rule, point, device FROM alert")
    assert subjects == [("deaf", None, None)]
    assert await one.findings() == []
    await one.tick(196, deaf=(20, 180))
    assert ("logger-1", "device-silent", 10, None) in await one.findings()


async def test_deafness_over_a_restart_is_told_at_once_and_is_over(
    one: Ticking,
) -> None:
    await one.tick(1)
    await one.restart()
    await one.tick(60, deaf=(1, 60))
    await one.tick(61, deaf=(1, 60))
    await one.restart()
    await one.tick(62, deaf=(1, 60))
    found = await one.box.journal()
    assert [line for line in found if "critical" in line] == [
        "1 opened critical",
        "1 returned critical",
    ]
    assert (await one.box.owed())[:2] == ["duty: 1 opened", "chief: 1 opened"]
    body = await one.box.scalar("SELECT body FROM delivery ORDER BY alert LIMIT 1")
    assert (body["event"], body["state"]) == ("opened", "returned-unacknowledged")
    assert "2026-11-22 08:01:00 to 2026-11-22 09:00:00" in body["text"]["en"]


async def test_deafness_that_a_process_did_not_survive_ends_when_the_next_one_listens(
    one: Ticking,
) -> None:
    await one.tick(60, watermark=10, deaf=(10, None))
    await one.restart()
    await one.tick(61, watermark=10)
    assert await one.box.journal() == ["1 opened critical"]
    one.since = 62
    await one.tick(62)
    assert await one.box.journal() == ["1 opened critical", "1 returned critical"]


async def test_the_listening_goes_on_where_it_was_left(one: Ticking) -> None:
    connection, share = one.box.connection, one.box.intake.share
    assert await shares.listened(connection, share) is None

    async def beat(watermark: datetime | None) -> None:
        await shares.beat(
            connection,
            share,
            beat_at=REAL,
            connected=True,
            intake_at=None,
            waiting=0,
            watermark=watermark,
        )

    await beat(None)
    assert await shares.listened(connection, share) is None
    await beat(m(5))
    await beat(None)
    first = await one.box.scalar("SELECT arrived FROM intake WHERE number = 1")
    assert await shares.listened(connection, share) == (m(5), REAL, first)
    await one.tick(60, deaf=(1, 60))
    assert await shares.listened(connection, share) == (m(5), REAL, m(60))


async def test_alerts_of_the_box_belong_to_the_share_that_opened_them(
    database: Database, one: Ticking
) -> None:
    await one.tick(60, watermark=10, deaf=(10, None))
    async with await connect(database.url("ingest"), name="another") as connection:
        other = Ticking(Box(connection, await shares.take_lease(connection, "42")))
        await other.box.intake.reload()
        other.since = 500
        await other.tick(61, watermark=30, deaf=(30, None))
        await other.tick(62, deaf=(30, 62))
    assert await one.box.journal() == [
        "1 opened critical",
        "2 opened critical",
        "2 returned critical",
    ]
