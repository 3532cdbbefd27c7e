"""What one intake did to one alert: its head and journal, and what there is to tell. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from alerting.following import grouping
from alerting.following.placing import Work
from alerting.life import life_cycle
from domain.alerts import SYSTEM, Alert, Event, JournalEntry
from domain.excursions import Excursion
from domain.rules import Severity
from rules.rule import AnyRule
from storage.alerts import Standing
from storage.excursions import Stored


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """What happened to an alert."""

    head: Alert
    """Afterwards."""
    entries: Sequence[JournalEntry]
    news: Sequence[Excursion]
    """What to tell of: what is new to it, else its worst excursion, else what it had."""
    found_late: bool
    """What is new to it was over before it was found."""


def after(work: Work, known: Standing | None) -> Standing | None:
    """What an alert stands on once it is linked; `known`: what it does on its links so far."""
    new = [stored.excursion for stored in work.linked]
    every = [known.worst, *new] if known else new
    if not every:
        return None
    return Standing(
        worst=max(every, key=lambda e: (e.severity, e.start)),
        active=bool(known and known.active) or not grouping.over(new),
    )


def happened(
    work: Work,
    standing: Standing | None,
    now: datetime,
    rules: Mapping[str, AnyRule],
) -> Story:
    """Let happen to an alert what its excursions, as they stand now, say has happened."""
    head, events, into = work.head, _events(work, standing), None
    merged: dict[str, Any] = {}
    if events[0][0] is Event.MERGED:
        into = work.heirs[0].head.id
        merged = {"merged_into": into}
    joined = work.joined if events[0][0] in grouping.NEWS else []
    late = bool(joined) and grouping.over(joined)
    detail = _detail(work, rules, found_late=late, into=into)
    entries: list[JournalEntry] = []
    for event, severity in events:
        head, entry = life_cycle.step(
            head,
            event,
            at=now,
            actor=SYSTEM,
            severity=severity,
            detail=detail,
            **merged,
        )
        entries.append(entry)
    if late and events[0][0] is Event.OPENED:
        head = replace(head, found_late=True)
    past = [s.excursion for s in work.changed]
    rest = [standing.worst] if standing else past
    return Story(head=head, entries=entries, news=joined or rest, found_late=late)


def _events(
    work: Work, standing: Standing | None
) -> list[tuple[Event, Severity | None]]:
    """What has happened, in order, each with the severity afterwards (None: as before)."""
    if standing is None:
        return [(Event.MERGED if work.heirs else Event.WITHDRAWN, None)]
    joined = max((excursion.severity for excursion in work.joined), default=None)
    return grouping.happenings(
        work.head, standing.worst.severity, active=standing.active, joined=joined
    )


def _detail(
    work: Work,
    rules: Mapping[str, AnyRule],
    *,
    found_late: bool,
    into: int | None,
) -> dict[str, Any]:
    """What the journal says of the excursions; at the opening, the rule in force too."""
    detail: dict[str, Any] = {"excursions": [told(s) for s in work.changed]}
    if found_late:
        detail["found_late"] = True
    if into is not None:
        detail["into"] = into
    if not work.head.entries and work.head.inhibited_by is not None:
        detail["inhibited_by"] = work.head.inhibited_by
    if not work.head.entries and work.head.version is not None:
        detail["rule"] = rules[work.head.version].content
    return detail


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
