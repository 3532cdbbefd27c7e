"""The demo says that all is well if it is, and only then."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

import pytest

from blackbox.demo.outcome import Outcome
from blackbox.demo.run import run
from blackbox.demo.surroundings import INGEST, Options
from blackbox.settings import Settings
from tests.mutants import BROKEN
from tests.services import BINARIES

SECONDS = 6.0
SLOWLY = 40.0
"""Findings depend on when messages arrive: faster, they are not compared."""
AT_ONCE = 3
SHORT = (
    "> for >=",
    "no deadband",
    "gap ignored",
    "for ignored",
    "off by one interval",
)
TELLTALES = {
    "gap ignored": "scripted-gap",
    "late path off": "scripted-late",
    "first value wins": "scripted-conflict",
    "slope sign flipped": "scripted-kinds",
}
"""On which device the scenario `order` gives each away."""
BY_WALL_CLOCK = "silence by wall clock"


def broken(name: str) -> tuple[str, ...]:
    """The ingestor that is broken in this way."""
    return ("-m", "tests.flows.broken_ingest", name)


async def demo(
    scenario: str, ingest: tuple[str, ...] = INGEST, seconds: float = SECONDS
) -> Outcome:
    """A scripted scenario, headless, with an ingestor of the test's choice."""
    options = Options(scenario=scenario, seconds=seconds, headless=True, ingest=ingest)
    outcome = await run(Settings(postgres_bin=BINARIES), options)
    assert outcome is not None
    return outcome


async def demos(scenario: str, names: tuple[str, ...]) -> Mapping[str, Outcome]:
    """One with each of these broken ingestors, a few at once."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def in_turn(name: str) -> Outcome:
        async with turns:
            return await demo(scenario, broken(name))

    outcomes = await asyncio.gather(*map(in_turn, names))
    return dict(zip(names, outcomes, strict=True))


def wrong(outcome: Outcome) -> set[str]:
    """The devices of which something was missed, or too much was raised."""
    comparison = outcome.comparison
    return {one.device for one in (*comparison.missed, *comparison.unexpected)}


def check_sound(outcome: Outcome) -> None:
    counts = json.loads(outcome.line())
    assert outcome.good, outcome.table()
    assert counts["missed"] == counts["unexpected"] == 0
    assert counts["excursions"] == counts["expected_excursions"] > 0
    assert counts["deliveries"] > 0


def check_found(name: str, outcome: Outcome) -> None:
    assert wrong(outcome), f"{name} was not found"
    assert not outcome.good
    assert len(outcome.table().splitlines()) > 1


@pytest.mark.timeout(120)
async def test_a_headless_demo_finds_what_its_scenario_expects() -> None:
    outcome = await demo("short")
    counts = json.loads(outcome.line())

    check_sound(outcome)
    assert counts["broker"].startswith("mosquitto")
    assert counts["database"].startswith(("postgresql", "timescaledb"))


@pytest.mark.timeout(170)
async def test_a_demo_with_a_broken_rule_says_what_is_missing_and_what_is_too_much() -> (
    None
):
    for name, outcome in (await demos("short", SHORT)).items():
        check_found(name, outcome)


@pytest.mark.timeout(170)
async def test_a_demo_notices_whoever_depends_on_the_order_in_which_data_come() -> None:
    for name, outcome in (await demos("order", tuple(TELLTALES))).items():
        check_found(name, outcome)
        assert TELLTALES[name] in wrong(outcome), outcome.table()


@pytest.mark.timeout(170)
async def test_a_slow_demo_compares_findings_and_notices_silence_by_wall_clock() -> (
    None
):
    sound, by_wall_clock = await asyncio.gather(
        demo("order", seconds=SLOWLY),
        demo("order", broken(BY_WALL_CLOCK), seconds=SLOWLY),
    )
    check_sound(sound)
    assert sound.counts["expected_findings"] > 0

    check_found(BY_WALL_CLOCK, by_wall_clock)
    assert "device-silent" in by_wall_clock.table()


def test_each_broken_part_has_its_demo() -> None:
    assert BROKEN.keys() == {*SHORT, *TELLTALES, BY_WALL_CLOCK}
