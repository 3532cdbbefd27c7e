"""Connections: what devices send, what became of it, what to send."""

from __future__ import annotations

from typing import Annotated, Final, get_args

from fastapi import APIRouter, Depends, Request
from fastapi import Query as QueryField
from starlette.responses import Response

from dashboard.api.fields import Here, ThingId
from dashboard.house import display
from dashboard.identity import Me, me
from dashboard.pages.connections.device import details
from dashboard.pages.connections.judging import State
from dashboard.pages.connections.listing import Query, listed
from dashboard.pages.connections.recipe import Ticking, entry, recipe
from dashboard.problems import Problem
from dashboard.render import page
from ingest.refusals import Reason

FIRST: Final = "blackbox/v1/33/01/06/{code}/coldroom-1/readings"
"""Of an enterprise that has no devices yet."""
router = APIRouter(dependencies=[Depends(me)])


@router.get("/connections")
async def show_connections(
    request: Request,
    here: Here,
    person: Me,
    query: Annotated[Query, QueryField()],
) -> Response:
    """Devices, and how each is heard."""
    async with here.seen_by(person) as connection:
        content = await listed(connection, person, query, here.clock.now())
    refused = [one.newest for one in content.strangers]
    strangers = [one.topic for one in refused if one.reason == Reason.UNKNOWN_DEVICE]
    if content.code and not content.rows and query == Query():
        strangers.append(FIRST.format(code=content.code))
    return page(
        request,
        "connections/connections.html",
        position=content.position,
        page=content,
        query=query,
        states=get_args(State),
        entry=entry(strangers, here.clock.now().astimezone(here.zone).date()),
    )


@router.get("/devices/{device}")
async def show_device(
    request: Request, here: Here, person: Me, device: ThingId
) -> Response:
    """One device's connection, and what it has to send."""
    show = display(request)
    async with here.seen_by(person) as connection:
        content = await details(connection, device, show.now)
    if content is None:
        raise Problem(404)
    points = [one.point for one in content.points]
    clock = Ticking(show.now, here.real_now(), here.speed) if here.speed else None
    return page(
        request,
        "connections/device.html",
        position=content.position,
        page=content,
        recipe=recipe(content.device, points, show.local(show.now), here.broker, clock),
    )
