"""What the list of points shows: by site, with the last values and states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, Field

from dashboard.api.fields import Blank, Printable
from dashboard.house import House
from domain.people import Person
from storage import journal, overview
from storage.overview import Example, PointLine, State
from storage.unit import Connection

MOST: Final = 300
"""Points that are shown at most."""
PointState: TypeAlias = Literal[
    "excursion", "warning", "pending", "silent", "within", "recorded", "empty", "idle"
]


class Query(BaseModel):
    """What the address of the list may ask for."""

    q: Annotated[str, Field(max_length=100), Printable] = ""
    """Searched for in names and keys."""
    state: Annotated[PointState | None, Blank] = None
    """Only points in this state."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Everything of the list."""

    position: int
    counts: dict[str, int]
    sites: Sequence[tuple[PointLine, Sequence[PointLine]]]
    """First point of each site, and all of its points."""
    example: Example | None
    """Where the first point would be sent; None: nothing is registered."""

    @property
    def full(self) -> bool:
        """Whether there may be more that match."""
        return sum(len(lines) for _, lines in self.sites) >= MOST

    @property
    def silent(self) -> bool:
        """Whether nothing was ever sent."""
        return not self.counts.keys() - {"empty", "idle"}


async def states(house: House, person: Person) -> dict[str, State]:
    """All points by state, on a connection of their own."""
    async with house.seen_by(person) as connection:
        return await overview.states(connection, now=house.clock.now(), limit=MOST)


async def read(
    connection: Connection, states: Mapping[str, State], query: Query, now: datetime
) -> Page:
    """The list that `query` asks for. `connection` is of `House.seen_by`."""
    known = states.get(query.state) if query.state and not query.q else None
    lines = await overview.points(
        connection,
        now=now,
        search=query.q,
        state=query.state,
        ids=known and known.first,
        limit=MOST,
    )
    groups = (list(group) for _, group in groupby(lines, key=lambda line: line.site))
    return Page(
        position=await journal.horizon(connection),
        counts={name: one.points for name, one in states.items()},
        sites=[(group[0], group) for group in groups],
        example=await overview.example(connection),
    )
