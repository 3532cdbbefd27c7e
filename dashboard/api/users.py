"""`/people/me`, and `/users` for administrators."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from psycopg import Rollback
from pydantic import Field, StringConstraints

from alerting.life.permissions import MAY
from dashboard.api.fields import Asked, Code, Here, Printable
from dashboard.api.models import Enterprise, Model, ProblemDocument, enterprise
from dashboard.house import House
from dashboard.identity import Me
from dashboard.passwords import LONGEST, checked
from dashboard.problems import Problem
from domain.errors import InputError
from domain.people import EVERYTHING, FULL_NAME, Person, Role
from storage import people, places
from storage.scope import enter
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
    secret = asked.password and await hashed(here, asked.password, asked.name)
    async with changing(here) as unit:
        new = Person(
            id=0,
            name=asked.name,
            full_name=asked.full_name,
            role=Role(asked.role),
            region=asked.region,
            enterprise=await _number(unit, asked.enterprise),
            language=asked.language,
        )
        added = await people.add(unit, new, password=secret, by=person.name)
        (user,) = await _users(unit.connection, [added])
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
    disabled = given.pop("disabled", None)
    if given:
        async with changing(here) as unit:
            found = await _known(unit.connection, name)
            if "enterprise" in given:
                given["enterprise"] = await _number(unit, given["enterprise"])
            role = Role(given.pop("role", found.role))
            await people.change(
                unit, replace(found, **given, role=role), by=person.name
            )
    if disabled is not None:
        await _set_disabled(here, name, disabled=disabled, by=person.name)
    async with here.seen_by(person) as connection:
        (user,) = await _users(connection, [await _known(connection, name)])
    return user


@router.post(
    "/users/{name}/password", status_code=204, responses={**RESPONSES, **UNKNOWN}
)
async def set_user_password(
    here: Here, person: Administrator, name: UserName, asked: NewPassword
) -> None:
    """Set a password, which ends all sessions."""
    secret = await hashed(here, asked.password, name)
    async with changing(here) as unit:
        await _known(unit.connection, name)
        await people.set_password(unit, name, secret, by=person.name)


@asynccontextmanager
async def changing(here: House) -> AsyncIterator[Unit]:
    """A unit of work on people. What is wrong with what was given is a Problem 400."""
    try:
        async with (
            here.connection() as connection,
            unit_of_work(
                connection, share=PEOPLE, kind="command", arrived=here.clock.now()
            ) as unit,
        ):
            await enter(connection, EVERYTHING)
            yield unit
    except InputError as error:
        raise Problem(400, "problem.input", why=error) from error


async def _set_disabled(here: House, name: str, *, disabled: bool, by: str) -> None:
    """In a unit of its own, for a unit tells of one event; what is so already stays."""
    async with changing(here) as unit:
        if (await _known(unit.connection, name)).disabled == disabled:
            raise Rollback
        if disabled:
            await people.disable(unit, name, by=by, real_now=here.real_now())
        else:
            await people.enable(unit, name, by=by)


async def _known(connection: Connection, name: str) -> Person:
    found = await people.by_name(connection, name)
    if found is None:
        raise Problem(404)
    return found


async def hashed(here: House, password: str, name: str) -> str:
    """What is stored of a new password. Raises Problem 400 for one that cannot be."""
    try:
        return await here.passwords.hashed(checked(password, name))
    except InputError as error:
        raise Problem(400, "problem.input", why=error) from error


async def _number(unit: Unit, code: str | None) -> int | None:
    """The number of an enterprise, None of none."""
    return None if code is None else await people.enterprise(unit.connection, code)


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
