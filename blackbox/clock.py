"""The one clock of all processes; the only module that reads the time.

`now()` is the time of the domain: it measures readings, opens alerts, ends deadlines. It
is an affine function of real time, so that a demo can let hours pass in seconds, and every
process that knows the same three numbers knows the same time. `elapsed()` is real and
monotonic: for time-outs, leases, waits and the age of the last intake. See ADR 0004.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from domain.errors import SettingsError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_NAP = 3600.0
"""Real seconds after which a long sleep looks at the clock again."""


def real_now() -> datetime:
    """Real time (aware, UTC): for signatures of webhooks, and for the clock itself."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """Domain time = origin + (real time − started) × factor."""

    origin: datetime
    """Domain time at `started`."""
    started: datetime
    """Real time at which the domain's time was `origin`."""
    factor: float = 1.0
    """Domain seconds per real second; greater than 0."""

    @classmethod
    def real(cls) -> Clock:
        """The clock of the product: domain time is real time."""
        return cls(origin=EPOCH, started=EPOCH)

    @classmethod
    def resume(cls, domain_now: datetime, factor: float) -> Clock:
        """A clock that shows `domain_now` at this moment and runs `factor` times as fast."""
        return cls(origin=domain_now, started=real_now(), factor=factor)

    @classmethod
    def parse(cls, text: str) -> Clock:
        """The clock that `str` wrote down. Raises SettingsError."""
        try:
            origin, started, factor = text.split()
            clock = cls(
                origin=datetime.fromisoformat(origin),
                started=datetime.fromisoformat(started),
                factor=float(factor),
            )
            clock.now()
        except (ValueError, TypeError, OverflowError) as error:
            raise SettingsError(
                zh=f"时钟 {text!r}：{error}", en=f"clock {text!r}: {error}"
            ) from error
        return clock

    def __post_init__(self) -> None:
        """Refuse what cannot be a clock with ValueError."""
        if not 0 < self.factor < float("inf"):
            raise ValueError(f"factor must be greater than 0, not {self.factor}")

    def __str__(self) -> str:
        """Text for the environment of a child process; `parse` reads it."""
        return f"{self.origin.isoformat()} {self.started.isoformat()} {self.factor!r}"

    def now(self) -> datetime:
        """Domain time, aware, UTC."""
        return self.origin + (real_now() - self.started) * self.factor

    def elapsed(self) -> float:
        """Real seconds since some moment; monotonic, within one process."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep for real seconds."""
        await asyncio.sleep(seconds)

    async def sleep_until(self, when: datetime) -> None:
        """Sleep until the domain's time is `when` or later."""
        while (left := when - self.now()) > timedelta(0):
            seconds = left.total_seconds() / self.factor
            await self.sleep(min(seconds, LONGEST_NAP))
