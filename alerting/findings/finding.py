"""Findings: alerts whose subject is a device, a site or the box itself. No excursion is behind them.

From when to when a finding holds stands in the journal: `{"from": …, "to": … or null, …}`.
There is one open finding for each subject and rule; what happens again before somebody
answered for it joins its alert. An alert of the box belongs to the share whose intake
opened it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from alerting.following.happened import Happened
from alerting.following.recording import record
from alerting.life import life_cycle
from alerting.telling.owing import Step, Telling
from alerting.telling.recalling import facts_of, subjects
from domain.alerts import SYSTEM, Alert, Event
from domain.registry import Device
from domain.rules import Severity
from rules.silence import SilenceRule
from storage import alerts, findings
from storage.findings import Key, Site
from storage.unit import Unit

SEVERITY: Final = {
    "session-lost": Severity.MAJOR,
    "unjudged": Severity.CRITICAL,
    "deaf": Severity.CRITICAL,
    "blind": Severity.CRITICAL,
    "channel-unreachable": Severity.MAJOR,
    "conflict": Severity.MAJOR,
    "clock-ahead": Severity.MINOR,
    "few-recipients": Severity.MINOR,
}
"""By rule key: what is not in the catalogue."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What begins, what ends, or what happened and is over."""

    rule: str
    device: Device | None = None
    """None: a site, or the box."""
    site: Site | None = None
    """None: a device, or the box."""
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
        device, site = self.device and self.device.id, self.site and self.site.site
        return Key(device, self.rule, self.suppressed, site)

    @property
    def enterprise(self) -> int | None:
        """The owner of the device or site."""
        where = self.device or self.site
        return where and where.enterprise

    @property
    def gravity(self) -> Severity:
        """The severity of its begin."""
        return self.severity or SEVERITY[self.rule]


class Findings:
    """Lets alerts follow findings."""

    def __init__(self, telling: Telling) -> None:
        """Let `telling` owe what must be told."""
        self._telling = telling
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
        heads |= {one.key: head for one, head in zip(fresh, new, strict=True)}
        steps = [
            (head, list(happen(head, one, now)))
            for one in found
            if (head := heads.get(one.key)) is not None
        ]
        await self._write(unit, steps, now)

    async def _write(
        self, unit: Unit, steps: Sequence[tuple[Alert, Sequence[Step]]], now: datetime
    ) -> None:
        """Write what happened to each head; of each alert, people are told once."""
        after = {before.id: taken[-1][0] for before, taken in steps if taken}
        subject = await subjects(unit.connection, after.values())
        happened = [
            Happened(
                before=before,
                entries=[entry for _, entry in taken],
                facts=facts_of(after[before.id], self._rules, subject[before.id]),
            )
            for before, taken in steps
            if taken
        ]
        await record(unit, happened, self._telling, now)


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
    device, where = one.device, one.device or one.site
    return Alert(
        id=number,
        rule=one.rule,
        version=one.version,
        point=None,
        device=device and device.id,
        enterprise=where and where.enterprise,
        site=where and where.site,
        region=where and where.region,
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
