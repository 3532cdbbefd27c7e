"""Who asks: a person by the session's cookie, or a program by a personal token.

A browser sends the cookie with whatever any site makes it send, so that what changes
something must say that it comes from our own page (docs/adr/0010). A token is sent by nobody
unasked, and needs no such proof.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request

from dashboard.house import House, house
from dashboard.problems import Problem
from dashboard.security import same_origin
from domain.people import Person
from storage import sessions, tokens

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST: Final = 200
"""Characters of a cookie or token that are looked at."""


async def me(request: Request, here: Annotated[House, Depends(house)]) -> Person:
    """Who asks. Raises Problem 401 (a page is led to the sign-in), or 403 for another site's."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    cookie = request.cookies.get(here.cookie)
    if scheme:
        found = await _of_token(here, scheme, token.strip())
    elif cookie:
        if request.method not in SAFE and not same_origin(request.headers):
            raise Problem(403)
        found = await _of_session(here, cookie)
    else:
        found = None
    if found is None:
        raise Problem(401)
    request.state.person = found
    return found


async def _of_session(here: House, secret: str) -> Person | None:
    async with here.connection() as connection:
        return await sessions.holder(connection, secret[:LONGEST], here.real_now())


async def _of_token(here: House, scheme: str, token: str) -> Person | None:
    if scheme.lower() != "bearer" or not token.startswith(tokens.PREFIX):
        return None
    async with here.connection() as connection:
        return await tokens.holder(connection, token[:LONGEST], here.real_now())


Me = Annotated[Person, Depends(me)]
