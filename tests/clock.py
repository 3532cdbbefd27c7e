"""A clock that moves when a test says so."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)


class ManualClock:
    """Stands in for `blackbox.clock.Clock`: domain and real time are one, and stand still."""

    def __init__(self, now: datetime = START) -> None:
        """Stand at `now`."""
        self._now = now
        self._sleepers: list[tuple[datetime, asyncio.Event]] = []

    def now(self) -> datetime:
        """The time last set."""
        return self._now

    def elapsed(self) -> float:
        """Seconds since START."""
        return (self._now - START).total_seconds()

    def advance(self, **by: float) -> datetime:
        """Move on by a timedelta given as keywords, wake whose time has come; return the new time."""
        self._now += timedelta(**by)
        for when, woken in self._sleepers:
            if when <= self._now:
                woken.set()
        self._sleepers = [
            (when, woken) for when, woken in self._sleepers if not woken.is_set()
        ]
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Sleep until the clock was moved by that much."""
        await self.sleep_until(self._now + timedelta(seconds=seconds))

    async def sleep_until(self, when: datetime) -> None:
        """Sleep until the clock was moved to `when`."""
        if when > self._now:
            woken = asyncio.Event()
            self._sleepers.append((when, woken))
            await woken.wait()
