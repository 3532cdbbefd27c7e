"""The live page, and the commands that it sends."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final
from uuid import uuid4

from fastapi import APIRouter, Depends, Form, Request
from fastapi import Query as QueryField
from starlette.responses import Response

from alerting.life.forms import Command
from alerting.life.permissions import MAY
from dashboard.forms import clean, done
from dashboard.house import House, house, texts
from dashboard.identity import Me, me
from dashboard.pages.live import view
from dashboard.problems import Problem
from dashboard.render import page
from dashboard.texts import Texts
from domain.errors import CommandError, InputError, Unavailable
from domain.people import Person, Role
from storage import alert_cards, overview
from storage.alert_cards import AlertLine

REASON = 1000
"""Characters."""
FAULTS = {
    "door-open": 20,
    "power-cut": 60,
    "compressor-failing": 180,
    "offline": 30,
    "sensor-stuck": 60,
}
"""Faults that the demo's card offers, with their minutes of domain time."""
INJECTORS: Final = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR})

Here = Annotated[House, Depends(house)]
T = Annotated[Texts, Depends(texts)]

router = APIRouter(dependencies=[Depends(me)])


@router.get("/")
async def live(
    request: Request,
    here: Here,
    t: T,
    person: Me,
    query: Annotated[view.Query, QueryField()],
) -> Response:
    """The whole page, as its address says; it renews itself by asking for it again."""
    points = await here.points.get(
        (person.scope, query.q, query.state), partial(view.points, here, person, query)
    )
    faulty = []
    async with here.seen_by(person) as connection:
        try:
            content = await view.read(connection, query, points, here.display(t))
        except LookupError as error:
            raise Problem(404) from error
        if may_inject(here, person):
            faulty = await overview.devices(connection)
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
        may_acknowledge="acknowledge" in MAY[person.role],
        reason_length=REASON,
    )


@router.post("/alerts/{alert}/acknowledge")
async def acknowledge(
    request: Request,
    here: Here,
    t: T,
    person: Me,
    alert: int,
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Acknowledge as who asks. 409 where the alert's state does not allow it."""
    reason = clean(reason)
    if len(reason) > REASON:
        raise Problem(400, "acknowledge.long-reason", n=REASON)
    line = await _seen(here, person, alert)
    if "acknowledge" not in MAY[person.role]:
        raise Problem(403, "error.role")
    command = Command(
        id=uuid4(), alert=alert, name="acknowledge", reason=reason or None
    )
    try:
        async with here.connection() as connection:
            await here.carry_out(connection, person, command, here.clock.now())
    except CommandError as error:
        line = await _seen(here, person, alert)
        raise _not_possible(line, t) from error
    text = t("acknowledge.done", id=alert, name=person.full_name)
    return done(request, text, f"/?alert={alert}")


async def _seen(here: House, person: Person, alert: int) -> AlertLine:
    """The alert, if `person` may know of it. Raises Problem 404."""
    async with here.seen_by(person) as connection:
        lines = await alert_cards.alerts(connection, [alert])
    if not lines:
        raise Problem(404)
    return lines[0]


def _not_possible(line: AlertLine, t: Texts) -> Problem:
    """Says the state that the alert is in now."""
    state = t(f"alert-state.{view.state(line)}")
    return Problem(409, "acknowledge.not-possible", id=line.id, state=state)


@router.post("/demo/faults")
async def inject(
    request: Request,
    here: Here,
    t: T,
    person: Me,
    device: Annotated[str, Form()],
    fault: Annotated[str, Form()],
) -> Response:
    """Demo only: let a simulated device fail."""
    if here.inject_fault is None:
        raise Problem(404)
    if person.role not in INJECTORS:
        raise Problem(403, "error.role")
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


def may_inject(here: House, person: Person) -> bool:
    """Whether the demo's card of faults is for this person."""
    return here.inject_fault is not None and person.role in INJECTORS
