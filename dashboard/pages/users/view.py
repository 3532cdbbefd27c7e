"""Everybody who may sign in or is told, one of them, and whether notifications go out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from alerting.findings import coverage
from dashboard.display import Display
from dashboard.parts.telling import who, wishes
from dashboard.parts.telling.wishes import Told
from domain.people import Person
from storage import alert_list, assigned_rules, journal, people, places, telling_state
from storage.alert_list import AlertLine, Filter
from storage.telling_state import Channel
from storage.unit import Connection

MOST: Final = 500
"""People in one list."""
SITES: Final = 20
"""Sites of which too few people are told, by name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """Somebody."""

    person: Person
    place: str
    seen: datetime | None
    """When a session was last used; None: there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """All of them."""

    position: int
    users: list[Line]
    more: int
    """Not listed."""
    channels: list[Channel]
    thin: int
    """Sites of which too few people are told."""
    examples: list[AlertLine]


@dataclass(frozen=True, kw_only=True, slots=True)
class One:
    """One of them."""

    line: Line
    enterprise: str
    """Its code; "": none."""
    told: Told


async def read(connection: Connection, search: str, show: Display) -> Page:
    """Everybody, by name, as far as name or full name has `search`."""
    found, matching = await people.searched(connection, search, MOST)
    alerts = await assigned_rules.open_alerts(connection)
    thin = Filter(rule=coverage.RULE, shelved=False, suppressed=False)
    return Page(
        position=await journal.horizon(connection),
        users=await _lines(connection, found, show),
        more=matching - len(found),
        channels=await telling_state.channels(connection),
        thin=alerts.get(coverage.RULE, 0),
        examples=await alert_list.page(connection, thin, after=None, limit=SITES),
    )


async def read_one(connection: Connection, name: str, show: Display) -> One:
    """The person called so. Raises LookupError."""
    person = await people.by_name(connection, name)
    if person is None:
        raise LookupError(name)
    (line,) = await _lines(connection, [person], show)
    names = await places.names(connection, [person.enterprise or 0])
    own = names.get(person.enterprise or 0)
    return One(
        line=line,
        enterprise=own.enterprise_code if own else "",
        told=await wishes.told(connection, person, show),
    )


async def _lines(
    connection: Connection, found: list[Person], show: Display
) -> list[Line]:
    seen = await telling_state.last_seen(connection, [one.id for one in found])
    names = await places.names(connection, {one.enterprise or 0 for one in found})
    return [
        Line(person=one, place=who.place(one, names, show), seen=seen.get(one.id))
        for one in found
    ]
