"""Enterprises by their codes, and a site as its owners and those of its region see it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta

import pytest

from domain.people import Scope, subtree
from storage import places, scope, site_details
from storage.connect import connect
from storage.places import Filter, Rank
from storage.readings import ensure_range
from storage.snapshot import snapshot
from storage.unit import Connection
from tests.services import Database

BEAT = datetime.fromisoformat("2026-11-22T08:00Z")
NOW = datetime.fromisoformat("2026-11-22T09:00Z")
SOLD = NOW - timedelta(hours=1)
PROVINCE = subtree("330000")
# Enterprises 1 … 4 in Hangzhou, 5 in Ningbo; 4 was never judged, and nobody lives who judged 3.
WORLD = """
INSERT INTO share (id, name, digest) VALUES (1, '33', ''), (2, '34', '');
INSERT INTO heartbeat VALUES (1, '2026-11-22T08:00Z', true, NULL, 0, '2026-11-22T08:55Z'),
                             (2, '2026-11-22T07:00Z', true, NULL, 0, '2026-11-22T07:00Z');
INSERT INTO enterprise (code, name_zh, name_en, kind, high_risk)
SELECT 'e' || n, '企业' || n, 'Enterprise ' || n, 'clinic', '{}' FROM generate_series(1, 5) AS n;
INSERT INTO site (enterprise, key, name_zh, name_en, kind, region, telephone)
SELECT n, 's', '', '', 'clinic', CASE n WHEN 5 THEN '330203' ELSE '330106' END, '' FROM generate_series(1, 5) AS n;
INSERT INTO safety
SELECT n, c, s, json_build_object('share', CASE n WHEN 3 THEN 2 ELSE 1 END), '[{"key": "x"}]', '1', '2026-11-22T08:00Z', 1
  FROM (VALUES (1, 'green', 100), (2, 'red', 50), (3, 'red', 40), (5, 'red', 45)) AS v (n, c, s);
