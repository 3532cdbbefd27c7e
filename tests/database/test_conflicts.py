"""Conflicts: several values of one slot are judged on all of them, whichever came first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

from domain.excursions import Excursion
from tests.database.box import Box, message_of, opened
from tests.series import at, series
from tests.services import Database


async def also(box: Box, minute: str, text: str, point: str = "t1") -> None:
    """A further value for a slot that is taken."""
    found = series(at(minute).isoformat(), "1m", text)
    now = box.next.get(point, at("10h"))
    await box.commit([message_of(reading, point) for reading in found], now)


async def test_a_conflict_violates_if_any_of_its_values_does(box: Box) -> None:
    await box.feed("5 5 5")
    await also(box, "1m", "9")
    assert await box.spans() == [("excursion", 1, 2)]
    assert (await box.ledger())["conflicts"] == 1


async def test_a_conflict_clears_only_if_all_of_its_values_do(box: Box) -> None:
    await box.feed("9 5 9 5")
    assert await box.spans() == [("excursion", 0, 1), ("excursion", 2, 3)]
    await also(box, "1m", "9")
    assert await box.spans() == [("excursion", 0, 3)]


async def test_an_end_that_is_in_conflict_opens_the_excursion_again(box: Box) -> None:
    await box.feed("5 9 5")
    await also(box, "2m", "9")
    assert await box.spans() == [("excursion", 1, None)]
    await box.feed("9 5")
    assert await box.spans() == [("excursion", 1, 4)]


async def test_a_conflict_with_no_value_changes_nothing(box: Box) -> None:
    await box.feed("5 9 5")
    before = await box.excursions()
    await also(box, "1m", "null")
    assert await box.excursions() == before
    assert (await box.ledger())["conflicts"] == 1


async def test_a_value_that_contradicts_none_is_judged(box: Box) -> None:
    await box.feed("5 null 5")
    await also(box, "1m", "9")
    assert await box.spans() == [("excursion", 1, 2)]


async def test_the_alert_keeps_copies_of_values_in_conflict(box: Box) -> None:
    await box.feed("5 5 5")
    await also(box, "1m", "9")
    rows = await box.rows("SELECT time, value FROM alert_conflict")
    assert rows == [(at("1m"), 9.0)]


async def test_which_value_came_first_makes_no_difference(database: Database) -> None:
    found: list[Sequence[Excursion]] = []
    async with opened(database) as box:
        readings = series(at("0s").isoformat(), "1m", "7.6 9 5 7.6 7.6 7.6 5")
        readings += series(at("1m").isoformat(), "2m", "5 1.9 7.4")
        for n, order in enumerate(permutations(range(3))):
            point = f"t{n % 3 + 1}"
            chunks = [readings[part::3] for part in order]
            if n == 3:
                break
            for chunk in chunks:
                await box.commit([message_of(reading, point) for reading in chunk])
            number = box.point(point)
            found.append([e for e in await box.excursions() if e.point == number])
        await box.check()
    spans = [
        [(e.level, e.start, e.end, e.peak) for e in some if e.rule == "cold"]
        for some in found
    ]
    assert spans[0] == spans[1] == spans[2] != []
