"""How a region stands, as the web login of a scope sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from domain.people import EVERYTHING, NOTHING, Scope, subtree
from domain.rules import Severity
from storage import alert_list, standing
from storage.alert_list import Filter
from storage.scope import scoped
from storage.standing import WHOLE, Open, Region
from storage.unit import Connection
from tests.services import Database
from tests.stored import connected

HANGZHOU, NINGBO, OWNER, FORMER = (
    subtree("3301"),
    subtree("3302"),
    Scope(1, 0, 1, box=False),
    Scope(1, 0, 2, box=False),
)
IN_HANGZHOU = Region(330100, 330199)
MIDNIGHT = datetime.fromisoformat("2026-11-22T00:00+08:00")
# Site 1 of enterprise 1 in Hangzhou, which was 2's until this morning; site 2 of 2 in Ningbo.
WORLD = """
INSERT INTO rule_version VALUES ('v', 'device-silent', 'silence', '{}');
INSERT INTO enterprise (code, name_zh, name_en, kind, high_risk)
SELECT 'e' || n, '', 'E' || n, 'clinic', '{}' FROM generate_series(1, 2) AS n;
INSERT INTO site (enterprise, key, name_zh, name_en, kind, region, telephone)
SELECT n, 's', '', 'S' || n, 'clinic', (ARRAY['330106', '330203'])[n], '' FROM generate_series(1, 2) AS n;
INSERT INTO site_owner VALUES (1, '2000-01-01Z', 2, 1), (1, '2026-11-22T01:00Z', 1, 1);
INSERT INTO device (enterprise, site, key, name_zh, name_en, kind) SELECT n, n, 'd', '', 'D' || n, 'logger' FROM generate_series(1, 2) AS n;
INSERT INTO point (device, key, name_zh, name_en, quantity, unit, resolution, stage, factor)
SELECT n, k, '', '', 'temperature', '°C', 0.1, 'storage', 'environment' FROM generate_series(1, 2) AS n, unnest('{a,b}'::text[]) AS k;
INSERT INTO safety VALUES (2, 'red', 40, '{"points": 2, "due": 10, "filled": 9}', '[{"key": "k"}]', '1', '2026-11-22Z', 1);
INSERT INTO alert (id, rule, version, device, enterprise, site, region, severity, suppressed, opened_at, returned_at, acknowledged_at,
                   overdue_since, closed_at, withdrawn_at, entries) VALUES
    (1, 'r', NULL, NULL, 1, 1, '330106', 3, false, '2026-11-22T02:00Z', NULL, NULL, NULL, NULL, NULL, 1),
    (2, 'r', NULL, NULL, 1, 1, '330106', 1, false, '2026-11-22T03:00Z', '2026-11-22T04:00Z', '2026-11-22T04:00Z', '2026-11-22T04:00Z', NULL, NULL, 1),
    (3, 'r', NULL, NULL, 1, 1, '330106', 3, true, '2026-11-22T03:00Z', NULL, NULL, NULL, NULL, NULL, 1),
    (4, 'r', NULL, NULL, 1, 1, '330106', 3, false, '2026-11-22T03:00Z', NULL, NULL, NULL, '2026-11-22T03:00Z', NULL, 1),
    (5, 'r', NULL, NULL, 1, 1, '330106', 3, false, '2026-11-22T03:00Z', NULL, NULL, NULL, NULL, '2026-11-22T03:00Z', 1),
    (6, 'device-silent', 'v', 2, 2, 2, '330203', 2, false, '2026-11-22T01:00Z', NULL, NULL, NULL, NULL, NULL, 1),
    (7, 'deaf', NULL, NULL, NULL, NULL, NULL, 3, false, '2026-11-22T00:30Z', NULL, NULL, NULL, NULL, NULL, 1),
    (8, 'r', NULL, NULL, 2, 1, '330106', 1, false, '2026-11-21T00:30Z', NULL, NULL, NULL, NULL, NULL, 1);
INSERT INTO journal (alert, n, intake, at, actor, event, severity, new_state, detail)
VALUES (6, 1, 1, '2026-11-22T01:00Z', 'system', 'opened', 2, 'active-unacknowledged', '{"from": "2026-11-22T00:10Z"}');
"""
# Two that await an answer, the second in vain; answered; minor; shelved; nobody has taken it up.
TAKEN_UP = """
INSERT INTO alert (id, rule, enterprise, site, region, severity, suppressed, opened_at, acknowledged_at, assigned_at, answered_at,
                   overdue_since, shelved_until, entries)
SELECT id, 'r', 1, 1, '330106', severity, false, '2026-11-22T05:00Z', taken, assigned, answered, overdue, shelved, 1
  FROM (VALUES (10, 2, '2026-11-22Z'::timestamptz, NULL::timestamptz, NULL::timestamptz, NULL::timestamptz, NULL::timestamptz),
               (11, 3, '2026-11-22Z', '2026-11-22Z', NULL, '2026-11-22Z', NULL),
               (12, 3, '2026-11-22Z', '2026-11-22Z', '2026-11-22Z', NULL, NULL),
               (13, 1, '2026-11-22Z', NULL, NULL, NULL, NULL),
               (14, 2, '2026-11-22Z', NULL, NULL, NULL, '2026-11-23Z'),
               (15, 2, NULL, NULL, NULL, '2026-11-22Z', NULL)) AS a (id, severity, taken, assigned, answered, overdue, shelved);
