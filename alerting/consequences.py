"""What changed excursions mean for alerts: heads, journal, deliveries owed.

Works on all changes of one intake at once, so that a power cut of a whole city costs a
handful of statements. The decisions are in `grouping.py` and `life_cycle.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from alerting import grouping, life_cycle
from alerting.facts import gather
from alerting.judging import Identity
from alerting.placing import Placing, Work, number
from alerting.routing import Subscription, notifications
from alerting.texts import Facts
from domain.alerts import SYSTEM, Alert, Delivery, JournalEntry, Subject
from domain.registry import Registry
from rules.rule import AnyRule
from storage import alerts, deliveries, excursions, journal
from storage.alerts import Copy
from storage.excursions import Stored
from storage.unit import Unit


class Alerts:
    """Draws the consequences for alerts."""

    def __init__(
        self, subscriptions: Sequence[Subscription], real_now: Callable[[], datetime]
    ) -> None:
        """Notify `subscriptions`; what is owed is due at `real_now()`."""
        self._subscriptions = subscriptions
        self._real_now = real_now
        self._registry = Registry(-1, [])
        self._rules: Mapping[str, AnyRule] = {}

    def install(self, registry: Registry, rules: Mapping[str, AnyRule]) -> None:
        """Go by this registry and these rule versions from now on."""
        self._registry = registry
        self._rules = rules

    async def follow(
        self, unit: Unit, changed: Sequence[Stored], now: datetime
    ) -> dict[Identity, Stored]:
        """Let alerts follow `changed`, which are written; each comes back with its alert."""
        connection = unit.connection
        groups = {(s.excursion.point, s.excursion.rule) for s in changed}
        newest = await alerts.newest(connection, groups)
        numbers = {*newest.values(), *(s.alert for s in changed if s.alert is not None)}
        heads = await alerts.lock(connection, numbers)
        works = Placing(self._registry, heads, newest, now).place(changed)
        fresh = sum(not work.head.entries for work in works)
        ids = await alerts.new_ids(connection, fresh)
        await alerts.insert(connection, number(works, iter(ids)))
        await self._write(unit, works, now)
        return {
            s.excursion.identity: s
            for work in works
            for s in work.changed
            if not s.withdrawn
        }

    async def _write(self, unit: Unit, works: Sequence[Work], now: datetime) -> None:
        """Links, heads, journal and deliveries of all alerts that changed."""
        connection, numbers = unit.connection, [work.head.id for work in works]
        linked = await self._link(unit, works)
        points = {work.head.point for work in works if work.head.point is not None}
        subjects = await alerts.subjects(connection, points)
        heard = await deliveries.told(connection, numbers)
        heads: list[Alert] = []
        entries: list[JournalEntry] = []
        owed: list[Delivery] = []
        for work in works:
            stored = linked[work.head.id]
            head, happened = self._happen(work, stored, now)
            facts = self._facts(head, stored, subjects)
            for entry in happened:
                owed += notifications(
                    entry, facts, self._subscriptions, told=heard[head.id]
                )
            heads.append(head)
            entries.extend(happened)
        await alerts.update(connection, heads)
        await journal.append(unit, entries)
        await deliveries.owe(unit, owed, due=self._real_now())

    async def _link(self, unit: Unit, works: Sequence[Work]) -> dict[int, list[Stored]]:
        """Link the new excursions; all those of each alert, as they are now."""
        new = [(w.head.id, s.id) for w in works for s in w.changed if s.revision == 1]
        await alerts.link(unit, new)
        linked: dict[int, list[Stored]] = defaultdict(list)
        numbers = [work.head.id for work in works]
        for stored in await excursions.linked(unit.connection, numbers):
            linked[stored.alert or 0].append(stored)
        return linked

    def _happen(
        self, work: Work, stored: Sequence[Stored], now: datetime
    ) -> tuple[Alert, list[JournalEntry]]:
        """Let happen to an alert what its excursions say has happened."""
        live = [s.excursion for s in stored if not s.withdrawn]
        head, entries = work.head, list[JournalEntry]()
        detail = self._detail(head, work.changed)
        for event, severity in grouping.happenings(head, live, joined=work.joined):
            head, entry = life_cycle.step(
                head, event, at=now, actor=SYSTEM, severity=severity, detail=detail
            )
            entries.append(entry)
        return head, entries

    def _detail(self, head: Alert, changed: Sequence[Stored]) -> dict[str, Any]:
        """What the journal says of the excursions; at the opening, the rule in force too."""
        detail: dict[str, Any] = {"excursions": [told(s) for s in changed]}
        if not head.entries and head.version is not None:
            detail["rule"] = self._rules[head.version].model_dump(mode="json")
        return detail

    def _facts(
        self, head: Alert, stored: Sequence[Stored], subjects: Mapping[int, Subject]
    ) -> Facts:
        assert head.point is not None
        past = [s.excursion for s in stored]
        live = [s.excursion for s in stored if not s.withdrawn]
        return gather(head, self._rules, subjects[head.point], live, past)

    async def copy(self, unit: Unit, copies: Sequence[Copy]) -> None:
        """Let alerts copy the readings they stand on."""
        await alerts.copy_readings(unit, copies)


def told(stored: Stored) -> dict[str, Any]:
    """A changed excursion, as the journal tells it."""
    e = stored.excursion
    return {
        "excursion": stored.id,
        "revision": stored.revision,
        "level": e.level,
        "severity": e.severity.name.lower(),
        "start": e.start.isoformat(),
        "end": e.end.isoformat() if e.end else None,
        "peak": e.peak,
        "peak_time": e.peak_time.isoformat(),
        "withdrawn": stored.withdrawn,
    }
