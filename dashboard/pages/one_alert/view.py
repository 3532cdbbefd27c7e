"""What the page of an alert shows, read in one snapshot of the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final, NamedTuple
from urllib.parse import urlencode

from alerting.life.deadlines import unmet
from alerting.life.forms import FORMS
from alerting.life.permissions import MAY
from dashboard.api.alert_models import named
from dashboard.display import Display
from dashboard.pages.one_alert import causes, own_copy
from dashboard.pages.one_alert.causes import Beside
from dashboard.pages.one_alert.drawing import Drawing
from dashboard.pages.one_alert.story import Excursion, Run, Teller, Told, answer, exact
from dashboard.parts import limits
from dashboard.parts.alert.shown import Shown, shown
from domain.alerts import JournalEntry
from domain.people import Person
from storage import alert_details, alert_list, deliveries, journal, people
from storage.alert_details import Copies
from storage.alert_list import AlertLine, Filter
from storage.unit import Connection

NUMBERS: Final = range(1, 1 << 63)
"""Of alerts."""
ENTRIES: Final = 100
"""Of the journal on the page, of people and in all; the export has all."""
RELATED: Final = 20
"""Alerts of a kind of relation that are listed."""
ROOM: Final = timedelta(hours=1)
"""Before and after an excursion, at least."""


class Deadline(NamedTuple):
    """What is still to be done, and by when."""

    name: str
    due: datetime


class Linked(NamedTuple):
    """Another alert that this one has to do with; `how` names a text."""

    how: str
    other: Shown


class Receipt(NamedTuple):
    """Somebody who was to be told, and what came of it."""

    who: str
    told: deliveries.Told


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """All that explains one alert."""

    position: int
    when: Callable[[datetime], str]
    """Writes a time."""
    one: Shown
    assignee: str | None
    levels: Sequence[str]
    """Of the rule version that judged, in words."""
    excursions: Sequence[Excursion]
    copies: Copies
    drawing: Drawing | None
    """Of the alert's own copy."""
    series: str | None
    """Address of the curve; None: there is no point, or none that is seen."""
    journal: Sequence[Run]
    untold: int
    """Entries of the journal that are left out."""
    answer: Told | None
    """That is to be verified, or was."""
    beside: Sequence[Beside]
    """How doors, power and other states stood."""
    deadlines: Sequence[Deadline]
    linked: Sequence[Linked]
    receipts: Sequence[Receipt]
    commands: Sequence[str]
    """What a person of this role may ever ask of an alert."""
    people: Sequence[Person]
    """To whom it can be assigned."""


async def read(
    connection: Connection,
    alert: int,
    person: Person,
    show: Display,
    *,
    exported: bool = False,
) -> Page:
    """The page. Raises LookupError for an alert that is not there, or not seen.

    `connection` is of `House.seen_by(person)`. `exported`: times are exact, and the alert's
    own copy is drawn even where the point's curve can be seen.
    """
    line = await _line(connection, alert)
    related = await _related(connection, line)
    one, *others = await shown(
        connection, [line, *(other for _, other in related)], show, person
    )
    entries = (
        await journal.entries(connection, alert)
        if exported
        else await journal.newest(connection, alert, ENTRIES)
    )
    owed = await deliveries.told(connection, alert)
    when = partial(exact, show) if exported else show.time
    teller = await _teller(connection, line, entries, owed, show, when)
    story = [teller.told(entry) for entry in entries]
    found = await alert_details.excursions(connection, alert)
    excursions = [teller.excursion(each) for each in found]
    copies = await alert_details.copies(connection, alert)
    series = series_of(one, show.now)
    drawing = None
    if exported or series is None:
        drawing = await own_copy.drawn(connection, line, copies, excursions, show)
    commands = [name for name in FORMS if name in MAY[person.role]]
    assigns = "assign" in commands
    return Page(
        position=await journal.horizon(connection),
        when=when,
        one=one,
        assignee=line.head.assignee and teller.who(line.head.assignee),
        levels=levels_of(line, show),
        excursions=excursions,
        copies=copies,
        drawing=drawing,
        series=series,
        journal=list(teller.runs(story)),
        untold=line.head.entries - len(story),
        answer=answer(story) if line.head.answered_at else None,
        beside=[] if exported else await causes.beside(connection, one, show),
        deadlines=deadlines(line),
        linked=[
            Linked(how, other) for (how, _), other in zip(related, others, strict=True)
        ],
        receipts=[Receipt(teller.who(each.recipient), each) for each in owed],
        commands=commands,
        people=await people.assignable(connection, alert) if assigns else [],
    )


def series_of(one: Shown, now: datetime) -> str | None:
    """Address of the curve around the alert; what goes on is followed."""
    if one.line.seen_point is None:
        return None
    room = ROOM
    while (
        room < one.lasted / 2
    ):  # in steps: a chart whose address changes is drawn anew
        room *= 2
    asked = {"from": one.since - room}
    if one.since + one.lasted + room < now:
        asked["to"] = one.since + one.lasted + room
    query = {
        name: f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        for name, time in asked.items()
    }
    return f"/points/{one.line.seen_point}/series?{urlencode(query)}"


def levels_of(line: AlertLine, show: Display) -> list[str]:
    """The levels of the rule version that judged, in words."""
    if line.content is None:
        return []
    rule = limits.rule(line.content)
    unit = line.unit or rule.unit or ""
    return [limits.describe(show, level, unit) for level in rule.levels]


def deadlines(line: AlertLine) -> list[Deadline]:
    """What is still to be done, the soonest first."""
    found = [Deadline(*one) for one in unmet(line.head).items()]
    return sorted(found, key=lambda one: one.due)


async def _line(connection: Connection, alert: int) -> AlertLine:
    known = [alert] if alert in NUMBERS else []
    for line in await alert_list.lines(connection, known):
        return line
    raise LookupError(f"alert {alert}")


async def _related(
    connection: Connection, line: AlertLine
) -> list[tuple[str, AlertLine]]:
    """Other alerts that are seen, each with how it is related: at most RELATED of a kind."""
    links = await alert_details.links(connection, line.head.id)
    named = [
        ("inhibited-by", line.seen_inhibited_by),
        ("merged-into", line.seen_merged_into),
        ("predecessor", line.seen_predecessor),
        *(("successor", number) for number in links.successors[-RELATED:]),
        *(("merged", number) for number in links.merged[-RELATED:]),
    ]
    numbers = [number for _, number in named if number is not None]
    found = {one.head.id: one for one in await alert_list.lines(connection, numbers)}
    related = [(how, found[number]) for how, number in named if number in found]
    if line.seen_incident is None:
        return related
    incident = Filter(open=False, incident=line.seen_incident)
    members = await alert_list.page(connection, incident, after=None, limit=RELATED + 1)
    known = {line.head.id, *found}
    return related + [("incident", one) for one in members if one.head.id not in known]


async def _teller(
    connection: Connection,
    line: AlertLine,
    entries: Sequence[JournalEntry],
    owed: Sequence[deliveries.Told],
    show: Display,
    when: Callable[[datetime], str],
) -> Teller:
    """Who tells the journal: with everybody's full name, and without foreign alerts."""
    assignees = {entry.detail.get("assignee", entry.actor) for entry in entries}
    actors = {entry.actor for entry in entries}
    recipients = {one.recipient for one in owed}
    mentioned = named(entries)
    return Teller(
        line=line,
        show=show,
        when=when,
        names=await people.full_names(connection, actors | assignees | recipients),
        foreign=mentioned - await alert_details.seen(connection, mentioned),
    )
