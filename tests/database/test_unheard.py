"""Who is silent though no alert says so, as the web login of a scope sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from alerting.safety import hearing
from domain.people import EVERYTHING, NOTHING, Scope, subtree
from storage import unheard_devices
from storage.connect import connect
from storage.scope import current, scoped
from storage.standing import WHOLE, Region
from storage.unit import Connection
from tests.database.safety_world import LONG_AGO, NOW, Setting, World, new_world
from tests.services import Database

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
HANGZHOU, NINGBO = subtree("3301"), subtree("3302")
ALERT = """
INSERT INTO alert (id, rule, version, device, enterprise, site, region, severity, suppressed, opened_at, returned_at, entries)
SELECT 900 + d.id, 'device-silent', 'v', d.id, s.enterprise, s.id, s.region, 2, false, now(), %s, 1
  FROM device AS d JOIN site AS s ON s.id = d.site WHERE d.id = %s
"""


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with new_world(database) as world:
        yield world


@pytest.fixture
async def web(database: Database) -> AsyncIterator[Connection]:
    async with await connect(database.url("web"), name="web") as connection:
        yield connection


async def device(
    world: World, site: int, heard: datetime | None, **setting: object
) -> int:
    number = await world.device(site)
    await world.point(number, Setting(**setting))  # type: ignore[arg-type]
    if heard:
        await world.heard(number, heard)
    return number


async def silent(
    web: Connection, scope: Scope = EVERYTHING, region: Region = WHOLE
) -> list[tuple[int, datetime]]:
    async with scoped(web, scope):
        found = await hearing.unheard(web, region, NOW)
        assert await current(web) == scope
    return [(one.device, one.since) for one in found]


async def test_a_device_in_use_without_a_message_for_two_hours_is_silent_without_any_rule(
    world: World, web: Connection
) -> None:
    site = await world.site(await world.enterprise())
    late = NOW - 2 * HOUR - SECOND
    short = await device(world, site, late)
    long = await device(world, site, NOW - 30 * HOUR)
    never = await device(world, site, None, arrived=NOW - 5 * HOUR)
    await device(world, site, NOW - 2 * HOUR)
    await device(world, site, NOW)
    await device(world, site, None, arrived=NOW - HOUR)
    await device(world, site, late, in_use="empty")
    await device(world, site, NOW - 9 * HOUR, since=NOW - HOUR)
    assert await silent(web) == [
        (long, NOW - 30 * HOUR),
        (never, NOW - 5 * HOUR),
        (short, late),
    ]


async def test_what_could_not_be_read_is_no_message(
    world: World, web: Connection
) -> None:
    site = await world.site(await world.enterprise())
    number = await device(world, site, NOW - 3 * HOUR)
    await world.heard(number)
    await world.owner.execute(
        "UPDATE ledger SET unreadable = 1 WHERE intake = (SELECT max(intake) FROM ledger)"
    )
    assert await silent(web) == [(number, NOW - 3 * HOUR)]


async def test_whom_an_open_alert_calls_silent_is_not_listed_twice(
    world: World, web: Connection
) -> None:
    site = await world.site(await world.enterprise())
    found = await device(world, site, NOW - 3 * HOUR)
    back = await device(world, site, NOW - 4 * HOUR)
    await world.owner.execute(
        "INSERT INTO rule_version VALUES ('v', 'device-silent', 'silence', '{}')"
    )
    await world.owner.execute(ALERT, (None, found))
    await world.owner.execute(ALERT, (NOW, back))
    assert await silent(web) == [(back, NOW - 4 * HOUR)]


async def test_nobody_is_silent_while_the_box_does_not_listen(
    world: World, web: Connection
) -> None:
    site = await world.site(await world.enterprise())
    await device(world, site, NOW - 3 * HOUR)
    await world.beat(NOW - 2 * HOUR)
    assert await silent(web) == []
    elsewhere = await world.site(await world.enterprise(), "110101")
    await device(world, elsewhere, LONG_AGO)
    await world.beat(NOW)
    assert len(await silent(web)) == 1, "nobody listens to Beijing"


async def test_each_sees_the_silent_devices_of_their_own(
    world: World, web: Connection
) -> None:
    ours, theirs = await world.enterprise(), await world.enterprise()
    one = await device(world, await world.site(ours), NOW - 3 * HOUR)
    site = await world.site(theirs, "330203")
    other = await device(world, site, NOW - 9 * HOUR)
    taken = NOW - 5 * HOUR
    await world.owner.execute(
        "INSERT INTO site_owner VALUES (%(site)s, '2000-01-01Z', %(before)s, 1), (%(site)s, %(at)s, %(now)s, 1)",
        {"site": site, "before": ours, "at": taken, "now": theirs},
    )
    for scope, region, expected in [
        (EVERYTHING, WHOLE, [other, one]),
        (EVERYTHING, Region(330100, 330199), [one]),
        (HANGZHOU, WHOLE, [one]),
        (NINGBO, WHOLE, [other]),
        (NINGBO, Region(330100, 330199), []),
        (Scope(1, 0, ours, box=False), WHOLE, [one]),
        (Scope(1, 0, theirs, box=False), WHOLE, [other]),
        (NOTHING, WHOLE, []),
    ]:
        found = [number for number, _ in await silent(web, scope, region)]
        assert found == expected, (scope, region)
    assert await silent(web, NINGBO) == [(other, NOW - 9 * HOUR)]
    assert await silent(web, Scope(1, 0, theirs, box=False)) == [(other, taken)]
    async with scoped(web, HANGZHOU):
        (named,) = await unheard_devices.named(web, {one: NOW, other: NOW})
    assert (named.alert, named.device, named.enterprise_en) == (None, one, "Enterprise")
