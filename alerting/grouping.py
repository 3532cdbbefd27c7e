"""Which alert an excursion belongs to, and what has happened to an alert. Pure.

1. An excursion that takes the place of withdrawn ones (same level, overlapping: late
   readings moved its start, merged or split it) takes over the alert of the earliest,
   unless that is closed and the excursion still open or worse.
2. Otherwise it joins the newest live alert of its rule and point while that takes
   further excursions (life cycle, rule 2); else it opens a successor, or a first alert.
3. What began while in use never comes into a suppressed alert, of which nobody is told;
   nor does what began while not in use join one that people are told of.
4. What happened to an alert in one intake is told once: from its head before, and its
   excursions afterwards. That a lesser level is reached, too, is no news while it is active.
"""

from __future__ import annotations

from collections.abc import Sequence

from alerting import life_cycle
from domain.alerts import Alert, Event
from domain.excursions import Excursion
from domain.rules import Severity


def overlap(one: Excursion, other: Excursion) -> bool:
    """Whether two excursions share a moment or touch; an open one has no end."""
    return (other.end is None or one.start <= other.end) and (
        one.end is None or other.start <= one.end
    )


def place_of(
    excursion: Excursion,
    withdrawn: Sequence[tuple[Excursion, Alert]],
    *,
    in_use: bool,
) -> Alert | None:
    """The alert that `excursion` takes over from withdrawn ones of its point, if any."""
    for old, alert in sorted(withdrawn, key=lambda pair: (pair[0].start, pair[1].id)):
        same = (old.rule, old.level) == (excursion.rule, excursion.level)
        heard = in_use <= (not alert.suppressed)
        if same and heard and overlap(old, excursion) and takes_over(alert, excursion):
            return alert
    return None


def takes_over(alert: Alert, excursion: Excursion) -> bool:
    """A closed alert never reopens; it can only be corrected about the past."""
    if excursion.end is not None and excursion.severity <= alert.severity:
        return True
    return life_cycle.joining(alert, excursion.severity) is not None


def takes(alert: Alert, excursion: Excursion) -> bool:
    """Whether `alert` takes a further excursion; one just opened takes any."""
    return (
        not alert.entries or life_cycle.joining(alert, excursion.severity) is not None
    )


def happenings(
    head: Alert, live: Sequence[Excursion], *, joined: Severity | None
) -> list[tuple[Event, Severity | None]]:
    """The events of one intake, in order, each with the severity afterwards.

    `live` are the alert's excursions now, less the withdrawn; `joined` is the highest
    severity of those new to it, if any. A head without journal entries is opened.
    """
    if not live:
        return [(Event.WITHDRAWN, None)]
    severity = max(excursion.severity for excursion in live)
    first = change(head, severity, joined=joined, active=any_open(live))
    active = head.returned_at is None or first is Event.RECURRED
    if not active or any_open(live):
        return [(first, severity)]
    before = [(first, severity)] if first is not Event.REVISED else []
    return [*before, (Event.RETURNED, None)]


def any_open(live: Sequence[Excursion]) -> bool:
    """Whether one of `live` still goes on."""
    return any(excursion.end is None for excursion in live)


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
