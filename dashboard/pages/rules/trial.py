"""Trying a rule on history for somebody: of the points they see, within the times they see.

Each chunk is read in a transaction of its own and judged in a thread, one chunk of the whole
process at a time: no connection is held, and nobody else's page waits. A person tries one
thing at a time: who begins another one ends the first.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from alerting.trial import Chunks, Plan, Question, beginning, chunked, judged, planned
from dashboard.display import Display
from dashboard.house import House
from dashboard.pages.rules.curve import Curve
from dashboard.parts import limits
from dashboard.parts.limits import Measured
from dashboard.problems import Problem
from domain.errors import InputError
from domain.excursions import Excursion
from domain.people import Person
from domain.readings import Slot
from domain.registry import Point
from rules.kinds import from_version
from rules.trial import Sum, summed
from storage import assigned_rules, excursions, readings, registry
from storage.assigned_rules import PointLine, Wanted
from storage.excursions import Stored
from storage.scope import Window, clip, windows

CHUNK: Final = 2000
"""Readings that are fetched and judged at a time."""
MOST_READINGS: Final = 2_000_000
MOST_FOUND: Final = 5000
"""Excursions: who has more has learned that the limits are wrong."""


class Progress(NamedTuple):
    """How far it is."""

    share: float
    """0 to 1."""
    readings: int


class Compared(NamedTuple):
    """An excursion that was found, raised, or both."""

    found: Excursion | None
    """By the trial."""
    raised: Sequence[Stored]
    """In truth, at the same level and time: by start."""

    @property
    def excursion(self) -> Excursion:
        """The one that was found, or else raised."""
        return self.found or self.raised[0].excursion

    @property
    def alerts(self) -> list[int]:
        """Alerts of what was raised."""
        numbers = (one.alert for one in self.raised if one.alert is not None)
        return list(dict.fromkeys(numbers))


@dataclass(kw_only=True, slots=True)
class Outcome:
    """What came of it at one point."""

    line: PointLine
    curve: Curve
    found: list[Excursion] = field(default_factory=list)
    compared: list[Compared] = field(default_factory=list)
    sum: Sum

    @property
    def raised(self) -> Mapping[int, Excursion]:
        """All that was raised in truth, each once, whatever it is compared with."""
        return {one.id: one.excursion for some in self.compared for one in some.raised}


@dataclass(kw_only=True, slots=True)
class Result:
    """What came of it."""

    plan: Plan
    question: Question
    readings: int
    outcomes: list[Outcome]
    left_out: list[PointLine]
    """Points that the rule does not judge."""

    @property
    def found(self) -> int:
        """Excursions that the rule would have raised."""
        return sum(len(one.found) for one in self.outcomes)

    @property
    def raised(self) -> int:
        """Excursions that were raised, of those that began in the stretch or match one."""
        return sum(len(one.raised) for one in self.outcomes)


@dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """What is known before any reading is read."""

    lines: Mapping[int, PointLine]
    points: Mapping[int, Point]
    windows: Mapping[int, Sequence[Window]]
    raised: Mapping[int, Sequence[Stored]]
    plan: Plan


async def gather(
    here: House, person: Person, question: Question, points: Sequence[int]
) -> Material:
    """Everything but readings. Raises Problem 404 for a point that `person` does not see."""
    async with here.seen_by(person) as connection:
        seen = await windows(connection, points)
        wanted = Wanted(rule=question.rule, watched=False, ids=points)
        now = here.clock.now()
        lines = await assigned_rules.points(connection, wanted, now, limit=len(points))
        models = await registry.chosen(connection, points)
        if any(n not in seen or n not in models for n in points):
            raise Problem(404)
        versions = await registry.rule_versions(
            connection,
            {v for p in models.values() for s in p.timeline for v in s.rules},
        )
        known = await excursions.raised(
            connection,
            question.rule,
            points,
            question.since,
            question.until,
            MOST_FOUND + 1,
        )
        if len(known) > MOST_FOUND:
            raise Problem(400, "rules.trial.many-raised", n=MOST_FOUND)
    try:
        rules = {number: from_version(one) for number, one in versions.items()}
        plan = planned(question, models, rules)
    except InputError as error:
        raise Problem(400, "problem.input", why=error) from error
    return Material(
        lines={one.id: one for one in lines},
        points=models,
        windows=seen,
        raised={n: [e for e in known if e.excursion.point == n] for n in points},
        plan=plan,
    )


async def tried(
    here: House, person: Person, question: Question, material: Material
) -> AsyncGenerator[Progress | Result]:
    """Judge, telling how far it is; the result comes last.

    Raises Problem 409 where the same person has begun another, 400 for too much of anything.
    """
    plan, outcomes, count = material.plan, list[Outcome](), 0
    since, until = question.since, question.until
    begins = {n: beginning(own, since) for n, own in plan.watches.items()}
    curves = {n: Curve(material.points[n], since, until) for n in plan.watches}

    def chunks(number: int) -> Chunks:
        parts = clip(material.windows[number], begins[number], until)
        return _chunks(here, person, material.points[number], parts)

    within = 0.0
    with here.turns.begun(person.id) as turn:
        async with aclosing(judged(plan, since, chunks, here.turns.slice)) as steps:
            async for step in steps:
                if turn.given_up:
                    raise Problem(409, "rules.trial.another")
                count += len(step.slots)
                curve = curves[step.point]
                curve.feed(step.slots)
                if step.slots:
                    within = _share(begins[step.point], until, step.slots[-1].time)
                if step.found is not None:
                    within = 0.0
                    line, raised = (
                        material.lines[step.point],
                        material.raised[step.point],
                    )
                    outcomes.append(_outcome(line, curve, step.found, raised, question))
                _check(count, outcomes)
                yield Progress((len(outcomes) + within) / len(plan.watches), count)
    yield Result(
        plan=plan,
        question=question,
        readings=count,
        outcomes=outcomes,
        left_out=[one for n, one in material.lines.items() if n not in plan.watches],
    )


async def _chunks(
    here: House,
    person: Person,
    point: Point,
    parts: Sequence[tuple[datetime, datetime]],
) -> Chunks:
    """The slots of a point within `parts`."""

    async def read(since: datetime, limit: int) -> list[Slot]:
        async with here.seen_by(person) as connection:
            return await readings.slots(connection, point, since, limit)

    for start, stop in parts:
        async for chunk in chunked(read, start, stop, CHUNK):
            yield chunk


def _check(count: int, outcomes: Sequence[Outcome]) -> None:
    if count > MOST_READINGS:
        raise Problem(400, "rules.trial.many-readings", n=MOST_READINGS)
    if sum(len(one.found) for one in outcomes) > MOST_FOUND:
        raise Problem(400, "rules.trial.many-found", n=MOST_FOUND)


def _share(begin: datetime, until: datetime, time: datetime) -> float:
    """How much of a point is judged at `time`."""
    return (time - begin) / (until - begin)


def _outcome(
    line: PointLine,
    curve: Curve,
    found: list[Excursion],
    raised: Sequence[Stored],
    question: Question,
) -> Outcome:
    return Outcome(
        line=line,
        curve=curve,
        found=found,
        compared=compared(found, raised, question.since),
        sum=summed(found, question.since, question.until),
    )


def compared(
    found: Sequence[Excursion], raised: Sequence[Stored], since: datetime
) -> list[Compared]:
    """What was found beside what was raised: the same where level and time meet.

    Both by start; what was raised before `since` is there only if it was found.
    """
    both = [
        Compared(one, [r for r in raised if meet(one, r.excursion)]) for one in found
    ]
    met = {r.id for one in both for r in one.raised}
    both += [
        Compared(None, [r])
        for r in raised
        if r.id not in met and r.excursion.start >= since
    ]
    return sorted(both, key=lambda one: (one.excursion.start, one.excursion.level))


def meet(one: Excursion, other: Excursion) -> bool:
    """Whether both are of one level and have some time in common."""
    if one.level != other.level:
        return False
    begins = max(one.start, other.start)
    return all(e.end is None or begins <= e.end for e in (one, other))


def amount(result: Result, show: Display, line: PointLine, one: Excursion) -> str:
    """How bad an excursion was, as its level tells: a value, a slope, a total."""
    level = result.plan.rule.level(one.level)
    of = Measured(line.quantity, line.unit, line.resolution)
    return limits.amount(level, show, one.peak, of) if level else ""
