"""How far the share has listened: its watermark, and whether it is deaf. Pure.

The watermark is the domain time before which all that reached the broker is in the
database. It follows the rounds that caught up, once the connection has lasted for a moment
longer: then the broker holds nothing back, and what it said was not its last word before it
stopped. It stands still while the broker is away, a backlog is taken in, or the database
does not answer. Standing still for longer than a limit (in real time) is deafness.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from domain.listened import Deafness, Listened

MOMENT = 1.0
"""Real seconds, connected and with room, that confirm what was heard before."""
CROWDED = 0.5
"""Share of the inbox; with more, the broker may soon have to wait for room."""


class Listening:
    """Where the listening of this process stands. Real times are of one monotonic clock."""

    def __init__(
        self, listened: Listened, *, limit: float, elapsed: float, behind: float = 0.0
    ) -> None:
        """Go on from `listened`, of `behind` real seconds ago; deaf after `limit` seconds.

        The watermark moves every few seconds at best: `limit` is longer than that.
        """
        self.listened = listened
        self._limit = limit
        self._moved = elapsed - behind
        self._mark: tuple[float, datetime] | None = None
        """When a round had caught up, and how far: to be confirmed."""
        self._broken = True
        """The connection was lost since the watermark last moved."""

    def after_round(
        self,
        *,
        connected: bool,
        waiting: float,
        drained_at: datetime | None,
        now: datetime,
        elapsed: float,
    ) -> Listened:
        """Note how a round of the intake ended, at the domain's time `now`.

        `connected`: from its begin to its end. `waiting`: how much of the inbox is full,
        from 0 up. `drained_at`: when the round's batch emptied the inbox, if it did: under a
        steady load the inbox is never empty when a round ends, but what came before then is
        committed all the same.
        """
        upto = drained_at if waiting else now
        if not connected or waiting >= CROWDED:
            self._mark = None
            self._broken |= not connected
        elif upto is not None:
            self._caught_up(upto, elapsed)
        if elapsed - self._moved > self._limit:
            deafness = Deafness(start=self.listened.watermark, end=None)
            self.listened = replace(self.listened, deaf=deafness)
        return self.listened

    def _caught_up(self, upto: datetime, elapsed: float) -> None:
        """A round has committed all that came before `upto`."""
        if self._mark is not None:
            marked, before = self._mark
            if elapsed - marked < MOMENT:
                return
            self._move(max(before, self.listened.watermark), upto, elapsed)
        self._mark = (elapsed, upto)

    def _move(self, watermark: datetime, upto: datetime, elapsed: float) -> None:
        """What had come before `watermark` is confirmed."""
        old = self.listened
        unbroken = upto if self._broken else old.unbroken
        self.listened = replace(old, watermark=watermark, unbroken=unbroken)
        if elapsed - self._moved > self._limit:
            deafness = Deafness(start=old.watermark, end=upto)
            self.listened = replace(self.listened, since=upto, deaf=deafness)
        self._moved, self._broken = elapsed, False
