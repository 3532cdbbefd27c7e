"""How alerts follow what late and conflicting readings revise: what people see and are told.

One reading a minute. Points of `box.WORLD` are judged by `box.COLD`; those of this file's by
one level, major above 8 °C at once, of which there are two versions:

    until 00:10   slow    ends at 4.0 °C or less
    since 00:10   quick   ends at 7.8 °C or less

So a late reading above 8 °C at 00:09 begins an excursion that goes on over readings of 5 °C
at which, before it arrived, excursions had ended: they become one. `p2` is in maintenance
from 00:13 on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from random import Random
from typing import Any, TypeAlias

import pytest

from alerting.following.consequences import Alerts
from alerting.following.evaluator import number
from alerting.following.judging import differences
from alerting.life.life_cycle import state
from alerting.telling.owing import Telling
from domain.errors import CommandError
from domain.excursions import Excursion
from domain.rules import RuleVersion
from rules.kinds import from_version
from storage import alerts, excursions, registry
from storage.alerts import Copy
from storage.excursions import Stored
from tests.database.box import (
    COLD,
    COLD_STORE,
    DUTY,
    REAL,
    TEN,
    Box,
    apply,
    minute,
    opened,
)
from tests.series import at
from tests.services import Database
from tests.stored import acknowledge
from tests.unit.rules.builders import a_level, a_rule

SLOW = a_rule("cool", a_level(above=8.0, deadband=4.0))
QUICK = a_rule("cool", a_level(above=8.0, deadband=0.2))
VERSIONS = {"slow": SLOW, "quick": QUICK}
TIGHTENED = (
    COLD_STORE
    + """
          logger-1:
            name: Logger
            timeline:
              - {from: 2026-01-01T00:00:00Z, zone: cool, interval: 1m, rules: [slow]}
              - {from: 2026-11-22T00:10:00Z, rules: [quick]}
            points:
              p1: {quantity: temperature, resolution: 0.1}
              p2: {quantity: temperature, resolution: 0.1, timeline: [
                    {from: 2026-11-22T00:13:00Z, in_use: in_maintenance}]}
