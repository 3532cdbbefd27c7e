"""`/people/me`, and `/users` for administrators."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import Field, StringConstraints

from alerting.permissions import MAY
from dashboard.api.fields import Asked, Code, Here, Printable
from dashboard.api.models import Enterprise, Model, ProblemDocument, enterprise
from dashboard.identity import Me
from dashboard.passwords import LONGEST, checked
from dashboard.problems import Problem
from domain.errors import InputError
from domain.people import FULL_NAME, Person, Role
from storage import people, places
from storage.unit import PEOPLE, Connection, Unit, unit_of_work

router = APIRouter(tags=["people"])

RoleName = Literal["administrator", "supervisor", "enterprise", "auditor"]
Language = Literal["zh", "en"]
FullName = Annotated[str, Field(min_length=1, max_length=FULL_NAME), Printable]
Region = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
Password = Annotated[str, Field(max_length=LONGEST), Printable]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{1,39}$")]
UserName = Annotated[Name, Path(examples=["wangfang"])]
EXAMPLE = {
    "supervisor": {
        "value": {
            "name": "wangfang",
            "full_name": "王芳",
            "role": "supervisor",
            "region": "330100",
            "language": "zh",
            "password": "correct horse battery",
        }
    }
}


def administrator(person: Me) -> Person:
    """Who asks, an administrator. Raises Problem 403."""
    if person.role is not Role.ADMINISTRATOR:
        raise Problem(403, "problem.administrator")
    return person


Administrator = Annotated[Person, Depends(administrator)]
RESPONSES = {403: {"model": ProblemDocument, "description": "For administrators."}}
UNKNOWN = {404: {"model": ProblemDocument, "description": "There is no such user."}}


class User(Model):
    """Somebody who may sign in, or is told."""

    name: str
    full_name: str
    role: RoleName
    region: str | None
    """Of a supervisor, with all below it."""
    enterprise: Enterprise | None
    """Of an enterprise's user."""
    language: Language
    disabled: bool


class Myself(User):
    """You."""

    commands: list[str]
    """To alerts, that your role may give."""


class NewUser(Asked):
    """Somebody new."""

    name: Name
    full_name: FullName
    role: RoleName
    region: Region | None = None
    enterprise: Annotated[Code | None, Field(description="统一社会信用代码")] = None
    language: Language = "zh"
    password: Annotated[
        Password | None, Field(description="null: is told, cannot sign in")
    ] = None


class Changes(Asked):
    """What changes of a user; what is left out stays."""

    full_name: FullName | None = None
    role: RoleName | None = None
    region: Region | None = None
    enterprise: Code | None = None
    language: Language | None = None
    disabled: bool | None = None


class NewPassword(Asked):
    """Another password."""

    password: Password


@router.get("/people/me")
async def get_me(here: Here, person: Me) -> Myself:
    """Who you are, and what you may do."""
    async with here.seen_by(person) as connection:
        own = await _user(connection, person)
    return Myself(**dict(own), commands=sorted(MAY[person.role]))


@router.get("/users", responses={**RESPONSES})
async def list_users(here: Here, person: Administrator) -> list[User]:
    """Everybody, by name."""
    async with here.seen_by(person) as connection:
        return [
            await _user(connection, one) for one in await people.listed(connection)
        ]


@router.post(
    "/users",
    status_code=201,
    responses={**RESPONSES},
    openapi_extra={"requestBody": {"content": {"application/json": {"examples": EXAMPLE}}}},
)
async def add_user(here: Here, person: Administrator, asked: NewUser) -> User:
    """Add somebody."""
    now = here.clock.now()
    try:
        hashed = None
        if asked.password is not None:
            hashed = await here.passwords.hashed(checked(asked.password, asked.name))
        async with here.connection() as connection:
            async with people_unit(connection, now) as unit:
                await enter(connection, person.scope)
                new = Person(
                    id=0,
                    name=asked.name,
                    full_name=asked.full_name,
                    role=Role(asked.role),
                    region=asked.region,
                    enterprise=await _number(unit, asked.enterprise),
                    language=asked.language,
                )
                added = await people.add(unit, new, password=hashed, by=person.name)
                return await _user(connection, added)
    except InputError as error:
        raise Problem(400, "problem.input", why=error) from error
