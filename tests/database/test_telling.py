"""Who is told: people's subscriptions, what people do, coverage of GSP zones, inhibition."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from alerting.findings import coverage
from alerting.findings.coverage import Coverage
from alerting.findings.finding import Findings
from alerting.life.life_cycle import step
from alerting.telling.owing import Telling
from domain.alerts import SYSTEM, Event
from domain.errors import InputError
from domain.people import Scope, subtree
from domain.rules import RuleVersion, Severity
from rules.gap import GapRule
from storage import alerts, journal, subscriptions
from storage.connect import connect
from storage.scope import enter
from storage.subscriptions import Hearer, Kept, Matter, Wish
from storage.unit import PEOPLE, unit_of_work
from tests.database.box import COLD_STORE, DUTY, REAL, SILENT, TEN, Box, opened
from tests.database.test_incidents import told
from tests.database.test_ticker import Ticking, m
from tests.services import Database
from tests.subscribers import People

HERE = Matter(330106, 1, Severity.MAJOR, "storage")
BOX = Matter(None, None, Severity.CRITICAL, None)
SUNDAY_NOON = datetime.fromisoformat("2026-11-22T12:00+08:00")


@pytest.fixture
def people(database: Database) -> People:
    return People(database)


async def hearers(box: Box, matter: Matter, now: datetime = SUNDAY_NOON) -> list[str]:
    """The names of those who want to be told."""
    found = await subscriptions.audience(box.connection, [matter], now)
    return [f"{one.name}@{one.channel}" for one in found[matter]]


# Subscriptions


async def test_a_person_is_told_of_his_region_and_all_below_it(
    box: Box, people: People
) -> None:
    for name, region in (
        ("county", "330106"),
        ("city", "330100"),
        ("province", "330000"),
        ("elsewhere", "330110"),
        ("ten", "330109"),
    ):
        await people.add(name, "mail", region=region)
    await people.add("auditor", "mail")
    expected = ["auditor@mail", "city@mail", "county@mail", "province@mail"]
    assert await hearers(box, HERE) == expected


async def test_a_subscription_narrows_the_region_the_severity_and_the_stage(
    box: Box, people: People
) -> None:
    await people.add("a", "mail", low=330106, high=330106)
    await people.add("b", "mail", low=330200, high=330299)
    await people.add("c", "mail", severity=Severity.CRITICAL)
    await people.add("d", "mail", stages=("storage",))
    await people.add("e", "mail", stages=("transport",))
    assert await hearers(box, HERE) == ["a@mail", "d@mail"]
    finding = HERE._replace(stage=None)
    assert await hearers(box, finding) == ["a@mail", "d@mail", "e@mail"]


async def test_an_enterprises_people_are_told_of_their_own_wherever_it_is(
    box: Box, people: People
) -> None:
    await people.add("own", "mail", enterprise=1, low=1, high=0)
    assert await hearers(box, HERE) == ["own@mail"]
    assert await hearers(box, HERE._replace(enterprise=2)) == []
    found = await subscriptions.audience(box.connection, [HERE], SUNDAY_NOON)
    assert found[HERE] == [Hearer("mail", "own", of_enterprise=True)]


async def test_of_the_box_itself_all_are_told_but_enterprises_people(
    box: Box, people: People
) -> None:
    await people.add("own", "mail", enterprise=1)
    await people.add("county", "mail", region="330106", low=330106, high=330106)
    assert await hearers(box, BOX) == ["county@mail"]


async def test_whoever_is_disabled_is_not_told(box: Box, people: People) -> None:
    number = await people.add("gone", "mail")
    await people.execute("UPDATE person SET disabled_at = now() WHERE id = %s", number)
    assert await hearers(box, HERE) == []


async def test_two_subscriptions_of_one_person_over_one_channel_are_one(
    box: Box, people: People
) -> None:
    number = await people.add("a", "mail", "sms")
    await people.subscribe(number, "mail", severity=Severity.MAJOR)
    assert await hearers(box, HERE) == ["a@mail", "a@sms"]


@pytest.mark.parametrize(
    ("hours", "weekdays", "tells", "not_"),
    [
        # 2026-11-22 is a Sunday.
        ((0, 0), (), ["22T00:00", "22T23:59"], []),
        ((480, 1020), (), ["22T08:00", "22T16:59"], ["22T07:59", "22T17:00"]),
        ((1320, 360), (), ["22T22:00", "22T05:59"], ["22T06:00", "22T21:59"]),
        ((0, 0), (7,), ["22T00:00", "22T23:59"], ["21T23:59", "23T00:00"]),
        # From Sunday evening to Monday morning.
        ((1320, 360), (7,), ["22T22:00", "23T05:59"], ["22T05:59", "23T22:00"]),
        ((1320, 360), (1,), ["23T22:00", "24T00:00"], ["23T00:00", "22T23:00"]),
    ],
)
async def test_hours_and_weekdays_are_those_of_beijing(
    box: Box,
    people: People,
    hours: tuple[int, int],
    weekdays: tuple[int, ...],
    tells: list[str],
    not_: list[str],
) -> None:
    await people.add(
        "a", "mail", from_minute=hours[0], to_minute=hours[1], weekdays=weekdays
    )

    async def at_(text: str) -> bool:
        now = datetime.fromisoformat(f"2026-11-{text}+08:00")
        return bool(await hearers(box, HERE, now))

    assert [await at_(text) for text in tells] == [True] * len(tells)
    assert [await at_(text) for text in not_] == [False] * len(not_)


async def test_a_subscription_is_kept_once_listed_and_removed(
    database: Database, people: People
) -> None:
    number = await people.add("a")
    wish = Wish(
        person=number, channel="mail", low=330100, high=330199, severity=Severity.MAJOR,
        stages=("storage", "transport"), weekdays=(1, 5), from_minute=480, to_minute=60,
    )  # fmt: skip
    async with await connect(database.url("web"), name="test web") as web:
        kept = await subscriptions.add(web, wish)
        assert kept is not None
        assert await subscriptions.add(web, wish) is None
        assert await subscriptions.listed(web, number) == [
            Kept(id=kept, **asdict(wish))
        ]
        assert await subscriptions.listed(web, number + 1) == []
        unit = unit_of_work(web, share=PEOPLE, kind="command", arrived=TEN)
        async with unit as one:
            await subscriptions.unsubscribe(one, kept, "test")
        assert await subscriptions.listed(web) == []
        unit = unit_of_work(web, share=PEOPLE, kind="command", arrived=TEN)
        with pytest.raises(InputError, match="no subscription"):
            async with unit as one:
                await subscriptions.unsubscribe(one, kept, "test")


# What people do


OWN = Scope(1, 0, 1, box=False)
CITY = subtree("330100")


async def act(
    database: Database,
    event: Event,
    actor: str,
    scope: Scope = CITY,
    **facts: Any,
) -> None:
    """Somebody does something to the one alert, as the web login, within a scope."""
    telling = Telling([DUTY], lambda: REAL, lambda number: f"https://box/{number}")
    async with (
        await connect(database.url("web"), name="test web") as web,
        unit_of_work(web, share=PEOPLE, kind="command", arrived=TEN) as unit,
    ):
        await enter(web, scope)
        cursor = await web.execute("SELECT id FROM alert")
        rows = await cursor.fetchall()
        (head,) = (await alerts.lock(web, [row[0] for row in rows])).values()
        after, entry = step(head, event, at=TEN, actor=actor, **facts)
        await alerts.update_work(web, after)
        await journal.append(unit, [entry])
        await telling.of_people(unit, [(after, entry)])
        cursor = await web.execute("SELECT scope_low(), scope_high()")
        assert await cursor.fetchone() == (scope.low, scope.high)


async def test_an_assignment_tells_the_assignee_and_the_answer_who_assigned(
    database: Database, box: Box, people: People
) -> None:
    await people.add("wang", "mail", region="330100", severity=Severity.CRITICAL)
    await people.add("own", "mail", "sms", enterprise=1, severity=Severity.CRITICAL)
    await box.feed("9")
    await act(database, Event.ACKNOWLEDGED, "wang")
    await act(database, Event.ASSIGNED, "wang", assignee="own")
    assert await told(box, "own") == ["major assigned", "major assigned"]
    await act(database, Event.ANSWERED, "own", OWN)
    assert await told(box, "wang") == ["major answered"]
    await act(database, Event.SENT_BACK, "wang", reason="again")
    assert await told(box, "own") == ["major assigned"] * 2 + ["major sent-back"] * 2
    assert await told(box) == ["major opened"]
    link = await box.rows(
        "SELECT body->>'link', body->'text'->>'en' FROM delivery WHERE recipient = 'wang'"
    )
    assert all(address in text for address, text in link)


async def test_what_is_assigned_to_nobody_tells_the_enterprises_subscribers(
    database: Database, box: Box, people: People
) -> None:
    await people.add("own", "mail", enterprise=1)
    await people.add("other", "mail", enterprise=None)
    await box.feed("9")
    await act(database, Event.ACKNOWLEDGED, "wang")
    await act(database, Event.ASSIGNED, "wang")
    assert await told(box, "own") == ["major opened", "major assigned"]
    assert await told(box, "other") == ["major opened"]


async def test_nobody_is_told_of_what_he_did_himself(
    database: Database, box: Box, people: People
) -> None:
    await people.add("wang", "mail", region="330100", severity=Severity.CRITICAL)
    await box.feed("9")
    await act(database, Event.ACKNOWLEDGED, "wang")
    await act(database, Event.ASSIGNED, "wang", assignee="wang")
    await act(database, Event.COMMENTED, "own", OWN, reason="soon")
    assert await told(box, "wang") == []


async def test_what_is_overdue_is_told_to_subscribers_unless_it_is_shelved(
    database: Database, box: Box, people: People
) -> None:
    await people.add("wang", "mail", region="330100")
    await box.feed("9")
    await act(database, Event.OVERDUE, SYSTEM)
    assert await told(box, "wang") == ["major opened", "major overdue"]
    assert await told(box) == ["major opened", "major overdue"]
    await act(database, Event.SHELVED, "wang", shelved_until=TEN, reason="filter")
    await act(database, Event.UNSHELVED, SYSTEM)
    assert (await told(box, "wang"))[2:] == ["major unshelved"]


async def test_what_is_overdue_in_one_incident_is_told_once(
    box: Box, people: People
) -> None:
    await people.add("wang", "mail", region="330100")
    await box.feed("9")
    await box.feed("9x2", point="t3")
    ids = await box.rows("SELECT id FROM alert ORDER BY id")
    for minutes, told_of in ((60, 1), (61, 1), (120, 2)):
        now = m(minutes)
        async with box.intake.unit("tick", now, now) as unit:
            heads = await alerts.lock(unit.connection, [number for (number,) in ids])
            steps = [
                step(head, Event.OVERDUE, at=now, actor=SYSTEM)
                for head in heads.values()
            ]
            await alerts.update(unit.connection, [head for head, _ in steps])
            await journal.append(unit, [entry for _, entry in steps])
            await box.telling.of_people(unit, steps)
        assert (await told(box, "wang"))[1:] == ["major overdue"] * told_of


async def test_whoever_acts_for_an_enterprise_that_sold_the_site_still_tells(
    database: Database, box: Box, people: People
) -> None:
    """The names of the new owner are not for the old one's eyes; the teller needs them."""
    await people.add("wang", "mail", region="330100")
    await box.feed("9")
    await act(database, Event.ACKNOWLEDGED, "wang")
    await people.execute(
        "INSERT INTO enterprise (code, name_zh, name_en, kind, high_risk)"
        " VALUES ('91330106MA27XY001X', '新', 'New', 'wholesaler', '{}')"
    )
    await people.execute("UPDATE site SET enterprise = 2")
    await act(database, Event.ANSWERED, "own", OWN)
    assert (await told(box, "wang"))[1:] == ["major answered"]