"""
)


@pytest.fixture
async def tightened(box: Box) -> Box:
    """The same with the points of this file."""

    def version(rule: str, _: Mapping[str, Any]) -> RuleVersion:
        return VERSIONS[rule].to_version()

    await apply(box, TIGHTENED, version=version)
    await box.intake.reload()
    return box


async def numbers(box: Box) -> list[int]:
    """The alerts on points, in the order in which they opened."""
    rows = await box.rows("SELECT id FROM alert WHERE point IS NOT NULL ORDER BY id")
    return [number for (number,) in rows]


async def answer(database: Database, box: Box, nth: int = 1) -> None:
    """Somebody acknowledges the nth alert."""
    number = (await numbers(box))[nth - 1]
    await acknowledge(database, number, at("10h"))


async def seen(box: Box) -> list[str]:
    """What people see of alerts: their state, and their excursions in minutes.

    `1 active-unacknowledged 0–2 5–`, `2 merged-acknowledged into 1`,
    `3 returned-unacknowledged late after 1 7–9`.
    """
    ids = await numbers(box)
    async with box.connection.transaction():
        heads = await alerts.lock(box.connection, ids)
    return [
        " ".join(
            [
                f"{nth} {state(heads[number])}",
                *(["late"] if heads[number].found_late else []),
                *(f"into {ids.index(n) + 1}" for n in [heads[number].merged_into] if n),
                *(
                    f"after {ids.index(n) + 1}"
                    for n in [heads[number].predecessor]
                    if n
                ),
                *await spans(box, number),
            ]
        )
        for nth, number in enumerate(ids, start=1)
    ]


async def spans(box: Box, alert: int) -> list[str]:
    """The excursions of an alert, less the withdrawn."""
    rows = await box.rows(
        "SELECT started, ended FROM excursion JOIN alert_excursion l ON excursion = id"
        " WHERE alert = %s AND NOT withdrawn ORDER BY started",
        alert,
    )
    return [f"{minute(start)}–{minute(end) if end else ''}" for start, end in rows]


async def told(box: Box) -> list[str]:
    """What the person on duty is told of them: the headlines, less what it is about."""
    rows = await box.rows(
        "SELECT alert, split_part(body->'text'->>'en', ': ', 1)"
        "  FROM delivery JOIN journal USING (alert, n)"
        " WHERE recipient = 'duty' ORDER BY intake, alert, n"
    )
    ids = await numbers(box)
    return [
        f"{ids.index(alert) + 1} {headline}" for alert, headline in rows if alert in ids
    ]


# Merge: late data join two excursions into one


async def test_merge_of_two_unclosed_alerts_the_earliest_survives(
    tightened: Box,
) -> None:
    """The second is suppressed: of the same point, other two are never unclosed at once."""
    box = tightened
    await box.feed("-x10 9", point="p2")
    await box.feed("5 5 9", point="p2")
    await box.feed("5", point="p2")
    assert await seen(box) == [
        "1 returned-unacknowledged 10–11",
        "2 returned-unacknowledged 13–14",
    ]
    await box.late("9m", "9", point="p2")
    assert await seen(box) == [
        "1 active-unacknowledged 9–",
        "2 merged-unacknowledged into 1",
    ]
    assert await told(box) == [
        "1 Major alert",
    ]


async def test_merge_where_the_first_is_closed_the_unclosed_one_survives(
    database: Database, tightened: Box
) -> None:
    box = tightened
    await box.feed("-x10 9", point="p1")
    await box.feed("5", point="p1")
    await answer(database, box)
    await box.feed("5 9", point="p1")
    await box.late("9m", "9", point="p1")
    assert await seen(box) == [
        "1 merged-acknowledged into 2",
        "2 active-unacknowledged after 1 9–",
    ]
    assert await told(box) == [
        "1 Major alert",
        "2 Major alert",
        "1 Major alert, merged into another",
    ]


async def test_merge_where_both_are_closed_a_successor_opens_for_what_goes_on(
    database: Database, tightened: Box
) -> None:
    box = tightened
    for text in ("-x10 9", "5 9"):
        await box.feed(text, point="p1")
        await box.feed("5", point="p1")
        await answer(database, box, len(await numbers(box)))
    await box.late("9m", "9", point="p1")
    assert await seen(box) == [
        "1 merged-acknowledged into 3",
        "2 merged-acknowledged into 3 after 1",
        "3 active-unacknowledged after 2 9–",
    ]
    assert (await told(box))[-3:] == [
        "1 Major alert, merged into another",
        "2 Major alert, merged into another",
        "3 Major alert",
    ]


async def test_merge_where_both_are_closed_and_all_is_over_corrects_the_earliest(
    database: Database, tightened: Box
) -> None:
    box = tightened
    for text in ("-x10 9", "5 9"):
        await box.feed(text, point="p1")
        await box.feed("5", point="p1")
        await answer(database, box, len(await numbers(box)))
    await box.feed("4", point="p1")
    await box.late("9m", "9", point="p1")
    assert await seen(box) == [
        "1 returned-acknowledged 9–15",
        "2 merged-acknowledged into 1 after 1",
    ]
    assert (await told(box))[-1] == "2 Major alert, merged into another"


async def test_a_merge_names_the_alert_that_goes_on(
    database: Database, tightened: Box
) -> None:
    box = tightened
    await box.feed("-x10 9", point="p1")
    await box.feed("5", point="p1")
    await answer(database, box)
    await box.feed("9", point="p1")
    await box.late("9m", "9", point="p1")
    text = await box.scalar(
        "SELECT body->'text'->>'en' FROM delivery"
        " WHERE body->>'event' = 'merged' AND recipient = 'duty'"
    )
    assert f"it is one with alert {(await numbers(box))[1]}," in text


# Split: late data part one excursion into two


async def test_split_of_an_open_excursion_is_a_correction_and_no_recurrence(
    box: Box,
) -> None:
    await box.feed("9 - 9")
    await box.late("1m", "5")
    assert await seen(box) == ["1 active-unacknowledged 0–1 2–"]
    assert await told(box) == ["1 Major alert"]


async def test_what_begins_after_all_that_was_told_is_a_recurrence(box: Box) -> None:
    await box.feed("9 -")
    await box.feed("9 5 9")
    await box.late("1m", "5")
    assert await seen(box) == ["1 active-unacknowledged 0–1 2–3 4–"]
    assert await box.journal() == [
        "1 opened major",
        "1 recurred major",
        "1 revised major",
    ]
    assert await told(box) == ["1 Major alert"]


async def test_split_where_the_last_part_ends_is_a_return(box: Box) -> None:
    await box.feed("9 - 9")
    await box.late("1m", "5 - 5")
    assert await seen(box) == ["1 returned-unacknowledged 0–1 2–3"]
    await box.settle(TEN)
    assert await told(box) == ["1 Major alert", "1 Major alert, back to normal"]


async def test_split_of_what_is_closed_corrects_the_past(
    database: Database, box: Box
) -> None:
    await box.feed("9 - 9")
    await box.feed("5")
    await answer(database, box)
    await box.late("1m", "5")
    assert await seen(box) == ["1 returned-acknowledged 0–1 2–3"]
    await box.settle(TEN)
    assert await told(box) == ["1 Major alert", "1 Major alert, back to normal"]


# Withdrawal


async def test_withdrawal_is_told_to_whoever_was_told(box: Box) -> None:
    await box.feed("7.6 - 7.6 - 7.6")
    await box.late("1m", "5")
    assert await seen(box) == ["1 withdrawn-unacknowledged"]
    assert await told(box) == ["1 Minor alert", "1 Minor alert, withdrawn"]
    assert {who.partition(":")[0] for who in await box.owed()} == {"duty"}


async def test_what_is_found_after_a_withdrawal_has_an_alert_of_its_own(
    box: Box,
) -> None:
    await box.feed("7.6 - 7.6 - 7.6")
    await box.late("1m", "5")
    await box.feed("7.6")
    assert await seen(box) == [
        "1 withdrawn-unacknowledged",
        "2 active-unacknowledged 2–",
    ]
    assert (await told(box))[-1] == "2 Minor alert"


# Found late: over before it was found


async def test_what_was_over_before_it_was_found_makes_one_notification(
    box: Box,
) -> None:
    await box.feed("5 -x60 5")
    await box.late("10m", "9x3 5")
    assert await seen(box) == ["1 returned-unacknowledged late 10–13"]
    assert await box.journal() == ["1 opened major", "1 returned major"]
    assert await told(box) == ["1 Major alert, found late"]


async def test_a_batch_that_holds_a_whole_excursion_finds_it_late_too(
    box: Box,
) -> None:
    await box.feed("5 9 5")
    assert await seen(box) == ["1 returned-unacknowledged late 1–2"]
    assert await told(box) == ["1 Major alert, found late"]


async def test_what_joins_an_unclosed_alert_and_is_over_makes_one_notification(
    box: Box,
) -> None:
    await box.feed("9")
    await box.feed("5 -x10 5")
    await box.settle(box.next["t1"])
    await box.late("2m", "9 5")
    assert await seen(box) == ["1 returned-unacknowledged 0–1 2–3"]
    assert await told(box) == [
        "1 Major alert",
        "1 Major alert, back to normal",
        "1 Major alert, recurred, found late",
    ]


async def test_what_was_found_late_says_from_when_to_when_and_as_how_it_stands(
    box: Box,
) -> None:
    await box.feed("5 9 5")
    ((event, stands, en),) = await box.rows(
        "SELECT body->>'event', body->>'state', body->'text'->>'en'"
        "  FROM delivery WHERE recipient = 'duty'"
    )
    assert (event, stands) == ("opened", "returned-unacknowledged")
    assert "When: 2026-11-22 08:01:00 to 2026-11-22 08:02:00" in en
    assert "Note: it was over before it was found." in en


# Successor: a closed alert never reopens


async def test_successor_of_a_closed_alert_is_linked_to_it(
    database: Database, box: Box
) -> None:
    await box.feed("9")
    await box.feed("5")
    await answer(database, box)
    await box.feed("9")
    assert await seen(box) == [
        "1 returned-acknowledged 0–1",
        "2 active-unacknowledged after 1 2–",
    ]
    assert (await told(box))[-1] == "2 Major alert"


async def test_what_a_backlog_adds_to_a_closed_alert_is_a_successor_found_late(
    database: Database, box: Box
) -> None:
    await box.feed("9")
    await box.feed("5 - - 5")
    await answer(database, box)
    await box.late("2m", "9 5")
    assert await seen(box) == [
        "1 returned-acknowledged 0–1",
        "2 returned-unacknowledged late after 1 2–3",
    ]
    assert (await told(box))[-1] == "2 Major alert, found late"


# Goes on after all: a conflict makes the clearing reading violate


async def test_conflict_at_the_end_makes_an_unclosed_alert_active_again(
    box: Box,
) -> None:
    await box.feed("9")
    await box.feed("5")
    await box.feed("-x10")
    await box.settle(box.next["t1"])
    await box.late("1m", "9")
    assert await seen(box) == ["1 active-unacknowledged 0–"]
    assert (await told(box))[-1] == "1 Major alert, recurred"


async def test_conflict_at_the_end_of_a_closed_alert_opens_a_successor(
    database: Database, box: Box
) -> None:
    await box.feed("9")
    await box.feed("5")
    await answer(database, box)
    await box.late("1m", "9")
    assert await seen(box) == [
        "1 merged-acknowledged into 2",
        "2 active-unacknowledged after 1 0–",
    ]
    assert (await told(box))[-2:] == [
        "1 Major alert, merged into another",
        "2 Major alert",
    ]
    await box.feed("5")
    assert (await seen(box))[1] == "2 returned-unacknowledged after 1 0–2"


async def follow(
    box: Box, point: int, now_known: Callable[[list[Stored]], list[Stored]]
) -> None:
    """Let alerts follow what `now_known` makes of the stored excursions of a point."""
    following = Alerts(Telling([DUTY], lambda: REAL))
    versions = await registry.rule_versions(box.connection)
    rules = {n: from_version(version) for n, version in versions.items()}
    following.install(box.intake.registry, rules)
    async with box.intake.unit("readings", at("10h"), at("10h")) as unit:
        found = await excursions.known(box.connection, {point: at("0s")})
        stored = found[point]
        changed = await number(unit, now_known(stored))
        if not changed:
            return
        placed = await following.follow(unit, changed, at("10h"))
        standing = {s.excursion.identity for s in changed if not s.withdrawn}
        assert set(placed) == standing
        await following.copy(
            unit,
            [
                Copy(s.alert, point, s.excursion.start, s.excursion.end)
                for s in placed.values()
                if s.alert is not None
            ],
        )


def going_on(stored: list[Stored]) -> list[Stored]:
    """All excursions go on after all."""
    return [
        replace(s, revision=s.revision + 1, excursion=replace(s.excursion, end=None))
        for s in stored
    ]


async def test_what_moves_is_stored_anew_and_copied_for_the_alert_that_takes_it(
    database: Database,
) -> None:
    async with opened(database) as box:
        await box.feed("9")
        await box.feed("8.5 5")
        await box.settle(at("1h"))
        await answer(database, box)
        await follow(box, box.point(), going_on)
        assert await seen(box) == [
            "1 merged-acknowledged into 2",
            "2 active-unacknowledged after 1 0–",
        ]
        assert await told(box) == [
            "1 Major alert",
            "1 Major alert, back to normal",
            "1 Major alert, merged into another",
            "2 Major alert",
        ]
        await box.check_alerts()
        await box.check_copies()


# Whatever becomes of excursions

Runs: TypeAlias = dict[str, list[bool]]
"""By level, whether each minute from 40 on violates it: each run is an excursion."""


def excursions_of(runs: Runs, point: int) -> list[Excursion]:
    """The excursions of `runs`; what lasts to the end is open."""
    found: list[Excursion] = []
    for level in COLD.levels:
        minutes = enumerate(runs[level.name], start=40)
        for violating, run in groupby(minutes, key=lambda pair: pair[1]):
            if violating:
                times = [minute for minute, _ in run]
                end = None if times[-1] == 79 else at(f"{times[-1] + 1}m")
                start = at(f"{times[0]}m")
                found.append(
                    Excursion(
                        point=point, rule="cold", version=COLD.to_version().version,
                        level=level.name, severity=level.severity, start=start,
                        end=end, peak=9.0, peak_time=start,
                    )
                )  # fmt: skip
    return found


@pytest.mark.parametrize("key", ["t1", "t2"])
@pytest.mark.parametrize("seed", range(5))
async def test_alerts_follow_whatever_becomes_of_excursions(
    database: Database, seed: int, key: str
) -> None:
    """Minutes turn over at random, as under any kind of rule; people answer at random."""
    random = Random(seed)
    async with opened(database) as box:
        await box.feed("-x40 5x40", point=key)
        point = box.point(key)
        runs = {level.name: [False] * 40 for level in COLD.levels}
        for _ in range(25):
            for level in runs.values():
                first = random.randrange(40)
                stretch = slice(first, first + random.choice([1, 1, 3, 20]))
                level[stretch] = [random.random() < 0.5] * len(level[stretch])
                level[-1] = random.random() < 0.2
            found = excursions_of(runs, point)
            await follow(
                box, point, lambda s, now=found: differences(now, s, [], None).changed
            )
            assert {e.identity for e in await box.excursions()} == {
                e.identity for e in found
            }
            await box.check_alerts()
            if random.random() < 0.5:
                with suppress(CommandError):
                    await answer(database, box, len(await numbers(box)))
        events = {line.split()[1] for line in await box.journal()}
        assert events >= {"opened", "returned", "recurred", "revised", "merged"}
