"""From readings to alerts, told as timelines: one reading a minute, the limits of `box.COLD`.

    warning    minor     2.5 or less, 7.5 or more, for 3 min
    excursion  major     below 2, above 8, at once
    hot        critical  above 12, for 2 min

An alert is told by its number, what happened to it, and its severity afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from random import Random

import pytest

from alerting.following import looking_back
from domain.errors import CommandError
from domain.readings import Reading, Slot
from ingest.door import Message, Offer
from ingest.intake import Committed, RegistryMovedError
from rules.engine import advance
from rules.watch import State, Step, Watch
from tests.database.box import (
    CODE,
    COLD,
    HOT,
    TEN,
    WORLD,
    Box,
    apply,
    message,
    message_of,
    opened,
    snapshot,
)
from tests.series import at, series
from tests.services import Database
from tests.stored import acknowledge


async def answer(database: Database, box: Box, nth: int = 1) -> None:
    """Somebody acknowledges the nth alert."""
    rows = await box.rows("SELECT id FROM alert ORDER BY id")
    await acknowledge(database, rows[nth - 1][0], at("10h"))


# One alert through its life


async def test_alert_opens_when_the_hold_has_passed_and_tells_who_wants_to_know(
    box: Box,
) -> None:
    await box.feed("5 7.6x3")
    assert await box.journal() == []
    await box.feed("7.6")
    assert await box.journal() == ["1 opened minor"]
    assert await box.owed() == ["duty: 1 opened"]
    assert await box.spans() == [("warning", 1, None)]


async def test_alert_worsens_step_by_step_and_returns(box: Box) -> None:
    await box.feed("7.6x4")
    await box.feed("8.1")
    await box.feed("12.1x2")
    await box.feed("12.1")
    await box.feed("5")
    assert await box.journal() == [
        "1 opened minor",
        "1 worsened major",
        "1 revised major",
        "1 worsened critical",
        "1 returned critical",
    ]
    await box.settle(TEN)
    assert await box.owed() == [
        "duty: 1 opened",
        "duty: 1 worsened",
        "chief: 1 worsened",
        "duty: 1 worsened",
        "chief: 1 worsened",
        "duty: 1 returned",
        "chief: 1 returned",
    ]
    assert await box.spans() == [
        ("warning", 0, 8),
        ("excursion", 4, 8),
        ("hot", 5, 8),
    ]


async def test_what_begins_and_ends_in_one_batch_is_told_in_one_go(box: Box) -> None:
    await box.feed("5 7.6x4 8.1 5")
    assert await box.journal() == ["1 opened major", "1 returned major"]
    assert await box.owed() == ["duty: 1 opened", "chief: 1 opened"]


async def test_going_on_is_no_news_nor_is_a_lesser_level(box: Box) -> None:
    await box.feed("9")
    await box.feed("8.5 9")
    assert await box.journal() == ["1 opened major"]
    await box.feed("8.5")
    assert await box.spans() == [("excursion", 0, None), ("warning", 0, None)]
    assert await box.journal() == ["1 opened major", "1 revised major"]
    assert await box.owed() == ["duty: 1 opened", "chief: 1 opened"]


async def test_recurrence_of_an_unanswered_alert_is_the_same_alert(box: Box) -> None:
    await box.feed("9 5")
    await box.feed("5 9")
    assert await box.journal() == [
        "1 opened major",
        "1 returned major",
        "1 recurred major",
    ]
    assert (await box.owed())[-2:] == ["duty: 1 recurred", "chief: 1 recurred"]


async def test_recurrence_after_the_alert_was_closed_opens_a_linked_successor(
    database: Database, box: Box
) -> None:
    await box.feed("9 5")
    await answer(database, box)
    await box.feed("9")
    assert (await box.journal())[-1] == "2 opened major"
    first, second = await box.rows("SELECT id, predecessor FROM alert ORDER BY id")
    assert (first[1], second[1]) == (None, first[0])


async def test_answered_alert_that_goes_on_keeps_its_answer(
    database: Database, box: Box
) -> None:
    await box.feed("7.6x4")
    await answer(database, box)
    await box.feed("7.7")
    assert await box.scalar("SELECT acknowledged_at FROM alert") == at("10h")
    await box.feed("9")
    assert await box.scalar("SELECT acknowledged_at FROM alert") is None


# What came late


async def test_late_reading_withdraws_an_alert_and_whoever_was_told_is_told(
    box: Box,
) -> None:
    await box.feed("7.6 - 7.6 - 7.6")
    assert await box.spans() == [("warning", 0, None)]
    await box.late("1m", "5")
    assert await box.spans() == []
    assert await box.journal() == ["1 opened minor", "1 withdrawn minor"]
    assert await box.owed() == ["duty: 1 opened", "duty: 1 withdrawn"]
    await box.feed("7.6")
    assert await box.spans() == [("warning", 2, None)]
    assert (await box.journal())[-1] == "2 opened minor"


async def test_what_was_withdrawn_and_holds_after_all_is_stored_and_raised_anew(
    box: Box,
) -> None:
    await box.feed("- 7.6 7.6 7.6 7.6")
    await box.late("0m", "7.6")
    assert await box.spans() == [("warning", 0, None)]
    assert await box.journal() == ["1 opened minor", "1 revised minor"]
    start = at("30s").isoformat()
    await box.commit(
        [message_of(reading, "t1") for reading in series(start, "1m", "5")]
    )
    assert await box.spans() == [("warning", 1, None)]
    rows = await box.rows("SELECT id, withdrawn FROM excursion ORDER BY id")
    assert [withdrawn for _, withdrawn in rows] == [True, True, False]
    assert await box.journal() == [
        "1 opened minor",
        "1 revised minor",
        "1 revised minor",
    ]


async def test_late_reading_moves_the_start_and_the_alert_stays(box: Box) -> None:
    await box.feed("- 9 5")
    await box.late("0m", "9")
    assert await box.spans() == [("excursion", 0, 2)]
    assert await box.journal() == [
        "1 opened major",
        "1 returned major",
        "1 revised major",
    ]
    assert await box.owed() == ["duty: 1 opened", "chief: 1 opened"]


async def test_late_reading_splits_an_excursion_which_is_no_recurrence(
    box: Box,
) -> None:
    await box.feed("9 - 9")
    await box.late("1m", "5")
    assert await box.spans() == [("excursion", 0, 1), ("excursion", 2, None)]
    assert await box.journal() == ["1 opened major", "1 revised major"]


async def test_late_reading_ends_the_last_open_excursion(box: Box) -> None:
    await box.feed("7.6 - 7.6 - 7.6")
    await box.feed("- 7.6")
    await box.late("5m", "5")
    assert await box.spans() == [("warning", 0, 5)]
    assert await box.journal() == ["1 opened minor", "1 returned minor"]


async def test_late_reading_eases_an_alert(box: Box) -> None:
    await box.feed("13 - 13")
    await box.late("1m", "11")
    assert await box.spans() == [("excursion", 0, None)]
    assert await box.journal() == ["1 opened critical", "1 eased major"]


async def test_late_reading_in_an_excursion_that_ended_is_copied(box: Box) -> None:
    await box.feed("9 - 9 5")
    await box.late("1m", "8.5")
    assert await box.journal() == ["1 opened major", "1 returned major"]
    times = await box.rows("SELECT time FROM alert_reading ORDER BY time")
    assert [time for (time,) in times] == [at(f"{minute}m") for minute in range(4)]


async def test_closed_alert_is_corrected_about_the_past_and_never_reopened(
    database: Database, box: Box
) -> None:
    await box.feed("- 7.6x4 5")
    await answer(database, box)
    await box.late("0m", "7.6")
    assert (await box.journal())[-1] == "1 revised minor"
    await box.feed("13x3")
    assert (await box.journal())[-1] == "2 opened critical"


async def test_backlog_that_comes_late_opens_and_returns_at_once(box: Box) -> None:
    await box.feed("5 -x60 5")
    await box.late("10m", "9x3 5")
    assert await box.journal() == ["1 opened major", "1 returned major"]


# Copies


async def test_alert_copies_the_streak_and_then_each_batch_until_the_end(
    box: Box,
) -> None:
    await box.feed("5 7.6x3")
    await box.feed("7.6 bad")
    await box.feed("7.6 5 5")
    copies = await box.rows(
        "SELECT time, value, quality, intake FROM alert_reading ORDER BY time"
    )
    stored = await box.rows(
        "SELECT time, value, quality FROM reading WHERE time BETWEEN %s AND %s ORDER BY time",
        at("1m"),
        at("7m"),
    )
    assert [copy[:3] for copy in copies] == stored
    assert [copy[3] - copies[0][3] for copy in copies] == [0] * 5 + [1] * 2


# Maintenance


async def test_what_is_in_maintenance_is_judged_and_alerts_nobody(box: Box) -> None:
    await box.feed("-x70 9 9 5", point="t2")
    assert await box.spans("t2") == [("excursion", 70, 72)]
    assert await box.journal() == ["1 opened major", "1 returned major"]
    assert await box.scalar("SELECT suppressed FROM alert")
    assert await box.owed() == []


async def test_alert_of_the_maintenance_never_silences_what_comes_after_it(
    box: Box,
) -> None:
    await box.feed("-x70 9 5", point="t2")
    await box.feed("-x60 9", point="t2")
    assert (await box.journal())[-1] == "2 opened major"
    assert await box.owed() == ["duty: 2 opened", "chief: 2 opened"]


async def test_excursion_in_the_maintenance_does_not_join_an_alert_that_people_follow(
    box: Box,
) -> None:
    await box.feed("9 5", point="t2")
    await box.feed("-x70 9 5", point="t2")
    assert len(await box.owed()) == 2
    await box.feed("-x60 9", point="t2")
    assert (await box.journal())[-1] == "1 recurred major"


async def test_start_that_moves_out_of_the_maintenance_is_told(box: Box) -> None:
    text = "7.6 - - 7.6 7.6 7.6"
    start = at("58m").isoformat()
    found = series(start, "1m", text)
    await box.commit([message_of(reading, "t2") for reading in found[1:]])
    assert await box.owed() == []
    await box.commit([message_of(found[0], "t2")])
    assert await box.spans("t2") == [("warning", 58, None)]
    assert await box.owed() == ["duty: 1 opened"]


# Several rules, and the box itself


async def test_each_rule_has_an_alert_of_its_own(box: Box) -> None:
    await box.feed("11x5", point="t3")
    assert await box.journal() == ["1 opened major", "2 opened major"]
    rules = await box.rows("SELECT rule FROM alert ORDER BY id")
    assert sorted(rule for (rule,) in rules) == ["cold", "heat"]


async def test_points_without_rules_are_stored_and_not_judged(box: Box) -> None:
    await box.feed("5 99", point="h1")
    assert (await box.ledger())["stored"] == 2
    assert await box.excursions() == []


async def test_lost_session_is_raised_by_the_box_about_itself(box: Box) -> None:
    async with box.intake.unit("session", at("1m"), at("1m")) as unit:
        await box.observer.about_the_box(
            unit, "session-lost", {"share": "33"}, at("1m")
        )
    assert await box.journal() == ["1 opened major", "1 returned major"]
    assert await box.owed() == ["duty: 1 opened", "chief: 1 opened"]
    assert await box.rows("SELECT rule, point FROM alert") == [("session-lost", None)]
    body = await box.scalar("SELECT body FROM delivery WHERE recipient = 'duty'")
    assert body["state"] == "returned-unacknowledged"
    assert "When: 2026-11-22 08:01:00 (Beijing" in body["text"]["en"]


# Whatever the order, the batches and the restarts


VALUES = [
    "1.9", "2.0", "2.1", "2.5", "2.6", "5.0", "7.2", "7.3",
    "7.4", "7.5", "7.6", "7.9", "8.0", "8.1", "12.0", "12.1",
]  # fmt: skip
"""At the limits, at the deadbands, and a resolution beside them."""


def a_series(random: Random, point: str) -> list[tuple[str, Reading]]:
    """Runs of values at the limits, with gaps around `max_gap`, bad ones and missing ones."""
    words: list[str] = []
    while len(words) < 45:
        word = random.choice(VALUES) if random.random() < 0.8 else "bad"
        words += [word] * random.randint(1, 5)
        words += ["-"] * random.choice([0, 0, 0, 1, 2, 3])
    start = at(random.choice(["0m", "40m", "100m"])).isoformat()
    return [(point, reading) for reading in series(start, "1m", " ".join(words))]


def arrivals(random: Random) -> list[list[tuple[str, Reading]]]:
    """Batches of readings of three points: in order, delayed, or in any order; some twice."""
    sent = [pair for point in ("t1", "t2", "t3") for pair in a_series(random, point)]
    delay = random.choice([0, 5, 30, 1000])
    order = {
        id(pair): pair[1].time.timestamp() + 60 * random.uniform(0, delay)
        for pair in sent
    }
    sent.sort(key=lambda pair: order[id(pair)])
    sent += random.sample(sent, 10)
    batches: list[list[tuple[str, Reading]]] = []
    while sent:
        size = random.choice([1, 2, 5, 20, 60])
        batches.append(sent[:size])
        del sent[:size]
    return batches


@pytest.mark.parametrize("seed", range(10))
async def test_final_excursions_are_those_of_the_whole_fold(
    database: Database, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = Random(seed)
    if seed % 2:  # look at few readings first, so that more are needed
        monkeypatch.setattr(looking_back, "AHEAD", 0.1)
        monkeypatch.setattr(looking_back, "POINTS", 2)
    async with opened(database) as box:
        current = box
        for batch in arrivals(random):
            await current.commit(
                [message_of(reading, point) for point, reading in batch]
            )
            if random.random() < 0.2:
                current = Box(box.connection, box.intake.share)
                await current.intake.reload()
            if random.random() < 0.2:
                await answer_some(database, current, random)
            if random.random() < 0.2:
                await current.check_alerts()
        assert (await current.ledger())["duplicates"] == 10
        assert await current.excursions()
        await current.check()


async def answer_some(database: Database, box: Box, random: Random) -> None:
    """People acknowledge what they can, about half of it."""
    count = await box.scalar("SELECT count(*) FROM alert")
    for nth in range(1, count + 1):
        if random.random() < 0.5:
            try:
                await answer(database, box, nth)
            except CommandError:
                continue


async def test_readings_in_order_are_judged_without_looking_back(box: Box) -> None:
    judged: list[Slot] = []

    def counting(watch: Watch, state: State, slot: Slot) -> Step:
        judged.append(slot)
        return advance(watch, state, slot)

    current = Box(box.connection, box.intake.share, advance=counting)
    await current.intake.reload()
    await current.feed("5x10 9x3")
    judged.clear()
    await current.feed("9 5")
    assert len(judged) == 2 * len(COLD.levels)


HEATED = WORLD.replace(
    "t1: {quantity: temperature, resolution: 0.1}\n",
    "t1: {quantity: temperature, resolution: 0.1, timeline: ["
    "{from: 2026-11-22T00:13:00Z, rules: [cold, heat]}]}\n",
)
"""The first logger's t1 is judged by one more rule from 13 min on."""
MOVED = WORLD.replace("region: 330106", "region: 330108")


