"""What the page of one device shows of its connection, read in one snapshot of the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dashboard.pages.connections import judging
from dashboard.pages.connections.judging import Check, Clock, State
from dashboard.pages.connections.recent import recent
from dashboard.pages.connections.refused import CUT, Example, examples, visible
from ingest.refusals import Reason
from storage import connections, journal
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

DAY: Final = timedelta(days=1)
FOREVER: Final = timedelta(days=6 * 366)
"""Older readings are not accepted, and none are kept."""
INTAKES: Final = 12
LATEST: Final = 5
"""Of these intakes none may have refused anything."""
EACH: Final = 10
"""Readings of each point that clock and interval are told by."""
REFUSALS: Final = 200
"""Refusals that are looked through for different ones."""


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
    readings = await recent(connection, points, since=now - FOREVER, each=EACH)
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
