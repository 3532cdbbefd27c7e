"""What the inbox shows, read in one snapshot of the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, Field

from dashboard.api import cursor
from dashboard.api.fields import (
    Blank,
    Code,
    Cursor,
    Number,
    Printable,
    Region,
    SeverityName,
    Time,
    regions,
)
from dashboard.display import Display
from dashboard.parts.alert.shown import Shown, shown
from domain.people import Person, Role
from domain.rules import Severity
from storage import alert_list, handovers, inbox, journal
from storage.alert_list import AlertLine, Filter, Order, Place
from storage.handovers import Handover, Happened
from storage.inbox import Tally
from storage.unit import Connection

ROWS: Final = 100
"""Alerts on a page, and in one command to several."""
NOTES: Final = 4
"""Hand-overs that are shown."""

View: TypeAlias = Literal["open", "mine", "shelved", "all"]
Work: TypeAlias = Literal[
    "unacknowledged", "acknowledged", "assigned", "unanswered", "answered", "closed"
]
"""How far it is; `unanswered`: it awaits the enterprise's answer."""
VIEWS: Final[tuple[View, ...]] = ("open", "mine", "shelved", "all")


class Query(BaseModel):
    """What the address of the page may ask for."""

    show: Annotated[View | None, Blank] = None
    """None: what is open and not shelved."""
    severity: Annotated[SeverityName | None, Blank] = None
    """At least."""
    level: Annotated[SeverityName | None, Blank] = None
    """Exactly."""
    work: Annotated[Work | None, Blank] = None
    signal: Annotated[
        Literal["active", "returned", "withdrawn", "merged"] | None, Blank
    ] = None
    overdue: Annotated[bool | None, Blank] = None
    suppressed: Annotated[bool | None, Blank] = None
    """Of what was not in use; among what is open only where they are asked for."""
    q: Annotated[str, Field(max_length=100), Printable] = ""
    """Searched for in names of enterprise, site, device, point."""
    region: Annotated[Region | None, Blank] = None
    enterprise: Annotated[Code | None, Blank] = None
    site: Annotated[Number | None, Blank] = None
    rule: Annotated[Annotated[str, Field(max_length=100), Printable] | None, Blank] = (
        None
    )
    since: Annotated[Literal["handover"] | Time | None, Blank] = None
    """When it was opened, at the earliest; `handover`: since the last hand-over."""
    cursor: Annotated[Cursor | None, Blank] = None
    """Where the page begins."""

    @property
    def view(self) -> View:
        """Which list it is."""
        return self.show or "open"

    @property
    def order(self) -> Order:
        """What waits: overdue first; all that ever was: newest first."""
        return "newest" if self.show == "all" else "overdue"

    @property
    def beside_search(self) -> dict[str, str]:
        """What a search goes on asking for, as the address says it."""
        given = self.model_dump(mode="json", exclude={"q", "cursor"}, exclude_none=True)
        return {name: str(value) for name, value in given.items()}

    @property
    def narrowed(self) -> bool:
        """Whether it asks for less than a whole list."""
        return bool(self.model_dump(exclude={"show", "cursor"}, exclude_defaults=True))

    def filter(self, person: Person, handed_over: datetime | None) -> Filter:
        """As the database is asked, for that person after that hand-over."""
        low, high = regions(self.region)
        return Filter(
            open=self.show != "all",
            assignee=person.name if self.show == "mine" else None,
            shelved={"open": False, "shelved": True}.get(self.view),
            suppressed=self.suppressed or (False if self.view == "open" else None),
            severity=_severity(self.severity),
            level=_severity(self.level),
            work=self.work,
            signal=self.signal,
            overdue=self.overdue,
            search=self.q.strip() or None,
            low=low,
            high=high,
            enterprise=self.enterprise,
            site=self.site,
            rule=self.rule,
            opened_from=handed_over if self.since == "handover" else self.since,
        )

    def place(self) -> Place | None:
        """Where the page begins. Raises Problem 400 for none of our cursors."""
        if self.cursor is None:
            return None
        overdue, severity, opened_at, number = cursor.decode(self.cursor, 4)
        return Place(severity, cursor.time(opened_at), number, bool(overdue))


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Everything of the inbox."""

    position: int
    rows: Sequence[Shown]
    following: str | None
    """Cursor of the next page; None: this is the last."""
    tally: Tally
    handovers: Sequence[Handover]
    """Of the person's own region, of others all; the newest first."""
    happened: Happened | None
    """Since the newest of them."""


async def read(
    connection: Connection, query: Query, person: Person, show: Display
) -> Page:
    """Everything that `query` asks for. `connection` is of `House.seen_by(person)`."""
    position = await journal.horizon(connection)
    ends = await handovers.newest(connection, area=desk(person), limit=NOTES)
    last = ends[0].at if ends else None
    found = await alert_list.page(
        connection,
        query.filter(person, last),
        after=query.place(),
        limit=ROWS + 1,
        order=query.order,
    )
    return Page(
        position=position,
        rows=await shown(connection, found[:ROWS], show, person),
        following=_place_of(found[ROWS - 1]) if len(found) > ROWS else None,
        tally=await inbox.tally(connection, person.name),
        handovers=ends,
        happened=await handovers.since(connection, last) if last else None,
    )


def desk(person: Person) -> int | None:
    """The region whose shifts are a supervisor's own; of others None."""
    return person.scope.low if person.role is Role.SUPERVISOR else None


def _severity(name: str | None) -> Severity | None:
    return None if name is None else Severity[name.upper()]


def _place_of(line: AlertLine) -> str:
    head = line.head
    overdue = int(head.overdue_since is not None)
    return cursor.encode(overdue, int(head.severity), head.opened_at, head.id)
