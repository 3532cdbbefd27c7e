"""What the overview shows. What is heavy is read once for all who see the same."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from alerting.safety import hearing
from dashboard.display import Display
from dashboard.house import House
from dashboard.pages.overview import completeness, summary
from dashboard.pages.overview.completeness import Today
from dashboard.pages.overview.summary import Coded, Summary
from dashboard.parts.alert.shown import Shown, shown
from domain.people import Person, subtree
from domain.regions import PROVINCES
from storage import alert_list, journal, overview, standing, unheard_devices
from storage.overview import Example
from storage.standing import WHOLE, Region, Silent
from storage.unit import Connection

CODED: Final = 8
"""Enterprises whose codes are shown."""
NEWEST: Final = 5
SILENT: Final = 8
TODAY: Final = 30.0
"""Seconds for which a day's completeness is good enough."""
UNHEARD: Final = 10.0
"""Seconds for which it is good enough who has been silent for hours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Everything of the overview."""

    position: int
    asked: str
    """Six digits of the region that was asked for; "": all that is seen."""
    region: str
    """Of what is therefore looked at; "": everything."""
    above: Sequence[str]
    """The regions that hold it and may be looked at, the largest first."""
    summary: Summary
    today: Today
    reasons: dict[int, list[dict[str, Any]]]
    newest: Sequence[Shown]
    silent: Sequence[Silent]
    example: Example | None
    """What to send, where nothing has been sent yet."""

    @property
    def coded(self) -> Sequence[Coded]:
        """The enterprises that are shown."""
        return self.summary.coded[:CODED]

    @property
    def worst(self) -> Sequence[Coded]:
        """The five worst of those assessed."""
        coded = {one.enterprise.id: one for one in self.summary.coded}
        return [coded[number] for number in self.summary.index.worst]


async def read(house: House, person: Person, region: str | None, show: Display) -> Page:
    """The overview of `region` (six digits), or of all that `person` may see.

    Raises LookupError for a region in which nothing is seen.
    """
    if region and not (region[:2] in PROVINCES and within(region, person.region)):
        raise LookupError(region)
    area = _range(region)
    unheard = await house.shared.get(
        ("unheard", person.scope, area),
        partial(_unheard, house, person, area),
        keep=UNHEARD,
    )
    found = await house.shared.get(
        ("region", person.scope, area), partial(_summary, house, person, area, unheard)
    )
    if region and not found.areas:
        raise LookupError(region)
    today = await house.shared.get(
        ("today", person.scope, area),
        partial(_today, house, person, area, found.points),
        keep=TODAY,
    )
    async with house.seen_by(person) as connection:
        position = await journal.horizon(connection)
        numbers = await standing.newest(connection, area, NEWEST)
        lines = {
            line.head.id: line for line in await alert_list.lines(connection, numbers)
        }
        shown_codes = [one.enterprise.id for one in found.coded[:CODED]]
        sent = await standing.sent(connection)
        return Page(
            position=position,
            asked=region or "",
            region=region or person.region or "",
            above=above(region, person.region),
            summary=found,
            today=today,
            reasons=await standing.reasons(connection, shown_codes),
            newest=await shown(connection, [lines[n] for n in numbers], show, person),
            silent=await _silent(connection, area, found.unheard),
            example=None if sent else await overview.example(connection),
        )


def above(region: str | None, root: str | None) -> list[str]:
    """The regions around `region` within `root` (None: everything), the largest first."""
    outer = [region[:n].ljust(6, "0") if n else "" for n in (0, 2, 4)] if region else []
    return [one for one in dict.fromkeys(outer) if one != region and within(one, root)]


def within(region: str, root: str | None) -> bool:
    """Whether `region` is of what who is there for `root` sees; None: of everything."""
    inner, outer = subtree(region), subtree(root or "")
    return outer.low <= inner.low and inner.high <= outer.high


def _range(region: str | None) -> Region:
    if region is None:
        return WHOLE
    scope = subtree(region)
    return Region(scope.low, scope.high)


async def _unheard(house: House, person: Person, area: Region) -> list[hearing.Silent]:
    async with house.seen_by(person) as connection:
        return await hearing.unheard(connection, area, house.clock.now())


async def _summary(
    house: House, person: Person, area: Region, unheard: Sequence[hearing.Silent]
) -> Summary:
    async with house.seen_by(person) as connection:
        sites = await standing.sites(connection, area)
        owners = {site.enterprise for site in sites}
        enterprises = await standing.enterprises(connection, owners)
        opened = await standing.opened(connection, area)
    return await asyncio.to_thread(
        summary.summarise, sites, enterprises, opened, unheard, house.real_now()
    )


async def _silent(
    connection: Connection, area: Region, unheard: Sequence[hearing.Silent]
) -> list[Silent]:
    """The first that no message comes from: by their alerts, and those without one."""
    found = await standing.silent(connection, area, SILENT)
    known = {one.device for one in found}
    first = {
        one.device: one.since for one in unheard[:SILENT] if one.device not in known
    }
    found += await unheard_devices.named(connection, first)
    return sorted(found, key=lambda one: (one.since, one.device))[:SILENT]


async def _today(house: House, person: Person, area: Region, points: int) -> Today:
    async with house.seen_by(person) as connection:
        return await completeness.today(connection, area, points, house.clock.now())
