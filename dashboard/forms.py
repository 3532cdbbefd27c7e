"""What people send by the pages' forms, and what they are told of it."""

from __future__ import annotations

from typing import Final

from fastapi import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from dashboard.problems import Problem, wants_page
from domain.characters import printable

LONGEST: Final = 1000
"""Characters of a text."""


def clean(text: str) -> str:
    """One line of printable text. Raises Problem 400 for what cannot be shown or stored."""
    line = " ".join(text.split())
    if not all(map(printable, line)):
        raise Problem(400, "form.unprintable")
    if len(line) > LONGEST:
        raise Problem(400, "form.long", n=LONGEST)
    return line


def done(request: Request, text: str, back: str) -> Response:
    """What came of a command: a page again (`back`), or its text for a script."""
    if wants_page(request):
        return RedirectResponse(back, 303)
    return JSONResponse({"text": text})
