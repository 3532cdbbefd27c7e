"""Trying a rule on history: the engine's own code, on readings that are stored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.excursions import Excursion
from domain.readings import Slot
from domain.registry import Point
from rules.engine import advance
from rules.kinds import KINDS
from rules.rule import AnyRule
from rules.watch import IDLE, State, Watch, watches

WEEK = timedelta(weeks=1)


def assigned(point: Point, rule: AnyRule) -> Point:
    """The point as if `rule` alone were in force through all of its timeline."""
    version = rule.to_version().version
    settings = (replace(setting, rules=(version,)) for setting in point.timeline)
    return replace(point, timeline=tuple(settings))


def suits(rule: AnyRule, point: Point) -> bool:
    """Whether the rule judges what the point measures."""
    return rule.kind in KINDS and (
        not rule.of_values or (rule.quantity, rule.unit) == (point.quantity, point.unit)
    )


def watching(point: Point, rule: AnyRule) -> tuple[Watch, ...]:
    """What judges `rule` alone, in force throughout, at a point."""
    return watches(assigned(point, rule), {rule.to_version().version: rule})


class Trial:
    """The folds of one point, fed chunk by chunk from its first slot on."""

    def __init__(self, watches: Sequence[Watch]) -> None:
        """Begin before the first slot."""
        self._watches = watches
        self._states: list[State] = [IDLE for _ in watches]
        self._found: list[Excursion] = []

    def feed(self, slots: Iterable[Slot]) -> None:
        """Judge slots later than all before."""
        for slot in slots:
            for n, watch in enumerate(self._watches):
                self._states[n], ended = advance(watch, self._states[n], slot)
                self._found.extend(ended)

    def excursions(self, since: datetime) -> list[Excursion]:
        """Those that began at `since` or later, by start and level; some may be open."""
        going_on = [state.open for state in self._states if state.open is not None]
        found = [e for e in (*self._found, *going_on) if e.start >= since]
        return sorted(found, key=lambda e: (e.start, e.level))


@dataclass(frozen=True, kw_only=True, slots=True)
class Sum:
    """What a rule came to, at one point and level or at all."""

    count: int
    longest: timedelta
    """Of those still open, up to the end of the trial."""
    per_week: float


def summed(found: Sequence[Excursion], since: datetime, until: datetime) -> Sum:
    """Count, longest and number per week of excursions found in [since, until)."""
    lasted = [(e.end or until) - e.start for e in found]
    return Sum(
        count=len(found),
        longest=max(lasted, default=timedelta()),
        per_week=round(len(found) / ((until - since) / WEEK), 2),
    )
