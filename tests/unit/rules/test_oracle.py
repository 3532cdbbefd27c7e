"""Incremental = whole = brute force, in any order of arrival; and broken rules are found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from domain.excursions import Excursion
from domain.readings import Reading
from rules.engine import advance, anchor
from rules.watch import Advance, Watch
from tests.mutants import MUTANTS
from tests.unit.rules.builders import excursions
from tests.unit.rules.oracles.plain import slots
from tests.unit.rules.oracles.threshold import oracle_threshold
from tests.unit.rules.worlds import WORLDS, World

OF_THRESHOLDS = [name for name in MUTANTS if name != "slope sign flipped"]
SOME = settings(derandomize=True, deadline=None, max_examples=500)


def oracle(watch: Watch, readings: Sequence[Reading]) -> list[object]:
    """What brute force finds."""
    return oracle_threshold(watch.periods, slots(readings))


def facts(found: Sequence[Excursion]) -> list[object]:
    """What the oracle says of excursions."""
    return [(e.version, e.start, e.end, e.peak, e.peak_time) for e in found]


def check(world: World, judge: Advance) -> None:
    for watch in world.watches:
        found = facts(excursions(watch, world.readings, judge))
        assert found == oracle(watch, world.readings)


@SOME
@given(WORLDS)
def test_fold_is_what_brute_force_finds(world: World) -> None:
    check(world, advance)


@SOME
@given(WORLDS, st.data())
def test_fold_from_the_anchor_is_the_whole_fold_from_there_on(
    world: World, data: st.DataObject
) -> None:
    assume(world.readings)
    late = data.draw(st.sampled_from(world.readings))
    stored = [reading for reading in world.readings if reading is not late]
    for watch in world.watches:
        known, whole = excursions(watch, stored), excursions(watch, world.readings)
        start = anchor(watch, predecessor(stored, late), late.time, known)
        tail = [reading for reading in world.readings if reading.time >= start]
        assert late in tail
        assert excursions(watch, tail) == [e for e in whole if e.start >= start]
        assert before(known, start) == before(whole, start)


@SOME
@given(WORLDS, st.data())
def test_readings_may_come_in_any_order_and_batches(
    world: World, data: st.DataObject
) -> None:
    arrivals = data.draw(st.permutations(world.readings))
    size = data.draw(st.integers(1, 4))
    for watch in world.watches:
        stored, known = list[Reading](), list[Excursion]()
        for first in range(0, len(arrivals), size):
            known = arrive(watch, stored, known, arrivals[first : first + size])
            assert facts(known) == oracle(watch, stored)


def arrive(
    watch: Watch,
    stored: list[Reading],
    known: Sequence[Excursion],
    batch: Sequence[Reading],
) -> list[Excursion]:
    """Store a batch and re-fold from the anchor of its earliest reading."""
    earliest = min(batch, key=lambda reading: reading.time)
    start = anchor(watch, predecessor(stored, earliest), earliest.time, known)
    stored.extend(batch)
    stored.sort(key=lambda reading: reading.time)
    tail = [reading for reading in stored if reading.time >= start]
    return before(known, start) + excursions(watch, tail)


def predecessor(stored: Sequence[Reading], late: Reading) -> datetime | None:
    return max((r.time for r in stored if r.time < late.time), default=None)


def before(found: Sequence[Excursion], start: datetime) -> list[Excursion]:
    return [excursion for excursion in found if excursion.start < start]


@pytest.mark.parametrize("name", OF_THRESHOLDS)
def test_brute_force_finds_each_broken_rule(name: str) -> None:
    @settings(SOME, max_examples=3000, database=None, phases=[Phase.generate])
    @given(WORLDS)
    def broken(world: World) -> None:
        check(world, MUTANTS[name])

    with pytest.raises(AssertionError):
        broken()
