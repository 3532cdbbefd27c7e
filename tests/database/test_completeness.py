"""Completeness in the tables: counted by day and point, repaired by what comes late."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from alerting.safety import watch as safety_watch
from alerting.safety.completeness import KEPT, full_days, midnight
from domain.readings import Provenance, Quality, Reading
from tests.database.safety_world import LONG_AGO, MINUTE, NOW, Setting, World, new_world
from tests.services import Database

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
YESTERDAY = date(2026, 11, 21)
BEGIN = datetime(2026, 11, 20, 16, tzinfo=UTC)
"""Of yesterday: midnight in +08:00."""


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with new_world(database) as world:
        yield world


async def a_point(world: World, *settings: Setting, region: str = "330106") -> int:
    """A point of an enterprise of its own, recorded every hour since long ago."""
    device = await world.device(await world.site(await world.enterprise(), region))
    await world.heard(device)
    return await world.point(device, *(settings or [Setting(interval=HOUR)]))


def hourly(point: int, hours: range, **fields: object) -> list[Reading]:
    """A reading each hour of yesterday, or hours after it began."""
    return [
        Reading(point, BEGIN + hour * HOUR, 5.0)._replace(**fields) for hour in hours
    ]


async def yesterday(world: World, point: int) -> tuple[int, int] | None:
    return (await world.counted(point)).get(YESTERDAY)


async def test_the_last_seven_full_days_are_counted(world: World):
    point = await a_point(world)
    await world.store(*hourly(point, range(12)))
    assert await world.tick(seconds=5)
    days = full_days(NOW)
    assert await world.counted(point) == dict.fromkeys(days, (24, 0)) | {
        YESTERDAY: (24, 12)
    }
    assert len(days) == 7


async def test_a_day_is_one_of_plus_8(world: World):
    point = await a_point(world, Setting(interval=MINUTE))
    await world.store(
        Reading(point, BEGIN - timedelta(seconds=7), 5.0),
        Reading(point, BEGIN, 5.0),
        Reading(point, BEGIN + DAY - timedelta(seconds=7), 5.0),
        Reading(point, BEGIN + DAY, 5.0),
    )
    await world.tick(seconds=5)
    assert await yesterday(world, point) == (1440, 2)
    assert (await world.counted(point))[YESTERDAY - DAY] == (1440, 1)


async def test_a_value_counts_for_its_slot_once_and_a_jitter_before_it(world: World):
    point = await a_point(world, Setting(interval=MINUTE))
    dice = Random(1)
    await world.store(
        *(
            Reading(point, BEGIN + n * MINUTE + timedelta(seconds=shift), 5.0)
            for n in range(1440)
            for shift in {dice.uniform(-5.9, 5.9), 10.0}
        )
    )
    await world.tick(seconds=5)
    assert await yesterday(world, point) == (1440, 1440)


async def test_what_has_no_value_fills_nothing_and_what_is_uncertain_does(world: World):
    point = await a_point(world)
    await world.store(
        *hourly(point, range(2), quality=Quality.BAD),
        *hourly(point, range(2, 5), value=None),
        *hourly(point, range(5, 9), quality=Quality.UNCERTAIN),
        *hourly(point, range(9, 14), provenance=Provenance.LATE),
    )
    await world.tick(seconds=5)
    assert await yesterday(world, point) == (24, 9)


async def test_settings_may_change_within_the_day(world: World):
    point = await a_point(
        world,
        Setting(interval=HOUR),
        Setting(since=BEGIN + 6 * HOUR, in_use="in_maintenance", interval=HOUR),
        Setting(since=BEGIN + 7.5 * HOUR, interval=HOUR),
        Setting(since=BEGIN + 20 * HOUR, interval=MINUTE),
    )
    await world.store(*hourly(point, range(24)))
    await world.tick(seconds=5)
    due = 6 + 12 + 240
    assert await yesterday(world, point) == (due, 6 + 12 + 4)


async def test_nothing_is_due_while_a_point_is_not_in_use_or_not_known(world: World):
    idle = await a_point(world, Setting(in_use="empty"))
    new = await a_point(world, Setting(interval=HOUR, arrived=BEGIN + 22.5 * HOUR))
    await world.tick(seconds=5)
    assert await yesterday(world, idle) == (0, 0)
    assert await yesterday(world, new) == (1, 0)
    assert (await world.counted(new))[YESTERDAY - DAY] == (0, 0)


async def test_late_and_conflicting_readings_repair_a_day_that_was_counted(
    world: World,
):
    point, other = await a_point(world), await a_point(world)
    await world.store(
        *hourly(point, range(12)), *hourly(point, range(23, 24), value=None)
    )
    await world.tick(seconds=5)
    assert await yesterday(world, point) == (24, 12)
    await world.store(*hourly(point, range(12, 20)))
    assert await yesterday(world, point) == (24, 12), "stands until counted again"
    assert await world.tick(minutes=5)
    assert await yesterday(world, point) == (24, 20)
    await world.conflict(Reading(point, BEGIN + 23 * HOUR, 7.0))
    await world.tick(minutes=5)
    assert await yesterday(world, point) == (24, 21)
    assert await yesterday(world, other) == (24, 0)


async def test_readings_of_today_let_nothing_be_counted_again(world: World):
    point = await a_point(world)
    await world.tick(seconds=5)
    now = world.clock.advance(minutes=5)
    await world.store(*hourly(point, range(24, 30)))
    assert await world.watch.due(world.ingest, world.share, now)
    assert world.watch._uncounted == []


async def test_a_setting_for_a_day_that_was_counted_lets_it_be_counted_again(
    world: World,
):
    point = await a_point(world)
    await world.tick(seconds=5)
    setting = Setting(
        since=BEGIN + 12 * HOUR, in_use="empty", interval=HOUR, arrived=NOW
    )
    await world.set(point, setting)
    await world.tick(minutes=5)
    assert await yesterday(world, point) == (12, 0)


async def test_days_are_kept_to_be_looked_back_upon_and_then_forgotten(world: World):
    point, other = await a_point(world), await a_point(world, region="110101")
    await world.tick(seconds=5)
    oldest = full_days(NOW)[-1]
    await world.tick(days=1)
    counted = await world.counted(point)
    assert len(counted) == 8
    assert YESTERDAY + DAY in counted
    assert oldest in counted
    await world.tick(days=KEPT - 8)
    assert min(await world.counted(point)) == oldest
    await world.tick(days=1)
    assert min(await world.counted(point)) == oldest + DAY
    assert await world.counted(other) == {}, "which is another share's"


async def test_many_days_are_counted_in_pieces_while_codes_stand(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(safety_watch, "PIECE", 3)
    point = await a_point(world)
    await world.tick(seconds=5)
    newest = full_days(NOW)[:3]
    assert sorted(await world.counted(point), reverse=True) == newest
    assert not await world.tick(seconds=0.5)
    assert await world.tick(seconds=0.5)
    assert len(await world.counted(point)) == 6
    assert await world.tick(seconds=1)
    assert len(await world.counted(point)) == 7
    assert not await world.tick(minutes=4, seconds=50)
    assert await world.tick(seconds=10)


async def test_what_is_left_is_asked_for_again_when_all_that_was_found_is_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(safety_watch, "ASKED", 3)
    monkeypatch.setattr(safety_watch, "PIECE", 2)
    point = await a_point(world)
    for seconds, counted in ((5, 2), (1, 3), (1, 5), (1, 6), (1, 7)):
        assert await world.tick(seconds=seconds)
        assert len(await world.counted(point)) == counted


async def test_of_fast_points_fewer_are_counted_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(safety_watch, "SLOTS", 50)
    point = await a_point(world)
    for seconds, counted in ((5, 2), (1, 4), (1, 6), (1, 7)):
        assert await world.tick(seconds=seconds)
        assert len(await world.counted(point)) == counted


async def test_a_day_is_counted_once_the_share_has_listened_to_its_end(world: World):
    point = await a_point(world)
    now = world.clock.advance(seconds=5)
    await world.beat(BEGIN + 23 * HOUR)
    await world.watch.due(world.ingest, world.share, now)
    async with world.unit() as unit:
        await world.watch.tick(unit, now)
    assert await yesterday(world, point) is None
    await world.tick(minutes=5)
    assert await yesterday(world, point) == (24, 0)


async def test_a_day_equals_what_counting_reading_by_reading_gives(world: World):
    dice = Random(7)
    step = timedelta(minutes=10)
    changes = sorted(dice.sample(range(1440), 5))
    settings = [
        Setting(
            since=since,
            interval=dice.choice([step, 3 * step]),
            in_use=dice.choice(["loaded", "loaded", "empty"]),
        )
        for since in (LONG_AGO, *(BEGIN + n * MINUTE for n in changes))
    ]
    point = await a_point(world, *settings)
    offsets = sorted(dice.sample(range(-5 * 60, 1440 * 60), 120))
    readings = [
        Reading(point, BEGIN + timedelta(seconds=n), dice.choice([5.0, None]), dice.choice(list(Quality)))
        for n in offsets
    ]  # fmt: skip
    await world.store(*readings)
    await world.tick(seconds=5)
    assert await yesterday(world, point) == by_hand(settings, readings)


def by_hand(settings: list[Setting], readings: list[Reading]) -> tuple[int, int]:
    """Every slot of both intervals, minute by minute."""
    values = [
        r.time for r in readings if r.value is not None and r.quality < Quality.BAD
    ]
    due = filled = 0
    begin = midnight(YESTERDAY)
    for interval in {setting.interval for setting in settings}:
        for number in range(DAY // interval):
            start = begin + number * interval
            minutes = [start + n * MINUTE for n in range(interval // MINUTE)]
            held = [
                max((s for s in settings if s.since <= m), key=lambda s: s.since)
                for m in minutes
            ]
            if all(s.in_use == "loaded" and s.interval == interval for s in held):
                due += 1
                early = start - min(interval / 10, MINUTE)
                filled += any(early <= t < early + interval for t in values)
    return due, filled
