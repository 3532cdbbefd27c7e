"""Settling: when an incident is over, the ends of its alerts are told, each to those who heard."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from alerting.telling.owing import Telling
from alerting.timed import Timed
from domain.people import subtree
from storage import incidents
from storage.unit import Connection, Unit

PAUSE: Final = 1.0
"""Real seconds between two questions to the database."""
PIECE: Final = 50
"""Incidents in one unit: a tick must not keep the intake waiting."""


class Settling(Timed):
    """Settles incidents of one share. Until then a return is told to nobody."""

    def __init__(
        self, telling: Telling, elapsed: Callable[[], float], *, region: str = ""
    ) -> None:
        """Settle those whose region (GB/T 2260) begins with `region`.

        `elapsed` is real, monotonic, in seconds.
        """
        self._telling = telling
        self._elapsed = elapsed
        self._regions = subtree(region)
        self._next = float("-inf")

    async def due(self, connection: Connection, share: int, now: datetime) -> bool:
        """Whether an incident is over, asked once a second."""
        del share
        if self._elapsed() < self._next:
            return False
        self._next = self._elapsed() + PAUSE
        return await incidents.calm(connection, self._regions, now)

    async def tick(self, unit: Unit, now: datetime) -> None:
        """Settle what is over, a piece of it; the rest is due again."""
        over = await incidents.settle(unit.connection, self._regions, now, PIECE)
        await self._telling.tell_ends(unit, over)

    def forget(self) -> None:
        """Ask again at once."""
        self._next = float("-inf")
