"""Pages from templates: the base that all share, filled in for one request."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from dashboard import navigation
from dashboard.assets import PLOTLY
from dashboard.house import display, house
from dashboard.security import local
from dashboard.texts import LANGUAGES, NAMES, TAGS

HERE = Path(__file__).parent
ENVIRONMENT = Environment(
    loader=FileSystemLoader([HERE / "templates", HERE / "pages", HERE / "parts"]),
    autoescape=True,
    undefined=StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
REMEMBER = 365 * 24 * 3600
"""Seconds that a chosen language or theme is kept."""
THEMES: Final = ("auto", "light", "dark")


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    position: int | None = None,
    **values: Any,
) -> HTMLResponse:
    """Fill `template` in. `position` is where the page's stream of events goes on.

    Every template knows: `t` (texts), `show` (display), `person` (None: nobody is signed in),
    and `link(**changes)`, the page's own address with changes to its query.
    """
    show, here = display(request), house(request)
    person = getattr(request.state, "person", None)
    html = ENVIRONMENT.get_template(template).render(
        t=show.texts,
        show=show,
        pulse=here.stream.pulse,
        position=position,
        tag=TAGS[show.texts.language],
        person=person,
        # What answers a form cannot be asked for again.
        live=here.cookie in request.cookies and request.method == "GET",
        entries=navigation.entries(person, demo=here.inject_fault is not None),
        current=navigation.current(request.url.path),
        languages={one: (NAMES[one], link(request, lang=one)) for one in LANGUAGES},
        theme=theme(request),
        themes=THEMES,
        plotly=PLOTLY,
        link=lambda **changes: link(request, **changes),
        **values,
    )
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Language, Cookie"}
    response = HTMLResponse(html, status, headers)
    if request.query_params.get("lang") == show.texts.language:
        _remember(response, "lang", show.texts.language)
    if request.query_params.get("theme") in THEMES:
        _remember(response, "theme", request.query_params["theme"])
    return response


def theme(request: Request) -> str:
    """The theme that `request` asks for, or that was chosen before: one of THEMES."""
    wish = request.query_params.get("theme") or request.cookies.get("theme")
    return wish if wish in THEMES else "auto"


def _remember(response: HTMLResponse, name: str, value: str) -> None:
    response.set_cookie(name, value, max_age=REMEMBER, samesite="lax", httponly=True)


def link(request: Request, **changes: object) -> str:
    """Address of the page as it is, with `changes` to its query; None leaves out.

    Of no page of ours it is the first: `//elsewhere` would lead to another host.
    """
    path = local(request.url.path) if request.method == "GET" else "/"
    query = {**request.query_params, "lang": None, "theme": None, **changes}
    kept = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(kept)}" if kept else path
