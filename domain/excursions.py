"""Excursions: facts about a series, as a function of its readings and of the timeline of rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from domain.rules import Severity


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """When a trend reaches its limit, as seen at the reading that opened an excursion."""

    slope: float
    """Theil–Sen slope, in the point's unit per hour."""
    slope_between: tuple[float, float]
    """Its 95 % confidence interval (Sen 1968)."""
    limit: float | None = None
    """The limit it goes towards, in the unit; None: the rule names none."""
    reached: datetime | None = None
    reached_between: tuple[datetime, datetime | None] | None = None
    """Earliest and latest; None for the latest: perhaps never."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Excursion:
    """A stretch of time in which a point violated one level of one rule.

    Two excursions are the same if their `identity` is; they are compared with `end` and
    `peak`. Row ids and revisions are no part of it.
    """

    point: int
    rule: str
    version: str
    """Rule version at the opening; it judges the excursion to its end."""
    level: str
    severity: Severity
    start: datetime
    """Time of the first violating reading."""
    end: datetime | None
    """Time of the first clearing reading; None while open."""
    peak: float
    """What was measured farthest beyond the limit between start and end; of equals the first.

    In the point's unit for a threshold; else as the kind of rule says (docs/rules.md).
    """
    peak_time: datetime
    forecast: Forecast | None = field(default=None, compare=False)
    """Only of a trend, and only while it is judged: told at the opening, not stored."""

    @property
    def identity(self) -> tuple[int, str, str, datetime]:
        """(point, rule version, level, start)."""
        return (self.point, self.version, self.level, self.start)
