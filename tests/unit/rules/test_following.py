"""Following a box through worlds: what counts as which event, and that wrong boxes are found.

The boxes here judge by brute force, so that worlds and harness are tested without the
product; the product's own box stands where its engine is tested.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import Phase, given, settings

from domain.readings import Reading
from tests.series import at
from tests.unit.rules.oracles import ORACLES
from tests.unit.rules.oracles.following import Event, Fact, events, follow
from tests.unit.rules.oracles.plain import slots
from tests.unit.rules.oracles.worlds import World, worlds


def fact(
    start: str, end: str | None = None, peak: float = 9.0, peaked: str = ""
) -> Fact:
    return Fact("v1", at(start), at(end) if end else None, peak, at(peaked or start))


def happened(before: list[Fact], after: list[Fact], seen: str = "9m") -> set[Event]:
    return events(before, after, at(seen))


# What counts as which event


def test_what_only_goes_on_is_no_event() -> None:
    whole = [fact("0s", "2m"), fact("3m")]
    assert happened([], whole) == set()
    assert happened(whole, whole) == set()
    assert happened(whole, [whole[0], fact("3m", "10m")]) == set()
    assert happened(whole, [whole[0], fact("3m", None, 9.9, "10m")]) == set()
    assert happened(whole, [whole[0], fact("3m", "10m"), fact("11m")]) == set()


def test_change_of_what_had_been_seen_is_a_late_revision() -> None:
    revised = {Event.REVISION}
    assert happened([fact("0s", "2m")], [fact("0s", "3m")]) == revised
    assert happened([fact("1m", "2m")], [fact("0s", "2m")]) == revised
    assert happened([fact("1m", "2m")], [fact("1m", "2m", 9.9)]) == revised
    assert happened([fact("1m")], [fact("0s")]) == revised
    assert happened([fact("1m")], [fact("1m", "9m")]) == revised
    assert happened([fact("1m")], [fact("1m", None, 9.9, "8m")]) == revised
    assert happened([fact("1m")], [fact("1m")._replace(version="v2")]) == revised


def test_two_that_become_one_merge() -> None:
    merged = {Event.MERGE, Event.REVISION}
    assert happened([fact("0s", "2m"), fact("3m")], [fact("0s")]) == merged


def test_one_that_becomes_two_is_split() -> None:
    assert happened([fact("0s")], [fact("0s", "2m"), fact("9m")]) == {Event.SPLIT}
    assert happened([fact("0s", "4m")], [fact("0s", "2m"), fact("3m", "4m")]) == {
        Event.SPLIT
    }


def test_what_has_no_heir_is_withdrawn() -> None:
    assert happened([fact("0s", "2m")], [fact("2m", "4m")]) == {Event.WITHDRAWAL}
    assert happened([fact("5m")], [fact("10m")]) == {Event.WITHDRAWAL}
    assert happened([fact("5m")], []) == {Event.WITHDRAWAL}


# Boxes


class Brute:
    """Judges all that it has kept anew, by brute force."""

    def __init__(self, world: World) -> None:
        self.oracle = ORACLES[world.kind]
        self.periods = world.periods
        self.kept: list[Reading] = []

    def keep(self, reading: Reading) -> bool:
        del reading
        return True

    def judge(self, readings: Sequence[Reading]) -> list[list[Fact]]:
        for reading in readings:
            if self.keep(reading):
                self.kept.append(reading)
        known = slots(self.kept)
        return [[Fact(*f) for f in self.oracle(p, known)] for p in self.periods]

    def restart(self) -> None:
        pass


class FirstValueWins(Brute):
    def keep(self, reading: Reading) -> bool:
        return all(reading.time != kept.time for kept in self.kept)


class NothingLate(Brute):
    def keep(self, reading: Reading) -> bool:
        return all(reading.time >= kept.time for kept in self.kept)


class Forgetful(Brute):
    def restart(self) -> None:
        self.kept.clear()


@pytest.mark.parametrize("kind", ORACLES)
@pytest.mark.parametrize("box", [FirstValueWins, NothingLate, Forgetful])
def test_wrong_boxes_are_found(kind: str, box: Callable[[World], Brute]) -> None:
    @settings(derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    @given(worlds(kind))
    def run(world: World) -> None:
        follow(world, box(world))

    with pytest.raises(AssertionError):
        run()
