"""When to try again: growing waits, and an end. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

FIRST: Final = timedelta(seconds=5)
LONGEST: Final = timedelta(hours=1)
PATIENCE: Final = timedelta(hours=24)
"""Once the waits of a delivery add up to this, it is given up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Retry:
    """Try again at `at`."""

    at: datetime
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GiveUp:
    """Never try again."""

    reason: str


def grown(attempts: int, first: timedelta, longest: timedelta) -> timedelta:
    """The wait after so many failed attempts (1, 2, …): doubled each time, up to `longest`."""
    return min(first * 2 ** min(attempts - 1, 32), longest)


def next_attempt(attempts: int, now: datetime, *, permanent: bool) -> Retry | GiveUp:
    """What follows the failure number `attempts`, which was `permanent` or not."""
    if permanent:
        return GiveUp(reason="permanent error")
    waited = sum((grown(n, FIRST, LONGEST) for n in range(1, attempts)), timedelta())
    if waited >= PATIENCE:
        return GiveUp(reason=f"no success in {attempts} attempts over {waited}")
    wait = grown(attempts, FIRST, LONGEST)
    return Retry(at=now + wait, reason=f"attempt {attempts} failed, next in {wait}")
