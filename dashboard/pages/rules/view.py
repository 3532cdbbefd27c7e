"""The rules that watch what one sees: all of them, and one with its versions and points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from dashboard.api.rule_texts import parsed
from dashboard.display import Display
from dashboard.house import House
from dashboard.parts import limits
from domain.people import Person
from rules import catalogue
from rules.kinds import KINDS, RULES
from rules.rule import AnyRule
from storage import assigned_rules, journal
from storage.assigned_rules import Assigned, Held, PointLine, Wanted
from storage.unit import Connection

VERSIONS: Final = 4
"""Of one rule, in the list of rules."""
HISTORY: Final = 50
"""Versions on the page of one."""
POINTS: Final = 100
"""On a page."""
Levels = list[tuple[str, str]]
"""(severity, what violates it in words)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """A rule as it judges some points."""

    levels: Levels
    points: int
    since: datetime | None = None
    until: datetime | None = None
    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A rule."""

    key: str
    kind: str
    name: str
    basis: str
    levels: Levels
    """As the catalogue has them, or as they judge most points."""
    versions: Sequence[Version]
    """As they judge points that are seen, the most frequent first."""
    points: int
    alerts: int
    """Open ones."""

    @property
    def can_be_tried(self) -> bool:
        """Whether history tells what it would have raised."""
        return self.kind in KINDS and self.key in catalogue.load()


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """All rules: those in force by kind, and the rest of the catalogue."""

    position: int
    kinds: dict[str, list[Listed]]
    ready: list[Listed]
    """Of the catalogue, in force nowhere that is seen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class One:
    """One rule."""

    rule: Listed
    points: list[PointLine]
    more: int | None
    """Number of the point after which there are more."""


async def assigned(house: House, person: Person) -> list[Assigned]:
    """What judges the points that `person` sees, on a connection of its own."""
    async with house.seen_by(person) as connection:
        return await assigned_rules.assigned(connection, house.clock.now())


async def history(house: House, person: Person, key: str) -> list[Held]:
    """The versions of a rule, on a connection of its own."""
    async with house.seen_by(person) as connection:
        now = house.clock.now()
        return await assigned_rules.history(connection, key, now, HISTORY)


async def read(
    connection: Connection, found: Sequence[Assigned], show: Display
) -> Page:
    """All rules, those of `found` as far as the connection's scope sees points."""
    position = await journal.horizon(connection)
    alerts = await assigned_rules.open_alerts(connection)
    by_rule = {
        key: list(some) for key, some in groupby(found, key=lambda one: one.rule)
    }
    listed = [
        _listed(key, [_version(one, show) for one in some], alerts, show, some)
        for key, some in by_rule.items()
    ]
    return Page(
        position=position,
        kinds={
            kind: [one for one in listed if one.kind == kind]
            for kind in RULES
            if any(one.kind == kind for one in listed)
        },
        ready=[
            _listed(key, [], alerts, show)
            for key in catalogue.load()
            if key not in by_rule
        ],
    )


async def read_one(
    connection: Connection,
    key: str,
    held: Sequence[Held],
    search: str,
    after: int,
    show: Display,
) -> One:
    """One rule, with the versions `held` of it; one without any is of the catalogue."""
    wanted = Wanted(rule=key, search=search or None)
    points = await assigned_rules.points(
        connection, wanted, show.now, after=after, limit=POINTS + 1
    )
    alerts = await assigned_rules.open_alerts(connection)
    return One(
        rule=_listed(key, [_version(one, show) for one in held], alerts, show, held),
        points=points[:POINTS],
        more=points[POINTS - 1].id if len(points) > POINTS else None,
    )


def _listed(
    key: str,
    versions: Sequence[Version],
    alerts: dict[str, int],
    show: Display,
    stored: Sequence[Assigned | Held] = (),
) -> Listed:
    rule = parsed(stored[0].content) if stored else catalogue.load()[key]
    return Listed(
        key=key,
        kind=rule.kind,
        name=show.texts.pick(rule.name),
        basis=show.texts.pick(rule.basis),
        levels=levels(rule, show),
        versions=versions,
        points=sum(one.points for one in versions),
        alerts=alerts.get(key, 0),
    )


def _version(one: Assigned | Held, show: Display) -> Version:
    return Version(
        levels=levels(parsed(one.content), show),
        points=one.points,
        since=one.since if isinstance(one, Held) else None,
        until=one.until if isinstance(one, Held) else None,
        version=one.version,
    )


def levels(rule: AnyRule, show: Display) -> Levels:
    """What violates each level of the rule, in words."""
    return [
        (level.severity.name.lower(), limits.describe(show, level, rule.unit or ""))
        for level in rule.levels
    ]
