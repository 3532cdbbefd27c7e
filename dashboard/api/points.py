"""`/points`: what is measured, and its readings, raw or rolled up."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Literal, TypeAlias, TypeVar

from fastapi import APIRouter, Query
from pydantic import Field

from dashboard.api import cursor
from dashboard.api.fields import (
    Asked,
    Code,
    Cursor,
    Here,
    Limit,
    Number,
    Region,
    Search,
    ThingId,
    Time,
    regions,
)
from dashboard.api.models import (
    Both,
    Enterprise,
    Model,
    Page,
    ProblemDocument,
    Thing,
    enterprise,
)
from dashboard.identity import Me
from dashboard.problems import Problem
from domain.readings import Provenance, Quality
from storage import point_list, rollups
from storage.point_list import Filter, Measured, PointLine
from storage.rollups import Level, Rolled
from storage.scope import clip, windows

router = APIRouter(prefix="/points", tags=["points"])
UNKNOWN = {404: {"model": ProblemDocument, "description": "No such point for you."}}

EVERY = {"5m": Level.FIVE_MINUTES, "1h": Level.HOUR, "1d": Level.DAY}
Every: TypeAlias = Literal["raw", "5m", "1h", "1d"]
MOST_RAW, MOST_ROLLED = 10_000, 5_000
LONGEST = timedelta(days=50 * 366)
Row = TypeVar("Row")


class Wanted(Asked):
    """Which points are wanted."""

    site: Number | None = None
    enterprise: Annotated[Code | None, Field(description="统一社会信用代码")] = None
    region: Region | None = None
    q: Annotated[Search | None, Field(description="in names and keys")] = None
    cursor: Cursor | None = None
    limit: Limit = 50


class Stretch(Asked):
    """Which readings are wanted."""

    since: Annotated[Time, Field(alias="from", description="inclusive")]
    until: Annotated[Time, Field(alias="to", description="exclusive")]
    every: Annotated[Every, Field(description="raw, or rolled up; days of +08:00")] = (
        "raw"
    )


class Setting(Model):
    """What holds for a point now."""

    valid_from: datetime
    zone: str
    interval_s: float
    """Recording interval, in seconds."""
    max_gap_s: float
    in_use: str
    calibration_due: date | None
    rules: list[str]
    """Rule versions that judge it: `/rules`."""


class Point(Model):
    """One measured quantity at one place."""

    id: int
    key: str
    """As in messages."""
    name: Both
    quantity: str
    unit: str
    resolution: float
    stage: str
    factor: str
    device: Thing
    site: Thing
    region: str
    enterprise: Enterprise | None
    setting: Setting | None
    """Null: none holds yet."""


class Reading(Model):
    """A reading as it was sent."""

    time: datetime
    value: float | None
    quality: str
    provenance: str
    conflicting: bool
    """A further value of its time, which contradicts the first."""


class RolledUp(Model):
    """What the readings of one stretch of time come to."""

    time: datetime
    """When it begins."""
    min: float | None
    max: float | None
    mean: float | None
    count: int
    """Values that are not bad: min, max and mean are of these."""
    readings: int
    """All, the bad ones among them."""


class Readings(Model):
    """Readings of a point, in order of time. One of both lists is empty."""

    point: int
    unit: str
    every: Every
    raw: list[Reading]
    rolled: list[RolledUp]


@router.get("")
async def list_points(
    here: Here, person: Me, wanted: Annotated[Wanted, Query()]
) -> Page[Point]:
    """Points by number, with the settings in force."""
    asked = Filter(
        site=wanted.site,
        enterprise=wanted.enterprise,
        regions=regions(wanted.region),
        search=wanted.q,
    )
    async with here.seen_by(person) as connection:
        found = await point_list.page(
            connection,
            asked,
            now=here.clock.now(),
            after=cursor.number(wanted.cursor),
            limit=wanted.limit + 1,
        )
    return cursor.page(found, wanted.limit, _point, lambda line: (line.id,))


@router.get("/{point}", responses={**UNKNOWN})
async def get_point(here: Here, person: Me, point: ThingId) -> Point:
    """One point."""
    async with here.seen_by(person) as connection:
        line = await point_list.one(connection, point, here.clock.now())
    if line is None:
        raise Problem(404)
    return _point(line)


@router.get("/{point}/readings", responses={**UNKNOWN})
async def get_point_readings(
    here: Here, person: Me, point: ThingId, asked: Annotated[Stretch, Query()]
) -> Readings:
    """At most 10,000 raw readings, or 5,000 rolled up, of the times that you may see."""
    if not timedelta(0) < asked.until - asked.since <= LONGEST:
        raise Problem(400, "problem.range")
    async with here.seen_by(person) as connection:
        line = await point_list.one(connection, point, here.clock.now())
        if line is None:
            raise Problem(404)
        own = (await windows(connection, [point])).get(point, [])
        seen = clip(own, asked.since, asked.until)
        answer = Readings(
            point=point, unit=line.unit, every=asked.every, raw=[], rolled=[]
        )
        if asked.every == "raw":
            raw = await point_list.raw(connection, point, seen, MOST_RAW + 1)
            answer.raw = [_reading(one) for one in _bounded(raw, MOST_RAW)]
        else:
            rolled = await rollups.read(
                connection, point, seen, EVERY[asked.every], limit=MOST_ROLLED + 1
            )
            answer.rolled = [_rolled(one) for one in _bounded(rolled, MOST_ROLLED)]
    return answer


def _bounded(rows: list[Row], most: int) -> list[Row]:
    if len(rows) > most:
        raise Problem(400, "problem.readings", n=most)
    return rows


def _point(line: PointLine) -> Point:
    return Point(
        id=line.id,
        key=line.key,
        name=Both(zh=line.name_zh, en=line.name_en),
        quantity=line.quantity,
        unit=line.unit,
        resolution=line.resolution,
        stage=line.stage,
        factor=line.factor,
        device=Thing(id=line.device, name=Both(zh=line.device_zh, en=line.device_en)),
        site=Thing(id=line.site, name=Both(zh=line.site_zh, en=line.site_en)),
        region=line.region,
        enterprise=enterprise(line),
        setting=_setting(line),
    )


def _setting(line: PointLine) -> Setting | None:
    if line.valid_from is None or line.interval is None or line.max_gap is None:
        return None
    return Setting(
        valid_from=line.valid_from,
        zone=line.zone or "",
        interval_s=line.interval.total_seconds(),
        max_gap_s=line.max_gap.total_seconds(),
        in_use=line.in_use or "",
        calibration_due=line.calibration_due,
        rules=line.rules or [],
    )


def _reading(one: Measured) -> Reading:
    return Reading(
        time=one.time,
        value=one.value,
        quality=Quality(one.quality).name.lower(),
        provenance=Provenance(one.provenance).name.lower(),
        conflicting=one.conflicting,
    )


def _rolled(one: Rolled) -> RolledUp:
    return RolledUp(
        time=one.time,
        min=one.low,
        max=one.high,
        mean=one.mean,
        count=one.count,
        readings=one.readings,
    )
