"""Telling: what happened to alerts becomes deliveries, in the unit in which it happened.

Whom the settings name and who subscribes is found here; what each is told of is decided in
`routing.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, TypeAlias

from alerting.following.happened import Happened
from alerting.telling.incidents import LONGEST
from alerting.telling.recalling import recall
from alerting.telling.routing import (
    Covered,
    Subscription,
    deliveries,
    fixed,
    news,
    silent,
)
from alerting.telling.texts import BEGINS, Facts
from domain.alerts import Alert, Delivery, Event, JournalEntry, Recipient, Subject
from storage import alerts, journal, subscriptions
from storage import deliveries as owing
from storage.scope import widened
from storage.subscriptions import Hearer, Matter
from storage.unit import Connection, Unit

Step: TypeAlias = tuple[Alert, JournalEntry]
"""A head after something happened to it, and the journal entry of that."""

GOES_ON: Final = BEGINS | {Event.UNSHELVED, Event.OVERDUE}
"""What says that an alert goes on: whoever heard of it hears of its end."""
TO_SUBSCRIBERS: Final = frozenset({Event.OVERDUE, Event.UNSHELVED})
TO_ASSIGNEE: Final = frozenset({Event.ASSIGNED, Event.SENT_BACK})
TAKING_CARE: Final = frozenset({Event.ACKNOWLEDGED, Event.ASSIGNED})
"""Whoever did this last is told of the answer."""


class Telling:
    """Owes deliveries. One per process; it remembers nothing."""

    def __init__(
        self,
        fixed: Sequence[Subscription],
        real_now: Callable[[], datetime],
        link: Callable[[int], str] | None = None,
    ) -> None:
        """Tell `fixed` and all who subscribe; what is owed is due at `real_now()`.

        `link` gives the address of an alert's page, by its number.
        """
        self._fixed = fixed
        self._real_now = real_now
        self._link = link

    # What the box finds -----------------------------------------------------------

    async def tell(self, unit: Unit, happened: Sequence[Happened]) -> None:
        """Owe what `happened` means; its entries are written."""
        connection = unit.connection
        loud = [one for one in happened if not silent(one)]
        begun = [(one.facts, one.begin) for one in loud if one.begin is not None]
        subscribed = await self._subscribed(connection, begun)
        known = {one.head.id for one in loud if one.before.entries}
        last = await owing.last_words(connection, known) if known else {}
        covered = await _covered(connection, begun, BEGINS)
        audience = {
            n: [one.recipient for one in all_] for n, all_ in subscribed.items()
        }
        linked = [replace(one, facts=self._linked(one.facts)) for one in loud]
        await self._owe(unit, news(linked, audience, last, covered))

    async def tell_ends(self, unit: Unit, incidents: Collection[int]) -> None:
        """Owe the ends of alerts whose incidents have settled, to those who heard of them."""
        connection = unit.connection
        ends = await owing.ends(connection, incidents, GOES_ON)
        to: dict[int, list[Recipient]] = defaultdict(list)
        for entry, recipient in ends:
            to[entry.alert].append(recipient)
        heads = await alerts.lock(connection, to)
        facts = await recall(connection, heads.values())
        entries = {entry.alert: entry for entry, _ in ends}
        owed = [
            delivery
            for number, entry in entries.items()
            for delivery in deliveries(entry, self._linked(facts[number]), to[number])
        ]
        await self._owe(unit, owed)

    # What people and their deadlines bring ----------------------------------------

    async def of_people(self, unit: Unit, steps: Sequence[Step]) -> None:
        """Owe what `steps` mean; their entries are written. Whoever acted is not told."""
        told = [(head, entry) for head, entry in steps if tells(head, entry)]
        if told:
            async with widened(unit.connection):
                await self._owe(unit, await self._of_people(unit.connection, told))

    async def _of_people(
        self, connection: Connection, steps: Sequence[Step]
    ) -> list[Delivery]:
        known = await recall(connection, {h.id: h for h, _ in steps}.values())
        facts = [
            (self._linked(replace(known[head.id], alert=head)), entry)
            for head, entry in steps
        ]
        addressed = await _addressed(connection, steps)
        subscribed = await self._subscribed(connection, facts)
        covered = await _covered(connection, facts, {Event.OVERDUE})
        facts.sort(key=lambda fact: -fact[1].severity)
        return [
            delivery
            for fact, entry in facts
            for delivery in deliveries(
                entry,
                fact,
                to_tell(
                    fact.alert,
                    entry,
                    addressed.get(fact.alert.id, ()),
                    subscribed.get(fact.alert.id, ()),
                    covered,
                ),
            )
        ]

    # ------------------------------------------------------------------------------

    async def _subscribed(
        self, connection: Connection, begun: Sequence[tuple[Facts, JournalEntry]]
    ) -> dict[int, list[Hearer]]:
        """Who subscribes to what each entry tells of, by alert."""
        if not begun:
            return {}
        matters = {entry.alert: matter(facts, entry) for facts, entry in begun}
        now = begun[0][1].at
        people = await subscriptions.audience(connection, matters.values(), now)
        return {
            number: [
                *(
                    Hearer(*to, of_enterprise=False)
                    for to in fixed(self._fixed, m.severity)
                ),
                *people[m],
            ]
            for number, m in matters.items()
        }

    async def _owe(self, unit: Unit, owed: Sequence[Delivery]) -> None:
        await owing.owe(unit, owed, due=self._real_now())

    def _linked(self, facts: Facts) -> Facts:
        if self._link is None:
            return facts
        return replace(facts, link=self._link(facts.alert.id))


def matter(facts: Facts, entry: JournalEntry) -> Matter:
    """What an entry is to those who subscribe."""
    head, subject = facts.alert, facts.subject
    return Matter(
        area=None if head.region is None else int(head.region),
        enterprise=head.enterprise,
        severity=entry.severity,
        stage=subject.stage if isinstance(subject, Subject) else None,
    )


def tells(head: Alert, entry: JournalEntry) -> bool:
    """Whether something that people or deadlines brought may be told to anybody.

    What is meant for somebody is told though the alert is shelved.
    """
    if head.quiet:
        return False
    if entry.event in TO_SUBSCRIBERS:
        return head.shelved_until is None
    return entry.event in TO_ASSIGNEE or entry.event is Event.ANSWERED


def to_tell(
    head: Alert,
    entry: JournalEntry,
    addressed: Iterable[Recipient],
    subscribed: Iterable[Hearer],
    covered: Covered,
) -> list[Recipient]:
    """Whom `entry` is told to: of what is overdue in an incident, each as of its begins."""
    to = list(addressed)
    if entry.event in TO_SUBSCRIBERS:
        to = [one.recipient for one in subscribed]
    elif entry.event in TO_ASSIGNEE and not to:
        to = [one.recipient for one in subscribed if one.of_enterprise]
    to = [one for one in to if one[1] != entry.actor]
    if entry.event is Event.OVERDUE:
        to = [one for one in to if covered.news(entry, head, one)]
        for one in to:
            covered.note(entry, head, one)
    return to


async def _addressed(
    connection: Connection, steps: Sequence[Step]
) -> Mapping[int, Sequence[Recipient]]:
    """By alert: how the one person is reached for whom what happened is meant, if any."""
    answered = [head.id for head, entry in steps if entry.event is Event.ANSWERED]
    names = (
        await journal.last_actors(connection, answered, TAKING_CARE) if answered else {}
    )
    names |= {
        head.id: head.assignee
        for head, entry in steps
        if entry.event in TO_ASSIGNEE and head.assignee is not None
    }
    if not names:
        return {}
    reached = await subscriptions.reached(connection, set(names.values()))
    return {number: reached.get(name, ()) for number, name in names.items()}


async def _covered(
    connection: Connection,
    begun: Sequence[tuple[Facts, JournalEntry]],
    events: Collection[Event],
) -> Covered:
    """What each was told of lately in the incidents of `begun`: what is older covers nothing."""
    incidents = {n for facts, _ in begun if (n := facts.alert.incident) is not None}
    if not incidents:
        return Covered()
    since = max(entry.at for _, entry in begun) - LONGEST
    return Covered(await owing.covered(connection, incidents, events, since))
