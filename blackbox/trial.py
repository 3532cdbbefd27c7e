"""`blackbox rules test`: what a rule would have raised on the readings that are stored.

Every point is folded from its first reading on, so that what was open at the beginning is
known, and what is printed for a rule that is on is exactly what was raised.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.errors import InputError
from domain.excursions import Excursion
from domain.readings import Slot
from domain.registry import Point, Registry
from rules import catalogue
from rules.kinds import KINDS, from_version
from rules.rule import AnyRule
from rules.trial import Trial, suits, summed, watching
from rules.watch import Watch, watches
from storage import readings
from storage import registry as registry_table
from storage.unit import Connection

CHUNK = 10_000
"""Readings fetched at a time."""
Progress = Callable[[int, int, int], None]
"""(points done, points in all, readings judged so far)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is to be tried, on what."""

    rule: str
    """Key in the catalogue."""
    since: datetime
    until: datetime
    limits: Mapping[str, Any] | None = None
    """Overrides of its levels; None: as it is assigned, where it is."""
    point: str | None = None
    """device/point; None: all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the rule would have raised."""

    rule: AnyRule
    as_assigned: bool
    """Whether the points' own timelines judged, so that it is what was raised."""
    readings: int
    """Judged, of all points."""
    found: Mapping[str, list[Excursion]]
    """By point: enterprise/device/point. Points without any are among them."""

    def document(self, question: Question) -> dict[str, Any]:
        """As JSON has it."""
        everything = [e for found in self.found.values() for e in found]
        return {
            "rule": self.rule.key,
            "as_assigned": self.as_assigned,
            "from": question.since.isoformat(),
            "to": question.until.isoformat(),
            "readings": self.readings,
            **_sum(everything, question),
            "points": {
                name: {
                    **_sum(found, question),
                    "excursions": [_told(e) for e in found],
                }
                for name, found in self.found.items()
            },
        }


def _sum(found: list[Excursion], question: Question) -> dict[str, Any]:
    total = summed(found, question.since, question.until)
    return {
        "count": total.count,
        "per_week": total.per_week,
        "longest_s": total.longest.total_seconds(),
    }


def _told(e: Excursion) -> dict[str, Any]:
    return {
        "level": e.level,
        "severity": e.severity.name.lower(),
        "from": e.start.isoformat(),
        "to": e.end.isoformat() if e.end else None,
        "peak": e.peak,
        "peak_time": e.peak_time.isoformat(),
        "version": e.version,
    }


async def ask(connection: Connection, question: Question, progress: Progress) -> Answer:
    """Judge. Raises InputError for a rule or point that is none, or an empty range."""
    if question.since >= question.until:
        raise InputError("--from must be before --to")
    rule = catalogue.resolve(question.rule, question.limits or {})
    if rule.kind not in KINDS:
        raise InputError(f"{rule.key} judges arrival, which history does not tell")
    registry = await registry_table.load(connection)
    versions = {
        number: from_version(version)
        for number, version in (await registry_table.rule_versions(connection)).items()
    }
    live = assignments(registry, rule.key, versions)
    as_assigned = bool(live) and question.limits is None
    chosen = chosen_points(registry, question.point)
    if as_assigned:
        watched = {n: live[n] for n in chosen if n in live}
    else:
        watched = {n: watching(p, rule) for n, p in chosen.items() if suits(rule, p)}
    if not watched:
        raise InputError(f"no such point measures what {rule.key} judges")
    found: dict[str, list[Excursion]] = {}
    count = 0
    for done, (number, own) in enumerate(watched.items()):
        trial = Trial(own)
        async for chunk in chunks(connection, registry.points[number], question.until):
            trial.feed(chunk)
            count += len(chunk)
            progress(done, len(watched), count)
        found[name(registry, number)] = trial.excursions(question.since)
    progress(len(watched), len(watched), count)
    return Answer(rule=rule, as_assigned=as_assigned, readings=count, found=found)


def assignments(
    registry: Registry, rule: str, versions: Mapping[str, AnyRule]
) -> dict[int, tuple[Watch, ...]]:
    """Where the registry has assigned the rule: its watches, by point."""
    live = {
        number: tuple(w for w in watches(point, versions) if w.rule == rule)
        for number, point in registry.points.items()
    }
    return {number: own for number, own in live.items() if own}


def chosen_points(registry: Registry, point: str | None) -> dict[int, Point]:
    """The points called device/point, or all."""
    return {
        number: one
        for number, one in registry.points.items()
        if point in (None, f"{registry.device_of[number].key}/{one.key}")
    }


def name(registry: Registry, number: int) -> str:
    """enterprise/device/point."""
    device = registry.device_of[number]
    return f"{device.enterprise_code}/{device.key}/{registry.points[number].key}"


async def chunks(
    connection: Connection, point: Point, until: datetime
) -> AsyncIterator[list[Slot]]:
    """All slots of a point before `until`, by time."""
    since = datetime.min.replace(tzinfo=until.tzinfo)
    while True:
        slots = await readings.slots(connection, point, since, CHUNK)
        yield [slot for slot in slots if slot.time < until]
        if len(slots) < CHUNK or slots[-1].time >= until:
            return
        since = slots[-1].time + timedelta.resolution
