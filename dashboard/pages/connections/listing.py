"""The list of connections, read in one snapshot of the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import BaseModel, Field

from dashboard.api.fields import Blank, Code, Number, Printable
from dashboard.pages.connections import judging
from dashboard.pages.connections.judging import Clock, State
from dashboard.pages.connections.recent import recent
from dashboard.pages.connections.refused import CUT, Example, examples
from domain.people import Person
from storage import connections, journal
from storage.connections import DeviceLine, Filter, Heard, Measured
from storage.unit import Connection

PAGE: Final = 50
LOOKED_THROUGH: Final = 2_000
"""Devices that a page looks through for those in a state."""
DAY: Final = timedelta(days=1)
RECENTLY: Final = timedelta(days=7)
"""So far back the list looks for the newest reading of a point, by which it tells the clock."""
STRANGERS: Final = 20


class Query(BaseModel):
    """What the address of the list may ask for."""

    q: Annotated[str, Field(max_length=100), Printable] = ""
    """Searched for in names, keys and codes."""
    state: Annotated[State | None, Blank] = None
    enterprise: Annotated[Code | None, Blank] = None
    site: Annotated[Number | None, Blank] = None
    after: Annotated[Number | None, Blank] = None
    """Devices up to this number stand on the pages before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A device in the list."""

    device: DeviceLine
    state: State
    heard: Heard | None
    refused: int
    """In the last 24 hours: readings, and unreadable messages."""
    counted: bool
    """False: there were more."""
    clock: Clock | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """The list."""

    rows: Sequence[Row]
    next: int | None
    """Where the next page begins; None: this is the last."""
    strangers: Sequence[Example]
    """What was refused of senders that nobody registered."""
    code: str | None
    """统一社会信用代码 of whom the list is about, if it is about one."""
    position: int


async def listed(
    connection: Connection, person: Person, query: Query, now: datetime
) -> Listed:
    """The devices that `query` asks for."""
    rows, following = await _page(connection, query, now)
    code = query.enterprise
    if person.enterprise is not None:
        code = await connections.code(connection, person.enterprise)
    strangers = code and await connections.unregistered(
        connection, code, limit=STRANGERS, cut=CUT
    )
    return Listed(
        rows=rows,
        next=following,
        strangers=examples(strangers or []),
        code=code,
        position=await journal.horizon(connection),
    )


async def _page(
    connection: Connection, query: Query, now: datetime
) -> tuple[list[Row], int | None]:
    """Rows, and where to go on. A state is looked for among so many devices at most."""
    wanted = Filter(site=query.site, enterprise=query.enterprise, search=query.q)
    limit = LOOKED_THROUGH if query.state else PAGE
    lines = await connections.devices(
        connection, wanted, now=now, after=query.after or 0, limit=limit + 1
    )
    found = lines[:limit]
    sites = {line.id: line.site for line in found}
    heard = await connections.heard(
        connection, await connections.spans(connection, sites)
    )
    states: dict[int, State] = {
        line.id: judging.state(heard.get(line.id), line.interval, now) for line in found
    }
    matching = [line for line in found if query.state in (None, states[line.id])]
    shown = matching[:PAGE]
    more = len(matching) > PAGE or len(lines) > limit
    last = shown[-1] if len(matching) > PAGE else found[-1] if found else None
    rows = await _rows(connection, shown, heard, states, now)
    return rows, last.id if more and last else None


async def _rows(
    connection: Connection,
    lines: Sequence[DeviceLine],
    heard: dict[int, Heard],
    states: Mapping[int, State],
    now: datetime,
) -> list[Row]:
    sites = {line.id: line.site for line in lines}
    today = await connections.spans(connection, sites, now - DAY)
    refused = await connections.refusals(connection, today)
    points = await connections.points(connection, sites, now)
    readings = await recent(connection, points, since=now - RECENTLY, each=1)
    device_of = {point.id: point.device for point in points}
    newest: dict[int, list[Measured]] = defaultdict(list)
    for one in readings:
        newest[device_of[one.point]].append(one)
    return [
        Row(
            device=line,
            state=states[line.id],
            heard=heard.get(line.id),
            refused=refused.get(line.id, 0),
            counted=refused.get(line.id, 0) < connections.COUNTED,
            clock=judging.clock(newest[line.id], line.interval),
        )
        for line in lines
    ]
