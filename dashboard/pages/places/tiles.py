"""A point as a tile: its last value, by the limits in force. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.display import Display
from dashboard.parts import limits
from domain.readings import judged
from domain.registry import InUse
from domain.rules import Severity
from rules.rule import AnyRule
from rules.threshold import ThresholdLevel
from storage.site_details import PointNow


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """A point, how it is, and since when."""

    point: PointNow
    state: str
    """As in the list of points: idle, excursion, empty, silent, warning, recorded, pending, within."""
    since: datetime | None
    """Of an excursion; of silence, the last reading."""
    limits: Sequence[str]
    """In words, the mildest first."""


def tile(
    point: PointNow, rules: Mapping[str, AnyRule], show: Display, now: datetime
) -> Tile:
    """The point as at `now`; `rules` by version."""
    levels = [
        level
        for version in point.rules
        for level in rules[version].levels
        if isinstance(level, ThresholdLevel)
    ]
    how = state(point, levels, now)
    since = {"excursion": point.since, "warning": point.since, "silent": point.time}
    return Tile(
        point=point,
        state=how,
        since=since.get(how),
        limits=[
            limits.describe(show, level, point.unit)
            for level in limits.reached(levels, point.quantity, point.unit)
        ],
    )


def state(point: PointNow, levels: Sequence[ThresholdLevel], now: datetime) -> str:
    """The first that holds, the worst first."""
    value = None
    if point.value is not None and point.quality is not None:
        value = judged(point.value, point.quality, point.resolution)
    beyond = value is not None and any(level.violates(value) for level in levels)
    severity = point.severity or 0
    found = {
        "idle": not InUse(point.in_use).alerts,
        "excursion": severity >= Severity.MAJOR,
        "empty": point.time is None,
        "silent": point.time is not None and point.time < now - 2 * point.interval,
        "warning": severity == Severity.MINOR,
        "recorded": not levels,
        "pending": beyond,
    }
    return next((name for name, holds in found.items() if holds), "within")
