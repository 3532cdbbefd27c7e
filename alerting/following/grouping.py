"""Which alert an excursion belongs to, and what has happened to an alert. Pure.

1. People know an excursion from its start to when they were last told of it. What overlaps
   that, of the same level, takes its place: late or conflicting readings moved it, joined
   it with others, split it, or let it go on. It stays with the alert it is in, or takes
   over the alert of the earliest whose place it takes; unclosed alerts come before closed
   ones, and a closed one takes only corrections of the past (life cycle, rule 2).
2. Otherwise it joins the newest live alert of its rule and point while that takes further
   excursions (life cycle, rules 2 and 3); else it opens a successor, or a first alert.
3. What began while in use never comes into a suppressed alert, of which nobody is told;
   nor does what began while not in use join one that people are told of.
4. What happened to an alert in one intake is told once: from its head before, and its
   excursions afterwards. That a lesser level is reached, too, is no news while it is active;
   nor is what takes the place of what was told, while the signal stays.
5. An alert that a silent device explains, of which nobody is told, takes only what a silent
   device explains, too (`inhibition.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from alerting.life import life_cycle
from domain.alerts import Alert, Event
from domain.excursions import Excursion
from domain.rules import Severity


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """An excursion as people knew it before an intake that changed or withdrew it."""

    excursion: Excursion
    until: datetime
    """Exclusive: its end; of one that was open, just after the last reading told of."""
    alert: Alert

    def gives_way_to(self, excursion: Excursion) -> bool:
        """Whether `excursion` takes its place: the same level, and some moment in common."""
        mine = self.excursion
        return (
            (mine.rule, mine.level) == (excursion.rule, excursion.level)
            and excursion.start < self.until
            and (excursion.end is None or excursion.end > mine.start)
        )


def place_of(
    excursion: Excursion, own: Alert | None, known: Iterable[Known], *, in_use: bool
) -> Alert | None:
    """The alert that `excursion` stays with or takes over (rule 1), if any.

    `own` is the alert that it is in; `known` are those whose place it takes.
    """
    heard = [k for k in known if in_use <= (not k.alert.suppressed)]
    heard.sort(key=lambda k: (k.excursion.start, k.alert.id))
    claims = [own] if own is not None else []
    claims += [k.alert for k in heard]
    claims.sort(key=closed)
    return next((alert for alert in claims if takes_over(alert, excursion)), None)


def closed(alert: Alert) -> bool:
    """Whether `alert` takes nothing more but corrections of the past."""
    return life_cycle.joining(alert, alert.severity) is None


def takes_over(alert: Alert, excursion: Excursion) -> bool:
    """A closed alert never reopens; it can only be corrected about the past."""
    past = excursion.end is not None and excursion.severity <= alert.severity
    return past or not closed(alert)


def takes(alert: Alert, excursion: Excursion, *, explained: bool = False) -> bool:
    """Whether `alert` takes a further excursion; one just opened takes any.

    `explained` says whether a silent device explains it (rule 5).
    """
    if alert.inhibited_by is not None and not explained:
        return False
    return (
        not alert.entries or life_cycle.joining(alert, excursion.severity) is not None
    )


def over(excursions: Iterable[Excursion]) -> bool:
    """Whether none of `excursions` still goes on."""
    return all(excursion.end is not None for excursion in excursions)


def happenings(
    head: Alert, severity: Severity, *, active: bool, joined: Severity | None
) -> list[tuple[Event, Severity | None]]:
    """The events of one intake to an alert that still stands, each with the severity after.

    `severity` is the highest of its excursions now, `active` whether one of them goes on;
    `joined` is the highest of those new to it, if any. A head without entries is opened.
    """
    first = change(head, severity, joined=joined, active=active)
    was_active = head.returned_at is None or first is Event.RECURRED
    if active or not was_active:
        return [(first, severity)]
    before = [(first, severity)] if first is not Event.REVISED else []
    return [*before, (Event.RETURNED, None)]


def change(
    head: Alert, severity: Severity, *, joined: Severity | None, active: bool
) -> Event:
    """What, in one word, has happened to an alert that still stands."""
    if not head.entries:
        return Event.OPENED
    if head.returned_at is not None and (active or joined):
        return Event.RECURRED
    if severity > head.severity:
        return Event.WORSENED
    if joined and joined >= head.severity:
        return Event.RECURRED
    return Event.EASED if severity < head.severity else Event.REVISED


NEWS = frozenset({Event.OPENED, Event.WORSENED, Event.RECURRED})
"""What excursions that join can be to an alert."""
