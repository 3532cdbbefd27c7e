"""One alert: all that explains it, and what can be done."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from alerting.life.forms import FORMS
from dashboard.api.fields import Here, T
from dashboard.display import Display
from dashboard.forms import done
from dashboard.house import display
from dashboard.identity import Me, me
from dashboard.pages.one_alert import view
from dashboard.pages.one_alert.export import export
from dashboard.parts.commands import giving
from dashboard.problems import Problem
from dashboard.render import page
from domain.people import Person
from storage import alert_details
from storage.unit import Connection

router = APIRouter(dependencies=[Depends(me)])


@router.get("/alerts/{alert}")
async def show_alert(request: Request, here: Here, person: Me, alert: int) -> Response:
    """The page."""
    show = display(request)
    async with here.seen_by(person) as connection:
        content = await _read(connection, alert, person, show)
    return page(
        request,
        "one_alert/one_alert.html",
        position=content.position,
        page=content,
        exported=False,
        forms=FORMS,
        shelving=giving.shelving(show),
    )


@router.get("/alerts/{alert}/export")
async def export_alert(
    request: Request, here: Here, person: Me, alert: int
) -> Response:
    """The same as a file."""
    show = display(request)
    async with here.seen_by(person) as connection:
        content = await _read(connection, alert, person, show, exported=True)
        seals = await alert_details.seals(connection, alert)
        intakes = await alert_details.intakes(connection, alert)
    return export(content, seals=seals, intakes=intakes, person=person, show=show)


@router.post("/alerts/{alert}/commands")
async def command_alert(
    request: Request,
    here: Here,
    person: Me,
    t: T,
    alert: int,
    filled: Annotated[giving.Filled, Form()],
) -> Response:
    """Do what a form of parts/commands asks for, and say what came of it."""
    command = filled.command(alert, here.clock.now(), t)
    text = await giving.give(here, person, command, t)
    return done(request, text, f"/alerts/{alert}")


async def _read(
    connection: Connection,
    alert: int,
    person: Person,
    show: Display,
    *,
    exported: bool = False,
) -> view.Page:
    try:
        return await view.read(connection, alert, person, show, exported=exported)
    except LookupError as error:
        raise Problem(404) from error
