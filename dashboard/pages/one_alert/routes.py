"""One alert: all that explains it, and what can be done."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from dashboard.api.fields import AlertId, Here, T
from dashboard.forms import done
from dashboard.identity import Me, me
from dashboard.parts.commands import giving
from dashboard.render import page

router = APIRouter(dependencies=[Depends(me)])


@router.get("/alerts/{alert}")
async def show_alert(request: Request, alert: int) -> Response:
    """The page."""
    return page(request, "one_alert/one_alert.html")


@router.post("/alerts/{alert}/commands")
async def command_alert(
    request: Request,
    here: Here,
    person: Me,
    t: T,
    alert: AlertId,
    filled: Annotated[giving.Filled, Form()],
) -> Response:
    """Do what a form of parts/commands asks for, and say what came of it."""
    command = filled.command(alert, here.clock.now(), t)
    text = await giving.give(here, person, command, t)
    return done(request, text, f"/alerts/{alert}")
