"""Trying a rule on history: what it would have raised on the readings that are stored.

The folds are the engine's own (`rules/trial.py`), off the event loop and chunk by chunk, so
that whoever asks may tell how far it is, or stop.
"""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
    Sequence,
)
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, TypeAlias

from domain.errors import InputError
from domain.excursions import Excursion
from domain.readings import Slot
from domain.registry import Point
from rules import catalogue
from rules.engine import memory_from
from rules.kinds import KINDS
from rules.rule import AnyRule
from rules.trial import Trial, suits, watching
from rules.watch import Watch, watches

LEAD: Final = timedelta(days=31)
"""What began longer before a trial is taken to be over when only a stretch is read."""
Chunks: TypeAlias = AsyncIterator[list[Slot]]
Read: TypeAlias = Callable[[datetime, int], Awaitable[list[Slot]]]
"""(since, how many at most): the next slots of a point."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is to be tried."""

    rule: str
    """Key in the catalogue."""
    since: datetime
    until: datetime
    limits: Mapping[str, Any] | None = None
    """Overrides of its levels; None: as it is assigned, where it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What judges which points."""

    rule: AnyRule
    as_assigned: bool
    """Whether the points' own timelines judge, so that it is what was raised."""
    watches: Mapping[int, tuple[Watch, ...]]
    """By point."""


class Step(NamedTuple):
    """One chunk of a point is judged, or all of it."""

    point: int
    slots: Sequence[Slot]
    found: list[Excursion] | None
    """All that the rule would have raised at the point; None: it goes on."""


def planned(
    question: Question, points: Mapping[int, Point], versions: Mapping[str, AnyRule]
) -> Plan:
    """What judges which of `points`: as the rule is assigned, else wherever it suits.

    Raises InputError for a rule that is none, a range that is empty, or no point to judge.
    """
    if question.since >= question.until:
        raise InputError(
            zh="起始须早于结束。",
            en="The beginning must be before the end.",
        )
    rule = catalogue.resolve(question.rule, question.limits or {})
    if rule.kind not in KINDS:
        raise InputError(
            zh=f"{rule.key} 判断的是到达情况，历史读数无从得知。",
            en=f"{rule.key} judges arrival, which history does not tell.",
        )
    live = assignments(points, rule.key, versions)
    as_assigned = bool(live) and question.limits is None
    if not as_assigned:
        live = {n: watching(p, rule) for n, p in points.items() if suits(rule, p)}
    if not live:
        raise InputError(
            zh=f"没有测点测量 {rule.key} 所判断的量。",
            en=f"No such point measures what {rule.key} judges.",
        )
    return Plan(rule=rule, as_assigned=as_assigned, watches=live)


def assignments(
    points: Mapping[int, Point], rule: str, versions: Mapping[str, AnyRule]
) -> dict[int, tuple[Watch, ...]]:
    """Where the registry has assigned the rule: its watches, by point."""
    live = {
        number: tuple(w for w in watches(point, versions) if w.rule == rule)
        for number, point in points.items()
    }
    return {number: own for number, own in live.items() if own}


async def judged(
    plan: Plan,
    since: datetime,
    chunks: Callable[[int], Chunks],
    turn: AbstractAsyncContextManager[Any] | None = None,
) -> AsyncGenerator[Step]:
    """Judge the slots that `chunks` gives of each point.

    What began before `since` is not counted. `turn` is taken for each chunk: those who share
    one take turns.
    """
    for number, own in plan.watches.items():
        trial = Trial(own)
        async for chunk in chunks(number):
            async with turn or nullcontext():
                await asyncio.to_thread(trial.feed, chunk)
            yield Step(number, chunk, None)
        yield Step(number, (), trial.excursions(since))


async def chunked(read: Read, since: datetime, until: datetime, size: int) -> Chunks:
    """The slots in [since, until), by time, `size` at a time."""
    while True:
        slots = await read(since, size)
        yield [slot for slot in slots if slot.time < until]
        if len(slots) < size or slots[-1].time >= until:
            return
        since = slots[-1].time + timedelta.resolution


def beginning(own: Sequence[Watch], since: datetime) -> datetime:
    """From when on to read so that LEAD before `since` all is remembered that counts."""
    return min(memory_from(watch, since - LEAD) for watch in own)