async def test_a_change_of_the_registry_lets_only_what_it_changes_be_judged_anew(
    box: Box,
) -> None:
    judged: Counter[int] = Counter()

    def counting(watch: Watch, state: State, slot: Slot) -> Step:
        judged[watch.point] += 1
        return advance(watch, state, slot)

    current = Box(box.connection, box.intake.share, advance=counting)
    await current.intake.reload()
    for point in ("t1", "t3"):
        await current.feed("5x3 9x10", point)
    judged.clear()
    await apply(box, HEATED)
    times = at("13m"), at("14m")
    batch = [
        message(snapshot(time, t1=value, t3=value))
        for time, value in zip(times, (11.0, 5.0), strict=True)
    ]
    with pytest.raises(RegistryMovedError):
        await current.commit(batch, at("15m"))
    await current.intake.reload()
    await current.commit(batch, at("15m"))
    cold, heat = len(COLD.levels), len(HOT.levels)
    assert judged[current.point("t3")] == 2 * (cold + heat)
    assert judged[current.point("t1")] > 2 * (cold + heat)
    await current.check()
    await box.intake.reload()


@pytest.mark.parametrize("text", [MOVED, None])
async def test_what_another_share_may_have_judged_is_judged_anew(
    box: Box, text: str | None
) -> None:
    judged: list[Slot] = []

    def counting(watch: Watch, state: State, slot: Slot) -> Step:
        judged.append(slot)
        return advance(watch, state, slot)

    current = Box(box.connection, box.intake.share, advance=counting)
    await current.intake.reload()
    await current.feed("5x3 9x10")
    for one in [text] if text else [MOVED, WORLD]:  # there, or there and back
        await apply(box, one)
    await current.intake.reload()
    judged.clear()
    region = "33/01/08" if text else "33/01/06"
    payload = message(snapshot(at("13m"), t1=9.0)).payload
    topic = f"blackbox/v1/{region}/{CODE}/logger-1/readings"
    await current.commit([Message(topic, payload)], at("14m"))
    assert len(judged) > len(COLD.levels)
    await current.check()


