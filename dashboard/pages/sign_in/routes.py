"""Signing in by name and password, and signing out.

The order is part of the design (docs/adr/0010): whose page, how often, which password. An
unknown name, a disabled one and a wrong password cost the same and are answered the same.
"""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from dashboard.house import House, house, texts
from dashboard.passwords import LONGEST
from dashboard.problems import Problem, answer, wants_page
from dashboard.render import page
from dashboard.security import local, same_origin
from domain.addresses import client_network, is_loopback
from domain.documents import storable
from storage import people, sessions, sign_ins
from storage.people import Credentials

NAME: Final = 40
"""Characters of a name that are looked at."""
WRONG: Final = 401
TOO_MANY: Final = 429

Here = Annotated[House, Depends(house)]
router = APIRouter(include_in_schema=False)


def ours(request: Request, here: Here) -> None:
    """Refuse a form of another site, and a password on a wire that others can read."""
    if not same_origin(request.headers):
        raise Problem(403)
    if not (here.secure or is_loopback(request.url.hostname)):
        raise Problem(400, "sign-in.insecure")


@router.get("/sign-in")
async def ask(request: Request, next: str = "/") -> Response:  # noqa: A002
    """The form."""
    return form(request, name="", next_=local(next))


@router.post("/sign-in", dependencies=[Depends(ours)])
async def sign_in(
    request: Request,
    here: Here,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002
) -> Response:
    """Sign in and go where one wanted to; 401 for a wrong password, 429 for too many."""
    name = storable(name.strip().lower())[:NAME]
    who, wait = await attempt(here, name, client(request))
    if wait is not None:
        seconds = ceil(wait.total_seconds())
        refusal = _refused(request, TOO_MANY, name, next, seconds=seconds)
        refusal.headers["Retry-After"] = str(seconds)
        return refusal
    verdict = await here.passwords.compare(who.password if who else None, password)
    if who is None or not verdict.right:
        return _refused(request, WRONG, name, next)
    old = request.cookies.get(here.cookie)
    async with here.connection() as connection:
        await sign_ins.succeeded(connection, name, client(request))
        if verdict.rehashed:
            await people.rehash(connection, who, verdict.rehashed)
        if old:
            await sessions.end(connection, old)
        secret = await sessions.begin(connection, who.person, here.real_now())
    response = RedirectResponse(local(next), 303)
    response.set_cookie(
        here.cookie,
        secret,
        max_age=int(sessions.LONGEST.total_seconds()),
        path="/",
        secure=here.secure,
        httponly=True,
        samesite="lax",
    )
    return response


@router.post("/sign-out", dependencies=[Depends(ours)])
async def sign_out(request: Request, here: Here) -> Response:
    """End this browser's session."""
    secret = request.cookies.get(here.cookie)
    if secret:
        async with here.connection() as connection:
            await sessions.end(connection, secret)
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(
        here.cookie, path="/", secure=here.secure, httponly=True, samesite="lax"
    )
    return response


async def attempt(
    here: House, name: str, address: str
) -> tuple[Credentials | None, timedelta | None]:
    """Whose password is to be compared, or how long to wait before any is."""
    async with here.connection() as connection:
        wait = await sign_ins.attempt(connection, name, address, here.real_now())
        if wait is not None:
            return None, wait
        return await people.credentials(connection, name), None


def _refused(
    request: Request, status: int, name: str, next_: str, **values: object
) -> Response:
    """The form again, with what was wrong; a program is told in a problem."""
    problem = texts(request)(f"sign-in.{status}", **values)
    if not wants_page(request):
        return answer(request, status, problem)
    return form(request, name=name, next_=local(next_), problem=problem, status=status)


def form(
    request: Request, *, name: str, next_: str, problem: str = "", status: int = 200
) -> Response:
    """The page with the form."""
    return page(
        request,
        "sign_in/sign_in.html",
        status=status,
        name=name,
        next=next_,
        problem=problem,
        longest=LONGEST,
    )


def client(request: Request) -> str:
    """Whose failures these are."""
    return client_network(request.client.host if request.client else "")
