"""Sorting out: stored, duplicate or conflict, against what is kept and within a batch."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.readings import Quality, Reading
from ingest.sorting import Sorted, Tally, sort_out, suspects
from storage.conflicts import Value
from storage.readings import Kept, Place
from tests.unit.ingest.builders import (
    H1,
    NOW,
    REGISTRY,
    T1,
    admitted,
    offer_of,
    snapshot,
)

INTAKE = 9
EARLIER = 4
"""Number of the intake of what is kept already."""
BAD = Quality.BAD


def a(
    value: float | None, quality: Quality = Quality.GOOD, time: datetime = NOW
) -> Reading:
    return Reading(T1, time, value, quality)


def batch(*readings: Reading) -> Sorted:
    return sort_out([offer_of(*readings)], REGISTRY, {}, [], INTAKE)


def against(kept: Kept, *readings: Reading, known: list[Value] | None = None) -> Sorted:
    offers = [offer_of(*readings)]
    return sort_out(offers, REGISTRY, {(T1, NOW): kept}, known or [], INTAKE)


def counts(result: Sorted) -> tuple[int, int, int]:
    tally = result.ledger[1]
    return tally.stored, tally.duplicate, tally.conflict


# Within a batch


def test_the_first_of_a_slot_is_stored() -> None:
    result = batch(a(5.0), a(5.1, time=NOW + timedelta(microseconds=1)))
    assert [reading.value for reading in result.stored] == [5.0, 5.1]
    assert counts(result) == (2, 0, 0)


@pytest.mark.parametrize("again", [5.0, 5.04, 4.96])
def test_equal_at_the_resolution_of_the_point_is_a_duplicate(again: float) -> None:
    result = batch(a(5.0), a(again))
    assert [reading.value for reading in result.stored] == [5.0]
    assert counts(result) == (1, 1, 0)


def test_another_value_is_a_conflict_with_the_first() -> None:
    result = batch(a(5.0), a(5.1))
    assert result.conflicts == [(a(5.1), 5.1, INTAKE)]
    assert counts(result) == (1, 0, 1)


def test_conflict_is_kept_once_per_distinct_value() -> None:
    result = batch(a(5.0), a(5.1), a(5.14), a(5.0), a(5.2), a(5.1))
    assert [value for _, value, _ in result.conflicts] == [5.1, 5.2]
    assert counts(result) == (1, 3, 2)


def test_no_value_equals_no_value() -> None:
    assert counts(batch(a(None), a(99.9, BAD), a(None, BAD))) == (1, 2, 0)
    assert counts(batch(a(5.0), a(None), a(99.9, BAD))) == (1, 1, 1)


def test_uncertain_is_a_value_like_any() -> None:
    assert counts(batch(a(5.0), a(5.0, Quality.UNCERTAIN))) == (1, 1, 0)


def test_points_do_not_know_each_other() -> None:
    assert counts(batch(Reading(T1, NOW, 5.0), Reading(H1, NOW, 50.0))) == (2, 0, 0)


# Against what is kept


def test_kept_value_makes_a_duplicate_or_a_conflict_with_its_intake() -> None:
    kept = Kept(EARLIER, 5.02, Quality.GOOD)
    result = against(kept, a(5.0), a(6.0))
    assert result.stored == []
    assert result.conflicts == [(a(6.0), 6.0, EARLIER)]
    assert counts(result) == (0, 1, 1)


def test_known_conflict_is_a_duplicate() -> None:
    kept = Kept(EARLIER, 5.0, Quality.GOOD)
    for value, known in [(6.0, 6.0), (None, None)]:
        result = against(kept, a(value), known=[(T1, NOW, known)])
        assert counts(result) == (0, 1, 0)


def test_kept_bad_value_is_no_value() -> None:
    kept = Kept(EARLIER, 5.0, BAD)
    assert counts(against(kept, a(None), a(5.0))) == (0, 1, 1)


def test_suspect_is_what_is_not_later_than_the_newest() -> None:
    minute = timedelta(minutes=1)
    offers = [offer_of(*(a(5.0, time=NOW + n * minute) for n in (-1, 0, 1, 0)))]
    assert suspects(offers, {T1: NOW}) == [(T1, NOW - minute), (T1, NOW)]
    assert suspects(offers, {}) == []


# The ledger


def test_ledger_counts_messages_and_readings_by_device() -> None:
    offers = [
        admitted(snapshot(t1=5, t9=1, h1=True)),
        admitted(snapshot(t1=5)),
        admitted(b"{"),
        admitted(b"", "nowhere"),
    ]
    result = sort_out(offers, REGISTRY, {}, [], INTAKE)
    assert result.ledger == {
        1: Tally(
            messages=3, unreadable=1, offered=4, stored=1, duplicate=1, rejected=2
        ),
        0: Tally(messages=1, unreadable=1),
    }


def test_split_message_is_counted_once() -> None:
    whole = admitted(snapshot(t1=5, h1=50, t9=1))
    result = sort_out(whole.halves(), REGISTRY, {}, [], INTAKE)
    assert result.ledger[1] == Tally(messages=1, offered=3, stored=2, rejected=1)


TIMES = st.integers(0, 3).map(lambda n: NOW + timedelta(minutes=n))
VALUES = st.none() | st.sampled_from([5.0, 5.04, 5.1, -0.0, 0.0])
READINGS = st.builds(
    Reading, st.sampled_from([T1, H1]), TIMES, VALUES, st.sampled_from(Quality)
)
SLOTS = st.dictionaries(
    st.tuples(st.sampled_from([T1, H1]), TIMES),
    st.builds(Kept, st.just(EARLIER), VALUES, st.sampled_from(Quality)),
)


@given(st.lists(st.lists(READINGS, max_size=6), max_size=4), SLOTS)
def test_ledger_adds_up_and_nothing_is_kept_twice(
    messages: list[list[Reading]], kept: dict[Place, Kept]
) -> None:
    result = sort_out(
        [offer_of(*some) for some in messages], REGISTRY, kept, [], INTAKE
    )
    tally = result.ledger[1] if messages else Tally()
    assert tally.offered == sum(map(len, messages))
    assert tally.offered == (
        tally.stored + tally.duplicate + tally.conflict + tally.rejected
    )
    slots = [(point, time) for point, time, *_ in result.stored]
    assert len(slots) == len(set(slots)) == tally.stored
    assert not kept.keys() & set(slots)
    distinct = [(r.point, r.time, value) for r, value, _ in result.conflicts]
    assert len(distinct) == len(set(distinct)) == tally.conflict
    again = sort_out([offer_of(*result.stored)], REGISTRY, {}, [], INTAKE)
    assert again.stored == result.stored


@given(st.lists(READINGS, max_size=8), st.randoms())
def test_set_of_values_kept_does_not_depend_on_the_order(
    readings: list[Reading], random: Random
) -> None:
    shuffled = random.sample(readings, len(readings))
    assert values(batch(*shuffled)) == values(batch(*readings))


def values(result: Sorted) -> set[Value]:
    """Every distinct (point, time, judged value), whether a reading or a conflict."""
    stored = sort_out([offer_of(*result.stored)], REGISTRY, {}, [], INTAKE).stored
    first = {
        (r.point, r.time, None if r.quality == BAD or r.value is None else r.value)
        for r in stored
    }
    rounded = {
        (point, time, None if value is None else round(value, 1 if point == T1 else 0))
        for point, time, value in first
    }
    return rounded | {(r.point, r.time, value) for r, value, _ in result.conflicts}
