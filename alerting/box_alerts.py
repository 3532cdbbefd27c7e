"""The box's alerts about itself: one per kind, which further occurrences join."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from alerting import life_cycle
from alerting.routing import Subscription, notifications
from alerting.texts import box_facts
from domain.alerts import SYSTEM, Alert, Event
from domain.rules import Severity
from storage import alerts, deliveries, journal
from storage.unit import Unit

SEVERITY = {"session-lost": Severity.MAJOR, "unjudged": Severity.CRITICAL}
"""By rule key: what can happen to the box itself."""


class BoxAlerts:
    """Raises alerts whose subject is the box."""

    def __init__(
        self, subscriptions: Sequence[Subscription], real_now: Callable[[], datetime]
    ) -> None:
        """Notify `subscriptions`; what is owed is due at `real_now()`."""
        self._subscriptions = subscriptions
        self._real_now = real_now

    async def occurred(
        self, unit: Unit, rule: str, detail: Mapping[str, Any], now: datetime
    ) -> None:
        """Something that happened and is over: opened or recurred, and returned at once.

        The alert stays until somebody acknowledges it; what happens before that joins it.
        """
        head = await self._joinable(unit, rule)
        event = Event.RECURRED if head else Event.OPENED
        head = head or await self._opened(unit, rule, now)
        head, first = life_cycle.step(head, event, at=now, actor=SYSTEM, detail=detail)
        head, last = life_cycle.step(
            head, Event.RETURNED, at=now, actor=SYSTEM, detail=detail
        )
        await alerts.update(unit.connection, [head])
        await journal.append(unit, [first, last])
        owed = notifications(first, box_facts(head), self._subscriptions)
        await deliveries.owe(unit, owed, due=self._real_now())

    async def _joinable(self, unit: Unit, rule: str) -> Alert | None:
        """The newest alert of that rule, if it takes further occurrences."""
        heads = await alerts.lock_box(unit.connection, rule)
        takes = heads and life_cycle.joining(heads[0], SEVERITY[rule]) is not None
        return heads[0] if takes else None

    async def _opened(self, unit: Unit, rule: str, now: datetime) -> Alert:
        """A new alert, before its first journal entry."""
        (number,) = await alerts.new_ids(unit.connection, 1)
        head = Alert(
            id=number,
            rule=rule,
            version=None,
            point=None,
            enterprise=None,
            site=None,
            region=None,
            severity=SEVERITY[rule],
            suppressed=False,
            opened_at=now,
        )
        await alerts.insert(unit.connection, [head])
        return head
