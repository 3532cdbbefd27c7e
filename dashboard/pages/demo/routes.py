"""The demo's page: let simulated equipment fail."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import Response

from dashboard.api.fields import Here, T
from dashboard.forms import done
from dashboard.house import House, InjectFault
from dashboard.identity import Me, me
from dashboard.navigation import DEMO
from dashboard.problems import Problem
from dashboard.render import page
from domain.errors import InputError, Unavailable
from domain.people import Person
from storage import overview

FAULTS: Final = {
    "door-open": 20,
    "power-cut": 60,
    "compressor-failing": 180,
    "offline": 30,
    "sensor-stuck": 60,
}
"""What can be injected, with its minutes of domain time."""
router = APIRouter(dependencies=[Depends(me)])


@router.get("/demo")
async def show_demo(request: Request, here: Here, person: Me) -> Response:
    """The page; only of a demo, and for those who may."""
    _injector(here, person)
    async with here.seen_by(person) as connection:
        devices = await overview.devices(connection)
    return page(request, "demo/demo.html", devices=devices, faults=FAULTS)


@router.post("/demo/faults")
async def inject(
    request: Request,
    here: Here,
    t: T,
    person: Me,
    device: Annotated[str, Form()],
    fault: Annotated[str, Form()],
) -> Response:
    """Let a simulated device fail."""
    inject_fault = _injector(here, person)
    if fault not in FAULTS:
        raise Problem(400, "demo.unknown")
    async with here.seen_by(person) as connection:
        known = {one.key for one in await overview.devices(connection)}
    if device not in known:
        raise Problem(404)
    minutes = FAULTS[fault]
    try:
        await inject_fault(device, fault, minutes)
    except InputError as error:
        raise Problem(400, "demo.refused", why=error) from error
    except Unavailable as error:
        raise Problem(503, "demo.unavailable") from error
    words = t(f"fault.{fault}")
    text = t("demo.done", device=device, fault=words, minutes=minutes)
    return done(request, text, DEMO.path)


def _injector(here: House, person: Person) -> InjectFault:
    """What injects faults. Raises Problem 404 where this is no demo, 403 for who may not."""
    if here.inject_fault is None:
        raise Problem(404)
    if person.role not in DEMO.roles:
        raise Problem(403, "error.role")
    return here.inject_fault
