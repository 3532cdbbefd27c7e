"""The inbox: open alerts, worked by keyboard; commands to several; hand-overs of shifts."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi import Query as QueryField
from starlette.responses import JSONResponse, Response

from alerting.life.permissions import MAY
from dashboard.api.fields import Here
from dashboard.display import Display
from dashboard.forms import done
from dashboard.house import display
from dashboard.identity import Me, me
from dashboard.pages.inbox import several, view
from dashboard.parts.commands import giving
from dashboard.problems import Problem
from dashboard.render import page
from domain.characters import printable
from domain.people import Role
from storage import handovers, inbox
from storage.scope import enter
from storage.unit import PEOPLE, unit_of_work

NOTE: Final = 2000
"""Characters."""

Show = Annotated[Display, Depends(display)]
router = APIRouter(dependencies=[Depends(me)])


@router.get("/alerts")
async def show_inbox(
    request: Request,
    here: Here,
    show: Show,
    person: Me,
    query: Annotated[view.Query, QueryField()],
) -> Response:
    """The page, as its address says; it renews itself by asking for it again."""
    async with here.seen_by(person) as connection:
        content = await view.read(connection, query, person, show)
    return page(
        request,
        "inbox/inbox.html",
        position=content.position,
        page=content,
        query=query,
        views=view.VIEWS,
        many=inbox.MANY,
        at_once=view.ROWS,
        may_work="acknowledge" in MAY[person.role],
        hands_over=person.role is Role.SUPERVISOR,
        reads_notes=person.role is not Role.ENTERPRISE,
        shelving=giving.shelving(show),
        note_length=NOTE,
    )


@router.get("/alerts/ringing")
async def ringing(here: Here, person: Me) -> Response:
    """What every open page rings for: critical alerts that nobody has acknowledged."""
    async with here.seen_by(person) as connection:
        found = await inbox.ringing(connection)
    newest = found.newest and round(found.newest.timestamp() * 1000)
    content = {"unacknowledged": found.unacknowledged, "newest": newest}
    return JSONResponse(content, headers={"Cache-Control": "no-store"})


@router.post("/alerts/commands")
async def command_several(
    request: Request,
    here: Here,
    show: Show,
    person: Me,
    asked: Annotated[several.Asked, Form()],
) -> Response:
    """Acknowledge or shelve the alerts that are chosen, or only one.

    409 where some could not be: the text says how many were done, which not, and why.
    """
    if asked.command not in MAY[person.role]:
        raise Problem(403, "error.role")
    alerts = several.chosen([asked.only] if asked.only else asked.alert)
    now = here.clock.now()
    results = await several.carry_out(here, person, alerts, asked.form(now), now)
    text = several.told(show.texts, asked.command, results)
    if results.refused:
        raise Problem(409, "inbox.told", what=text)
    return done(request, text, f"/alerts?{request.url.query}")


@router.post("/alerts/handover")
async def hand_over(
    request: Request,
    here: Here,
    show: Show,
    person: Me,
    note: Annotated[str, Form()] = "",
    last: Annotated[int, Form()] = 0,
) -> Response:
    """End a shift. `last` is the hand-over that the person has seen (0: none).

    409 where there is a newer one: somebody else was faster, or the form came twice.
    """
    if person.role is not Role.SUPERVISOR:
        raise Problem(403, "error.role")
    note = noted(note)
    async with (
        here.connection() as connection,
        unit_of_work(
            connection, share=PEOPLE, kind="command", arrived=here.clock.now()
        ) as unit,
    ):
        await enter(connection, person.scope)
        area = person.scope.low
        for newer in await handovers.newest(connection, area=area, limit=1):
            if newer.intake != last:
                time = show.time(newer.at)
                raise Problem(409, "inbox.newer", name=_author(newer), time=time)
        await handovers.add(unit, author=person.name, area=area, note=note)
    return done(request, show.texts("inbox.handed-over"), "/alerts")


def noted(text: str) -> str:
    """A note as it is kept. Raises Problem 400 for what cannot be shown or stored."""
    text = text.replace("\r\n", "\n").strip()
    if not all(map(printable, text)):
        raise Problem(400, "form.unprintable")
    if len(text) > NOTE:
        raise Problem(400, "form.long", n=NOTE)
    return text


def _author(one: handovers.Handover) -> str:
    return one.full_name or one.author
