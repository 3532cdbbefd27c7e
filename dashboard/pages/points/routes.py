"""Points: which there are, and the curves of one or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from dashboard.api.fields import Here
from dashboard.display import Display
from dashboard.house import display
from dashboard.identity import Me, me
from dashboard.pages.points import download, listing, ranges, view
from dashboard.pages.points.ranges import RANGES, BadRange, Range
from dashboard.parts.chart import series as chart
from dashboard.parts.chart import slices
from dashboard.problems import Problem
from dashboard.render import page
from dashboard.security import WITH_PICTURES
from storage import charts, journal, point_list, rollups
from storage.charts import PointName
from storage.scope import clip, windows
from storage.unit import Connection

MOST: Final = 4
"""Curves of one chart."""
UNITS: Final = 2
"""Axes of one chart."""
MOST_RAW, MOST_ROLLED = 10_000, 5_000
"""Rows of a table."""
router = APIRouter(dependencies=[Depends(me)])

Number = Annotated[int, Path(ge=1, lt=2**31)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the address of a point's page, chart or table asks for."""

    since: str
    until: str
    name: str
    others: Sequence[str]
    """Numbers of points, or what stands for them."""
    passing: bool
    """Whether it came from a form, and is no address to keep or to hand on."""

    def range(self, show: Display) -> Range:
        """Raises BadRange."""
        return ranges.asked(self.since, self.until, self.name, show.now, show.zone)


def _asked(
    others: Annotated[list[str], Query(alias="with", max_length=20)] = [],  # noqa: B006
    since: Annotated[str, Query(alias="from", max_length=60)] = "",
    until: Annotated[str, Query(alias="to", max_length=60)] = "",
    name: Annotated[str, Query(alias="range", max_length=10)] = "",
) -> Asked:
    numbers = dict.fromkeys(filter(None, ",".join(others).split(",")))
    return Asked(
        since=since,
        until=until,
        name=name,
        others=list(numbers),
        passing=len(others) > 1 or ranges.local(since) or ranges.local(until),
    )


Wanted = Annotated[Asked, Depends(_asked)]


@router.get("/points")
async def show_points(
    request: Request,
    here: Here,
    person: Me,
    query: Annotated[listing.Query, Query()],
) -> Response:
    """All points by site, with their last values and states."""
    states = await here.shared.get(
        ("points", person.scope), partial(listing.states, here, person)
    )
    async with here.seen_by(person) as connection:
        content = await listing.read(connection, states, query, here.clock.now())
    return page(
        request,
        "points/points.html",
        position=content.position,
        page=content,
        query=query,
    )


@router.get("/points/{point}")
async def show_point(
    request: Request, here: Here, person: Me, point: Number, wanted: Wanted
) -> Response:
    """One point: its chart, figures, limits and alerts."""
    show = display(request)
    problem = None
    try:
        asked = wanted.range(show)
    except BadRange as error:
        problem, asked = error.text, ranges.asked("", "", "", show.now, show.zone)
    if wanted.passing and not problem:
        return RedirectResponse(_address(point, asked, wanted.others), 303)
    async with here.seen_by(person) as connection:
        points = await _compared(connection, point, wanted.others)
        content = await view.read(connection, points, asked, show, person)
        position = await journal.horizon(connection)
    response = page(
        request,
        "points/point.html",
        status=400 if problem else 200,
        position=position,
        page=content,
        problem=problem,
        ranges=RANGES,
        most=MOST,
    )
    response.headers.update(WITH_PICTURES)
    return response


@router.get("/points/{point}/series")
async def get_series(
    request: Request, here: Here, person: Me, point: Number, wanted: Wanted
) -> Response:
    """What the chart of a point, and of those that it is compared with, draws."""
    show = display(request)
    asked = _range(wanted, show)
    async with here.seen_by(person) as connection:
        points = await _compared(connection, point, wanted.others)
        content = await chart.read(connection, points, asked.start, asked.until, show)
    return JSONResponse(content)


@router.get("/points/{point}/readings.csv")
async def get_table(
    request: Request, here: Here, person: Me, point: Number, wanted: Wanted
) -> Response:
    """The readings of the range as a table: at most 10,000 raw ones, else rolled up."""
    show = display(request)
    asked = _range(wanted, show)
    async with here.seen_by(person) as connection:
        (name,) = await _compared(connection, point, [])
        text = await _table(connection, name, asked, show)
    days = f"{show.local(asked.start):%Y%m%d}-{show.local(asked.until):%Y%m%d}"
    return Response(
        text,
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="point-{point}-{days}.csv"'
        },
    )


async def _table(
    connection: Connection, name: PointName, asked: Range, show: Display
) -> str:
    own = (await windows(connection, [name.id])).get(name.id, [])
    seen = clip(own, asked.start, asked.until + datetime.resolution)
    raw = await point_list.raw(connection, name.id, seen, MOST_RAW + 1)
    if len(raw) <= MOST_RAW:
        return download.raw(name, raw, show)
    width = slices.narrowest(asked.span, MOST_ROLLED)
    found = await rollups.read(
        connection, name.id, seen, slices.level(width), width=width
    )
    return download.rolled(name, found, width, show)


def _range(wanted: Asked, show: Display) -> Range:
    """Raises Problem 400."""
    try:
        return wanted.range(show)
    except BadRange as error:
        raise Problem(400, error.text) from error


def _address(point: int, asked: Range, others: Sequence[str]) -> str:
    """Of a point's page, as it may be kept and handed on."""
    query = {**asked.address, "with": ",".join(others)}
    kept = {name: value for name, value in query.items() if value}
    return f"/points/{point}?{urlencode(kept)}"


async def _compared(
    connection: Connection, point: int, others: Sequence[str]
) -> list[PointName]:
    """The point, and those that its curve is compared with. Raises Problem 404 or 400."""
    numbers = dict.fromkeys([str(point), *others])
    if len(numbers) > MOST:
        raise Problem(400, "points.with.many", n=MOST)
    found = [
        await charts.point(connection, int(one)) if _number(one) else None
        for one in numbers
    ]
    known = [one for one in found if one is not None]
    if len(known) < len(found):
        raise Problem(404)
    if len({one.unit for one in known}) > UNITS:
        raise Problem(400, "points.with.units", n=UNITS)
    return known


def _number(text: str) -> bool:
    """Whether it can be a point's."""
    return text.isascii() and text.isdecimal() and len(text) < len(str(2**31))