INSERT INTO device (enterprise, site, key, name_zh, name_en, kind) VALUES (1, 1, 'd', '', '', 'logger');
INSERT INTO point (device, key, name_zh, name_en, quantity, unit, resolution, stage, factor)
VALUES (1, 't', '', '', 'temperature', '°C', 0.1, 'storage', 'environment');
INSERT INTO point_setting (point, valid_from, intake, zone, interval, max_gap, in_use, rules)
VALUES (1, '2026-01-01Z', 1, 'cold', '1 min', '5 min', 'loaded', '{}'), (1, '2026-11-22T08:00Z', 3, 'cool', '1 min', '5 min', 'loaded', '{}');
INSERT INTO alert (id, rule, enterprise, site, region, severity, suppressed, opened_at, closed_at, entries)
SELECT n, 'r', 1, 1, '330106', n, false, '2026-11-22T08:30Z', CASE n WHEN 3 THEN timestamptz '2026-11-22T08:40Z' END, 1 FROM generate_series(1, 3) AS n;
INSERT INTO completeness (point, day, due, filled, settings) VALUES (1, '2026-11-20', 100, 90, 2), (1, '2026-10-20', 100, 10, 0);
"""
READINGS = "INSERT INTO reading VALUES (1, %s, 2, 4.0, 0, 0), (1, %s, 4, 9.0, 0, 0)"
# Enterprise 2 buys the site of 1.
SALE = """
UPDATE site SET enterprise = 2, key = 'bought' WHERE id = 1;
INSERT INTO site_owner VALUES (1, '2000-01-01Z', 1, 1), (1, '2026-11-22T08:00Z', 2, 3);
"""


@pytest.fixture
async def web(database: Database) -> AsyncIterator[Connection]:
    async with await connect(database.url(), name="owner") as owner:
        await owner.execute(WORLD)
        before, after = SOLD - timedelta(minutes=5), NOW - timedelta(minutes=5)
        await ensure_range(owner, before, after)
        await owner.execute(READINGS, (before, after))
    async with await connect(database.url("web"), name="web") as connection:
        yield connection


async def ranked(
    web: Connection, who: Scope, wanted: Filter, after: Rank | None = None
) -> tuple[dict[str, int], list[places.Ranked]]:
    async with snapshot(web):
        await scope.enter(web, who)
        return await places.ranked(
            web,
            wanted,
            beating=BEAT - timedelta(minutes=10),
            after=after,
            limit=2,
        )


async def test_the_worst_codes_come_first_and_what_does_not_stand_is_grey(
    web: Connection,
):
    colours, first = await ranked(web, PROVINCE, Filter())
    assert colours == {"red": 2, "grey": 2, "green": 1}
    place = Rank(first[-1].rank, first[-1].place, first[-1].id)
    _, second = await ranked(web, PROVINCE, Filter(), place)
    place = Rank(second[-1].rank, second[-1].place, second[-1].id)
    _, third = await ranked(web, PROVINCE, Filter(), place)
    found = [(one.code, one.safety, one.judged) for one in (*first, *second, *third)]
    assert found == [
        ("e5", "red", True), ("e2", "red", True), ("e4", "grey", False),
        ("e3", "grey", True), ("e1", "green", True),
    ]  # fmt: skip
    assert (third[0].alerts, third[0].severity, third[0].sites) == (2, 2, 1)


async def test_a_list_has_what_is_asked_for_and_seen(web: Connection):
    async def codes(who: Scope, wanted: Filter) -> list[str]:
        return [one.code for one in (await ranked(web, who, wanted))[1]]

    assert await codes(PROVINCE, Filter(safety="grey")) == ["e4", "e3"]
    assert await codes(PROVINCE, Filter(regions=(330200, 330299))) == ["e5"]
    assert await codes(PROVINCE, Filter(search="企业1")) == ["e1"]
    assert await codes(PROVINCE, Filter(search="%")) == []
    assert await codes(subtree("330200"), Filter()) == ["e5"]
    assert await codes(Scope(1, 0, 3, box=False), Filter()) == ["e3"]
    assert await ranked(web, subtree("340000"), Filter()) == ({}, [])


async def test_a_code_is_found_with_its_changes_and_what_its_reasons_lead_to(
    web: Connection,
):
    async with snapshot(web):
        await scope.enter(web, subtree("330200"))
        assert await places.things(web, "points", [1]) == []
        assert await places.past(web, 1, 5) == []
        assert await places.prefectures(web) == ["3302"]
    async with snapshot(web):
        await scope.enter(web, PROVINCE)
        assert [one.id for one in await places.things(web, "sites", [1, 9])] == [1]


async def site(web: Connection, who: Scope) -> tuple[str, float | None] | None:
    """Zone and last value of the point, as the page reads them."""
    async with snapshot(web):
        await scope.enter(web, who)
        window = await site_details.seen(web, 1)
        if window is None:
            return None
        now = window.stop - timedelta(microseconds=1) if window.stop else NOW
        points = await site_details.points(web, 1, window, now, 9)
        return (points[0].zone, points[0].value) if points else None


async def test_owners_see_a_site_as_it_was_in_their_time(
    web: Connection, database: Database
):
    first, second = Scope(1, 0, 1, box=False), Scope(1, 0, 2, box=False)
    assert await site(web, first) == ("cool", 9.0)
    assert await site(web, second) is None
    async with await connect(database.url(), name="owner") as owner:
        await owner.execute(SALE)
    assert await site(web, first) == ("cold", 4.0)
    assert await site(web, second) == ("cool", 9.0)
    assert await site(web, PROVINCE) == ("cool", 9.0)
    assert await site(web, subtree("330200")) is None


async def test_a_day_to_which_more_came_after_it_was_counted_says_so(web: Connection):
    async with snapshot(web):
        await scope.enter(web, PROVINCE)
        found = await site_details.days(web, 1, date(2026, 10, 1))
        assert [(one.day.day, one.due, one.filled, one.late) for one in found] == [
            (20, 100, 10, True),
            (20, 100, 90, False),
        ]
        assert len(await site_details.days(web, 1, date(2026, 11, 1))) == 1


async def test_whoever_listens_to_a_region_is_found_or_else_anybody(web: Connection):
    async def name(region: str) -> str | None:
        found = await site_details.listener(web, region)
        return found and found.name

    assert [await name(one) for one in ("330106", "340100", "110101")] == [
        "33",
        "34",
        "33",
    ]
