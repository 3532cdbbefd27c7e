"""Alerts as the API answers them, out of the lines that `storage/alert_list.py` reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final

from alerting.life.life_cycle import derived
from alerting.life.permissions import possible_for
from dashboard.api import rule_texts
from dashboard.api.models import Both, Enterprise, Model, Thing, enterprise, thing
from dashboard.api.rule_texts import LevelInWords, Rule
from domain.alerts import JournalEntry
from domain.people import Person
from domain.readings import Provenance, Quality
from domain.rules import Severity
from storage.alert_details import CopiedReading, ExcursionLine, Links
from storage.alert_list import AlertLine


class Point(Thing):
    """What was measured."""

    quantity: str
    unit: str


class Alert(Model):
    """An alert: facts, and the state that follows from them. Times: when it was detected."""

    id: int
    rule: Rule
    severity: str
    state: str
    """Signal and work: `active-unacknowledged` …"""
    enterprise: Enterprise | None
    """As at the opening, like site and region; null: none, or not yours to see."""
    site: Thing | None
    region: str | None
    """GB/T 2260; null: of the box itself."""
    device: Thing | None
    point: Point | None
    opened_at: datetime
    raised_at: datetime | None
    """When it last became unacknowledged: deadlines run from here."""
    returned_at: datetime | None
    acknowledged_at: datetime | None
    assigned_at: datetime | None
    assignee: str | None
    answered_at: datetime | None
    closed_at: datetime | None
    withdrawn_at: datetime | None
    shelved_until: datetime | None
    due_at: datetime | None
    """The next deadline that is neither met nor told as missed."""
    overdue_since: datetime | None
    suppressed: bool
    """Not in use at the opening: nobody is told."""
    found_late: bool
    """It was over before it was found."""
    incident: int | None
    revision: int
    """Send it with a command: it is refused if the alert has changed since."""


class Excursion(Model):
    """A stretch of time beyond a limit."""

    id: int
    level: str
    severity: str
    started: datetime
    ended: datetime | None
    """Null: it goes on."""
    peak: float
    peak_time: datetime
    withdrawn: bool
    """Readings that came later showed that it was none."""


class AlertLinks(Model):
    """Other alerts that it has to do with; what you may not see is left out."""

    predecessor: int | None
    """The closed alert that it follows."""
    successors: list[int]
    merged_into: int | None
    merged: list[int]
    """Those that it took over."""
    inhibited_by: int | None
    """The alert about its silent device, which explains it."""


class AlertDetails(Alert):
    """All that explains one alert."""

    telephone: str | None
    """Of the site."""
    limits: list[LevelInWords]
    """Of the rule version that judged."""
    excursions: list[Excursion]
    """The newest 200."""
    links: AlertLinks
    possible: list[str]
    """Commands that you may give now."""


class Entry(Model):
    """One thing that happened to an alert."""

    n: int
    at: datetime
    actor: str
    event: str
    severity: str
    old_state: str | None
    new_state: str
    reason: str | None
    detail: dict[str, Any]


class Copied(Model):
    """A reading that an alert keeps as its own copy."""

    point: int
    time: datetime
    value: float | None
    quality: str
    provenance: str
    conflicting: bool
    """A further value of its time, which contradicts the first."""


class Done(Model):
    """What came of a command."""

    entry: Entry
    """Of the journal; of a repetition, the one that the first made."""
    state: str
    revision: int
    possible: list[str]
    """Commands that you may give now."""
    repeated: bool
    """This command had been carried out before; nothing was done again."""


def alert(line: AlertLine) -> Alert:
    """An alert of a list."""
    return Alert(**_facts(line))


def details(
    line: AlertLine, excursions: list[ExcursionLine], links: Links, person: Person
) -> AlertDetails:
    """One alert, as `person` may act on it."""
    unit, content = line.unit, line.content
    return AlertDetails(
        **_facts(line),
        telephone=line.telephone,
        limits=rule_texts.levels(rule_texts.parsed(content), unit) if content else [],
        excursions=[_excursion(one) for one in excursions],
        links=AlertLinks(
            predecessor=line.seen_predecessor,
            successors=links.successors,
            merged_into=line.seen_merged_into,
            merged=links.merged,
            inhibited_by=line.seen_inhibited_by,
        ),
        possible=list(possible_for(line.head, person)),
    )


NAMED: Final = ("into", "inhibited_by")
"""Where an entry's detail names another alert."""


def named(entries: Iterable[JournalEntry]) -> set[int]:
    """The other alerts that entries of a journal name."""
    return {one.detail[key] for one in entries for key in NAMED if key in one.detail}


def entry(one: JournalEntry, foreign: Collection[int] = ()) -> Entry:
    """An entry of the journal, which names none of the `foreign` alerts."""
    detail = {
        key: value
        for key, value in one.detail.items()
        if key not in NAMED or value not in foreign
    }
    return Entry(
        n=one.n,
        at=one.at,
        actor=one.actor,
        event=one.event,
        severity=one.severity.name.lower(),
        old_state=one.old_state,
        new_state=one.new_state,
        reason=one.reason,
        detail=detail,
    )


def copied(one: CopiedReading) -> Copied:
    """A reading of an alert's own copy."""
    return Copied(
        point=one.point,
        time=one.time,
        value=one.value,
        quality=Quality(one.quality).name.lower(),
        provenance=Provenance(one.provenance).name.lower(),
        conflicting=one.conflicting,
    )


def _facts(line: AlertLine) -> dict[str, Any]:
    head = line.head
    return {
        "id": head.id,
        "rule": rule_texts.rule(head.rule, head.version, line.content),
        "severity": head.severity.name.lower(),
        "state": derived(head),
        "enterprise": enterprise(line),
        "site": thing(line, "site", line.seen_site),
        "region": head.region,
        "device": thing(line, "device", line.seen_device),
        "point": _point(line),
        "opened_at": head.opened_at,
        "raised_at": head.raised_at,
        "returned_at": head.returned_at,
        "acknowledged_at": head.acknowledged_at,
        "assigned_at": head.assigned_at,
        "assignee": head.assignee,
        "answered_at": head.answered_at,
        "closed_at": head.closed_at,
        "withdrawn_at": head.withdrawn_at,
        "shelved_until": head.shelved_until,
        "due_at": head.due_at,
        "overdue_since": head.overdue_since,
        "suppressed": head.suppressed,
        "found_late": head.found_late,
        "incident": line.seen_incident,
        "revision": head.revision,
    }


def _point(line: AlertLine) -> Point | None:
    if line.seen_point is None or line.quantity is None or line.unit is None:
        return None
    name = Both(zh=line.point_zh or "", en=line.point_en or "")
    return Point(id=line.seen_point, name=name, quantity=line.quantity, unit=line.unit)


def _excursion(one: ExcursionLine) -> Excursion:
    return Excursion(
        id=one.id,
        level=one.level,
        severity=Severity(one.severity).name.lower(),
        started=one.started,
        ended=one.ended,
        peak=one.peak,
        peak_time=one.peak_time,
        withdrawn=one.withdrawn,
    )
