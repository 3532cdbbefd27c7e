"""How far the share has listened: its watermark, and whether it is deaf. Pure.

The watermark is the domain time before which all that reached the broker is in the
database. It moves with every round that caught up, and stands still otherwise: while the
broker is away, a backlog is taken in, or the database does not answer. Standing still for
longer than a limit (in real time) is deafness. What a device left unsaid before the end of
a deafness, nobody could hear.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from domain.listened import Deafness, Listened

CALM = 1.0
"""Real seconds, connected and with room, after which the broker holds nothing back any more."""
CROWDED = 0.5
"""Share of the inbox; with more, the broker may soon have to wait for room."""


class Listening:
    """Where the listening of this process stands. Real times are of one monotonic clock."""

    def __init__(
        self, listened: Listened, *, limit: float, elapsed: float, behind: float = 0.0
    ) -> None:
        """Go on from `listened`, of `behind` real seconds ago; deaf after `limit` seconds."""
        self.listened = listened
        self._limit = limit
        self._moved = elapsed - behind
        self._crowded = elapsed

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
        if not connected or waiting >= CROWDED:
            self._crowded = elapsed
        upto = drained_at if waiting else now
        if upto is not None and elapsed - self._crowded >= CALM:
            self._listened_to(upto, elapsed)
        elif elapsed - self._moved > self._limit:
            deafness = Deafness(start=self.listened.watermark, end=None)
            self.listened = replace(self.listened, deaf=deafness)
        return self.listened

    def _listened_to(self, upto: datetime, elapsed: float) -> None:
        """All that came before `upto` is in the database."""
        old, upto = self.listened, max(upto, self.listened.watermark)
        if elapsed - self._moved > self._limit:
            deafness = Deafness(start=old.watermark, end=upto)
            self.listened = Listened(watermark=upto, since=upto, deaf=deafness)
        else:
            self.listened = replace(old, watermark=upto)
        self._moved = elapsed
