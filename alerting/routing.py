"""Who is told of what: from a journal entry to the deliveries owed. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from alerting.texts import Facts, text
from domain.alerts import Delivery, Event, JournalEntry, Subject
from domain.errors import SettingsError
from domain.excursions import Forecast
from domain.rules import Severity

NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
TOLD: Final = frozenset(
    {
        Event.OPENED,
        Event.WORSENED,
        Event.RECURRED,
        Event.RETURNED,
        Event.WITHDRAWN,
        Event.MERGED,
    }
)
"""The events that notify, unless a subscription says otherwise."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """Who wants to be told of which events, over which channel."""

    channel: str
    recipient: str
    """A name, not an address: it is part of ids; the channel knows the address."""
    events: frozenset[Event] = TOLD
    severity: Severity = Severity.MINOR
    """Only alerts of at least this severity."""

    def __post_init__(self) -> None:
        """Raise SettingsError where a name could not be part of an id."""
        for name in (self.channel, self.recipient):
            if not NAME.fullmatch(name):
                raise SettingsError(
                    f"subscription: {name!r} is no name; use letters, digits, - and _"
                )


def news(
    entries: Sequence[JournalEntry],
    facts: Facts,
    subscriptions: Sequence[Subscription],
    *,
    told: Collection[tuple[str, str]] = (),
) -> list[Delivery]:
    """The deliveries owed for all that happened to an alert in one intake.

    Each recipient is told once: of the first entry that it wants, and in which state the
    alert is after the last. So what was over before it was found makes one notification.
    """
    owed: dict[tuple[str, str], Delivery] = {}
    for entry in entries:
        after = replace(entry, new_state=entries[-1].new_state)
        for delivery in notifications(after, facts, subscriptions, told=told):
            owed.setdefault((delivery.channel, delivery.recipient), delivery)
    return list(owed.values())


def notifications(
    entry: JournalEntry,
    facts: Facts,
    subscriptions: Sequence[Subscription],
    *,
    told: Collection[tuple[str, str]] = (),
) -> list[Delivery]:
    """The deliveries that `entry` owes: one per subscription that wants it.

    `told` are the (channel, recipient) that heard of this alert before: they hear how it
    goes on though its severity has fallen below theirs. A suppressed alert owes none.
    """
    if facts.alert.suppressed:
        return []
    recipients = {
        (wish.channel, wish.recipient): None
        for wish in subscriptions
        if entry.event in wish.events
        and (entry.severity >= wish.severity or (wish.channel, wish.recipient) in told)
    }
    content = body(entry, facts)
    return [
        Delivery(
            alert=entry.alert,
            n=entry.n,
            channel=channel,
            recipient=recipient,
            body=content,
        )
        for channel, recipient in recipients
    ]


def body(entry: JournalEntry, facts: Facts) -> dict[str, Any]:
    """What is sent about `entry`, as JSON has it; times in UTC, texts in +08:00."""
    return {
        "event_id": f"{entry.alert}-{entry.n}",
        "alert": entry.alert,
        "n": entry.n,
        "event": entry.event.value,
        "severity": entry.severity.name.lower(),
        "state": entry.new_state.value,
        "found_late": facts.found_late,
        "merged_into": facts.alert.merged_into,
        "at": entry.at.isoformat(),
        "link": facts.link,
        "text": text(entry, facts)._asdict(),
        "rule": {
            "key": facts.alert.rule,
            "version": facts.alert.version,
            "what": facts.what._asdict(),
            "basis": facts.basis._asdict(),
        },
        "subject": _subject(facts),
        "excursion": _excursion(facts),
    }


def _subject(facts: Facts) -> dict[str, Any] | None:
    subject = facts.subject
    point = subject if isinstance(subject, Subject) else None
    return subject and {
        "point": point and point.point,
        "name": point and {"zh": point.point_zh, "en": point.point_en},
        "quantity": point and point.quantity,
        "unit": point and point.unit,
        "device": {"zh": subject.device_zh, "en": subject.device_en},
        "site": {"zh": subject.site_zh, "en": subject.site_en},
        "region": subject.region,
        "telephone": subject.telephone,
        "enterprise": {
            "code": subject.enterprise_code,
            "zh": subject.enterprise_zh,
            "en": subject.enterprise_en,
        },
    }


def _excursion(facts: Facts) -> dict[str, Any] | None:
    excursion = facts.excursion
    return excursion and {
        "level": excursion.level,
        "severity": excursion.severity.name.lower(),
        "start": excursion.start.isoformat(),
        "end": _iso(excursion.end),
        "peak": excursion.peak,
        "peak_time": excursion.peak_time.isoformat(),
        "amount": facts.amount,
        "limit": facts.limit,
        "forecast": _forecast(excursion.forecast),
    }


def _forecast(forecast: Forecast | None) -> dict[str, Any] | None:
    return forecast and {
        "slope": forecast.slope,
        "slope_between": list(forecast.slope_between),
        "limit": forecast.limit,
        "reached": _iso(forecast.reached),
        "reached_between": forecast.reached_between
        and [_iso(time) for time in forecast.reached_between],
    }


def _iso(time: datetime | None) -> str | None:
    return time and time.isoformat()
