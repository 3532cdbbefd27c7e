"""`blackbox rules test`: what a rule would have raised on the readings that are stored.

Every point is folded from its first reading on, so that what was open at the beginning is
known, and what is printed for a rule that is on is exactly what was raised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from alerting.trial import Chunks, Question, chunked, judged, planned
from domain.excursions import Excursion
from domain.registry import Point, Registry
from rules.kinds import from_version
from rules.rule import AnyRule
from rules.trial import summed
from storage import readings
from storage import registry as registry_table
from storage.readings import BEGINNING
from storage.unit import Connection

CHUNK = 10_000
"""Readings fetched at a time."""
Progress = Callable[[int, int, int], None]
"""(points done, points in all, readings judged so far)."""


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


async def ask(
    connection: Connection,
    question: Question,
    progress: Progress,
    point: str | None = None,
) -> Answer:
    """Judge `point` (device/point), or all. Raises InputError as `planned` does."""
    registry = await registry_table.load(connection)
    versions = {
        number: from_version(version)
        for number, version in (await registry_table.rule_versions(connection)).items()
    }
    plan = planned(question, chosen_points(registry, point), versions)
    found: dict[str, list[Excursion]] = {}
    count = 0

    def chunks(number: int) -> Chunks:
        read = partial(readings.slots, connection, registry.points[number])
        return chunked(read, BEGINNING, question.until, CHUNK)

    async for step in judged(plan, question.since, chunks):
        count += len(step.slots)
        if step.found is not None:
            found[name(registry, step.point)] = step.found
        progress(len(found), len(plan.watches), count)
    return Answer(
        rule=plan.rule, as_assigned=plan.as_assigned, readings=count, found=found
    )


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
