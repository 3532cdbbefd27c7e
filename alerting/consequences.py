"""What changed excursions mean for alerts: heads, journal, deliveries owed.

Works on all changes of one intake at once, so that a power cut of a whole city costs a
handful of statements. The decisions are in `grouping.py` and `life_cycle.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from alerting import grouping, life_cycle
from alerting.facts import gather
from alerting.routing import Subscription, notifications
from alerting.texts import Facts, session_lost
from domain.alerts import SYSTEM, Alert, Delivery, Event, JournalEntry, Subject
from domain.excursions import Excursion
from domain.registry import Registry
from domain.rules import Severity
from rules.threshold import ThresholdRule
from storage import alerts, deliveries, excursions, journal
from storage.alerts import Copy
from storage.excursions import Stored
from storage.unit import Unit

SESSION_LOST = "session-lost"
"""The rule key of the box's own alert about its session at the broker."""

Identity = tuple[int, str, str, datetime]


@dataclass(slots=True)
class Work:
    """One alert in one intake."""

    head: Alert
    changed: list[Stored] = field(default_factory=list)
    joined: bool = False


class Alerts:
    """Draws the consequences for alerts."""

    def __init__(
        self, subscriptions: Sequence[Subscription], real_now: Callable[[], datetime]
    ) -> None:
        """Notify `subscriptions`; what is owed is due at `real_now()`."""
        self._subscriptions = subscriptions
        self._real_now = real_now
        self._registry = Registry(-1, [])
        self._rules: Mapping[str, ThresholdRule] = {}

    def install(self, registry: Registry, rules: Mapping[str, ThresholdRule]) -> None:
        """Go by this registry and these rule versions from now on."""
        self._registry = registry
        self._rules = rules

    async def follow(
        self, unit: Unit, changed: Sequence[Stored], now: datetime
    ) -> dict[Identity, Stored]:
        """Let alerts follow `changed`, which are written; each comes back with its alert."""
        connection = unit.connection
        groups = list({(s.excursion.point, s.excursion.rule): None for s in changed})
        newest = await alerts.newest(connection, groups)
        ids = {*newest.values(), *(s.alert for s in changed if s.alert is not None)}
        heads = await alerts.lock(connection, ids)
        works = {number: Work(head) for number, head in heads.items()}
        placed = [s for group in groups for s in self._place(group, changed, works, newest, now)]
        placed = await self._number(unit, placed, works)
        await self._write(unit, [w for w in works.values() if w.changed], now)
        return {s.excursion.identity: s for s in placed if not s.withdrawn}

    def _place(
        self,
        group: tuple[int, str],
        changed: Sequence[Stored],
        works: dict[int, Work],
        newest: Mapping[tuple[int, str], int],
        now: datetime,
    ) -> list[Stored]:
        """Find the alert of every changed excursion of one (point, rule).

        New alerts get negative numbers for now.
        """
        own = [s for s in changed if (s.excursion.point, s.excursion.rule) == group]
        withdrawn = [
            (s.excursion, works[s.alert].head)
            for s in own
            if s.withdrawn and s.alert is not None
        ]
        last = newest.get(group)
        placed: list[Stored] = []
        for s in sorted(own, key=lambda s: (s.excursion.start, s.excursion.level)):
            if s.alert is None and not s.withdrawn:
                heir = grouping.place_of(s.excursion, withdrawn)
                if heir is None:
                    last = self._join(s.excursion, last, works, now)
                s = replace(s, alert=heir.id if heir else last)
                works[s.alert or 0].joined |= heir is None
            if s.alert is not None:
                works[s.alert].changed.append(s)
            placed.append(s)
        return placed

    def _join(
        self, excursion: Excursion, last: int | None, works: dict[int, Work], now: datetime
    ) -> int:
        """The alert that a new excursion joins; a new one where none takes it."""
        head = works[last].head if last is not None else None
        if head is not None and (
            not head.entries or life_cycle.joining(head, excursion.severity) is not None
        ):
            return head.id
        number = -1 - len(works)
        works[number] = Work(self._opened(number, excursion, head, now))
        return number

    def _opened(
        self, number: int, excursion: Excursion, predecessor: Alert | None, now: datetime
    ) -> Alert:
        """The head of a new alert, before its first journal entry."""
        point = self._registry.points[excursion.point]
        device = self._registry.device_of[excursion.point]
        setting = point.setting(excursion.start)
        return Alert(
            id=number,
            rule=excursion.rule,
            version=excursion.version,
            point=excursion.point,
            enterprise=device.enterprise,
            site=device.site,
            region=device.region,
            severity=excursion.severity,
            suppressed=setting is None or not setting.in_use.alerts,
            predecessor=predecessor.id if predecessor else None,
            opened_at=now,
        )

    async def _number(
        self, unit: Unit, placed: Sequence[Stored], works: dict[int, Work]
    ) -> list[Stored]:
        """Give new alerts their numbers, here and in `works`, and insert their heads."""
        fresh = [number for number in works if number < 0]
        if not fresh:
            return list(placed)
        ids = await alerts.new_ids(unit.connection, len(fresh))
        final = dict(zip(fresh, ids, strict=True))
        for work in works.values():
            head = work.head
            work.head = replace(
                head,
                id=final.get(head.id, head.id),
                predecessor=final.get(head.predecessor or 0, head.predecessor),
            )
        new = [works[number].head for number in fresh]
        await alerts.insert(unit.connection, new)
        return [replace(s, alert=final.get(s.alert or 0, s.alert)) for s in placed]

    async def _write(self, unit: Unit, works: Sequence[Work], now: datetime) -> None:
        """Links, heads, journal and deliveries of all alerts that changed."""
        connection = unit.connection
        known = await excursions.linked(connection, [w.head.id for w in works])
        linked: dict[int, dict[int, Stored]] = defaultdict(dict)
        for s in known:
            linked[s.alert or 0][s.id] = s
        links: list[tuple[int, int]] = []
        for work in works:
            for s in work.changed:
                if s.id not in linked[work.head.id]:
                    links.append((work.head.id, s.id))
                linked[work.head.id][s.id] = s
        await alerts.link(unit, links)
        subjects = await alerts.subjects(
            connection, {w.head.point for w in works if w.head.point is not None}
        )
        before = await deliveries.told(connection, [w.head.id for w in works])
        heads: list[Alert] = []
        entries: list[JournalEntry] = []
        owed: list[Delivery] = []
        for work in works:
            stored = list(linked[work.head.id].values())
            head, entries_of = self._happen(work, stored, now)
            facts = self._facts(head, stored, subjects)
            heads.append(head)
            entries.extend(entries_of)
            for entry in entries_of:
                owed.extend(
                    notifications(
                        entry, facts, self._subscriptions, told=before[head.id]
                    )
                )
        await alerts.update(connection, heads)
        await journal.append(unit, entries)
        await deliveries.owe(unit, owed, due=self._real_now())

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
        versions = [e.version for e in live or past]
        rule = self._rules[versions[-1] if versions else head.version or ""]
        return gather(head, rule, subjects[head.point], live, past)

    async def copy(self, unit: Unit, copies: Sequence[Copy]) -> None:
        """Let alerts copy the readings they stand on."""
        await alerts.copy_readings(unit, copies)

    async def session_lost(
        self, unit: Unit, detail: Mapping[str, Any], now: datetime
    ) -> None:
        """An alert of the box about itself: opened, and returned as the session is back."""
        (number,) = await alerts.new_ids(unit.connection, 1)
        head = Alert(
            id=number, rule=SESSION_LOST, version=None, point=None, enterprise=None,
            site=None, region=None, severity=Severity.MAJOR, suppressed=False, opened_at=now,
        )
        await alerts.insert(unit.connection, [head])
        entries: list[JournalEntry] = []
        for event in (Event.OPENED, Event.RETURNED):
            head, entry = life_cycle.step(head, event, at=now, actor=SYSTEM, detail=detail)
            entries.append(entry)
        await alerts.update(unit.connection, [head])
        await journal.append(unit, entries)
        owed = notifications(entries[0], session_lost(head), self._subscriptions)
        await deliveries.owe(unit, owed, due=self._real_now())


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

