"""Changes of people, for the pages and the API alike: who may, and what is wrong with one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from math import ceil
from typing import Annotated, Any

from fastapi import Depends, Request
from psycopg import Rollback

from dashboard.house import House
from dashboard.identity import Me, credential
from dashboard.pages.sign_in.routes import attempt, client
from dashboard.passwords import checked
from dashboard.problems import Problem
from domain.errors import InputError
from domain.people import EVERYTHING, Person, Role
from storage import people, sign_ins
from storage.scope import enter
from storage.unit import PEOPLE, Connection, Unit, unit_of_work


def administrator(person: Me) -> Person:
    """Who asks, an administrator. Raises Problem 403."""
    if person.role is not Role.ADMINISTRATOR:
        raise Problem(403, "problem.administrator")
    return person


Administrator = Annotated[Person, Depends(administrator)]


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


async def known(connection: Connection, name: str) -> Person:
    """The person called so. Raises Problem 404."""
    found = await people.by_name(connection, name)
    if found is None:
        raise Problem(404)
    return found


async def numbered(unit: Unit, fields: dict[str, Any]) -> dict[str, Any]:
    """`fields` of a person, an enterprise's code in them replaced by its number."""
    code = fields.get("enterprise")
    if code is None:
        return fields
    return fields | {"enterprise": await people.enterprise(unit.connection, code)}


async def add(
    here: House, fields: dict[str, Any], password: str | None, *, by: str
) -> Person:
    """Add a person of these `fields`; without a password one who is told, and no more."""
    secret = password and await hashed(here, password, fields["name"])
    async with changing(here) as unit:
        new = Person(id=0, **await numbered(unit, fields))
        new = replace(new, role=Role(new.role))
        return await people.add(unit, new, password=secret, by=by)


async def change(here: House, name: str, fields: dict[str, Any], *, by: str) -> None:
    """Change what `fields` has of a person; `disabled` is a change of its own."""
    disabled = fields.pop("disabled", None)
    if fields:
        async with changing(here) as unit:
            found = await known(unit.connection, name)
            after = replace(found, **await numbered(unit, fields))
            await people.change(unit, replace(after, role=Role(after.role)), by=by)
    if disabled is not None:
        await _set_disabled(here, name, disabled=disabled, by=by)


async def _set_disabled(here: House, name: str, *, disabled: bool, by: str) -> None:
    """In a unit of its own, for a unit tells of one event; what is so already stays."""
    async with changing(here) as unit:
        if (await known(unit.connection, name)).disabled == disabled:
            raise Rollback
        if disabled:
            await people.disable(unit, name, by=by, real_now=here.real_now())
        else:
            await people.enable(unit, name, by=by)


async def set_password(here: House, name: str, password: str, *, by: str) -> None:
    """Set a password, which ends all sessions of that name."""
    secret = await hashed(here, password, name)
    async with changing(here) as unit:
        await known(unit.connection, name)
        await people.set_password(unit, name, secret, by=by)


async def change_own_password(
    request: Request, here: House, person: Person, *, old: str, new: str
) -> None:
    """Change it for whoever knows the present one; all their other sessions end.

    Raises Problem 429 as signing in does, 403 for a wrong `old`, 400 for a `new` that cannot be.
    """
    who, wait = await attempt(here, person.name, client(request))
    if wait is not None:
        raise Problem(429, "sign-in.429", seconds=ceil(wait.total_seconds()))
    verdict = await here.passwords.compare(who and who.password, old)
    if not verdict.right:
        raise Problem(403, "problem.password", kind="password")
    async with here.connection() as connection:
        await sign_ins.succeeded(connection, person.name, client(request))
    secret = await hashed(here, new, person.name)
    keep = credential(request, here)
    async with changing(here) as unit:
        await people.set_password(unit, person.name, secret, by=person.name, keep=keep)


async def hashed(here: House, password: str, name: str) -> str:
    """What is stored of a new password. Raises Problem 400 for one that cannot be."""
    try:
        return await here.passwords.hashed(checked(password, name))
    except InputError as error:
        raise Problem(400, "problem.input", why=error) from error
