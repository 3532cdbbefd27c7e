"""`/tokens`: what programs sign in with in your name."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from dashboard.api.fields import Asked, Here, Printable, ThingId
from dashboard.api.models import Model, ProblemDocument
from dashboard.identity import Me
from dashboard.people import changing
from dashboard.problems import Problem
from storage import tokens
from storage.tokens import LABEL, LONGEST, USUAL

router = APIRouter(prefix="/tokens", tags=["people"])


class Token(Model):
    """A token, without its secret."""

    id: int
    label: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class Issued(Model):
    """A new token."""

    token: str
    """Shown this once: keep it."""


class NewToken(Asked):
    """A token for a program."""

    label: Annotated[
        str,
        Field(min_length=1, max_length=LABEL, description="what for"),
        Printable,
    ]
    days: Annotated[int, Field(ge=1, le=LONGEST.days)] = USUAL.days


@router.get("")
async def list_tokens(here: Here, person: Me) -> list[Token]:
    """All that you ever had."""
    async with here.connection() as connection:
        found = await tokens.listed(connection, person)
    return [Token.model_validate(one, from_attributes=True) for one in found]


@router.post("", status_code=201)
async def issue_token(here: Here, person: Me, asked: NewToken) -> Issued:
    """A new one, in your name: it may do what you may."""
    async with changing(here) as unit:
        secret = await tokens.issue(
            unit,
            person,
            asked.label,
            by=person.name,
            real_now=here.real_now(),
            lifetime=timedelta(days=asked.days),
        )
    return Issued(token=secret)


@router.delete(
    "/{token}",
    status_code=204,
    responses={404: {"model": ProblemDocument, "description": "Not yours, or over."}},
)
async def revoke_token(here: Here, person: Me, token: ThingId) -> None:
    """End one of yours."""
    try:
        async with changing(here) as unit:
            await tokens.revoke(
                unit, person, token, by=person.name, real_now=here.real_now()
            )
    except Problem as error:
        raise Problem(404) from error
