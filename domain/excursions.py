"""Excursions: facts about a series, as a function of its readings and of the timeline of rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.rules import Severity


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
    """Judged value farthest beyond the limit between start and end; of equals the first."""
    peak_time: datetime

    @property
    def identity(self) -> tuple[int, str, str, datetime]:
        """(point, rule version, level, start)."""
        return (self.point, self.version, self.level, self.start)