"""
UNANSWERED = Filter(
    work="unanswered", severity=Severity.MAJOR, shelved=False, suppressed=False
)


@pytest.fixture
async def web(database: Database) -> AsyncIterator[Connection]:
    async with connected(database, "owner") as owner:
        await owner.execute(WORLD)
    async with connected(database, "web") as connection:
        yield connection


async def test_open_alerts_are_counted_by_site_for_whom_they_concern(
    web: Connection,
) -> None:
    ours = Open(site=1, critical=1, minor=2, unacknowledged=2, overdue=1, worst=3)
    own = Open(site=1, critical=1, minor=1, unacknowledged=1, overdue=1, worst=3)
    past = Open(site=1, minor=1, unacknowledged=1, worst=1)
    silent = Open(site=2, major=1, unacknowledged=1, silent=1)
    box = Open(site=None, critical=1, unacknowledged=1, worst=3)
    for scope, region, expected in [
        (EVERYTHING, WHOLE, [ours, silent, box]),
        (EVERYTHING, IN_HANGZHOU, [ours]),
        (NINGBO, WHOLE, [silent, box]),
        (NINGBO, IN_HANGZHOU, []),
        (OWNER, WHOLE, [own]),
        (FORMER, WHOLE, [past, silent]),
        (NOTHING, WHOLE, []),
    ]:
        async with scoped(web, scope):
            found = await standing.opened(web, region)
        assert sorted(found, key=lambda one: one.site or 9) == expected, scope


async def test_what_awaits_an_answer_is_what_people_have_taken_up(
    database: Database, web: Connection
) -> None:
    async with connected(database, "owner") as owner:
        await owner.execute(TAKEN_UP)
    async with scoped(web, OWNER):
        (found,) = await standing.opened(web, WHOLE)
        awaited = await alert_list.page(web, UNANSWERED, after=None, limit=99)
    assert (found.unanswered, found.unanswered_overdue) == (2, 1)
    assert [line.head.id for line in awaited] == [11, 10]


async def test_the_newest_alerts_and_silent_devices_are_of_the_scope(
    web: Connection,
) -> None:
    for scope, region, newest, silent in [
        (EVERYTHING, WHOLE, [2, 1, 6, 7, 8], [2]),
        (EVERYTHING, IN_HANGZHOU, [2, 1, 8], []),
        (HANGZHOU, WHOLE, [2, 1, 7, 8], []),
        (OWNER, WHOLE, [2, 1], []),
        (FORMER, WHOLE, [6, 8], [2]),
        (NOTHING, WHOLE, [], []),
    ]:
        async with scoped(web, scope):
            assert await standing.newest(web, region, 9) == newest, scope
            found = await standing.silent(web, region, 9)
        assert [one.device for one in found] == silent
        assert [f"{one.since:%H:%M}" for one in found] == ["00:10"] * len(silent)


async def test_what_worsened_is_as_new_as_what_was_opened_then(
    database: Database, web: Connection
) -> None:
    async with connected(database, "owner") as owner:
        await owner.execute(
            "UPDATE alert SET raised_at = '2026-11-22T05:00Z' WHERE id = 8"
        )
    async with scoped(web, EVERYTHING):
        assert await standing.newest(web, WHOLE, 2) == [8, 2]


async def test_enterprises_have_the_codes_and_completeness_they_were_judged_by(
    web: Connection,
) -> None:
    async with scoped(web, EVERYTHING):
        found = {one.id: one for one in await standing.enterprises(web, [1, 2, 9])}
        assert await standing.reasons(web, [1, 2]) == {2: [{"key": "k"}]}
    assert (found[2].code, found[2].points, found[2].due, found[2].filled) == (
        "red",
        2,
        10,
        9,
    )
    assert (found[1].code, found[1].score, found[1].due) == ("grey", None, 0)
    async with scoped(web, HANGZHOU):
        assert [one.id for one in await standing.enterprises(web, [1, 2])] == [1]
        assert await standing.reasons(web, [1, 2]) == {}


async def test_who_once_had_a_site_sees_no_owner_of_it(web: Connection) -> None:
    async with scoped(web, FORMER):
        assert {one.id for one in await standing.sites(web, WHOLE)} == {1, 2}
        assert [one.id for one in await standing.enterprises(web, [1, 2])] == [2]


async def test_points_are_sampled_where_the_whole_day_was_the_owners(
    web: Connection,
) -> None:
    for scope, step, expected in [
        (EVERYTHING, 1, [3, 4]),
        (EVERYTHING, 2, [4]),
        (HANGZHOU, 1, []),
        (OWNER, 1, []),
        (FORMER, 1, [3, 4]),
    ]:
        async with scoped(web, scope):
            found = await standing.sample(web, WHOLE, MIDNIGHT, step=step, limit=9)
        assert found == expected, scope
