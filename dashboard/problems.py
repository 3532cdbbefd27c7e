"""Errors as their readers want them: people a page, programs problem JSON (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from dashboard import fields
from dashboard.house import texts
from dashboard.render import page
from dashboard.security import HEADERS
from dashboard.texts import Texts
from domain.errors import InputError

log = logging.getLogger(__name__)
HEADERS_OF = {401: {"WWW-Authenticate": 'Bearer realm="blackbox"'}}


API = "/api/"
"""Where all answers are for programs."""
KINDS = {
    400: "request",
    401: "sign-in",
    403: "role",
    404: "unknown",
    405: "method",
    409: "state",
    413: "too-large",
    429: "too-many",
    503: "unavailable",
}
"""By status, what programs tell problems by; a problem may have a kind of its own."""
LONGEST = 2000
"""Characters of a detail: it may repeat what was sent."""


class Problem(Exception):
    """A request that cannot be answered; `status` also names its text, `error.{status}`."""

    def __init__(
        self,
        status: int,
        text: str | None = None,
        *,
        kind: str | None = None,
        more: Mapping[str, object] | None = None,
        **values: object,
    ) -> None:
        """`text` is the key of a text that says it better, filled in with `values`.

        `kind` tells programs more than the status does; `more` are further members.
        """
        super().__init__(text or str(status))
        self.status = status
        self.text = text or f"error.{status}"
        self.kind = kind
        self.more = more or {}
        self.values = values

    def told(self, t: Texts) -> str:
        """What the reader is told; an InputError among the values in their language."""
        values = {
            name: t.pick(value) if isinstance(value, InputError) else value
            for name, value in self.values.items()
        }
        return t(self.text, **values)


def wants_page(request: Request) -> bool:
    """Whether a person is to read the answer."""
    accepted = "text/html" in request.headers.get("accept", "")
    return accepted and not request.url.path.startswith(API)


def answer(
    request: Request,
    status: int,
    detail: str,
    *,
    kind: str | None = None,
    more: Mapping[str, object] | None = None,
) -> Response:
    """The error, for people or for programs."""
    if wants_page(request):
        return page(
            request,
            "error.html",
            status=status,
            code=status,
            detail=detail,
            back=back(request),
        )
    kind = kind or KINDS.get(status, "ours" if status >= 500 else "request")  # noqa: PLR2004
    document = {
        "type": f"urn:blackbox:problem:{kind}",
        "title": texts(request)(f"problem.{kind}.title"),
        "status": status,
        "detail": detail[:LONGEST].encode(errors="replace").decode(),
        "instance": request.url.path,
        **(more or {}),
    }
    return JSONResponse(
        document,
        status,
        HEADERS_OF.get(status),
        media_type="application/problem+json",
    )


def back(request: Request) -> str:
    """The page of ours whose form was refused; of what was only looked for, the first."""
    came = request.headers.get("referer", "")
    ours = request.method == "POST" and came.startswith(str(request.base_url))
    return came if ours else "/"


async def _problem(request: Request, error: Problem) -> Response:
    if error.status == HTTPStatus.UNAUTHORIZED and wants_page(request):
        return RedirectResponse(sign_in(request), 303)
    detail = error.told(texts(request))
    return answer(request, error.status, detail, kind=error.kind, more=error.more)


def sign_in(request: Request) -> str:
    """Address of the sign-in page that leads back to where `request` wanted to go."""
    if request.method != "GET":
        return "/sign-in"
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return "/sign-in" if wanted == "/" else "/sign-in?" + urlencode({"next": wanted})


async def _http(request: Request, error: HTTPException) -> Response:
    t, status = texts(request), error.status_code
    known = t.known(f"error.{status}", t("error.500" if status >= 500 else "error.400"))  # noqa: PLR2004
    response = answer(request, error.status_code, known)
    response.headers.update(error.headers or {})
    return response


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    t, faults = texts(request), error.errors()
    if request.url.path.startswith(API):
        return answer(request, 400, f"{t('error.400')} {fields.by_name(t, faults)}")
    if any(one["loc"][0] == "path" for one in faults):  # an address that leads nowhere
        return answer(request, 404, t("error.404"))
    return answer(request, 400, fields.by_label(t, faults))


async def _away(request: Request, error: Exception) -> Response:
    log.warning("%s: the database is away: %s", request.url.path, error)
    return answer(request, 503, texts(request)("error.503"))


async def _slow(request: Request, error: Exception) -> Response:
    log.warning("%s: %s", request.url.path, error)
    return answer(request, 503, texts(request)("error.slow"))


async def _ours(request: Request, error: Exception) -> Response:
    response = answer(request, 500, texts(request)("error.500"))
    response.headers.update(HEADERS)  # outside of the layer that adds them elsewhere
    return response


HANDLERS: dict[type[Exception], Any] = {
    Problem: _problem,
    HTTPException: _http,
    RequestValidationError: _invalid,
    psycopg.OperationalError: _away,
    psycopg.errors.QueryCanceled: _slow,
    PoolTimeout: _away,
    Exception: _ours,
}


def install(app: FastAPI) -> None:
    """Let `app` answer its errors by this module."""
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
