"""A box followed through a world: is it right in the end, and what happened on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, TypeAlias

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from domain.readings import Reading
from tests.unit.rules.oracles import ORACLES
from tests.unit.rules.oracles.worlds import World, worlds


class Fact(NamedTuple):
    """What is compared of an excursion."""

    version: str
    start: datetime
    end: datetime | None
    peak: float
    """Rounded to 10 digits."""
    peak_time: datetime


class Box(Protocol):
    """Whoever judges: storage is its own, durable; memory may be lost at any time."""

    def judge(self, readings: Sequence[Reading]) -> Iterable[Iterable[Any]]:
        """Take what has come at once; of each watch the excursions that now stand."""
        ...

    def restart(self) -> None:
        """Lose all that is only in memory."""
        ...


class Event(StrEnum):
    """What may happen to excursions that somebody has been told of."""

    REVISION = "late revision"
    """What had been seen of one has changed: its start, version, end or peak."""
    MERGE = "merge"
    """Two or more have become one."""
    SPLIT = "split"
    """One has become two or more."""
    WITHDRAWAL = "withdrawal"
    """None is left where one was."""


Facts: TypeAlias = Sequence[Fact]


def facts(excursions: Iterable[Any]) -> list[Fact]:
    """As comparable values, by time."""
    made = (
        Fact(e.version, e.start, e.end, round(e.peak, 10), e.peak_time)
        for e in excursions
    )
    return sorted(made, key=lambda fact: fact.start)


def expected(world: World) -> list[list[Fact]]:
    """What brute force finds, of each watch, in the set of all readings."""
    oracle, slots = ORACLES[world.kind], world.slots
    return [
        facts(Fact(*each) for each in oracle(periods, slots))
        for periods in world.periods
    ]


def events(before: Facts, after: Facts, seen: datetime) -> set[Event]:
    """What happened to the excursions of `before`, that are now those of `after`.

    `seen` is the time of the newest reading when `before` was found: of one that was open,
    nothing was known beyond. What only goes on from there, or ends, is no event.
    """
    happened: set[Event] = set()
    for old in before:
        heirs = [new for new in after if overlap(old, new, seen)]
        if not heirs:
            happened.add(Event.WITHDRAWAL)
        elif len(heirs) > 1:
            happened.add(Event.SPLIT)
        elif revised(old, heirs[0], seen):
            happened.add(Event.REVISION)
    if any(sum(overlap(old, new, seen) for old in before) > 1 for new in after):
        happened.add(Event.MERGE)
    return happened


FOREVER = datetime.max.replace(tzinfo=UTC)


def overlap(old: Fact, new: Fact, seen: datetime) -> bool:
    """Whether they share a moment; of `old`, one that had been seen."""
    begins = new.start < old.end if old.end else new.start <= seen
    return begins and old.start < (new.end or FOREVER)


def revised(old: Fact, new: Fact, seen: datetime) -> bool:
    """Whether what had been seen of `old` is not so any more."""
    if old.end is not None or (old.version, old.start) != (new.version, new.start):
        return old != new
    ended_then = new.end is not None and new.end <= seen
    other_peak = (old.peak, old.peak_time) != (new.peak, new.peak_time)
    return ended_then or (other_peak and new.peak_time <= seen)


def follow(world: World, box: Box) -> set[Event]:
    """Feed a world to a box; what happened. Raises AssertionError if it is wrong at last."""
    happened: set[Event] = set()
    before: list[list[Fact]] = [[] for _ in world.watches]
    seen = datetime.min.replace(tzinfo=UTC)
    for intake in world.intakes:
        if intake.restarted:
            box.restart()
        after = [facts(found) for found in box.judge(intake.readings)]
        for old, new in zip(before, after, strict=True):
            happened |= events(old, new, seen)
        before, seen = after, max(seen, *(r.time for r in intake.readings))
    assert before == expected(world)
    return happened


class Shares:
    """In which part of the examples each event happened."""

    def __init__(self) -> None:
        self.examples = 0
        self.happened: Counter[Event] = Counter()

    def count(self, happened: set[Event]) -> None:
        """One more example."""
        self.examples += 1
        self.happened.update(happened)

    def add(self, others: Shares) -> None:
        """Those of more examples."""
        self.examples += others.examples
        self.happened.update(others.happened)

    def __getitem__(self, event: Event) -> float:
        return self.happened[event] / self.examples

    def __str__(self) -> str:
        each = (f"{event} {self[event]:.1%}" for event in Event)
        return f"{self.examples} examples: {', '.join(each)}"


def prove(
    kinds: Sequence[str],
    examples: int,
    box: Callable[[World], Box],
    phases: Sequence[Phase] = tuple(Phase),
) -> Shares:
    """Follow boxes through that many worlds. Raises AssertionError with the smallest failing.

    To look for the smallest takes minutes; a box that must fail is spared that by `phases`.
    """
    shares = Shares()

    @settings(
        derandomize=True,
        deadline=None,
        database=None,
        max_examples=examples,
        phases=phases,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.sampled_from(kinds).flatmap(worlds))
    def run(world: World) -> None:
        shares.count(follow(world, box(world)))

    run()
    return shares
