"""`/people/me/password`: a password of one's own, for whoever knows the present one."""

from __future__ import annotations

from math import ceil
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from dashboard.api.fields import Asked, Here, Printable
from dashboard.api.models import ProblemDocument
from dashboard.api.users import Password, changing, hashed
from dashboard.identity import Me, credential
from dashboard.pages.sign_in.routes import attempt, client
from dashboard.passwords import LONGEST
from dashboard.problems import Problem
from storage import people, sign_ins

router = APIRouter(tags=["people"])


class OwnPassword(Asked):
    """The present password, and the one to come."""

    old: Annotated[str, Field(max_length=LONGEST), Printable]
    password: Password


@router.post(
    "/people/me/password",
    status_code=204,
    responses={
        403: {"model": ProblemDocument, "description": "The old password is wrong."},
        429: {"model": ProblemDocument, "description": "Throttled as signing in is."},
    },
)
async def change_my_password(
    request: Request, here: Here, person: Me, asked: OwnPassword
) -> None:
    """Change it, which ends all your other sessions. Tokens go on: revoke them."""
    who, wait = await attempt(here, person.name, client(request))
    if wait is not None:
        raise Problem(429, "sign-in.429", seconds=ceil(wait.total_seconds()))
    verdict = await here.passwords.compare(who and who.password, asked.old)
    if not verdict.right:
        raise Problem(403, "problem.password", kind="password")
    async with here.connection() as connection:
        await sign_ins.succeeded(connection, person.name, client(request))
    new = await hashed(here, asked.password, person.name)
    keep = credential(request, here)
    async with changing(here) as unit:
        await people.set_password(unit, person.name, new, by=person.name, keep=keep)
