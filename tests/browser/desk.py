"""A province with some days behind it: what every page has something to show of.

Enterprises of all eleven prefectures, their cold rooms, refrigerators and a lorry; two days
of readings with doors left open, a freezing refrigerator, a logger that fell silent, bad,
uncertain and conflicting values; people who are told, have worked alerts to their end, shelved
one, and handed over. Codes of all four colours.
Deterministic: seeded, with a clock that is moved.
"""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import uuid4

from alerting.findings.coverage import Coverage
from alerting.findings.finding import Findings
from alerting.findings.ticker import Ticker
from alerting.following.consequences import Alerts
from alerting.following.evaluator import Evaluator
from alerting.judges import Judges
from alerting.life.commands import carry_out
from alerting.life.deadline_watch import DeadlineWatch
from alerting.life.forms import Command
from alerting.safety.watch import SafetyWatch
from alerting.telling.owing import Telling
from alerting.telling.settling import Settling
from domain.listened import Listened
from domain.people import Person, Role
from ingest.door import Message
from ingest.intake import Intake, Limits
from storage import contacts, deliveries, handovers, people, shares, subscriptions
from storage.connect import connect
from storage.deliveries import Outcome
from storage.scope import enter
from storage.subscriptions import Wish
from storage.unit import PEOPLE, Connection, unit_of_work
from tests.browser.province import PLACES, code, registry
from tests.browser.world import NOW, World, heart_of
from tests.people import add, somebody
from tests.services import Database

STEP: Final = timedelta(minutes=5)
BEGIN: Final = NOW - timedelta(days=2)
NOTE: Final = (
    "夜班：鄞州接种门诊冰箱温度偏低，已电话联系，值班员正在转移疫苗。\n"
    "北仑二号库记录仪 10:50 起失联，厂家下午到场。"
)
TROUBLES: Final = (
    (0, "coldroom-1", 1560, 1500, 4.5), (0, "coldroom-2", 640, 600, 4.0),
    (3, "coldroom-2", 930, 800, 5.0), (6, "refrigerator-1", 200, -1, -8.0),
    (8, "coldroom-1", 400, -1, 2.4), (8, "coldroom-2", 400, -1, 2.4),
    (11, "coldroom-1", 95, 30, 3.2), (11, "coldroom-2", 95, 30, 3.2),
)  # fmt: skip
"""Enterprise, device, from and to in minutes before now, degrees that a fault adds."""
SEE: Final = {
    "supervisor": somebody("chen", full_name="陈监管"),
    "county": somebody("lin", full_name="林科员", region="330106"),
    "administrator": somebody("admin", Role.ADMINISTRATOR, full_name="管理员"),
    "auditor": somebody("shen", Role.AUDITOR, full_name="审计"),
    "night": somebody("wu", full_name="吴夜班"),
}


