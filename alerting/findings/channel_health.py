"""A channel that stays unreachable becomes an alert of the box, told over the others.

The dispatcher keeps the failures; the ingestor of the first share that lives speaks for the box. One
alert names all channels that fail; another one that fails is news, and the alert returns
once all of them work. A channel that fails and works by turns is told of once in a while,
not each time: what is told of it goes over channels, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from alerting.findings.finding import Finding, Findings
from alerting.timed import Timed
from storage import channel_health
from storage.channel_health import Failing
from storage.unit import Connection, Unit

RULE: Final = "channel-unreachable"
PATIENCE: Final = timedelta(minutes=15)
"""Real time for which a channel may fail; and from the end of an alert to the next."""
FAILURES: Final = 3
"""Attempts that must have failed meanwhile."""
LOOK: Final = timedelta(seconds=5)
"""Real time between two looks at the table."""


class ChannelHealth(Timed):
    """Judges channels; an `alerting.judges.Timed`."""

    def __init__(
        self,
        findings: Findings,
        real_now: Callable[[], datetime],
        *,
        patience: timedelta = PATIENCE,
        look: timedelta = LOOK,
    ) -> None:
        """Tell by `findings` of channels that fail for `patience` by `real_now()`."""
        self._findings = findings
        self._real_now = real_now
        self._patience = patience
        self._look = look
        self._looked: datetime | None = None
        self._ended: datetime | None = None
        self._found: Finding | None = None

    async def due(self, connection: Connection, share: int, now: datetime) -> bool:
        """Whether a channel became unreachable, or all work again."""
        real = self._real_now()
        if self._looked and timedelta(0) <= real - self._looked < self._look:
            return False
        self._looked, self._found = real, None
        since = real - self._patience
        first = await channel_health.is_first(connection, share, since)
        failing = (
            await channel_health.unreachable(
                connection, before=since, failures=FAILURES
            )
            if first
            else []  # what another share says; what this one said before, ends
        )
        told = await channel_health.told(connection, share)
        self._found = judge(failing, told, rests=self._rests(real))
        if told and not failing:
            self._ended = real
        return self._found is not None

    async def tick(self, unit: Unit, now: datetime) -> None:
        """Write what `due` has found."""
        if self._found is not None:
            await self._findings.follow(unit, [self._found], now)
            self._found = None

    def forget(self) -> None:
        """Drop all that is remembered, and look at once."""
        self._looked = self._found = None

    def _rests(self, real: datetime) -> bool:
        return self._ended is not None and real - self._ended < self._patience


def judge(failing: Sequence[Failing], told: set[str], *, rests: bool) -> Finding | None:
    """What begins or ends where `failing` fail and `told` is known; None: no news. Pure.

    `rests`: an alert has ended a short while ago.
    """
    if not failing:
        return Finding(rule=RULE, ends={"channels": {}}) if told else None
    if rests or not {one.channel for one in failing} - told:
        return None
    detail = {
        one.channel: {
            "failing_since": one.failing_since.isoformat(),
            "failures": one.failures,
            "gave_up": one.gave_up,
            "detail": one.detail,
        }
        for one in failing
    }
    return Finding(rule=RULE, begins={"channels": detail})
