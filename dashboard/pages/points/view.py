"""What the page of one point shows, read in one snapshot of the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from dashboard.display import Display
from dashboard.pages.points import figures
from dashboard.pages.points.figures import Figures, rows, whole
from dashboard.pages.points.ranges import Range
from dashboard.parts import limits
from dashboard.parts.alert import shown
from dashboard.parts.alert.shown import Shown
from dashboard.parts.chart import slices
from dashboard.parts.chart.curves import MOST
from domain.people import Person
from domain.rules import Severity
from rules.rule import AnyRule
from storage import alert_list, charts, point_list
from storage.charts import Last, PointName, Setting, Slices
from storage.overview import LOOK_BACK
from storage.point_list import Filter, PointLine
from storage.unit import Connection

ROWS: Final = 40
"""Of the table, at most."""
NEIGHBOURS: Final = 200
"""Points of the same site that are offered to be compared with."""
ALERTS: Final = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Judge:
    """A rule that judges the point now, in words."""

    rule: AnyRule
    version: str
    levels: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Kinetic:
    """Between which temperatures the mean kinetic one lies."""

    low: float
    high: float
    width: str
    """Of the slices that it is worked out from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """Everything that is shown of one point."""

    line: PointLine
    points: Sequence[PointName]
    """The point and those that it is compared with."""
    last: Last | None
    judges: Sequence[Judge]
    range: Range
    figures: Figures
    kinetic: Kinetic | None
    """Of a temperature in °C."""
    excursions: dict[str, int]
    """How many, by severity."""
    slices: Sequence[Figures]
    neighbours: Sequence[PointLine]
    alerts: Sequence[Shown]

    @property
    def others(self) -> list[int]:
        """Numbers of the points that it is compared with."""
        return [one.id for one in self.points[1:]]

    def address(self, part: str) -> str:
        """Of the same range of the point, in another form: `series`, `readings.csv`."""
        others = ",".join(map(str, self.others)) or None
        query = {**self.range.address, "with": others}
        kept = {name: value for name, value in query.items() if value}
        return f"/points/{self.line.id}/{part}?{urlencode(kept)}"

    def without(self, number: int) -> str | None:
        """`with` of the address that leaves out one of the others."""
        return ",".join(str(one) for one in self.others if one != number) or None


async def read(
    connection: Connection,
    points: Sequence[PointName],
    asked: Range,
    show: Display,
    person: Person,
) -> Page:
    """Everything of the first of `points`. `connection` is of `House.seen_by(person)`."""
    number = points[0].id
    line = await point_list.one(connection, number, show.now)
    assert line is not None
    settings = await charts.settings(connection, number, asked.start, asked.until)
    parts = await table(connection, number, asked, settings)
    beside = Filter(site=line.site)
    return Page(
        line=line,
        points=points,
        last=await charts.last(connection, number, show.now - LOOK_BACK, show.now),
        judges=await judges(connection, line, show),
        range=asked,
        figures=whole(parts, settings, asked.start, asked.until),
        kinetic=await kinetic(connection, line, asked, show),
        excursions=await excursions(connection, number, asked),
        slices=parts,
        neighbours=await point_list.page(
            connection, beside, now=show.now, after=None, limit=NEIGHBOURS
        ),
        alerts=await alerts(connection, number, asked, show, person),
    )


async def table(
    connection: Connection, number: int, asked: Range, settings: Sequence[Setting]
) -> list[Figures]:
    """The range in at most ROWS slices and one, which begins in one and ends in another."""
    width = slices.narrowest(asked.span, ROWS)
    found = await slices.read(connection, number, asked.start, asked.until, width)
    return rows(found, width, settings, asked.start, asked.until)


async def kinetic(
    connection: Connection, line: PointLine, asked: Range, show: Display
) -> Kinetic | None:
    """The mean kinetic temperature, from as many slices as a chart has."""
    if (line.quantity, line.unit) != ("temperature", "°C"):
        return None
    width = slices.narrowest(asked.span, MOST)
    found = await slices.read(connection, line.id, asked.start, asked.until, width)
    between = figures.kinetic(found, width, asked.start, asked.until)
    if between is None:
        return None
    low, high = between
    return Kinetic(low=low, high=high, width=slices.words(width, show))


async def judges(connection: Connection, line: PointLine, show: Display) -> list[Judge]:
    """The rules that judge the point."""
    contents = await charts.rules(connection, line.rules or [])
    found = [(version, limits.rule(contents[version])) for version in contents]
    return [
        Judge(
            rule=rule,
            version=version,
            levels=[
                limits.describe(show, level, line.unit)
                for level in limits.reached(rule.levels, line.quantity, line.unit)
            ],
        )
        for version, rule in sorted(found, key=lambda one: one[1].key)
    ]


async def excursions(
    connection: Connection, number: int, asked: Range
) -> dict[str, int]:
    """How many excursions reach into the range, by severity, the worst first."""
    width = asked.span.total_seconds()
    counted: Counter[int] = Counter()
    across = Slices(point=number, start=asked.start, until=asked.until, width=width)
    for part in await charts.seen(connection, across):
        for one in await charts.excursions(connection, part):
            counted[one.severity] += one.excursions
    return {
        Severity(severity).name.lower(): n
        for severity, n in sorted(counted.items(), reverse=True)
    }


async def alerts(
    connection: Connection, number: int, asked: Range, show: Display, person: Person
) -> list[Shown]:
    """Alerts of the point: the open ones, and those that were opened in the range."""
    wanted = (
        alert_list.Filter(point=number),
        alert_list.Filter(
            open=False, point=number, opened_from=asked.start, opened_until=asked.until
        ),
    )
    lines = [
        line
        for one in wanted
        for line in await alert_list.page(connection, one, after=None, limit=ALERTS)
    ]
    distinct = list({line.head.id: line for line in lines}.values())
    return await shown.shown(connection, distinct[:ALERTS], show, person)
