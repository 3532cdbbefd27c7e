"""`/people/me`, and `/users` for administrators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints

from alerting.life.permissions import MAY
from dashboard import people as persons
from dashboard.api.fields import Asked, Code, Here, Printable
from dashboard.api.models import Enterprise, Model, ProblemDocument, enterprise
from dashboard.identity import Me
from dashboard.passwords import LONGEST
from dashboard.people import Administrator
from domain.people import FULL_NAME, Person
from storage import people, places
from storage.unit import Connection

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


PLACES = ("region", "enterprise")
"""What can be taken from a user; of all else null is as nothing given."""
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
        (own,) = await _users(connection, [person])
    return Myself(**dict(own), commands=sorted(MAY[person.role]))


@router.get("/users", responses={**RESPONSES})
async def list_users(here: Here, person: Administrator) -> list[User]:
    """Everybody, by name."""
    async with here.seen_by(person) as connection:
        return await _users(connection, await people.listed(connection))


@router.post(
    "/users",
    status_code=201,
    responses={**RESPONSES},
    openapi_extra={
        "requestBody": {"content": {"application/json": {"examples": EXAMPLE}}}
    },
)
async def add_user(here: Here, person: Administrator, asked: NewUser) -> User:
    """Add somebody."""
    fields = asked.model_dump(exclude={"password"})
    added = await persons.add(here, fields, asked.password, by=person.name)
    async with here.seen_by(person) as connection:
        (user,) = await _users(connection, [added])
    return user


@router.patch("/users/{name}", responses={**RESPONSES, **UNKNOWN})
async def change_user(
    here: Here, person: Administrator, name: UserName, asked: Changes
) -> User:
    """Change what is given; `disabled` ends all sessions and revokes all tokens."""
    given = {
        key: value
        for key, value in asked.model_dump(exclude_unset=True).items()
        if value is not None or key in PLACES
    }
    await persons.change(here, name, given, by=person.name)
    async with here.seen_by(person) as connection:
        (user,) = await _users(connection, [await persons.known(connection, name)])
    return user


@router.post(
    "/users/{name}/password", status_code=204, responses={**RESPONSES, **UNKNOWN}
)
async def set_user_password(
    here: Here, person: Administrator, name: UserName, asked: NewPassword
) -> None:
    """Set a password, which ends all sessions."""
    await persons.set_password(here, name, asked.password, by=person.name)


async def _users(connection: Connection, found: Sequence[Person]) -> list[User]:
    numbers = {one.enterprise for one in found if one.enterprise is not None}
    names = await places.names(connection, numbers)
    return [
        User(
            name=one.name,
            full_name=one.full_name,
            role=one.role.value,
            region=one.region,
            enterprise=enterprise(names[one.enterprise]) if one.enterprise else None,
            language="en" if one.language == "en" else "zh",
            disabled=one.disabled,
        )
        for one in found
    ]
