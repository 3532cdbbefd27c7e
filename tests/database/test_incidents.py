"""Incidents: who is told of the alerts of one site that come close together.

Points of `box.WORLD` are judged by `box.COLD`, one reading a minute; `duty` is told of all,
`chief` of what is major at least.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from domain.alerts import Event
from tests.database.box import COLD_STORE, TEN, Box, message, opened, snapshot
from tests.database.test_ticker import Ticking, m
from tests.services import Database
from tests.subscribers import People

SENSORS = [f"logger-{n}" for n in range(1, 21)]
TWENTY = COLD_STORE + "".join(
    f"""
          {name}:
            name: Logger
            timeline: [{{from: 2026-01-01T00:00:00Z, zone: cold, interval: 1m, rules: [device-silent, cold]}}]
            points: {{t1: {{quantity: temperature, resolution: 0.1}}}}
"""
    for name in SENSORS
)
"""Twenty loggers that are each expected to speak."""


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Ticking]:
    """A ticking box with twenty loggers."""
    async with opened(database, world=TWENTY) as box:
        yield Ticking(box)
        await box.check()


async def hear(store: Ticking, minute: float, value: float = 5.0) -> None:
    """All twenty speak, in one batch."""
    said = [message(snapshot(m(minute), t1=value), name) for name in SENSORS]
    await store.box.commit(said, m(minute))


async def told(box: Box, who: str = "duty") -> list[str]:
    """What somebody is told, in order: `major opened` …"""
    rows = await box.rows(
        "SELECT d.body->>'severity', j.event FROM delivery d JOIN journal j USING (alert, n)"
        " WHERE d.recipient = %s ORDER BY j.at, d.alert, d.n",
        who,
    )
    return [f"{severity} {event}" for severity, event in rows]


async def incidents(box: Box) -> list[tuple[int, int, bool]]:
    """(alerts, active, settled) of each."""
    return await box.rows(
        "SELECT alerts, active, settled_at IS NOT NULL FROM incident ORDER BY id"
    )


# A power cut


async def test_twenty_sensors_that_fall_silent_make_one_begin_and_one_end_each(
    store: Ticking, database: Database
) -> None:
    await People(database).add("zhang", "mail", region="330100")
    await hear(store, 10)
    await store.tick(26)
    assert await incidents(store.box) == [(20, 20, False)]
    await hear(store, 40)
    await store.tick(40)
    assert await incidents(store.box) == [(20, 0, True)]
    await store.tick(50)
    for who in ("duty", "chief", "zhang"):
        assert await told(store.box, who) == ["major opened", "major returned"]
    assert len(await store.box.journal()) == 40


async def test_they_need_not_fall_silent_at_once(store: Ticking) -> None:
    for minute, name in enumerate(SENSORS[:4], start=10):
        await store.hear(minute, device=name)
    for name in SENSORS[4:]:
        await store.hear(14, device=name)
    for minute in range(26, 30):
        await store.tick(minute)
    assert await incidents(store.box) == [(4, 4, False)]
    assert await told(store.box) == ["major opened"]


async def test_the_end_is_told_when_the_last_has_returned(store: Ticking) -> None:
    await hear(store, 10)
    await store.tick(26)
    for name in SENSORS[:19]:
        await store.hear(40, device=name)
    await store.tick(40)
    await store.tick(50)
    assert await told(store.box) == ["major opened"]
    await store.hear(51, device=SENSORS[19])
    await store.tick(51)
    await store.tick(52)
    assert await told(store.box) == ["major opened", "major returned"]


async def test_a_silence_hides_no_excursion_that_is_as_severe_in_another_incident(
    store: Ticking,
) -> None:
    await hear(store, 10)
    await store.tick(26)
    await hear(store, 40, 9)
    assert await told(store.box) == ["major opened", "major opened"]
    assert [one[0] for one in await incidents(store.box)] == [20, 20]


async def test_a_silence_hides_no_excursion_that_is_as_severe_in_its_own_incident(
    store: Ticking,
) -> None:
    await hear(store, 10)
    await store.hear(25, 5.0, device=SENSORS[0])
    await store.tick(26)
    await store.hear(28, 9.0, device=SENSORS[0])
    assert [one[0] for one in await incidents(store.box)] == [20]
    assert await told(store.box) == ["major opened", "major opened"]


async def test_the_opening_entries_name_the_incident(store: Ticking) -> None:
    await hear(store, 10)
    await store.tick(26)
    (number,) = await store.box.rows("SELECT id FROM incident")
    rows = await store.box.rows(
        "SELECT DISTINCT (detail->>'incident')::int8 FROM journal WHERE n = 1"
    )
    assert rows == [number]


# A new danger


async def test_a_higher_severity_and_every_critical_one_notify_again(box: Box) -> None:
    await box.feed("7.6x4")
    await box.feed("9x5", point="t3")
    assert await told(box) == ["minor opened", "major opened"]
    assert await told(box, "chief") == ["major opened"]
    await box.feed("12.1x3")
    await box.feed("12.1x3", point="t3")
    critical = ["critical worsened", "critical worsened"]
    assert await told(box) == ["minor opened", "major opened", *critical]
    assert len(await incidents(box)) == 1


async def test_what_worsens_later_is_news_though_something_as_severe_goes_on(
    box: Box,
) -> None:
    await box.feed("9")
    await box.feed("7.6x4", point="t3")
    await box.feed("7.6x20", point="t3")
    await box.feed("9", point="t3")
    assert [one[:2] for one in await incidents(box)] == [(2, 2)]
    assert await told(box) == ["major opened", "major worsened"]


async def test_somebody_not_yet_told_is_told(database: Database, box: Box) -> None:
    people = People(database)
    await box.feed("9")
    person = await people.add("li", "mail")
    await box.feed("9x2", point="t3")
    assert await told(box) == ["major opened"]
    assert await told(box, "li") == ["major opened"]
    await box.feed("5x3")
    await box.feed("5x2", point="t3")
    await box.settle(TEN)
    assert await told(box, "li") == ["major opened", "major returned"]
    await people.execute("UPDATE person SET disabled_at = now() WHERE id = %s", person)


async def test_an_incident_takes_alerts_for_15_minutes_at_most(box: Box) -> None:
    for _ in range(4):
        await box.feed("9")
        await box.feed("5x3")
    assert await incidents(box) == [(1, 0, False)]
    await box.feed("9")
    assert await incidents(box) == [(0, 0, False), (1, 1, False)]
    assert await told(box) == ["major opened", "major recurred"]


# Flapping


async def test_a_flapping_point_makes_one_begin_and_one_end(box: Box) -> None:
    for _ in range(5):
        await box.feed("9")
        await box.feed("5")
        assert not await box.settle(box.next["t1"])
    assert await told(box) == ["major opened"]
    assert await box.settle(TEN)
    assert await told(box) == ["major opened", "major returned"]
    (newest,) = await box.rows("SELECT max(n) FROM journal")
    rows = await box.rows(
        "SELECT DISTINCT n FROM delivery WHERE body->>'event' = 'returned'"
    )
    assert rows == [newest]
    assert not await box.settle(TEN + timedelta(hours=1))


async def test_what_recurs_after_the_end_was_told_is_told(box: Box) -> None:
    await box.feed("9")
    await box.feed("5")
    await box.settle(TEN)
    await box.feed("-x30 9")
    assert await told(box) == ["major opened", "major returned", "major recurred"]
    assert await incidents(box) == [(0, 0, True), (1, 1, False)]


async def test_what_was_found_late_is_not_told_again_at_the_end(box: Box) -> None:
    await box.feed("5 9 9 5")
    assert await told(box) == ["major opened"]
    await box.settle(TEN)
    assert await told(box) == ["major opened"]


async def test_a_withdrawal_is_told_at_once_and_lets_the_incident_settle(
    box: Box,
) -> None:
    await box.feed("7.6 - 7.6 - 7.6")
    await box.late("1m", "5")
    assert await incidents(box) == [(1, 0, False)]
    assert await told(box) == ["minor opened", "minor withdrawn"]
    assert await box.settle(TEN)
    assert await told(box) == ["minor opened", "minor withdrawn"]


# Quiet and shelved


async def test_an_alert_of_what_is_not_in_use_joins_nothing_and_tells_nobody(
    box: Box,
) -> None:
    await box.feed("-x70 9x3", point="t2")
    assert await box.journal() == ["1 opened major"]
    assert await incidents(box) == []
    assert await told(box) == []


async def test_while_shelved_nothing_is_owed_unless_its_severity_rises(
    database: Database, box: Box
) -> None:
    await box.feed("7.6x4")
    shelve = "UPDATE alert SET shelved_until = '2027-01-01Z'"
    await People(database).execute(shelve)
    await box.feed("5")
    await box.feed("7.6x4")
    await box.settle(TEN)
    assert await told(box) == ["minor opened"]
    await box.feed("9")
    assert await told(box) == ["minor opened", "major worsened"]


async def test_a_return_while_shelved_is_not_told(database: Database, box: Box) -> None:
    await box.feed("9")
    await People(database).execute("UPDATE alert SET shelved_until = '2027-01-01Z'")
    await box.feed("5")
    assert await box.settle(TEN)
    assert await told(box) == ["major opened"]
    assert Event.RETURNED.value in (await box.journal())[-1]