# Coverage


class Covering:
    """A box that judges who would be told of its sites."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.elapsed = 0.0
        findings = Findings(box.telling)
        self.judge = Coverage(findings, lambda: self.elapsed, region="33")

    async def look(self, minute: float) -> bool:
        """Whether anything began or ended."""
        now, share = m(minute), self.box.intake.share
        if not await self.judge.due(self.box.connection, share, now):
            return False
        async with self.box.intake.unit("tick", now, now) as unit:
            await self.judge.tick(unit, now)
        return True


async def test_a_gsp_zone_with_fewer_than_three_people_is_a_finding_of_its_site(
    box: Box, people: People
) -> None:
    one = Covering(box)
    assert await one.look(0)
    assert await box.journal() == ["1 opened minor"]
    assert await box.rows(
        "SELECT s.key, a.device, a.rule, j.detail->'zones', j.detail->>'people'"
        "  FROM alert a JOIN site s ON s.id = a.site JOIN journal j ON j.alert = a.id"
    ) == [("store-1", None, "few-recipients", ["cold"], "0")]
    ((zh, en),) = await box.rows(
        "SELECT body->'text'->>'zh', body->'text'->>'en' FROM delivery"
    )
    assert "GSP 附录" in zh
    assert "Where: West Lake Pharma · Cold store\n" in en

    await people.add("a", "mail", region="330106")
    await people.add("b", "mail", enterprise=1, severity=Severity.MAJOR)
    await people.add("late", "mail", severity=Severity.CRITICAL)
    await people.add("moving", "mail", stages=("transport",))
    await people.add("far", "mail", region="330200")
    assert not await one.look(1)
    one.elapsed = 60
    assert not await one.look(2)
    number = await people.add("c", "mail", "sms", from_minute=1, to_minute=2)
    one.elapsed = 119
    assert not await one.look(3)
    one.elapsed = 120
    assert await one.look(3)
    assert await box.journal() == ["1 opened minor", "1 returned minor"]

    await people.execute("DELETE FROM contact WHERE person = %s", number)
    one.elapsed = 180
    assert await one.look(60)
    assert (await box.journal())[2:] == ["1 recurred minor"]


async def test_the_finding_of_a_former_owner_ends_and_the_new_one_has_its_own(
    box: Box, people: People
) -> None:
    one = Covering(box)
    assert await one.look(0)
    await people.execute(
        "INSERT INTO enterprise (code, name_zh, name_en, kind, high_risk)"
        " VALUES ('91330106MA27XY001X', '新', 'New', 'wholesaler', '{}')"
    )
    await people.execute("UPDATE site SET enterprise = 2")
    for minute in (1, 2, 3):
        one.elapsed = 60 * minute
        assert await one.look(minute) is (minute < 3)
    assert await box.rows(
        "SELECT enterprise, returned_at IS NULL, predecessor FROM alert ORDER BY id"
    ) == [(1, False, None), (2, True, None)]


async def test_many_findings_are_written_in_pieces(
    box: Box, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coverage, "PIECE", 2)
    await people.execute(
        "WITH s AS (INSERT INTO site (enterprise, key, name_zh, name_en, kind, region, telephone)"
        " SELECT 1, 's' || n, 's', 's', 'warehouse', '330106', '1' FROM generate_series(1, 4) AS n RETURNING id),"
        " d AS (INSERT INTO device (enterprise, site, key, name_zh, name_en, kind)"
        " SELECT 1, id, 'd' || id, 'd', 'd', 'logger' FROM s RETURNING id),"
        " p AS (INSERT INTO point (device, key, name_zh, name_en, quantity, unit, resolution, stage, factor)"
        " SELECT id, 't', 't', 't', 'temperature', '°C', 0.1, 'storage', 'environment' FROM d RETURNING id)"
        " INSERT INTO point_setting (point, valid_from, intake, zone, interval, max_gap, in_use, rules)"
        " SELECT id, '2026-01-01Z', 1, 'cold', '1 min', '5 min', 'loaded', '{}' FROM p"
    )
    one, opened = Covering(box), []
    while await one.look(0):
        opened.append(len(await box.journal()))
    assert opened == [2, 4, 5]


async def test_sites_of_other_shares_are_not_this_ones_matter(box: Box) -> None:
    one = Covering(box)
    one.judge = Coverage(Findings(box.telling), count().__next__, region="3302")
    assert not await one.look(0)


# Inhibition


RECORDS = GapRule.model_validate(
    {
        "key": "records",
        "kind": "gap",
        "name": {"zh": "缺记录", "en": "no records"},
        "basis": {"zh": "测试", "en": "a test"},
        "levels": [
            {"name": "gap", "severity": "minor", "every": "30m"},
            {"name": "hot", "severity": "major", "every": "20m", "above": 8},
        ],
    }
)
GAPS = (
    COLD_STORE
    + """
          logger-1:
            name: Logger
            timeline: [{from: 2026-01-01T00:00:00Z, zone: cold, interval: 1m, rules: [device-silent, records]}]
            points: {t1: {quantity: temperature, resolution: 0.1}}
