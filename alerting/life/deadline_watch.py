"""What time alone brings to alerts: deadlines that pass unmet, and shelvings that end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from alerting.findings.finding import Step
from alerting.life.commands import Tell
from alerting.life.deadlines import clocked, missed, unmet
from alerting.life.life_cycle import step
from alerting.timed import Timed
from domain.alerts import SYSTEM, Alert, Event, JournalEntry
from domain.people import subtree
from storage import alerts, deadlines, journal
from storage.unit import Connection, Unit

PIECE: Final = 500
"""Alerts of each sort in one unit: a tick must not keep the intake waiting."""
PAUSE: Final = 1.0
"""Real seconds between two questions to the database."""


class DeadlineWatch(Timed):
    """Lets alerts be overdue, and ends shelvings. One per ingestor."""

    def __init__(
        self, tell: Tell, elapsed: Callable[[], float], *, region: str = ""
    ) -> None:
        """Watch the alerts whose region (GB/T 2260) begins with `region`.

        `tell` owes what must be told; `elapsed` is real, monotonic, in seconds.
        """
        self._tell = tell
        self._elapsed = elapsed
        self._regions = subtree(region)
        self._next = float("-inf")

    async def due(self, connection: Connection, share: int, now: datetime) -> bool:
        """Whether a time has come, asked once a second."""
        if self._elapsed() < self._next:
            return False
        self._next = self._elapsed() + PAUSE
        return bool(await deadlines.come(connection, share, self._regions, now))

    async def tick(self, unit: Unit, now: datetime) -> None:
        """Write what has come, a piece of it; the rest is due again."""
        claimed = await deadlines.claim(unit, self._regions, now, PIECE)
        steps = [step for head in claimed.values() for step in happen(head, now)]
        # Without a step, limits were others when the deadline was reckoned.
        heads = {number: clocked(head) for number, head in claimed.items()}
        heads |= {head.id: head for head, _ in steps}
        await alerts.update(unit.connection, list(heads.values()))
        await journal.append(unit, [entry for _, entry in steps])
        await self._tell(unit, [one for one in steps if news(one[1])])

    def forget(self) -> None:
        """Ask again at once."""
        self._next = float("-inf")


def happen(head: Alert, now: datetime) -> Iterator[Step]:
    """What time has brought to an alert by `now`: at most an end of each sort. Pure."""
    if head.shelved_until is not None and head.shelved_until <= now:
        until = {"until": head.shelved_until.isoformat()}
        head, entry = step(head, Event.UNSHELVED, at=now, actor=SYSTEM, detail=until)
        yield head, entry
    name = missed(head, now)
    if name is not None:
        detail = {"missed": name, "due": unmet(head)[name].isoformat()}
        yield step(head, Event.OVERDUE, at=now, actor=SYSTEM, detail=detail)


def news(entry: JournalEntry) -> bool:
    """Whether anybody is told: what has returned meanwhile needs nobody's care at once."""
    return entry.event is not Event.UNSHELVED or entry.new_state.signal == "active"
