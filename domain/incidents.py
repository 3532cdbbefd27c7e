"""Incidents: alerts of one site that were detected close together, under one parent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from domain.rules import Severity


class Place(NamedTuple):
    """Where an incident is, and whose it was when it opened: all its alerts share these."""

    site: int
    enterprise: int
    area: int
    """GB/T 2260, as a number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Incident:
    """Never evidence: which alerts it took stands in their journals. Domain times."""

    id: int
    site: int
    enterprise: int
    area: int
    """Enterprise and area (GB/T 2260, as a number) are as at the opening."""
    opened_at: datetime
    newest_at: datetime
    """When the newest alert joined."""
    window_until: datetime
    """Until then it takes alerts."""
    severity: Severity
    """The highest it ever had."""
    alerts: int = 0
    """That are its own now; one that recurs later may have moved to a newer incident."""
    active: int = 0
    """Of these: neither returned nor withdrawn nor merged."""
    settled_at: datetime | None = None
    """Since when the window is over and nothing is active: the end was told."""

    @property
    def place(self) -> Place:
        """Where it is."""
        return Place(self.site, self.enterprise, self.area)
