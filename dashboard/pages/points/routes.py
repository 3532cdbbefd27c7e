"""Points: which there are, and the curves of one or several."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import JSONResponse, Response

from dashboard.house import House, display, house
from dashboard.identity import Me, me
from dashboard.pages.points.ranges import BadRange, asked
from dashboard.parts.chart import series as chart
from dashboard.problems import Problem
from dashboard.render import page
from storage import charts
from storage.charts import PointName
from storage.unit import Connection

MOST: Final = 4
"""Curves of one chart."""
UNITS: Final = 2
"""Axes of one chart."""
router = APIRouter(dependencies=[Depends(me)])

Here = Annotated[House, Depends(house)]
Number = Annotated[int, Path(ge=1, lt=2**31)]
Text = Annotated[str, Query(max_length=60)]
Since = Annotated[str, Query(alias="from", max_length=60)]
Until = Annotated[str, Query(alias="to", max_length=60)]
Others = Annotated[list[str], Query(alias="with", max_length=20)]


@router.get("/points")
async def show_points(request: Request) -> Response:
    """The page."""
    return page(request, "points/points.html")


@router.get("/points/{point}/series")
async def get_series(
    request: Request,
    here: Here,
    person: Me,
    point: Number,
    others: Others = [],  # noqa: B006 (FastAPI copies it)
    since: Since = "",
    until: Until = "",
    name: Annotated[str, Query(alias="range", max_length=10)] = "",
) -> Response:
    """What the chart of a point and up to three others draws, in a range (`ranges.asked`)."""
    show = display(request)
    try:
        wanted = asked(since, until, name, show.now, show.zone)
    except BadRange as error:
        raise Problem(400, error.text) from error
    async with here.seen_by(person) as connection:
        points = await compared(connection, point, others)
        content = await chart.read(connection, points, wanted.start, wanted.until, show)
    return JSONResponse(content)


async def compared(
    connection: Connection, point: int, others: list[str]
) -> list[PointName]:
    """The point, and those that its curve is compared with. Raises Problem 404 or 400."""
    numbers = dict.fromkeys([str(point), *filter(None, ",".join(others).split(","))])
    if len(numbers) > MOST:
        raise Problem(400, "points.with.many", n=MOST)
    found = [
        await charts.point(connection, int(one)) if number(one) else None
        for one in numbers
    ]
    known = [one for one in found if one is not None]
    if len(known) < len(found):
        raise Problem(404)
    if len({one.unit for one in known}) > UNITS:
        raise Problem(400, "points.with.units", n=UNITS)
    return known


def number(text: str) -> bool:
    """Whether it can be a point's."""
    return text.isascii() and text.isdecimal() and len(text) < len(str(2**31))
