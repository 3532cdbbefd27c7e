"""Users and channels, for the administrator; everybody else gets 403.

A password is made here, shown once, and nowhere else: neither in an address nor in a log.
"""

from __future__ import annotations

from secrets import token_urlsafe
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi import Path as PathField
from fastapi import Query as QueryField
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from alerting.findings import coverage
from alerting.telling.wishes import STAGES, wished
from dashboard import people as persons
from dashboard.api.fields import Here, Printable
from dashboard.api.users import Language, RoleName
from dashboard.forms import clean, done
from dashboard.house import House, display, texts
from dashboard.pages.users import view
from dashboard.people import Administrator, administrator, changing
from dashboard.problems import Problem, wants_page
from dashboard.render import page
from domain.people import FULL_NAME, Role
from domain.rules import Severity
from storage import contacts, subscriptions

RANDOM: Final = 12
"""Bytes of a password that is made here: 16 characters."""
SEVERITIES: Final = tuple(one.name.lower() for one in Severity)

router = APIRouter(dependencies=[Depends(administrator)])
Name = Annotated[str, PathField(pattern=r"^[a-z][a-z0-9_.-]{1,39}$")]
Text = Annotated[str, Form()]
Search = Annotated[str, QueryField(max_length=100), Printable]


class About(BaseModel):
    """What the form of a person has."""

    full_name: str
    role: RoleName
    language: Language = "zh"
    region: str = ""
    enterprise: str = ""

    @property
    def fields(self) -> dict[str, Any]:
        """As a person has them; what is empty is not there."""
        return {
            "full_name": clean(self.full_name),
            "role": self.role,
            "language": self.language,
            "region": clean(self.region) or None,
            "enterprise": clean(self.enterprise) or None,
        }


class New(About):
    """Somebody new."""

    name: str
    sign_in: str = ""


class Subscription(BaseModel):
    """What somebody is to be told of."""

    channel: str
    severity: str = "minor"
    region: str = ""
    weekdays: str = ""
    hours: str = ""
    stages: list[str] = []


@router.get("/users")
async def show_users(
    request: Request, here: Here, person: Administrator, q: Search = ""
) -> Response:
    """Everybody, and the channels."""
    async with here.seen_by(person) as connection:
        content = await view.read(connection, q, display(request))
    known = {one.channel for one in content.channels}
    return page(
        request,
        "users/users.html",
        position=content.position,
        page=content,
        search=q,
        unused=[one for one in here.channels if one not in known],
        served=here.channels,
        roles=list(Role),
        longest=FULL_NAME,
        few=coverage.PEOPLE,
    )


@router.post("/users")
async def add_user(
    request: Request,
    here: Here,
    person: Administrator,
    new: Annotated[New, Form()],
) -> Response:
    """Add somebody; where they may sign in, with a password that is shown now."""
    fields = new.fields | {"name": clean(new.name).lower()}
    password = token_urlsafe(RANDOM) if new.sign_in else None
    added = await persons.add(here, fields, password, by=person.name)
    said = texts(request)("users.added", name=added.name)
    return _once(request, said, password, f"/users/{added.name}")


@router.get("/users/{name}")
async def show_user(
    request: Request, here: Here, person: Administrator, name: Name
) -> Response:
    """One of them."""
    async with here.seen_by(person) as connection:
        try:
            content = await view.read_one(connection, name, display(request))
        except LookupError as error:
            raise Problem(404) from error
    return page(
        request,
        "users/user.html",
        page=content,
        user=content.line.person,
        at=f"/users/{name}",
        roles=list(Role),
        longest=FULL_NAME,
        channels=here.channels,
        severities=SEVERITIES,
        stages=STAGES,
    )


@router.post("/users/{name}")
async def change_user(
    request: Request,
    here: Here,
    person: Administrator,
    name: Name,
    about: Annotated[About, Form()],
) -> Response:
    """Change what they are called and may see."""
    await persons.change(here, name, about.fields, by=person.name)
    return _changed(request, name)


@router.post("/users/{name}/disabled")
async def disable_user(
    request: Request,
    here: Here,
    person: Administrator,
    name: Name,
    disabled: Annotated[bool, Form()],
) -> Response:
    """Keep somebody out, at once and everywhere; or let them in again."""
    await persons.change(here, name, {"disabled": disabled}, by=person.name)
    return _changed(request, name)


@router.post("/users/{name}/password")
async def set_password(
    request: Request, here: Here, person: Administrator, name: Name
) -> Response:
    """A new password, shown now; all their sessions end."""
    password = token_urlsafe(RANDOM)
    await persons.set_password(here, name, password, by=person.name)
    said = texts(request)("users.password-set", name=name)
    return _once(request, said, password, f"/users/{name}")


@router.post("/users/{name}/contacts")
async def set_contact(
    request: Request,
    here: Here,
    person: Administrator,
    name: Name,
    channel: Text,
    address: Text,
) -> Response:
    """Reach somebody over a channel at this address."""
    async with changing(here) as unit:
        found = await persons.known(unit.connection, name)
        known = _known(here, channel)
        await contacts.put(unit, found, known, address.strip(), person.name)
    return _changed(request, name)


@router.post("/users/{name}/contacts/remove")
async def remove_contact(
    request: Request, here: Here, person: Administrator, name: Name, channel: Text
) -> Response:
    """Reach somebody over a channel no more."""
    async with changing(here) as unit:
        found = await persons.known(unit.connection, name)
        await contacts.remove(unit, found, clean(channel), person.name)
    return _changed(request, name)


@router.post("/users/{name}/subscriptions")
async def subscribe(
    request: Request,
    here: Here,
    person: Administrator,
    name: Name,
    asked: Annotated[Subscription, Form()],
) -> Response:
    """Tell somebody of what happens, over a channel."""
    async with changing(here) as unit:
        found = await persons.known(unit.connection, name)
        wish = wished(
            found,
            _known(here, asked.channel),
            region=clean(asked.region) or None,
            severity=asked.severity,
            stages=asked.stages,
            weekdays=clean(asked.weekdays),
            hours=clean(asked.hours),
        )
        await subscriptions.subscribe(unit, found, wish, person.name)
    return _changed(request, name)


@router.post("/users/{name}/subscriptions/remove")
async def unsubscribe(
    request: Request,
    here: Here,
    person: Administrator,
    name: Name,
    number: Annotated[int, Form(ge=1, lt=2**31)],
) -> Response:
    """Tell somebody of it no more."""
    async with changing(here) as unit:
        found = await persons.known(unit.connection, name)
        await subscriptions.unsubscribe(unit, number, person.name, found)
    return _changed(request, name)


def _known(here: House, channel: str) -> str:
    """`channel`, if people can be told over it. Raises Problem 400."""
    if channel not in here.channels:
        raise Problem(400, "users.no-channel", known=", ".join(here.channels))
    return channel


def _changed(request: Request, name: str) -> Response:
    return done(request, texts(request)("users.changed", name=name), f"/users/{name}")


def _once(request: Request, said: str, password: str | None, back: str) -> Response:
    """A secret that is shown this once: as a page, or to the script of one."""
    if password is None:
        return done(request, said, back)
    if wants_page(request):
        return page(request, "users/once.html", said=said, secret=password, back=back)
    shown = texts(request)("users.once", password=password)
    return JSONResponse({"text": f"{said} {shown}"})
