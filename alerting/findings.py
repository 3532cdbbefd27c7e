"""Findings: alerts whose subject is a device or the box itself. No excursion is behind them.

From when to when a finding holds stands in the journal: `{"from": …, "to": … or null, …}`.
There is one open finding for each subject and rule; what happens again before somebody
answered for it joins its alert. An alert of the box belongs to the share whose intake
opened it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from alerting import life_cycle
from alerting.routing import Subscription, news
from alerting.texts import Facts, Text, box_facts
from domain.alerts import SYSTEM, Alert, DeviceSubject, Event, JournalEntry
from domain.registry import Device
from domain.rules import Severity
from rules.silence import SilenceRule
from storage import alerts, deliveries, findings, journal
from storage.findings import Key
from storage.unit import Unit

Step: TypeAlias = tuple[Alert, JournalEntry]
"""A head after something happened to it, and the journal entry of that."""

SEVERITY: Final = {
    "session-lost": Severity.MAJOR,
    "unjudged": Severity.CRITICAL,
    "deaf": Severity.CRITICAL,
    "blind": Severity.CRITICAL,
    "conflict": Severity.MAJOR,
    "clock-ahead": Severity.MINOR,
}
"""By rule key: what is not in the catalogue."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What begins, what ends, or what happened and is over."""

    rule: str
    device: Device | None = None
    """None: the box."""
    version: str | None = None
    """Of a rule in the catalogue."""
    severity: Severity | None = None
    """Of its begin; None: as `SEVERITY` says."""
    suppressed: bool = False
    """The device is not in use: nobody is told."""
    begins: Mapping[str, Any] | None = None
    """What the journal says of its begin; None: it began before."""
    ends: Mapping[str, Any] | None = None
    """What the journal says of its end; None: it goes on."""

    @property
    def key(self) -> Key:
        """What names its alert."""
        return Key(self.device and self.device.id, self.rule, self.suppressed)

    @property
    def enterprise(self) -> int | None:
        """The owner of the device."""
        return self.device and self.device.enterprise

    @property
    def gravity(self) -> Severity:
        """The severity of its begin."""
        return self.severity or SEVERITY[self.rule]


class Findings:
    """Lets alerts follow findings."""

    def __init__(
        self, subscriptions: Sequence[Subscription], real_now: Callable[[], datetime]
    ) -> None:
        """Notify `subscriptions`; what is owed is due at `real_now()`."""
        self._subscriptions = subscriptions
        self._real_now = real_now
        self._rules: Mapping[str, SilenceRule] = {}

    def install(self, rules: Mapping[str, SilenceRule]) -> None:
        """Take names and basis from these rules, by version, from now on."""
        self._rules = rules

    async def occurred(
        self, unit: Unit, rule: str, detail: Mapping[str, Any], now: datetime
    ) -> None:
        """Something that happened to the box and is over."""
        await self.follow(unit, [Finding(rule=rule, begins=detail, ends=detail)], now)

    async def follow(self, unit: Unit, found: Sequence[Finding], now: datetime) -> None:
        """Let alerts follow: heads, journal, deliveries owed. At most one finding per key."""
        heads = await findings.lock(unit, [one.key for one in found])
        fresh = [one for one in found if opens(one, heads.get(one.key))]
        ids = await alerts.new_ids(unit.connection, len(fresh))
        new = [
            opened(one, predecessor(one, heads.get(one.key)), number, now)
            for one, number in zip(fresh, ids, strict=True)
        ]
        await alerts.insert(unit.connection, new)
        heads |= {one.key: head for one, head in zip(fresh, new, strict=True)}
        steps = [
            step
            for one in found
            if (head := heads.get(one.key)) is not None
            for step in happen(head, one, now)
        ]
        await self._write(unit, steps)

    async def _write(self, unit: Unit, steps: Sequence[Step]) -> None:
        """Write what happened; of each alert, people are told once."""
        heads = {head.id: head for head, _ in steps}
        devices = {head.device for head in heads.values() if head.device is not None}
        subjects = await findings.subjects(unit.connection, devices)
        heard = await deliveries.told(unit.connection, heads)
        await alerts.update(unit.connection, list(heads.values()))
        await journal.append(unit, [entry for _, entry in steps])
        entries: dict[int, list[JournalEntry]] = {}
        for _, entry in steps:
            entries.setdefault(entry.alert, []).append(entry)
        owed = [
            delivery
            for number, happened in entries.items()
            for delivery in news(
                happened,
                self._facts(heads[number], subjects),
                self._subscriptions,
                told=heard[number],
            )
        ]
        await deliveries.owe(unit, owed, due=self._real_now())

    def _facts(self, head: Alert, subjects: Mapping[int, DeviceSubject]) -> Facts:
        subject = None if head.device is None else subjects[head.device]
        if head.version is None:
            return box_facts(head, subject)
        rule = self._rules[head.version]
        return Facts(
            alert=head,
            what=Text(rule.name.zh, rule.name.en),
            basis=Text(rule.basis.zh, rule.basis.en),
            subject=subject,
        )


def opens(one: Finding, head: Alert | None) -> bool:
    """Whether an alert opens; `head` is the newest of its key."""
    if one.begins is None:
        return False
    if head is None or head.enterprise != one.enterprise:
        return True  # a former owner's goes on with nobody else
    return life_cycle.joining(head, one.gravity) is None


def predecessor(one: Finding, head: Alert | None) -> Alert | None:
    """The alert that the one to be opened follows: never another owner's."""
    return head if head and head.enterprise == one.enterprise else None


def opened(
    one: Finding, predecessor: Alert | None, number: int, now: datetime
) -> Alert:
    """The head of a new alert, before its first journal entry."""
    device = one.device
    return Alert(
        id=number,
        rule=one.rule,
        version=one.version,
        point=None,
        device=device and device.id,
        enterprise=one.enterprise,
        site=device and device.site,
        region=device and device.region,
        severity=one.gravity,
        suppressed=one.suppressed,
        predecessor=predecessor and predecessor.id,
        opened_at=now,
    )


def happen(head: Alert, one: Finding, now: datetime) -> Iterator[Step]:
    """What happens to an alert; a finding that nobody knew of cannot end."""
    if one.begins is not None:
        event = Event.OPENED
        if head.entries:
            event = life_cycle.joining(head, one.gravity) or Event.RECURRED
        head, entry = life_cycle.step(
            head,
            event,
            at=now,
            actor=SYSTEM,
            severity=one.gravity,
            detail=one.begins,
        )
        yield head, entry
    if one.ends is not None and head.returned_at is None:
        yield life_cycle.step(
            head, Event.RETURNED, at=now, actor=SYSTEM, detail=one.ends
        )


def extent(start: datetime, end: datetime | None) -> dict[str, Any]:
    """From when to when a finding holds, as the journal has it."""
    return {"from": start.isoformat(), "to": end and end.isoformat()}
