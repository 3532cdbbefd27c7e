"""Enterprises and their sites."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from dashboard.api.fields import Here
from dashboard.forms import done
from dashboard.house import display
from dashboard.identity import Me
from dashboard.pages.places import announcing, enterprise, site
from dashboard.pages.places.announcing import Wish
from dashboard.pages.places.listing import Query as Asked
from dashboard.pages.places.listing import listing
from dashboard.problems import Problem
from dashboard.render import page
from domain.people import Role
from storage import journal, places

router = APIRouter()
SHAPES = {"red": "critical", "yellow": "warning", "green": "well", "grey": "empty"}
"""Of colours of codes."""


@router.get("/enterprises")
async def show_enterprises(
    request: Request, here: Here, person: Me, query: Annotated[Asked, Query()]
) -> Response:
    """All enterprises; whoever is of one is led to it."""
    async with here.seen_by(person) as connection:
        found = await listing(connection, query, here.real_now())
        position = await journal.horizon(connection)
    if person.role is Role.ENTERPRISE and len(found.lines) == 1:
        return RedirectResponse(f"/enterprises/{found.lines[0].code}", 303)
    return page(
        request,
        "places/enterprises.html",
        position=position,
        page=found,
        query=query,
        shapes=SHAPES,
    )


@router.get("/enterprises/{code}")
async def show_enterprise(
    request: Request, here: Here, person: Me, code: str
) -> Response:
    """One enterprise."""
    show = display(request)
    async with here.seen_by(person) as connection:
        known = re.fullmatch(r"[0-9A-Z]{18}", code)
        found = known and await enterprise.view(connection, code, here, show, person)
        position = await journal.horizon(connection)
    if not found:
        raise Problem(404, "places.unknown")
    return page(
        request,
        "places/enterprise.html",
        position=position,
        page=found,
        shapes=SHAPES,
    )


@router.get("/sites/{number}")
async def show_site(request: Request, here: Here, person: Me, number: str) -> Response:
    """One site."""
    show = display(request)
    async with here.seen_by(person) as connection:
        found = await site.view(connection, _number(number), show, person)
        position = await journal.horizon(connection)
    if found is None:
        raise Problem(404, "places.unknown")
    return page(
        request,
        "places/site.html",
        position=position,
        page=found,
        shapes=SHAPES,
        weekdays=site.weekdays(show),
        month_day=partial(site.month_day, show),
        announces=found.left is None and announcing.may(person, found.line),
    )


@router.post("/sites/{number}/maintenance")
async def announce(
    request: Request,
    here: Here,
    person: Me,
    number: str,
    wish: Annotated[Wish, Form()],
) -> Response:
    """Announce a maintenance window."""
    async with here.seen_by(person) as connection:
        line = await places.site(connection, _number(number))
    if line is None:
        raise Problem(404, "places.unknown")
    if not announcing.may(person, line):
        raise Problem(403, "error.role")
    text = await announcing.announce(here, person, line, wish, display(request))
    return done(request, text, f"/sites/{line.id}#maintenance")


def _number(text: str) -> int:
    """The number of a site in an address. Raises Problem 404 for what is none."""
    if not re.fullmatch(r"[1-9][0-9]{0,9}", text) or int(text) >= 2**31:
        raise Problem(404, "places.unknown")
    return int(text)
