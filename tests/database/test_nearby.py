"""States beside a point: of its device or zone, and only of the times that are seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from domain.people import Scope, subtree
from storage import nearby
from storage.nearby import Held
from storage.readings import ensure_range
from storage.scope import scoped
from tests.database.test_scope import SOLD, WORLD
from tests.services import Database
from tests.stored import connected

MIDNIGHT = datetime(2026, 1, 2, tzinfo=UTC)
"""When the first enterprise's site was sold to the second."""
MINUTE = timedelta(minutes=1)
FORMER, PRESENT = (Scope(1, 0, number, box=False) for number in (1, 2))
SUPERVISOR = subtree("330106")
# Point 3 is a door of point 1's device; 4 and 5 are doors of two other devices of its site, 4 in its zone.
DOORS = """
INSERT INTO device (enterprise, site, key, name_zh, name_en, kind) SELECT 1, 1, 'd' || n, '', '', 'logger' FROM generate_series(3, 4) AS n;
INSERT INTO point (device, key, name_zh, name_en, quantity, unit, resolution, stage, factor)
SELECT d, q, '', '', q, 'state', 1, 'storage', 'environment' FROM (VALUES (1, 'door'), (3, 'door'), (4, 'door'), (3, 'power')) AS p (d, q);
INSERT INTO point_setting (point, valid_from, intake, zone, interval, max_gap, in_use, rules)
SELECT n, '2026-01-01Z', 1, CASE n WHEN 5 THEN 'cool' ELSE 'cold' END, '1 min', '5 min', 'loaded', '{}' FROM generate_series(3, 6) AS n;
"""
# With the sale everything is set anew: what was before is not the buyer's to see.
SET_ANEW = """
INSERT INTO point_setting (point, valid_from, intake, zone, interval, max_gap, in_use, rules)
SELECT point, '2026-01-02Z', 2, zone, interval, max_gap, in_use, rules FROM point_setting;
"""
READING = "INSERT INTO reading (point, time, intake, value, quality, provenance) VALUES (3, %s, 1, %s, %s, 0)"
SAID = {-9: (0, 0), -8: (1, 0), -3: (None, 2), -2: (1, 0), 1: (1, 0), 3: (0, 0)}
"""Minutes from midnight: value of the door, quality."""


@pytest.fixture
async def world(database: Database) -> Database:
    with psycopg.connect(database.url(), autocommit=True) as owner:
        owner.execute(WORLD)
        owner.execute(DOORS)
        owner.execute(SOLD)
        owner.execute(SET_ANEW)
    async with connected(database, "owner") as owner:
        await ensure_range(owner, MIDNIGHT - MINUTE, MIDNIGHT + MINUTE)
        for minutes, (value, quality) in SAID.items():
            await owner.execute(READING, (MIDNIGHT + minutes * MINUTE, value, quality))
    return database


async def door(world: Database, scope: Scope, minutes: int) -> Held | None:
    """How the door stood so many minutes after midnight, as a scope sees it."""
    time = MIDNIGHT + minutes * MINUTE
    async with connected(world, "web") as web, scoped(web, scope):
        points = await nearby.points(web, 1, time, 9)
        return (await nearby.held(web, points, time)).get(3)


async def test_of_each_quantity_the_device_or_else_the_zone_is_asked(
    world: Database,
) -> None:
    async with connected(world, "web") as web, scoped(web, SUPERVISOR):
        found = await nearby.points(web, 1, MIDNIGHT, 9)
        assert [one.id for one in found] == [3, 6]
        assert len(await nearby.points(web, 1, MIDNIGHT, 1)) == 1
        assert await nearby.points(web, 2, MIDNIGHT, 9) == []


async def test_a_state_began_with_the_first_reading_after_another(
    world: Database,
) -> None:
    found = await door(world, SUPERVISOR, 2)
    assert found
    assert (found.value, found.time) == (1, MIDNIGHT + MINUTE)
    assert found.since == MIDNIGHT - 8 * MINUTE


async def test_what_is_older_than_the_longest_gap_says_nothing(world: Database) -> None:
    assert await door(world, SUPERVISOR, 8)
    assert await door(world, SUPERVISOR, 9) is None
    assert await door(world, SUPERVISOR, -10) is None


async def test_owners_see_the_door_in_their_own_times_only(world: Database) -> None:
    former = await door(world, FORMER, 3)
    assert former
    assert former.time == MIDNIGHT - 2 * MINUTE
    present = await door(world, PRESENT, 2)
    assert present
    assert (present.value, present.since) == (1, None)
    assert await door(world, PRESENT, -1) is None
