"""Pages from templates: the base that all share, filled in for one request."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from dashboard.house import house, texts
from dashboard.texts import LANGUAGES, NAMES, TAGS

HERE = Path(__file__).parent
ENVIRONMENT = Environment(
    loader=FileSystemLoader([HERE / "templates", HERE / "pages"]),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
REMEMBER = 365 * 24 * 3600
"""Seconds that the chosen language is kept."""


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    position: int | None = None,
    **values: Any,
) -> HTMLResponse:
    """Fill `template` in. `position` is where the page's stream of events goes on."""
    t, here = texts(request), house(request)
    html = ENVIRONMENT.get_template(template).render(
        t=t,
        show=here.display(t),
        pulse=here.stream.pulse,
        position=position,
        tag=TAGS[t.language],
        person=getattr(request.state, "person", None),
        live=here.cookie in request.cookies,
        languages={one: (NAMES[one], link(request, lang=one)) for one in LANGUAGES},
        link=lambda **changes: link(request, **changes),
        **values,
    )
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Language, Cookie"}
    response = HTMLResponse(html, status, headers)
    if request.query_params.get("lang") == t.language:
        response.set_cookie(
            "lang", t.language, max_age=REMEMBER, samesite="lax", httponly=True
        )
    return response


def link(request: Request, **changes: object) -> str:
    """Address of the live page as it is, with `changes` to its query; None leaves out."""
    query = {**request.query_params, "lang": None, **changes}
    kept = {name: value for name, value in query.items() if value not in (None, "")}
    return "/?" + urlencode(kept) if kept else "/"