"""
)
INHIBITED = """
SELECT a.rule, e.level, a.inhibited_by = s.id
  FROM alert a LEFT JOIN alert s ON s.rule = 'device-silent'
  JOIN alert_excursion l ON l.alert = a.id JOIN excursion e ON e.id = l.excursion
 ORDER BY e.started, e.level
"""


@pytest.fixture
async def logger(database: Database) -> AsyncIterator[Ticking]:
    """A ticking box whose logger is to keep records, and not to fall silent."""

    def version(rule: str, _: Mapping[str, Any]) -> RuleVersion:
        return (SILENT if rule == "device-silent" else RECORDS).to_version()

    async with opened(database, world=GAPS, version=version) as box:
        yield Ticking(box)
        await box.check()


async def test_a_gap_of_a_silent_device_is_visible_linked_and_told_to_nobody(
    logger: Ticking,
) -> None:
    await logger.hear(10)
    await logger.tick(26)
    await logger.hear(60)
    await logger.tick(60)
    assert await logger.box.rows(INHIBITED) == [("records", "gap", True)]
    assert await told(logger.box) == ["major opened", "major returned"]
    assert await logger.box.rows(
        "SELECT due_at FROM alert WHERE inhibited_by IS NOT NULL"
    ) == [(None,)]


async def test_a_gap_of_a_device_that_speaks_is_told(logger: Ticking) -> None:
    await logger.hear(10)
    await logger.say(20, "alive")
    for minute in (30, 40, 50):
        await logger.say(minute, "alive")
        await logger.tick(minute)
    await logger.hear(60)
    assert await logger.box.rows(INHIBITED) == [("records", "gap", None)]
    assert await told(logger.box) == ["minor opened"]


async def test_a_gap_that_is_longer_than_the_silence_within_it_is_told(
    logger: Ticking,
) -> None:
    await logger.hear(10)
    for minute in (20, 30, 40, 50, 60, 70):
        await logger.say(minute, "alive")
        await logger.tick(minute)
    await logger.tick(86)
    await logger.say(90, "alive")
    await logger.tick(90)
    await logger.hear(100)
    assert await logger.box.rows(INHIBITED) == [("records", "gap", None)]
    assert "minor opened" in await told(logger.box)


async def test_a_gap_while_values_are_out_of_limits_is_never_inhibited(
    logger: Ticking,
) -> None:
    await logger.hear(10, 9)
    await logger.tick(26)
    await logger.hear(60)
    assert await logger.box.rows(INHIBITED) == [
        ("records", "gap", True),
        ("records", "hot", None),
    ]
    assert await told(logger.box) == ["major opened", "major opened"]


async def test_an_inhibited_alert_takes_no_gap_that_no_silence_explains(
    logger: Ticking,
) -> None:
    await logger.hear(10)
    await logger.tick(26)
    await logger.hear(60)
    await logger.tick(60)
    for minute in (70, 80, 90):
        await logger.say(minute, "alive")
        await logger.tick(minute)
    await logger.hear(100)
    rows = await logger.box.rows(INHIBITED)
    assert rows == [("records", "gap", True), ("records", "gap", None)]
    assert (await told(logger.box))[-1] == "minor opened"