@dataclass
class Desk(World):
    """A world with all that judges, and with people."""

    people: dict[str, Person] = field(default_factory=dict)
    """By the keys of SEE, and `enterprise` of the first one."""

    async def live(self, database: Database) -> None:
        """Let the two days pass."""
        self.clock.time = BEGIN
        await self.register(registry())
        await self._invite(database)
        dice = Random("desk")
        work = {
            NOW - timedelta(hours=9): self._night,
            NOW - timedelta(hours=6): self._morning,
            NOW - timedelta(minutes=15): self._afternoon,
        }
        time = BEGIN
        while time <= NOW:
            self.clock.time = time
            messages = [
                Message(topic=topic, payload=json.dumps(payload).encode())
                for topic, payload in self._said(time, dice)
            ]
            await self.intake.commit(messages, time)
            if time.minute % 30 < STEP.seconds / 60:
                await self._tick()
            if time in work:
                async with await connect(database.url("web"), name="test") as web:
                    await work[time](web)
            time += STEP
        self.clock.time = NOW
        for _ in range(8):  # completeness and codes are judged in pieces
            self.clock.ahead += 400
            await self._tick()
        self.clock.ahead = 0.0
        await self._deliver(database)

    async def _tick(self) -> None:
        """Let time be judged, by a share that has listened until now."""
        now = self.clock.now()
        await shares.beat(
            self.connection,
            self.intake.share,
            beat_at=self.clock.real_now() - timedelta(seconds=self.clock.ahead),
            connected=True,
            intake_at=None,
            waiting=0,
            watermark=now,
        )
        await self.intake.tick(
            Listened(watermark=now, since=BEGIN, unbroken=BEGIN), now
        )

    def _said(
        self, time: datetime, dice: Random
    ) -> Iterator[tuple[str, Mapping[str, object]]]:
        minutes = (NOW - time).total_seconds() / 60
        numbers = {code(number): number for number in range(len(PLACES))}
        for enterprise, key in self.intake.registry.devices:
            number = numbers[enterprise]
            if (number, key) == (5, "coldroom-2") and minutes < 400:
                continue  # silent
            wave = math.sin(minutes / 90 + number)
            values: dict[str, float | None] = {
                "t1": round(4.8 + 0.9 * wave + dice.gauss(0, 0.1) + _trouble(number, key, minutes), 1),
                "h1": round(56 + 8 * wave + dice.gauss(0, 1)),
                "door": int(number == 0 and key == "coldroom-1" and 0 <= minutes < 45),
            }  # fmt: skip
            quality = {}
            if number == 1 and 100 < minutes < 140:
                quality["h1"] = "uncertain"
            if number == 2 and 300 < minutes < 320:
                values["h1"] = None
            region = PLACES[number][0]
            topic = f"blackbox/v1/{region[:2]}/{region[2:4]}/{region[4:]}/{enterprise}/{key}/readings"
            yield (
                topic,
                {"time": time.isoformat(), "values": values, "quality": quality},
            )
            if number == 2 and int(minutes) == 60:
                yield (
                    topic,
                    {"time": time.isoformat(), "values": {"t1": 7.7}},
                )  # a conflict
            if number == 9 and int(minutes) % 240 == 0:
                yield (
                    topic,
                    {"time": time.isoformat(), "values": {"t9": 1.0}},
                )  # not registered

    async def _invite(self, database: Database) -> None:
        async with await connect(database.url("web"), name="test") as web:
            first = await self.enterprise(code(0))
            theirs = somebody(
                "zhou", Role.ENTERPRISE, full_name="周工", enterprise=first
            )
            for key, one in (*SEE.items(), ("enterprise", theirs)):
                await add(web, one, BEGIN)
                found = await people.by_name(web, one.name)
                assert found is not None
                self.people[key] = found
            for key in ("supervisor", "county", "night", "auditor", "enterprise"):
                person = self.people[key]
                for low, high in ((330100, 330999), (331100, 331199)):  # but 台州市
                    await subscriptions.add(
                        web, Wish(person=person.id, channel="log", low=low, high=high)
                    )
                async with unit_of_work(
                    web, share=PEOPLE, kind="command", arrived=BEGIN
                ) as unit:
                    address = f"{person.name}@drug.example"
                    await contacts.put(unit, person, "log", address, "test")

    async def _night(self, web: Connection) -> None:
        """The night shift acknowledges what it finds, and hands over."""
        for alert in await self._open():
            await self._do(web, "night", alert, "acknowledge")
        async with unit_of_work(
            web, share=PEOPLE, kind="command", arrived=self.clock.time
        ) as unit:
            await enter(web, self.people["night"].scope)
            await handovers.add(unit, author="wu", area=330000, note=NOTE)

    async def _morning(self, web: Connection) -> None:
        """Assign those of the first enterprise; it answers the first, which is closed."""
        first, second = await self._open(code(0))
        for alert in (first, second):
            await self._do(web, "supervisor", alert, "assign", assignee="zhou")
        await self._answer(web, first)
        await self._do(web, "supervisor", first, "close")

    async def _afternoon(self, web: Connection) -> None:
        """The enterprise answers the second; one alert is shelved, one commented."""
        second, *_ = await self._open(code(0))
        await self._answer(web, second)
        shelved, *_ = await self._open(code(8))
        await self._do(
            web, "supervisor", shelved, "shelve",
            reason="压缩机更换中，药品已移出", until=NOW + timedelta(hours=8),
        )  # fmt: skip
        for alert in await self._open(code(5)):
            await self._do(web, "supervisor", alert, "acknowledge")
            await self._do(
                web, "supervisor", alert, "comment", reason="厂家 15:30 到场更换网卡"
            )

    async def _answer(self, web: Connection, alert: int) -> None:
        await self._do(
            web, "enterprise", alert, "answer",
            cause="卸货时库门未及时关闭", action="已关门复温，抽查药品温度合格；装卸改为分批",
        )  # fmt: skip

    async def _open(self, of: str = "") -> list[int]:
        """Numbers of the open alerts, of one enterprise or of all; the oldest first."""
        cursor = await self.connection.execute(
            "SELECT a.id FROM alert a LEFT JOIN enterprise e ON e.id = a.enterprise"
            " WHERE a.withdrawn_at IS NULL AND a.closed_at IS NULL AND e.code LIKE %s ORDER BY a.id",
            (of or "%",),
        )
        return [alert for (alert,) in await cursor.fetchall()]

    async def _deliver(self, database: Database) -> None:
        """Deliver what is owed; the vaccine clinic's does not reach everybody."""
        clinic, sent = await self._open(code(6)), NOW + timedelta(seconds=2)
        async with await connect(database.url("dispatch"), name="test") as dispatch:
            while one := await deliveries.claim(
                dispatch, "log", now=NOW, until=sent + STEP
            ):
                failed = one.alert in clinic and one.recipient == "wu"
                await deliveries.record(
                    dispatch,
                    one,
                    Outcome.RETRY if failed else Outcome.DELIVERED,
                    at=sent,
                    detail="connection refused" if failed else "",
                    due=sent + STEP,
                )

    async def _do(
        self,
        web: Connection,
        who: str,
        alert: int,
        name: str,
        **more: object,
    ) -> None:
        command = replace(
            Command(id=uuid4(), alert=alert, name=name),
            **more,  # type: ignore[arg-type]
        )
        await carry_out(web, self.people[who], command, self.clock.time)


