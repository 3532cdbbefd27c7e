"""One's own settings: who one is, password, tokens, and how one is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import JSONResponse, Response

from dashboard.api.fields import Here
from dashboard.forms import clean, done
from dashboard.house import display, texts
from dashboard.identity import Me, credential, me
from dashboard.pages.sign_in.routes import ours
from dashboard.parts.telling import who, wishes
from dashboard.passwords import LONGEST, SHORTEST
from dashboard.people import change_own_password, changing
from dashboard.problems import Problem, wants_page
from dashboard.render import page
from storage import places, sessions, tokens

router = APIRouter(dependencies=[Depends(me)])
Secret = Annotated[str, Form(max_length=LONGEST)]


@router.get("/settings")
async def show_settings(request: Request, here: Here, person: Me) -> Response:
    """The page."""
    show = display(request)
    async with here.seen_by(person) as connection:
        names = await places.names(connection, [person.enterprise or 0])
        told = await wishes.told(connection, person, show)
        found = await tokens.listed(connection, person)
    real_now = here.real_now()
    return page(
        request,
        "settings/settings.html",
        place=who.place(person, names, show),
        told=told,
        tokens=[
            one
            for one in reversed(found)
            if one.revoked_at is None and one.expires_at > real_now
        ],
        shortest=SHORTEST,
        longest=LONGEST,
        label=tokens.LABEL,
        usual=tokens.USUAL.days,
        most=tokens.LONGEST.days,
    )


@router.post("/settings/password", dependencies=[Depends(ours)])
async def change_password(
    request: Request,
    here: Here,
    person: Me,
    old: Secret,
    password: Secret,
    again: Secret,
) -> Response:
    """Change one's own password with the present one."""
    if password != again:
        raise Problem(400, "settings.password.differ")
    await change_own_password(request, here, person, old=old, new=password)
    return done(request, texts(request)("settings.password.done"), "/settings")


@router.post("/settings/tokens")
async def issue_token(
    request: Request,
    here: Here,
    person: Me,
    label: Annotated[str, Form()],
    days: Annotated[int, Form(ge=1, le=tokens.LONGEST.days)] = tokens.USUAL.days,
) -> Response:
    """A new token, shown this once."""
    async with changing(here) as unit:
        secret = await tokens.issue(
            unit,
            person,
            clean(label),
            by=person.name,
            real_now=here.real_now(),
            lifetime=timedelta(days=days),
        )
    said = texts(request)("settings.token.made")
    if not wants_page(request):
        return JSONResponse({"text": f"{said} {secret}"})
    return page(request, "users/once.html", said=said, secret=secret, back="/settings")


@router.post("/settings/tokens/revoke")
async def revoke_token(
    request: Request,
    here: Here,
    person: Me,
    number: Annotated[int, Form(ge=1, lt=2**31)],
) -> Response:
    """End one's own token."""
    async with changing(here) as unit:
        await tokens.revoke(
            unit, person, number, by=person.name, real_now=here.real_now()
        )
    return done(request, texts(request)("settings.token.revoked"), "/settings")


@router.post("/settings/sign-out-others")
async def sign_out_others(request: Request, here: Here, person: Me) -> Response:
    """End all of one's sessions but this one."""
    async with here.connection() as connection:
        ended = await sessions.end_others(
            connection, person.id, credential(request, here)
        )
    return done(
        request, texts(request)("settings.sessions.ended", n=ended), "/settings"
    )
