"""A site: what it measures now, what GSP asks of it, its days, and the work on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final

from babel import dates

from alerting.safety.completeness import DAY, day_of
from dashboard.display import Display
from dashboard.pages.places.enterprise import Work, told, work
from dashboard.pages.places.tiles import Tile, tile
from dashboard.parts import limits
from domain import gsp
from domain.gsp import Check, Sensor, Space
from domain.people import Person
from rules.rule import AnyRule
from storage import places, registry, signs, site_details
from storage.alert_list import Filter as Alerts
from storage.places import SiteLine
from storage.scope import Window
from storage.site_details import Day, DeviceName, Maintained, Owner, PointNow
from storage.unit import Connection

POINTS: Final = 500
SHOWN: Final = 300
"""Of these points."""
DEVICES: Final = 200
WEEKS: Final = 5
QUIET: Final = timedelta(hours=2)
"""Without a message for longer, a device is shown as silent."""
SOON: Final = timedelta(days=60)
"""A calibration that ends within is shown."""
BANDS: Final = ((0.95, "green"), (0.80, "yellow"))
"""From which completeness on a day has which colour; below, it is red."""
MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Device:
    """A device and its last sign of life."""

    name: DeviceName
    heard: datetime | None
    """When its last message came; None: never, or not in the time that is seen."""
    will: bool
    """That said that it is gone."""
    silent: timedelta | None
    """For how long, if it is for more than `QUIET`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """A day of the calendar."""

    day: date
    counted: Day | None
    """None: not counted, or not to come before it is over."""

    @property
    def share(self) -> float | None:
        """Of the slots due, those filled; None: none were due."""
        known = self.counted
        return known.filled / known.due if known and known.due else None

    @property
    def colour(self) -> str:
        """By the bands of the safety code."""
        share = self.share
        if share is None:
            return "grey"
        return next((colour for least, colour in BANDS if share >= least), "red")


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """What the page shows."""

    line: SiteLine
    left: datetime | None
    """When the site went over to another owner: the page is of the time before."""
    today: date
    """In +08:00, as are all days."""
    zones: Mapping[str, Sequence[Tile]]
    devices: Sequence[Device]
    checks: Sequence[Check]
    weeks: Sequence[Sequence[Cell]]
    calibrations: Sequence[PointNow]
    """Past or soon, by day."""
    undated: int
    """Points in use without a day of calibration."""
    owners: Sequence[Owner]
    maintenance: Sequence[Maintained]
    work: Work
    more: bool
    """There are points that are not shown."""


async def view(
    connection: Connection, number: int, show: Display, person: Person
) -> View | None:
    """The site of that number; None: there is none that `person` sees."""
    line = await places.site(connection, number)
    window = await site_details.seen(connection, number)
    if line is None or window is None:
        return None
    now = min(show.now, window.stop - MICROSECOND) if window.stop else show.now
    points = await site_details.points(connection, number, window, now, POINTS)
    rules = await _rules(connection, points)
    tiles = [tile(point, rules, show, now) for point in points[:SHOWN]]
    people = {} if window.stop else await told(connection, [number], now)
    today = day_of(now)
    # An alert belongs to who owned at its opening; and by owner there is an index.
    alerts = Alerts(
        site=number,
        enterprise=line.enterprise_code,
        shelved=False,
        suppressed=False,
    )
    dated = [one for one in points if one.calibration_due]
    return View(
        line=line,
        left=window.stop,
        today=today,
        zones={
            zone: list(group) for zone, group in groupby(tiles, lambda t: t.point.zone)
        },
        devices=await _devices(connection, line, window, now),
        checks=gsp.checks(space(line), sensors(points), people.get(number), today),
        weeks=weeks(await site_details.days(connection, number, _first(today)), today),
        calibrations=sorted(
            (one for one in dated if one.calibration_due <= today + SOON),  # type: ignore[operator]
            key=lambda one: (one.calibration_due, one.id),
        ),
        undated=len(points) - len(dated),
        owners=await site_details.owners(connection, number),
        maintenance=await site_details.maintenance(connection, number, now - 7 * DAY),
        work=await work(connection, alerts, show, person),
        more=len(points) > SHOWN,
    )


async def _rules(
    connection: Connection, points: Iterable[PointNow]
) -> dict[str, AnyRule]:
    """The rules that judge the points now, by version."""
    versions = {version for point in points for version in point.rules}
    found = await registry.rule_versions(connection, versions)
    return {one.version: limits.rule(one.content) for one in found.values()}


async def _devices(
    connection: Connection, line: SiteLine, window: Window, now: datetime
) -> list[Device]:
    """The devices as far as they were heard within `window`; silent up to the watermark."""
    names = await site_details.devices(connection, line.id, DEVICES)
    last = await signs.last(connection, [one.id for one in names])
    listener = await site_details.listener(connection, line.region)
    until = min(now, listener.watermark or now) if listener else now
    devices: list[Device] = []
    for name in names:
        sign = last.get(name.id)
        seen = sign and sign.at <= now and not (window.start and sign.at < window.start)
        lasting = until - sign.at if sign and seen else timedelta()
        devices.append(
            Device(
                name=name,
                heard=sign.at if sign and seen else None,
                will=bool(sign and seen and sign.will),
                silent=lasting if lasting > QUIET else None,
            )
        )
    return devices


# Pure ---------------------------------------------------------------------------------


def space(line: SiteLine) -> Space:
    """The site, as far as what GSP asks depends on it."""
    return Space(
        vehicle=line.kind == "vehicle", area=line.area_m2, height=line.height_m
    )


def sensors(points: Iterable[PointNow]) -> list[Sensor]:
    """The points that count as measuring endpoints."""
    return [
        Sensor(zone=point.zone, calibration_due=point.calibration_due)
        for point in points
        if point.quantity == "temperature"
        and point.zone in gsp.ZONES
        and point.stage in gsp.STAGES
    ]


def weeks(days: Iterable[Day], today: date) -> list[list[Cell]]:
    """The full days up to `today`, by week; each week begins on a Monday."""
    counted = {one.day: one for one in days}
    first = _first(today)
    cells = [
        Cell(day=day, counted=counted.get(day))
        for day in (first + number * DAY for number in range((today - first).days))
    ]
    return [cells[at : at + 7] for at in range(0, len(cells), 7)]


def weekdays(show: Display) -> list[str]:
    """Names of the days of a week, short, from Monday on."""
    names = dates.get_day_names("abbreviated", locale=show.locale)
    return [names[number] for number in range(7)]


def month_day(show: Display, day: date) -> str:
    """A day without its year, short."""
    return dates.format_skeleton("Md", day, locale=show.locale)


def _first(today: date) -> date:
    """The Monday with which the calendar begins."""
    return today - timedelta(days=today.weekday() + 7 * WEEKS)
