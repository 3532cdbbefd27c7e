"""Contacts and subscriptions of a person, in words."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.display import Display
from domain.people import EVERYTHING, Person, Role, Scope, subtree
from storage import contacts, subscriptions
from storage.contacts import Contact
from storage.subscriptions import Kept
from storage.unit import Connection

DAY = 24 * 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscribed:
    """A subscription in words."""

    id: int
    channel: str
    severity: str
    """At least: `minor`, `major` or `critical`."""
    where: str
    stages: tuple[str, ...]
    when: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """How somebody is told."""

    contacts: list[Contact]
    subscriptions: list[Subscribed]


async def told(connection: Connection, person: Person, show: Display) -> Told:
    """How `person` is told."""
    return Told(
        contacts=await contacts.listed(connection, person.id),
        subscriptions=[
            Subscribed(
                id=one.id,
                channel=one.channel,
                severity=one.severity.name.lower(),
                where=_where(one, person, show),
                stages=one.stages,
                when=_when(one, show),
            )
            for one in await subscriptions.listed(connection, person.id)
        ],
    )


def _where(one: Kept, person: Person, show: Display) -> str:
    if person.role is Role.ENTERPRISE:
        return show.texts("telling.own-enterprise")
    if Scope(one.low, one.high) == Scope(EVERYTHING.low, EVERYTHING.high):
        return show.texts("telling.everywhere")
    code = f"{one.low:06}"
    for end in (2, 4, 6):
        scope = subtree(code[:end].ljust(6, "0"))
        if (scope.low, scope.high) == (one.low, one.high):
            return show.region(code[:end].ljust(6, "0"))
    return f"{one.low:06}–{one.high:06}"


def _when(one: Kept, show: Display) -> str:
    days = one.weekdays or range(1, 8)
    names = show.locale.days["stand-alone"]["abbreviated"]
    said = " ".join(names[day - 1] for day in days)
    said = show.texts("telling.every-day") if len(set(days)) == 7 else said  # noqa: PLR2004
    if one.from_minute == one.to_minute:
        return said + " · " + show.texts("telling.all-day")
    return f"{said} · {_clock(one.from_minute)}–{_clock(one.to_minute)} (+08:00)"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
