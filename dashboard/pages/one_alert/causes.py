"""Cause next to effect: how doors, power and other states stood when an alert began."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from dashboard.display import Display
from dashboard.parts.alert.shown import Shown
from domain.quantities import STATE
from storage import nearby
from storage.nearby import Held, Neighbour
from storage.unit import Connection

SHOWN: Final = 6
"""States, at most."""


class Beside(NamedTuple):
    """A state point beside the alert's own."""

    point: int
    name: str
    text: str
    """`open since 13:02; now closed since 13:20`."""


async def beside(connection: Connection, one: Shown, show: Display) -> list[Beside]:
    """States beside what an alert measures. `connection` is of `House.seen_by(person)`."""
    point = one.line.seen_point
    if point is None or one.line.unit == STATE:
        return []
    points = await nearby.points(connection, point, one.since, SHOWN)
    if not points:
        return []
    then = await nearby.held(connection, points, one.since)
    now = await nearby.held(connection, points, show.now) if one.open else then
    return list(_told(points, then, now, show))


def _told(
    points: Sequence[Neighbour],
    then: dict[int, Held],
    now: dict[int, Held],
    show: Display,
) -> list[Beside]:
    """In words, those of which anything is known."""
    return [
        Beside(
            one.id,
            show.texts.full(one),
            _text(one, then.get(one.id), now.get(one.id), show),
        )
        for one in points
        if one.id in then or one.id in now
    ]


def _text(one: Neighbour, then: Held | None, now: Held | None, show: Display) -> str:
    before, after = (_state(one, held, show) for held in (then, now))
    if before == after:
        return before
    return show.texts("one.beside.changed", then=before, now=after)


def _state(one: Neighbour, held: Held | None, show: Display) -> str:
    if held is None:
        return show.texts("one.beside.unknown")
    state = show.value(held.value, one.quantity, STATE, 1)
    if held.since is None:
        return state
    return show.texts("one.beside.since", state=state, time=show.time(held.since))
