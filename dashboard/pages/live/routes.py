"""The live page, its chart, and the commands that it sends."""

from __future__ import annotations

import unicodedata
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi import Query as QueryField
from pydantic import AfterValidator, AwareDatetime
from starlette.responses import JSONResponse, RedirectResponse, Response

from dashboard.assets import PLOTLY
from dashboard.house import House, house, texts
from dashboard.pages.live import chart, view
from dashboard.problems import Problem, wants_page
from dashboard.render import page
from dashboard.security import same_origin
from dashboard.texts import Texts
from domain.errors import CommandError, InputError, Unavailable
from storage import alert_cards, charts, overview
from storage.unit import Connection

NAME = 80
"""Characters of a person's name at most."""
REASON = 1000
EARLIEST = 2000
"""Year."""
FAULTS = {
    "door-open": 20,
    "power-cut": 60,
    "compressor-failing": 180,
    "offline": 30,
    "sensor-stuck": 60,
}
"""Faults that the demo's card offers, with their minutes of domain time."""

Here = Annotated[House, Depends(house)]
T = Annotated[Texts, Depends(texts)]


def in_our_time(time: AwareDatetime | None) -> AwareDatetime | None:
    """Refuse a time that nothing was measured at, and that cannot be reckoned with."""
    if time is not None and time.year < EARLIEST:
        raise ValueError(f"nothing was measured before {EARLIEST}")
    return time


Until = Annotated[AwareDatetime | None, AfterValidator(in_our_time)]
router = APIRouter()


def ours(request: Request) -> None:
    """Refuse a command from another site."""
    if not same_origin(request.headers):
        raise Problem(403)


Command = Depends(ours)


@router.get("/")
async def live(
    request: Request, here: Here, t: T, query: Annotated[view.Query, QueryField()]
) -> Response:
    """The whole page, as its address says; it renews itself by asking for it again."""
    points = await here.points.get(
        (query.q, query.state), partial(view.points, here, query)
    )
    async with here.connection() as connection:
        try:
            content = await view.read(connection, query, points, here.display(t))
        except LookupError as error:
            raise Problem(404) from error
        faulty = await overview.devices(connection) if here.inject_fault else []
    return page(
        request,
        "live/live.html",
        position=content.position,
        page=content,
        query=query,
        hours=view.HOURS,
        open_at_most=view.OPEN,
        devices=faulty,
        faults=FAULTS,
        name_length=NAME,
        reason_length=REASON,
        plotly=PLOTLY,
    )


@router.get("/points/{point}/series")
async def series(
    here: Here, t: T, point: int, hours: int = 6, until: Until = None
) -> Response:
    """The curve of `hours` before `until` (RFC 3339; now), at most 1,800 points."""
    if not 1 <= hours <= chart.LONGEST:
        raise Problem(400, "error.range", n=chart.LONGEST)
    show = here.display(t)
    async with here.connection() as connection:
        name = await charts.point(connection, point)
        if name is None:
            raise Problem(404)
        content = await chart.read(
            connection,
            name,
            until=min(until or show.now, show.now),
            hours=hours,
            show=show,
        )
    return JSONResponse(content, headers={"Cache-Control": "no-store"})


@router.post("/alerts/{alert}/acknowledge", dependencies=[Command])
async def acknowledge(
    request: Request,
    here: Here,
    t: T,
    alert: int,
    actor: Annotated[str, Form()] = "",
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Acknowledge in the name of `actor`. 409 where the alert's state does not allow it."""
    actor = clean(actor)
    reason = clean(reason)
    if not 1 <= len(actor) <= NAME:
        raise Problem(400, "acknowledge.no-name", n=NAME)
    if len(reason) > REASON:
        raise Problem(400, "acknowledge.long-reason", n=REASON)
    async with here.connection() as connection:
        if not await alert_cards.alerts(connection, [alert]):
            raise Problem(404)
        try:
            now = here.clock.now()
            await here.acknowledge(connection, alert, actor, reason or None, now)
        except CommandError as error:
            raise await _not_possible(connection, alert, t) from error
    return done(
        request, t("acknowledge.done", id=alert, name=actor), f"/?alert={alert}"
    )


async def _not_possible(connection: Connection, alert: int, t: Texts) -> Problem:
    """Says the state that the alert is in now."""
    line = (await alert_cards.alerts(connection, [alert]))[0]
    state = t(f"alert-state.{view.state(line)}")
    return Problem(409, "acknowledge.not-possible", id=alert, state=state)


@router.post("/demo/faults", dependencies=[Command])
async def inject(
    request: Request,
    here: Here,
    t: T,
    device: Annotated[str, Form()],
    fault: Annotated[str, Form()],
) -> Response:
    """Demo only: let a simulated device fail."""
    if here.inject_fault is None:
        raise Problem(404)
    if fault not in FAULTS:
        raise Problem(400, "demo.unknown")
    try:
        await here.inject_fault(device, fault, FAULTS[fault])
    except (InputError, Unavailable) as error:
        status = 400 if isinstance(error, InputError) else 503
        raise Problem(status, "demo.refused", why=error) from error
    words = t(f"fault.{fault}")
    return done(
        request, t("demo.done", device=device, fault=words, minutes=FAULTS[fault]), "/"
    )


def clean(text: str) -> str:
    """One line of printable text. Raises Problem 400 for what cannot be shown or stored."""
    line = " ".join(text.split())
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in line):
        raise Problem(400, "acknowledge.unprintable")
    return line


def done(request: Request, text: str, back: str) -> Response:
    """What came of a command: a page again, or its text for a script."""
    if wants_page(request):
        return RedirectResponse(back, 303)
    return JSONResponse({"text": text})
