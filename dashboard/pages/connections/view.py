"""What the pages of connections show, read in one snapshot of the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Final, TypeAlias

from pydantic import BaseModel, Field

from dashboard.api.fields import Blank, Code, Number, Printable
from dashboard.pages.connections import judging
from dashboard.pages.connections.judging import Check, Clock, State
from domain.people import Person
from ingest.refusals import REMEDIES, Reason
from storage import connections, journal, scope
from storage.connections import (
    DeviceLine,
    Filter,
    Heard,
    Measured,
    PointLine,
    Refused,
    Sign,
    Sums,
    Taken,
)
from storage.unit import Connection

PAGE: Final = 50
LOOKED_THROUGH: Final = 2_000
"""Devices that a page looks through for those in a state."""
DAY: Final = timedelta(days=1)
RECENTLY: Final = timedelta(days=7)
"""So far back a list looks for the newest reading of a point, by which it tells the clock."""
FOREVER: Final = timedelta(days=6 * 366)
"""Older readings are not accepted, and none are kept."""
INTAKES: Final = 12
LATEST: Final = 5
"""Of these intakes none may have refused anything."""
EACH: Final = 10
"""Readings of each point that clock and interval are told by."""
REFUSALS: Final = 200
"""Refusals that are looked through for different ones."""
CUT: Final = 600
"""Bytes of a refused payload that are shown."""
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
class Example:
    """Refusals of one kind: how many of those looked through, and the newest."""

    id: str
    """The same for the same kind."""
    newest: Refused
    count: int
    topic: str
    field: str | None
    """Where in the payload."""
    raw: str | None
    remedy: tuple[str, str]
    """Chinese, English."""


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


@dataclass(frozen=True, kw_only=True, slots=True)
class PointState:
    """A point of the device."""

    point: PointLine
    newest: datetime | None
    """None: there is no reading of it."""
    observed: timedelta | None
    slow: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Details:
    """All that is known of one connection."""

    device: DeviceLine
    state: State
    heard: Heard | None
    clock: Clock | None
    checks: Sequence[Check]
    taken: Sequence[Taken]
    sums: Sums
    """Of the last 24 hours."""
    examples: Sequence[Example]
    points: Sequence[PointState]
    signs: Sequence[Sign]
    position: int


Spans: TypeAlias = list[connections.Span]


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
    readings = await _recent(connection, points, since=now - RECENTLY, each=1)
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


async def _recent(
    connection: Connection, points: Sequence[PointLine], since: datetime, each: int
) -> list[Measured]:
    windows = await scope.windows(connection, [point.id for point in points])
    return await connections.recent(connection, windows, since=since, each=each)


async def details(connection: Connection, device: int, now: datetime) -> Details | None:
    """The connection of one device; None for one that is not seen."""
    wanted = Filter(id=device)
    lines = await connections.devices(connection, wanted, now=now, after=0, limit=1)
    if not lines:
        return None
    (line,) = lines
    ever = await connections.spans(connection, {line.id: line.site})
    today = await connections.spans(connection, {line.id: line.site}, now - DAY)
    heard = (await connections.heard(connection, ever)).get(line.id)
    taken = await connections.messages(connection, ever, INTAKES)
    refused = await connections.refused(connection, ever, limit=REFUSALS, cut=CUT)
    points = await connections.points(connection, [line.id], now)
    readings = await _recent(connection, points, since=now - FOREVER, each=EACH)
    clock = judging.clock(readings, line.interval)
    states = point_states(points, readings)
    return Details(
        device=line,
        state=judging.state(heard, line.interval, now),
        heard=heard,
        clock=clock,
        checks=judging.checks(
            heard=heard is not None,
            clock=clock,
            refusing=any(one.rejected or one.unreadable for one in taken[:LATEST]),
            unseen=[one.point.key for one in states if one.newest is None],
            slow=[one.point.key for one in states if one.slow],
            unknown=unknown(refused, points, taken[:LATEST]),
        ),
        taken=taken,
        sums=await connections.sums(connection, today),
        examples=examples(refused),
        points=states,
        signs=await connections.signs(connection, ever),
        position=await journal.horizon(connection),
    )


def point_states(
    points: Iterable[PointLine], readings: Sequence[Measured]
) -> list[PointState]:
    """What came of each point."""
    observed = judging.observed(readings)
    newest: dict[int, datetime] = {}
    for one in readings:
        newest[one.point] = max(one.time, newest.get(one.point, one.time))
    return [
        PointState(
            point=point,
            newest=newest.get(point.id),
            observed=observed.get(point.id),
            slow=judging.slow(point.interval, observed.get(point.id)),
        )
        for point in points
    ]


def unknown(
    refused: Iterable[Refused], points: Iterable[PointLine], taken: Sequence[Taken]
) -> list[str]:
    """Keys that the newest intakes brought and nobody registered, by name."""
    since = min((one.arrived for one in taken), default=None)
    known = {point.key for point in points}
    return sorted(
        {
            visible(one.point)
            for one in refused
            if one.reason == Reason.UNKNOWN_POINT and one.point not in known
            if one.point is not None and since is not None and one.arrived >= since
        }
    )


def examples(refused: Iterable[Refused]) -> list[Example]:
    """The newest of each kind, that is of each reason, point and topic."""
    kinds: dict[tuple[str, str | None, str], list[Refused]] = defaultdict(list)
    for one in refused:
        kinds[one.reason, one.point, one.topic].append(one)
    return [
        Example(
            id=sha256(repr(kind).encode()).hexdigest()[:16],
            newest=those[0],
            count=len(those),
            topic=visible(those[0].topic),
            field=_field(those[0]),
            raw=None if those[0].raw is None else legible(those[0].raw),
            remedy=REMEDIES[Reason(those[0].reason)],
        )
        for kind, those in kinds.items()
    ]


def _field(one: Refused) -> str | None:
    """Where in a snapshot the fault is."""
    if one.reason == Reason.BAD_TIME:
        return "time"
    if one.point is None:
        return None
    of = "quality" if one.reason == Reason.BAD_QUALITY else "values"
    return visible(f"{of}.{one.point}")


def legible(raw: bytes) -> str:
    """A payload as text; bytes that are none are shown by their numbers."""
    return visible(raw.decode(errors="backslashreplace"))


def visible(text: str) -> str:
    """`text` with every character that cannot be seen, or turns others around, by its number."""
    return "".join(
        one if one.isprintable() or one in "\n\t" else ascii(one)[1:-1] for one in text
    )
