"""Enterprises by their safety codes, the worst first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from pydantic import BaseModel, Field, StringConstraints

from alerting.safety.code import UNHEARD_AFTER
from alerting.safety.grounds import Colour
from dashboard.api import cursor
from dashboard.api.fields import Blank, Printable, regions
from storage import places
from storage.places import Filter, Rank, Ranked
from storage.unit import Connection

LINES: Final = 50


class Query(BaseModel):
    """What the address of the list may ask for."""

    q: Annotated[str, Field(max_length=100), Printable] = ""
    """In names and codes."""
    safety: Annotated[Colour | None, Blank] = None
    region: Annotated[
        Annotated[str, StringConstraints(pattern=r"^([0-9]{2}){1,3}$")] | None, Blank
    ] = None
    """Digits of GB/T 2260, with all below."""
    after: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,60}$")] | None,
        Blank,
    ] = None
    """Where the page begins."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """A page of the list."""

    colours: Mapping[str, int]
    """Enterprises by colour, whichever is chosen."""
    lines: Sequence[Ranked]
    following: str | None
    """Where the next page begins."""
    regions: Sequence[str]
    """That can be chosen: prefectures with sites, six digits."""


async def listing(connection: Connection, query: Query, real_now: datetime) -> Listing:
    """The page that `query` asks for."""
    after = Rank(*cursor.decode(query.after, 3)) if query.after else None
    wanted = Filter(
        safety=query.safety,
        regions=regions(query.region),
        search=query.q or None,
    )
    colours, found = await places.ranked(
        connection,
        wanted,
        beating=real_now - UNHEARD_AFTER,
        after=after,
        limit=LINES + 1,
    )
    more = len(found) > LINES
    last = found[LINES - 1] if more else None
    return Listing(
        colours=colours,
        lines=found[:LINES],
        following=last and cursor.encode(last.rank, last.place, last.id),
        regions=[f"{digits}00" for digits in await places.prefectures(connection)],
    )
