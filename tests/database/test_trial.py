"""`rules test`: the live excursions of a rule that is on, what another would have raised."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from alerting.trial import Question
from blackbox.trial import Answer, ask
from domain.errors import InputError
from domain.registry_file import parse, resolved
from rules import catalogue
from storage import registry
from tests.database.box import WORLD, Box, message_of, minute, opened
from tests.series import at, series
from tests.services import Database

NIGHT = Question(rule="gsp-cold-room", since=at("0s"), until=at("10h"))
TEXT = "5x10 7.6x8 8.1x3 5 9 - - - - 9 5x10 8.2x200"
RULES = "rules: [gsp-cold-room, {rule: temperature-rate, limits: {fast: {above: 60}}}]"


@pytest.fixture
async def box(database: Database) -> AsyncIterator[Box]:
    """A box with a device whose rules are of the catalogue."""
    async with opened(database) as one:
        text = WORLD.replace("rules: [cold]", RULES).replace("logger-1", "logger-9")
        text = text.replace("rules: [cold, heat]", "rules: []").split("logger-2:")[0]
        async with one.intake.unit("registry", at("0s"), at("0s")) as unit:
            await registry.apply(unit, resolved(parse(text), catalogue.version))
        await one.intake.reload()
        found = series(at("0s").isoformat(), "1m", TEXT)
        await one.commit([message_of(r, "t1", "logger-9") for r in found], at("5h"))
        yield one


async def tried(box: Box, question: Question, point: str | None = None) -> Answer:
    return await ask(box.connection, question, lambda *_: None, point)


def spans(answer: Answer, point: str = "logger-9/t1") -> list[object]:
    found = next(f for name, f in answer.found.items() if name.endswith(point))
    return [(e.level, minute(e.start), e.end and minute(e.end)) for e in found]


async def test_a_rule_that_is_on_gives_exactly_the_live_excursions(box: Box) -> None:
    for rule in ("gsp-cold-room", "temperature-rate"):
        answer = await tried(box, replace(NIGHT, rule=rule))
        live = [e for e in await box.excursions() if e.rule == rule]
        found = [e for found in answer.found.values() for e in found]
        assert answer.as_assigned
        assert sorted(map(str, found)) == sorted(map(str, live)) != []


async def test_what_began_before_the_range_is_known_and_not_counted(box: Box) -> None:
    whole = spans(await tried(box, NIGHT))
    late = spans(await tried(box, replace(NIGHT, since=at("24m"))))
    assert whole[-len(late) :] == late
    assert 0 < len(late) < len(whole)


async def test_other_limits_are_tried_as_if_in_force_everywhere(box: Box) -> None:
    limits = {"warning": {"above": 8.0}, "excursion": {"above": 8.15}}
    answer = await tried(box, replace(NIGHT, limits=limits))
    assert not answer.as_assigned
    assert len(answer.found) > 1
    assert ("excursion", 18, 21) not in spans(answer)


async def test_a_rule_that_is_nowhere_is_tried_wherever_it_suits(box: Box) -> None:
    answer = await tried(box, replace(NIGHT, rule="gsp-cool"))
    assert not answer.as_assigned
    assert all("/h1" not in name for name in answer.found)
    assert spans(answer) == []


async def test_the_document_counts_and_says_how_often_and_how_long(box: Box) -> None:
    answer = await tried(box, NIGHT)
    document = answer.document(NIGHT)
    found = [e for found in answer.found.values() for e in found]
    assert document["count"] == len(found)
    assert document["per_week"] == round(len(found) * 7 * 24 / 10, 2)
    longest = max((e.end or NIGHT.until) - e.start for e in found)
    assert document["longest_s"] == longest.total_seconds()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"until": at("0s")}, "must be before the end"),
        ({"rule": "gsp-warm"}, "not in the catalogue"),
        ({"rule": "device-silent"}, "judges arrival"),
        ({"limits": {"warm": {}}}, "its levels are"),
    ],
)
async def test_what_cannot_be_tried_is_told(
    box: Box, change: dict[str, object], complaint: str
) -> None:
    with pytest.raises(InputError, match=complaint):
        await tried(box, replace(NIGHT, **change))  # pyright: ignore[reportArgumentType]


async def test_a_point_that_is_not_there_is_told(box: Box) -> None:
    with pytest.raises(InputError, match="No such point"):
        await tried(box, NIGHT, "logger-9/t77")