async def test_halves_that_are_committed_are_remembered_when_the_registry_moves(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule fails on one value, until the registry moves between the two halves."""
    judged: Counter[int] = Counter()
    fatal = 13.1
    moved = False

    def counting(watch: Watch, state: State, slot: Slot) -> Step:
        if fatal in slot.values and not moved:
            raise ZeroDivisionError
        judged[watch.point] += 1
        return advance(watch, state, slot)

    async def moving(
        offers: Sequence[Offer],
        now: datetime,
        done: list[Committed],
        *,
        again: bool = False,
    ) -> None:
        nonlocal moved
        if done and not moved:
            await apply(box, HEATED)
            moved = True
        await halving(offers, now, done, again=again)

    current = Box(box.connection, box.intake.share, advance=counting)
    await current.intake.reload()
    halving = current.intake.commit_offers
    monkeypatch.setattr(current.intake, "commit_offers", moving)
    await current.feed("5x3 9x10", "t3")
    batch = [
        message(snapshot(at("13m"), t3=11.0)),
        message(snapshot(at("13m"), t2=fatal)),
    ]
    with pytest.raises(RegistryMovedError):
        await current.commit(batch, at("15m"))
    assert (
        await current.scalar("SELECT count(*) FROM reading WHERE time = %s", at("13m"))
        == 1
    )
    await current.intake.reload()
    judged.clear()
    await current.commit([*batch, message(snapshot(at("14m"), t3=5.0))], at("15m"))
    assert judged[current.point("t3")] == len(COLD.levels) + len(HOT.levels)
    assert (await current.ledger())["duplicates"] == 1
    await current.check()
    await box.intake.reload()


async def test_restarts_leave_excursions_and_journal_as_they_would_be_without(
    database: Database, box: Box
) -> None:
    text = "5 7.6x5 8.1x2 7.9 5x3 1.9 - - - 1.9 5 13x4 7.7 7.2"
    for reading in series(at("0s").isoformat(), "1m", text):
        await box.commit([message_of(reading, "t1")])
        current = Box(box.connection, box.intake.share)
        await current.intake.reload()
        await current.commit([message_of(reading, "t3")])
    without = [
        (e.rule, e.level, e.start, e.end)
        for e in await box.excursions()
        if e.point == box.point("t1")
    ]
    assert [
        (e.rule, e.level, e.start, e.end)
        for e in await box.excursions()
        if e.point == box.point("t3") and e.rule == "cold"
    ] == without
    events = "SELECT event FROM journal JOIN alert ON alert.id = alert WHERE point = %s AND rule = 'cold' ORDER BY n"
    assert await box.rows(events, box.point("t1")) == await box.rows(
        events, box.point("t3")
    )
    assert len(without) > 4
