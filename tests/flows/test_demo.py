"""The demo says that all is well if it is, and only then."""

from __future__ import annotations

import asyncio
import json

import pytest

from blackbox.demo.outcome import Outcome
from blackbox.demo.run import run
from blackbox.demo.surroundings import INGEST, Options
from blackbox.settings import Settings
from tests.mutants import MUTANTS
from tests.services import BINARIES

SECONDS = 6


async def short_demo(ingest: tuple[str, ...]) -> Outcome:
    """The scripted scenario, headless, with an ingestor of the test's choice."""
    options = Options(scenario="short", seconds=SECONDS, headless=True, ingest=ingest)
    outcome = await run(Settings(postgres_bin=BINARIES), options)
    assert outcome is not None
    return outcome


@pytest.mark.timeout(120)
async def test_a_headless_demo_finds_what_its_scenario_expects() -> None:
    outcome = await short_demo(INGEST)
    counts = json.loads(outcome.line())

    assert outcome.good, outcome.table()
    assert counts["missed"] == counts["unexpected"] == 0
    assert counts["excursions"] == counts["expected_excursions"] > 0
    assert counts["deliveries"] > 0
    assert counts["broker"].startswith("mosquitto")
    assert counts["database"].startswith(("postgresql", "timescaledb"))


@pytest.mark.timeout(170)
async def test_a_demo_with_a_broken_rule_says_what_is_missing_and_what_is_too_much() -> (
    None
):
    outcomes = await asyncio.gather(
        *(short_demo(("-m", "tests.flows.broken_ingest", name)) for name in MUTANTS)
    )
    for name, outcome in zip(MUTANTS, outcomes, strict=True):
        wrong = outcome.comparison.missed or outcome.comparison.unexpected
        assert wrong, f"{name} was not found"
        assert not outcome.good
        assert len(outcome.table().splitlines()) > 1
