"""Which alerts form an incident. Pure.

1. Every alert with a site that opens or recurs joins the newest incident of its site while
   that takes alerts; else a new one opens. Alerts that nobody is told of do not join.
2. An incident takes alerts until 5 min after the newest joined, and at most until 15 min
   after it opened, by the time of detection; none once it has settled, though the clock went
   back. It is of one owner.
3. Membership never changes an alert; it only decides who is told at once (`routing.py`).
4. An incident settles when it takes no more and none of its alerts is active; then the ends
   are told (`settling.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from alerting.following.happened import Happened
from domain.alerts import Alert
from domain.incidents import Incident, Place

WINDOW: Final = timedelta(minutes=5)
"""How long after its newest alert an incident takes another."""
LONGEST: Final = timedelta(minutes=15)
"""How long after its opening it takes any."""


def place(head: Alert) -> Place:
    """Of an alert with a site."""
    assert head.site is not None
    assert head.enterprise is not None
    assert head.region is not None
    return Place(head.site, head.enterprise, int(head.region))


def active(head: Alert) -> bool:
    """Whether it counts as active in its incident."""
    return bool(head.entries) and head.live and head.returned_at is None


def concerned(one: Happened) -> bool:
    """Whether it makes a difference to an incident."""
    changed = active(one.before) != active(one.head)
    risen = one.head.severity > one.before.severity
    return one.joins or (one.before.incident is not None and (changed or risen))


class Gathering:
    """Where the gathering of one unit stands."""

    def __init__(self, known: Iterable[Incident], now: datetime) -> None:
        """`known` are the newest of each site, and those that alerts are in."""
        self._known = {one.id: one for one in known}
        self._taking = {
            one.place: one.id
            for one in sorted(self._known.values(), key=lambda one: one.id)
            if now <= one.window_until and one.settled_at is None
        }
        self._now = now
        self._opened: set[int] = set()

    def homeless(self, happened: Iterable[Happened]) -> list[Place]:
        """Where a new incident must open."""
        places = dict.fromkeys(place(one.head) for one in happened if one.joins)
        return [where for where in places if where not in self._taking]

    def open(self, places: Sequence[Place], ids: Sequence[int]) -> None:
        """Open new incidents under their numbers; the first alerts are still to join."""
        for where, number in zip(places, ids, strict=True):
            self._taking[where] = number
            self._opened.add(number)

    def take(self, one: Happened) -> Happened:
        """Let it join, leave or change its incident."""
        number = one.before.incident
        if one.joins:
            number = self._join(one)
        head = replace(one.head, incident=number)
        self._count(one.before, -1)
        self._count(head, +1)
        entries = one.entries
        if one.joins:
            entries = [
                replace(e, detail={**e.detail, "incident": number})
                if e is one.begin
                else e
                for e in entries
            ]
        return replace(one, entries=entries, facts=replace(one.facts, alert=head))

    def _join(self, one: Happened) -> int:
        where, now = place(one.head), self._now
        number = self._taking[where]
        known = self._known.get(number)
        begun = known.opened_at if known else now
        self._known[number] = Incident(
            id=number,
            **where._asdict(),
            opened_at=begun,
            newest_at=now,
            window_until=min(now + WINDOW, begun + LONGEST),
            severity=known.severity if known else one.head.severity,
            alerts=known.alerts if known else 0,
            active=known.active if known else 0,
        )
        return number

    def _count(self, head: Alert, sign: int) -> None:
        """Let an incident count a member, or no longer."""
        if head.incident is None or not head.entries:
            return
        known = self._known[head.incident]
        self._known[head.incident] = replace(
            known,
            severity=max(known.severity, head.severity),
            alerts=known.alerts + sign,
            active=known.active + sign * active(head),
        )

    @property
    def opened(self) -> list[Incident]:
        """The new ones, as they are to be written."""
        return [self._known[number] for number in sorted(self._opened)]

    @property
    def others(self) -> list[Incident]:
        """The rest, as they are to be written."""
        return [one for n, one in self._known.items() if n not in self._opened]
