"""What time alone brings, as the ingest loop drives it: one class for each concern."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime

from domain.brought import Brought
from storage.unit import Connection, Unit


class Timed(ABC):
    """Judges what time alone brings: a deadline, the end of a shelving, a safety code."""

    async def observe(self, unit: Unit, brought: Brought, now: datetime) -> None:
        """Take note of what an intake has brought, where that matters."""
        del unit, brought, now

    @abstractmethod
    async def due(self, connection: Connection, share: int, now: datetime) -> bool:
        """Whether there is anything to write. Asked in every round, so it must be cheap."""

    @abstractmethod
    async def tick(self, unit: Unit, now: datetime) -> None:
        """Write what `due` has found."""

    @abstractmethod
    def forget(self) -> None:
        """Drop all that is remembered: a unit was rolled back, or the lease is lost."""