def _trouble(number: int, device: str, minutes: float) -> float:
    """What a fault adds to a temperature, so many minutes before now."""
    if (number, device) == (0, "coldroom-1") and -1 < minutes < 45:
        return 5.5 * (1 - math.exp(-(45 - minutes) / 12))  # the door is open now
    return sum(
        degrees
        for of, name, begin, end, degrees in TROUBLES
        if (of, name) == (number, device) and end < minutes < begin
    )


@asynccontextmanager
async def new_desk(database: Database) -> AsyncIterator[Desk]:
    """The province, its days over."""
    url = database.url("ingest")
    async with await connect(url, name="test-ingest") as connection:
        share = await shares.take_lease(connection, "33")
        desk = Desk(connection, None)  # type: ignore[arg-type]
        telling = Telling([], lambda: NOW)
        findings = Findings(telling)
        elapsed = desk.clock.elapsed
        desk.intake = Intake(
            connection,
            share,
            Judges(
                Evaluator(Alerts(telling)),
                Ticker(findings, region="33"),
                findings,
                timed=[
                    DeadlineWatch(telling.of_people, elapsed, region="33"),
                    Settling(telling, elapsed, region="33"),
                    Coverage(findings, elapsed, region="33"),
                    SafetyWatch(elapsed, region="33"),
                ],
            ),
            limits=Limits(),
            probe=lambda _: None,
        )
        await desk.intake.reload()
        await desk.live(database)
        async with heart_of(desk, url):
            yield desk
