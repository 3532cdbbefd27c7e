"""Who is told of what: from what happened to the deliveries owed. Pure.

1. That an alert begins (opened, recurred, worsened) is told to those who subscribe to it, and
   to those who heard of it before, though its severity may have fallen below theirs.
2. In an incident, somebody is told of a begin unless he was told of one by the same rule in the
   15 min before that is at least as severe, and this one is not critical. What was over when it was told stands in
   for nothing that goes on, and what is dealt with (withdrawn, merged, or returned and
   acknowledged) for nothing at all; whoever was told that an alert is over is always told
   that it recurs.
3. That it was withdrawn or merged is told to those who heard of it. So is its return, if it is
   in no incident; else that waits until the incident settles (`settling.py`).
4. Of all that happened to an alert in one unit each is told once, with the state afterwards.
   So what was over before it was found makes one notification.
5. Of a quiet alert nobody is told, nor of one that is shelved; a rise in severity ends the
   shelving (life cycle, rule 5).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from alerting.following.happened import Happened
from alerting.telling.texts import Facts, text
from domain.alerts import (
    Alert,
    Delivery,
    DeviceSubject,
    Event,
    JournalEntry,
    Recipient,
    Subject,
)
from domain.errors import SettingsError
from domain.excursions import Forecast
from domain.rules import Severity

NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
LastWords: TypeAlias = Mapping[int, Mapping[Recipient, bool]]
"""By alert, of each that ever heard of it: whether, by the last word, it goes on."""


Told: TypeAlias = tuple[int, str, Recipient]
"""In which incident, by which rule, who."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """Who is told by the settings, whatever the place and time, over which channel."""

    channel: str
    recipient: str
    """A name, not an address: it is part of ids; the channel knows the address."""
    severity: Severity = Severity.MINOR
    """Only alerts of at least this severity."""

    def __post_init__(self) -> None:
        """Raise SettingsError where a name could not be part of an id."""
        for name in (self.channel, self.recipient):
            if not NAME.fullmatch(name):
                raise SettingsError(
                    zh=f"订阅：{name!r} 不是名称；请用字母、数字、- 和 _。",
                    en=f"subscription: {name!r} is no name; use letters, digits, - and _.",
                )


class Covered:
    """What each has been told of in each incident, by each rule: rule 2."""

    def __init__(self, told: Mapping[Told, tuple[int, int]] | None = None) -> None:
        """`told` are the highest severities told of.

        That of all begins, and that of those which went on when they were told; 0: none.
        """
        self._told = dict(told or {})

    def news(self, entry: JournalEntry, head: Alert, to: Recipient) -> bool:
        """Whether a begin of `head` is to be told to somebody."""
        if head.incident is None or entry.severity is Severity.CRITICAL:
            return True
        told = self._told.get((head.incident, head.rule, to), (0, 0))
        return told[goes_on(entry)] < entry.severity

    def note(self, entry: JournalEntry, head: Alert, to: Recipient) -> None:
        """It was told."""
        if head.incident is not None:
            key = head.incident, head.rule, to
            told = self._told.get(key, (0, 0))
            highest = max(told[0], entry.severity)
            going_on = entry.severity if goes_on(entry) else 0
            self._told[key] = (highest, max(told[1], going_on))


def goes_on(entry: JournalEntry) -> bool:
    """Whether, as told, the alert is active."""
    return entry.new_state.signal == "active"


def silent(one: Happened) -> bool:
    """Whether nobody is told of an alert now (rule 5)."""
    return one.head.quiet or one.head.shelved_until is not None


def news(
    happened: Iterable[Happened],
    audience: Mapping[int, Collection[Recipient]],
    last: LastWords,
    covered: Covered,
) -> list[Delivery]:
    """The deliveries owed for all that happened in one unit; the most severe count first.

    `audience` are, by alert that begins, those who subscribe to it.
    """
    loud = [one for one in happened if not silent(one)]
    owed: list[Delivery] = []
    for one in sorted(loud, key=lambda one: -one.head.severity):
        entry, number = what(one), one.head.id
        if entry is not None:
            subscribed = audience.get(number, ())
            to = recipients(one, entry, subscribed, last.get(number, {}), covered)
            owed += deliveries(entry, one.facts, to)
    return owed


def what(one: Happened) -> JournalEntry | None:
    """What is told of all that happened (rules 3 and 4); None: nothing now."""
    told = {Event.WITHDRAWN, Event.MERGED}
    if one.head.incident is None:
        told.add(Event.RETURNED)
    end = next((entry for entry in one.entries if entry.event in told), None)
    entry = one.begin or end
    return entry and replace(entry, new_state=one.entries[-1].new_state)


def recipients(
    one: Happened,
    entry: JournalEntry,
    subscribed: Collection[Recipient],
    last: Mapping[Recipient, bool],
    covered: Covered,
) -> list[Recipient]:
    """Who is told of `entry`, noted as covered by it."""
    if entry.event is Event.RETURNED:
        return [to for to, active in last.items() if active]
    if one.begin is None:
        return list(last)
    to_tell = [
        to
        for to in dict.fromkeys((*subscribed, *last))
        if covered.news(entry, one.head, to) or back(entry, last.get(to))
    ]
    for to in to_tell:
        covered.note(entry, one.head, to)
    return to_tell


def back(entry: JournalEntry, last: bool | None) -> bool:  # noqa: FBT001 - a last word
    """Whether it recurs for somebody whose last word was that it is over."""
    return entry.event is Event.RECURRED and last is False


def deliveries(
    entry: JournalEntry, facts: Facts, to: Iterable[Recipient]
) -> list[Delivery]:
    """The deliveries of `entry` to each of `to`, once."""
    recipients = dict.fromkeys(to)
    content = body(entry, facts) if recipients else {}
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


def fixed(subscriptions: Sequence[Subscription], severity: Severity) -> list[Recipient]:
    """Whom the settings have told of an alert of `severity`."""
    return [(s.channel, s.recipient) for s in subscriptions if s.severity <= severity]


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
        "incident": facts.alert.incident,
        "at": entry.at.isoformat(),
        "text": text(entry, facts)._asdict(),
        "link": facts.link or None,
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
    device = subject if isinstance(subject, DeviceSubject) else None
    point = subject if isinstance(subject, Subject) else None
    return subject and {
        "point": point and point.point,
        "name": point and {"zh": point.point_zh, "en": point.point_en},
        "quantity": point and point.quantity,
        "unit": point and point.unit,
        "device": device and {"zh": device.device_zh, "en": device.device_en},
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
        "amount": facts.amount.en,
        "limit": facts.limit.en,
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
