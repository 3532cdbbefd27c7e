"""Table `handover`: where shifts ended, what they left to the next, and what came since.

Row-level security shows a hand-over to those whose scope contains its author's region.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from storage.evidence import HANDOVER
from storage.snapshot import select
from storage.unit import Connection, Unit

NEWEST = """
SELECT h.intake, h.at, h.author, p.full_name, h.area, h.note
  FROM handover AS h LEFT JOIN person AS p ON p.name = h.author
 WHERE %(area)s::int4 IS NULL OR h.area = %(area)s
 ORDER BY h.at DESC, h.intake DESC
 LIMIT %(limit)s
"""
SINCE = """
SELECT (SELECT count(*) FROM (SELECT FROM alert WHERE opened_at >= %(at)s LIMIT %(most)s) AS a) AS opened,
       (SELECT count(*) FROM (SELECT FROM worsened WHERE at >= %(at)s LIMIT %(most)s) AS w) AS worsened,
       (SELECT count(*) FROM (SELECT FROM alert WHERE closed_at >= %(at)s LIMIT %(most)s) AS a) AS closed
"""
MANY: Final = 1000
"""What is counted up to; one more means: more than that."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Handover:
    """The end of a shift."""

    intake: int
    """Of the chain of people; identifies it."""
    at: datetime
    author: str
    """Name of the person."""
    full_name: str | None
    area: int
    """The author's region (GB/T 2260), as a number."""
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Happened:
    """How often something happened to alerts, each counted up to MANY + 1."""

    opened: int
    worsened: int
    closed: int


async def newest(
    connection: Connection, *, area: int | None, limit: int
) -> list[Handover]:
    """The last hand-overs of a region, or (None) of all that are seen, newest first."""
    return await select(connection, Handover, NEWEST, {"area": area, "limit": limit})


async def since(connection: Connection, at: datetime) -> Happened:
    """What happened to the alerts that are seen from `at` on."""
    return (await select(connection, Happened, SINCE, {"at": at, "most": MANY + 1}))[0]


async def add(unit: Unit, *, author: str, area: int, note: str) -> None:
    """Hand over, within a unit of the share PEOPLE that sees with the author's eyes."""
    await unit.write(HANDOVER, [(unit.id, unit.arrived, author, area, note)])
