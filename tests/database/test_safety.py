"""Safety codes from the tables: facts, colours, what is journalled, who sees it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from alerting.safety import watch as safety_watch
from alerting.safety.code import Colour, index, listed
from alerting.safety.completeness import day_of, full_days
from alerting.safety.facts import Counts, Facts
from alerting.safety.gathering import gather
from domain.people import Scope
from storage import chain, places, safety, shares
from storage.connect import connect
from storage.scope import scoped
from storage.unit import unit_of_work
from tests.database import codes
from tests.database.safety_world import (
    LONG_AGO,
    MINUTE,
    NOW,
    REAL,
    Setting,
    World,
    new_world,
)
from tests.services import Database

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TODAY = day_of(NOW)


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with new_world(database) as world:
        yield world


async def a_sound_one(world: World, *high_risk: str) -> tuple[int, int]:
    """An enterprise with nothing to say against it, registered today, and its device."""
    enterprise = await world.enterprise(*high_risk)
    device = await world.device(await world.site(enterprise))
    await world.point(device, Setting(arrived=NOW - HOUR))
    await world.heard(device)
    return enterprise, device


# Facts against brute force ------------------------------------------------------------


@dataclass
class Told:
    """What was put into the tables about an enterprise, as the oracle keeps it."""

    region: str
    high_risk: bool
    sites: dict[int, dict[int, list[tuple[int, list[Setting]]]]] = field(
        default_factory=dict
    )
    heard: dict[int, Any] = field(default_factory=dict)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    complete: list[tuple[date, int, int]] = field(default_factory=list)

    def expected(self) -> Facts:
        """Counted one by one."""
        in_use: dict[int, dict[int, list[tuple[int, Setting]]]] = defaultdict(dict)
        for site, devices in self.sites.items():
            for device, points in devices.items():
                used = [(p, s) for p, timeline in points if (s := in_force(timeline))]
                if used:
                    in_use[site][device] = used
        silent = {
            device
            for devices in in_use.values()
            for device in devices
            if NOW - self.heard.get(device, LONG_AGO) > DAY
        }
        used = [
            one
            for devices in in_use.values()
            for points in devices.values()
            for one in points
        ]
        counted = [a for a in self.alerts if a["counts"]]
        overdue = [a for a in counted if a.get("overdue_since")]
        recent = [one for one in self.complete if 1 <= (TODAY - one[0]).days <= 7]
        critical = [NOW - a["opened_at"] for a in counted if a["severity"] == 3]
        return Facts(
            points=len(used),
            uncalibrated=tuple(
                sorted(p for p, s in used if s.calibration_due and s.calibration_due < TODAY)
            ),
            devices=sum(map(len, in_use.values())),
            silent=tuple(sorted(silent)),
            silent_sites=tuple(
                sorted(site for site, devices in in_use.items() if devices.keys() <= silent)
            ),
            open=by_severity(counted),
            overdue=by_severity(overdue),
            critical_for=max(critical, default=None),
            due=sum(due for _, due, _ in recent),
            filled=sum(filled for _, _, filled in recent),
            high_risk=self.high_risk,
        )  # fmt: skip


def in_force(timeline: list[Setting]) -> Setting | None:
    """The setting of now, if it says in use."""
    past = [setting for setting in timeline if setting.since <= NOW]
    newest = max(past, key=lambda setting: setting.since, default=None)
    return newest if newest and newest.in_use in ("loaded", "commissioned") else None


def by_severity(alerts: list[dict[str, Any]]) -> Counts:
    return Counts(*(sum(a["severity"] == s for a in alerts) for s in (3, 2, 1)))


STATES: list[tuple[bool, dict[str, Any]]] = [
    (True, {}),
    (True, {"returned_at": NOW}),
    (True, {"shelved_until": NOW + HOUR}),
    (True, {"overdue_since": NOW - HOUR}),
    (False, {"withdrawn_at": NOW}),
    (False, {"returned_at": NOW, "closed_at": NOW}),
    (False, {"suppressed": True}),
]
"""Whether an alert counts; merged and inhibited ones name another, so they are made last."""


async def invented(world: World, dice: Random) -> dict[int, Told]:
    """Enterprises of all sorts."""
    told: dict[int, Told] = {}
    for _ in range(6):
        risk = dice.choice([(), ("vaccine",)])
        enterprise = await world.enterprise(*risk)
        region = dice.choice(["330106", "330302", "110101"])
        told[enterprise] = one = Told(region, bool(risk))
        for _ in range(dice.randint(1, 3)):
            site = await world.site(enterprise, region)
            one.sites[site] = {}
            for _ in range(dice.randint(0, 3)):
                await equip(world, dice, one, site)
        await raise_alerts(world, dice, enterprise, one)
    return told


async def equip(world: World, dice: Random, one: Told, site: int) -> None:
    """A device with points."""
    device = await world.device(site)
    points = one.sites[site].setdefault(device, [])
    for _ in range(dice.randint(0, 3)):
        timeline = [
            Setting(
                since=since,
                in_use=dice.choice(["loaded", "commissioned", "empty", "in_maintenance"]),
                calibration_due=dice.choice([None, TODAY, TODAY - DAY]),
            )
            for since in (LONG_AGO, NOW - 30 * DAY, NOW + DAY)[: dice.randint(1, 3)]
        ]  # fmt: skip
        point = await world.point(device, *timeline)
        points.append((point, timeline))
        for days in dice.sample(range(10), 4):
            day, due = TODAY - days * DAY, dice.randint(0, 1440)
            filled = dice.randint(0, due)
            await world.one(
                "INSERT INTO completeness VALUES (%s, %s, %s, %s, 1) RETURNING 1",
                point, day, due, filled,
            )  # fmt: skip
            one.complete.append((day, due, filled))
    if points and dice.random() < 0.8:
        moment = NOW - dice.choice([0, 1, 24, 25, 100]) * HOUR
        one.heard[device] = moment
        await world.heard(device, moment)


async def raise_alerts(world: World, dice: Random, enterprise: int, one: Told) -> None:
    """Alerts in all states."""
    for _ in range(dice.randint(0, 12)):
        counts, columns = dice.choice(STATES)
        moment = NOW - dice.choice([0, 1, 2, 48]) * HOUR
        severity = dice.choice([1, 2, 3])
        columns = {"opened_at": moment, **columns}
        number = await world.alert(enterprise, severity, **columns)
        one.alerts.append({"severity": severity, "counts": counts, **columns})
        await world.alert(enterprise, 3, withdrawn_at=NOW, merged_into=number)
        await world.alert(enterprise, 3, inhibited_by=number)


@pytest.mark.parametrize("seed", range(6))
async def test_facts_are_what_counting_one_by_one_gives(world: World, seed: int):
    told = await invented(world, Random(seed))
    await world.alert(None, 3)
    judged = await safety.judged(world.ingest, 330000, 339999, limit=100)
    expected = {
        number: one.expected()
        for number, one in told.items()
        if one.region.startswith("33")
    }
    found = await gather(world.ingest, world.share, judged, NOW)
    assert {one.id: f for one, f in zip(judged, found, strict=True)} == expected


# Silence and deafness -----------------------------------------------------------------


async def facts_of(world: World, enterprise: int) -> Facts:
    judged = await safety.judged(world.ingest, 330000, 339999, limit=100)
    found = await gather(world.ingest, world.share, judged, world.clock.now())
    return next(f for one, f in zip(judged, found, strict=True) if one.id == enterprise)


async def test_a_device_put_to_use_again_is_silent_from_then_on_at_the_earliest(
    world: World,
):
    enterprise = await world.enterprise()
    device = await world.device(await world.site(enterprise))
    settings = [
        Setting(),
        Setting(since=NOW - 48 * HOUR, in_use="empty"),
        Setting(since=NOW - 24 * HOUR),
        Setting(since=NOW - HOUR, in_use="commissioned"),
    ]
    await world.point(device, *settings)
    await world.heard(device, NOW - 50 * HOUR)
    assert (await facts_of(world, enterprise)).silent == ()
    world.clock.advance(seconds=1)
    await world.beat()
    assert (await facts_of(world, enterprise)).silent == (device,)


async def test_a_device_never_heard_is_silent_from_its_registration_on(world: World):
    enterprise = await world.enterprise()
    device = await world.device(await world.site(enterprise))
    await world.point(device, Setting(arrived=NOW - 23 * HOUR))
    assert (await facts_of(world, enterprise)).silent == ()
    world.clock.advance(hours=1, seconds=1)
    await world.beat()
    assert (await facts_of(world, enterprise)).silent == (device,)


async def test_while_the_box_does_not_listen_no_device_falls_silent(world: World):
    enterprise, _ = await a_sound_one(world)
    world.clock.advance(days=2)
    await world.beat(NOW + HOUR)
    assert (await facts_of(world, enterprise)).silent == ()


async def deafen(world: World, since: timedelta, until: str | None = None) -> None:
    """An alert of the box, as the ticker opens it."""
    begin = world.clock.now() - since
    number = await world.alert(None, 3, opened_at=begin)
    await world.owner.execute("UPDATE alert SET rule = 'deaf' WHERE id = %s", (number,))
    await world.owner.execute(
        "INSERT INTO journal (alert, n, intake, at, actor, event, severity, new_state, detail)"
        " VALUES (%s, 1, %s, %s, 'system', 'opened', 3, 'active-unacknowledged', json_build_object('from', %s::text, 'to', %s::text))",
        (number, (world.share << 40) + 1, begin, begin.isoformat(), until),
    )


async def test_a_share_deaf_for_more_than_ten_minutes_leaves_all_grey(world: World):
    enterprise, _ = await a_sound_one(world)
    await deafen(world, 10 * MINUTE)
    assert not (await facts_of(world, enterprise)).deaf
    world.clock.advance(seconds=1)
    assert (await facts_of(world, enterprise)).deaf
    await world.tick(seconds=5)
    assert await world.code(enterprise) == ("grey", ["deaf"])


async def test_a_deafness_that_is_over_counts_for_nothing(world: World):
    enterprise, _ = await a_sound_one(world)
    await deafen(world, HOUR, until=NOW.isoformat())
    assert not (await facts_of(world, enterprise)).deaf


async def test_of_sites_in_several_shares_each_listens_to_its_own(world: World):
    """The share of the first site judges; where nobody listens, nothing is assessed."""
    enterprise, _ = await a_sound_one(world)
    elsewhere = await world.device(await world.site(enterprise, "110101"))
    await world.point(elsewhere)
    assert (await facts_of(world, enterprise)).deaf
    other = await shares.take_lease(world.ingest, "11")
    async with unit_of_work(
        world.ingest, share=other, kind="session", arrived=LONG_AGO
    ):
        pass
    await world.beat(LONG_AGO, share=other)
    found = await facts_of(world, enterprise)
    assert (found.deaf, found.silent) == (False, ()), "its watermark stands still"
    await world.beat(NOW, share=other)
    assert (await facts_of(world, enterprise)).silent == (elsewhere,)
    await world.beat(NOW, share=other, real=REAL - 11 * MINUTE)
    assert (await facts_of(world, enterprise)).deaf, "whoever listened is gone"
    assert await safety.judged(world.ingest, 110000, 119999, limit=9) == []


async def test_who_sold_the_last_site_is_judged_where_it_was_and_is_grey(world: World):
    seller, _ = await a_sound_one(world)
    buyer = await world.enterprise()
    await world.tick(seconds=5)
    await world.owner.execute(
        "INSERT INTO site_owner SELECT id, '-infinity', %s, 1 FROM site"
        " UNION ALL SELECT id, %s, %s, 1 FROM site",
        (seller, world.clock.now(), buyer),
    )
    await world.owner.execute("UPDATE site SET enterprise = %s", (buyer,))
    await world.tick(minutes=5)
    assert await world.code(seller) == ("grey", ["no-points"])
    assert await world.code(buyer) == ("green", [])


async def test_days_of_a_former_owner_are_not_held_against_the_next(world: World):
    enterprise, _ = await a_sound_one(world)
    (point,) = [
        p
        for (p,) in await (await world.owner.execute("SELECT id FROM point")).fetchall()
    ]
    for day in full_days(NOW):
        await world.owner.execute(
            "INSERT INTO completeness VALUES (%s, %s, 10, 1, 1)", (point, day)
        )
    assert (await facts_of(world, enterprise)).due == 70
    await world.owner.execute(
        "INSERT INTO site_owner SELECT id, %s, %s, 1 FROM site",
        (NOW - 50 * HOUR, enterprise),
    )
    found = await facts_of(world, enterprise)
    assert (found.due, found.filled) == (10, 1), "yesterday alone was wholly its own"


# Colours over time --------------------------------------------------------------------


async def told(world: World, enterprise: int) -> list[tuple[int, str | None, str]]:
    past = await codes.history(world.ingest, enterprise)
    return [(one.n, one.old_code, one.new_code) for one in past]


async def test_each_change_of_colour_is_journalled_once_and_nothing_else(world: World):
    enterprise, _ = await a_sound_one(world)
    assert not await world.tick(seconds=4), "the first after five real seconds"
    assert await world.tick(seconds=1)
    assert await told(world, enterprise) == [(1, None, "green")]
    assert not await world.tick(minutes=4, seconds=59)
    await world.alert(enterprise, 2)
    assert await world.tick(seconds=1)
    await world.alert(enterprise, 2)
    assert await world.tick(minutes=5)
    assert (await world.line(enterprise)).score == 84
    await world.owner.execute("UPDATE alert SET closed_at = %s", (world.clock.now(),))
    assert await world.tick(minutes=5)
    colours = [(1, None, "green"), (2, "green", "yellow"), (3, "yellow", "green")]
    assert await told(world, enterprise) == colours
    line = await world.line(enterprise)
    assert (line.code, line.score, line.formula) == ("green", 100, "1")
    assert line.judged_at == world.clock.now()
    past = (await codes.history(world.ingest, enterprise))[1]
    assert past.detail["facts"]["open"] == {"critical": 0, "major": 1, "minor": 0}
    assert [reason["key"] for reason in past.detail["reasons"]] == ["alerts-open"]
    assert past.score == 92


async def test_a_unit_that_fails_is_judged_again_and_journalled_once(world: World):
    enterprise, _ = await a_sound_one(world)
    now = world.clock.advance(seconds=5)
    assert await world.watch.due(world.ingest, world.share, now)

    async def broken() -> None:
        async with world.unit() as unit:
            await world.watch.tick(unit, now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await broken()
    world.watch.forget()
    assert (await world.line(enterprise)).judged_at is None
    assert await world.tick(seconds=5)
    assert await told(world, enterprise) == [(1, None, "green")]


async def test_many_enterprises_are_judged_in_pieces(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(safety_watch, "PIECE", 2)
    ids = [(await a_sound_one(world))[0] for _ in range(4)]

    async def judged() -> int:
        lines = await codes.of_enterprises(world.ingest)
        return sum(line.judged_at is not None for line in lines)

    assert await world.tick(seconds=5)
    assert await judged() == 2
    assert await world.tick(seconds=1)
    assert await judged() == 4
    await world.tick(seconds=1)
    first = (await world.line(ids[0])).judged_at
    await world.tick(minutes=4)
    assert (await world.line(ids[0])).judged_at == first
    await world.tick(minutes=1)
    assert (await world.line(ids[0])).judged_at == world.clock.now()
    assert [await told(world, one) for one in ids] == 4 * [[(1, None, "green")]]


async def test_tampering_with_a_journalled_code_is_named(world: World):
    await a_sound_one(world)
    await world.tick(seconds=5)
    verified = await chain.verify(world.owner, lambda done, total: None)
    assert verified.fault is None
    await world.owner.execute("UPDATE safety_code SET new_code = 'red'")
    fault = (await chain.verify(world.owner, lambda done, total: None)).fault
    assert fault is not None
    assert (fault.table, fault.fields) == ("safety_code", ("new_code",))


async def test_everyone_sees_codes_of_theirs(world: World, database: Database):
    one, _ = await a_sound_one(world)
    other = await world.enterprise("vaccine")
    await world.site(other, "330302")
    await world.tick(seconds=5)
    async with await connect(database.url("web"), name="web") as web:
        assert await codes.of_enterprises(web) == []
        for scope, seen in (
            (Scope(330000, 339999), {one: "green", other: "grey"}),
            (Scope(330300, 330399), {other: "grey"}),
            (Scope(1, 0, one), {one: "green"}),
        ):
            async with scoped(web, scope):
                lines = await codes.of_enterprises(web)
                assert {line.id: line.code for line in lines} == seen
                foreign = {one, other} - seen.keys()
                for enterprise in foreign:
                    assert await codes.history(web, enterprise) == []
        async with scoped(web, Scope(0, 999_999)):
            lines = await codes.of_enterprises(web, 330300, 330399)
            assert [(line.id, line.high_risk, line.beat_at) for line in lines] == [
                (other, True, REAL)
            ]


async def test_who_was_never_judged_is_grey(world: World):
    enterprise, _ = await a_sound_one(world)
    line = await world.line(enterprise)
    assert (line.code, line.score, line.reasons, line.beat_at) == (
        "grey",
        None,
        [],
        None,
    )


async def test_the_index_of_a_region_is_made_of_the_codes_as_they_stand(world: World):
    one, _ = await a_sound_one(world)
    other, _ = await a_sound_one(world, "vaccine")
    await world.alert(other, 2)
    await world.tick(seconds=5)
    scores = await places.presence(world.ingest, 330100, 330199)
    found = index(listed(scores, REAL))
    assert found.value == pytest.approx((100 + 2 * 92) / 3)
    assert found.worst == (other, one)
    later = index(listed(scores, REAL + 11 * MINUTE))
    assert (later.value, later.counts[Colour.GREY]) == (None, 2)
    assert await places.presence(world.ingest, 110000, 119999) == []
