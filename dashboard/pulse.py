"""Is the box well? Judged from the ingestors' heartbeats, by our own monotonic clock. Pure.

No wall clocks are compared, so a skewed one cannot make a dead box look alive. A heartbeat
counts when it is seen to *move*; the age of an intake is what the ingestor's own clock said
at its last beat, plus the time since we saw that beat.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from storage.overview import Heartbeat

DEAF_AFTER = 5.0
"""Seconds without a moving heartbeat after which an ingestor counts as dead."""
ANSWER_AFTER = 3.0
"""Seconds without an answer after which the database counts as away."""


class State(StrEnum):
    """How loud the banner must be."""

    WELL = "well"
    STARTING = "starting"
    """Nothing is known yet; never for longer than DEAF_AFTER."""
    QUIET = "quiet"
    """The box listens, but nothing comes in."""
    DEAF = "deaf"


class Reason(StrEnum):
    """Why the box is deaf."""

    DATABASE = "database"
    NO_INGESTOR = "no-ingestor"
    INGESTOR = "ingestor"
    BROKER = "broker"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pulse:
    """What every page is told each second."""

    state: State
    reason: Reason | None = None
    share: str | None = None
    """The share that the reason concerns."""
    age: float | None = None
    """Seconds since the newest intake of any share; None: none is known."""
    waiting: int = 0
    """Messages in all inboxes."""
    mark: str = ""
    """Changes whenever there may be new readings."""


Finding: TypeAlias = tuple[State, Reason | None, str | None]
"""How loud, why, and which share."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    beat: Heartbeat
    at: float
    moved: bool

    def dead(self, elapsed: float) -> bool:
        """Whether the ingestor's heart has stopped."""
        return elapsed - self.at > DEAF_AFTER

    @property
    def cut(self) -> bool:
        """Whether the living ingestor says that the broker is away."""
        return self.moved and not self.beat.connected

    def age(self, elapsed: float) -> float | None:
        """Seconds since the share's newest intake, as far as we can tell."""
        if self.beat.intake_at is None or not self.moved:
            return None
        then = (self.beat.beat_at - self.beat.intake_at).total_seconds()
        return max(0.0, then) + elapsed - self.at


class Watch:
    """Remembers when each heartbeat last moved, and judges."""

    def __init__(self, *, quiet_after: float, elapsed: float) -> None:
        """`quiet_after`: seconds without any intake that are worth a word."""
        self._quiet_after = quiet_after
        self._answered = elapsed
        self._seen: dict[str, _Seen] | None = None

    def see(self, beats: Iterable[Heartbeat], elapsed: float) -> None:
        """Take in what the database said at `elapsed`."""
        before = self._seen or {}
        self._answered = elapsed
        self._seen = {
            beat.share: _look(before.get(beat.share), beat, elapsed) for beat in beats
        }

    def judge(self, elapsed: float) -> Pulse:
        """The pulse at `elapsed`."""
        seen = self._seen or {}
        ages = [age for one in seen.values() if (age := one.age(elapsed)) is not None]
        age = min(ages, default=None)
        state, reason, share = self._worst(elapsed, age)
        intakes = [one.beat.intake_at for one in seen.values() if one.beat.intake_at]
        return Pulse(
            state=state,
            reason=reason,
            share=share,
            age=age,
            waiting=sum(one.beat.waiting for one in seen.values()),
            mark=max(intakes).isoformat() if intakes else "",
        )

    def _worst(self, elapsed: float, age: float | None) -> Finding:
        if elapsed - self._answered > ANSWER_AFTER:
            return State.DEAF, Reason.DATABASE, None
        if self._seen is None:
            return State.STARTING, None, None
        if not self._seen:
            return State.DEAF, Reason.NO_INGESTOR, None
        dead = [share for share, one in self._seen.items() if one.dead(elapsed)]
        cut = [share for share, one in self._seen.items() if one.cut]
        if dead or cut:
            reason = Reason.INGESTOR if dead else Reason.BROKER
            return State.DEAF, reason, (dead or cut)[0]
        return self._how_calm(age), None, None

    def _how_calm(self, age: float | None) -> State:
        if not all(one.moved for one in (self._seen or {}).values()):
            return State.STARTING
        quiet = age is None or age > self._quiet_after
        return State.QUIET if quiet else State.WELL


def _look(before: _Seen | None, beat: Heartbeat, elapsed: float) -> _Seen:
    """A beat counts from when it was seen to move; of the first it is not known."""
    if before is None:
        return _Seen(beat=beat, at=elapsed, moved=False)
    if beat.beat_at > before.beat.beat_at:
        return _Seen(beat=beat, at=elapsed, moved=True)
    return before
