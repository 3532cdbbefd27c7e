"""`/people/me/password`: a password of one's own, for whoever knows the present one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import Field

from dashboard.api.fields import Asked, Here, Printable
from dashboard.api.models import ProblemDocument
from dashboard.api.users import Password
from dashboard.identity import Me
from dashboard.passwords import LONGEST
from dashboard.people import change_own_password

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
    await change_own_password(request, here, person, old=asked.old, new=asked.password)
