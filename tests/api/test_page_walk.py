"""A walk over every page as every role: what is foreign is answered exactly as what is not.

A route that `ASKED` does not know fails the walk: add it there, with what it needs to be asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from dashboard.pages.routes import router
from domain.regions import NAMES
from tests.api.world import FOREIGN, MARKS, OURS, ROLES, SCOPED, Api

HTML = {"Accept": "text/html"}
WINDOW = {"begins": "2026-11-24T08:00", "ends": "2026-11-24T09:00", "reason": "x"}
PERSON = {"full_name": "New", "role": "auditor"}
ADMINISTRATOR = ("administrator",)
THINGS = """
SELECT a.id AS alert, a.point, a.device, a.site FROM alert a JOIN enterprise e ON e.id = a.enterprise
 WHERE e.code = %(code)s ORDER BY a.id
"""


@dataclass(frozen=True)
class Asked:
    """What a route is asked with."""

    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] | None = None
    names: str | None = None
    """The kind of thing that its path names, if not by that name."""
    roles: tuple[str, ...] = ROLES
    """Whom it answers well; others are told 403."""


ASKED = {
    "show_overview": Asked(),
    "show_inbox": Asked(query={"show": "all"}),
    "ringing": Asked(),
    "show_alert": Asked(),
    "export_alert": Asked(),
    "command_alert": Asked(form={"name": "comment", "reason": "x"}, roles=SCOPED),
    "show_points": Asked(),
    "show_point": Asked(),
    "get_series": Asked(),
    "get_table": Asked(),
    "show_enterprises": Asked(),
    "show_enterprise": Asked(),
    "show_site": Asked(names="site"),
    "announce": Asked(names="site", form=WINDOW, roles=("administrator", *SCOPED)),
    "show_connections": Asked(),
    "show_device": Asked(),
    "show_rules": Asked(),
    "show_rule": Asked(names="rule"),
    "try_rule": Asked(names="rule"),
    "show_users": Asked(roles=ADMINISTRATOR),
    "add_user": Asked(form=PERSON | {"name": "new"}, roles=ADMINISTRATOR),
    "show_user": Asked(roles=ADMINISTRATOR),
    "change_user": Asked(form=PERSON, roles=ADMINISTRATOR),
    "disable_user": Asked(form={"disabled": "true"}, roles=ADMINISTRATOR),
    "set_password": Asked(roles=ADMINISTRATOR),
    "set_contact": Asked(form={"channel": "log", "address": "x"}, roles=ADMINISTRATOR),
    "remove_contact": Asked(form={"channel": "log"}, roles=ADMINISTRATOR),
    "subscribe": Asked(form={"channel": "log"}, roles=ADMINISTRATOR),
    "unsubscribe": Asked(form={"number": "1"}, roles=ADMINISTRATOR),
    "show_settings": Asked(),
}
ELSEWHERE = {
    "ask", "sign_in", "sign_out", "command_several", "hand_over", "change_password",
    "issue_token", "revoke_token", "sign_out_others", "show_demo", "inject",
}  # fmt: skip
"""Name nothing in their path, and change something, or are of a demo: tested by themselves."""


def routes(within: APIRouter = router) -> Iterator[APIRoute]:
    for one in within.routes:
        inner = getattr(one, "original_router", None)
        if isinstance(one, APIRoute):
            yield one
        elif inner is not None:
            yield from routes(inner)


WALKED = [one for one in routes() if one.name in ASKED]


def names(route: APIRoute) -> str | None:
    """The kind of thing that the path names."""
    inside = route.path.partition("{")[2].partition("}")[0]
    return ASKED.get(route.name, Asked()).names or inside or None


async def things(api: Api) -> dict[str, tuple[Any, Any, Any]]:
    """By kind: one of ours, one foreign, one that is not."""
    ours, *_ = await api.rows(THINGS, code=OURS)
    foreign, *_ = await api.rows(THINGS, code=FOREIGN)
    kinds = ("alert", "point", "device", "site")
    pairs = zip(kinds, ours, foreign, strict=True)
    return {kind: (mine, theirs, 987_654) for kind, mine, theirs in pairs} | {
        "code": (OURS, FOREIGN, "91110000600037341L"),
        "name": ("auditor", "nobody-at-all", "nobody-at-alk"),
        "rule": ("gsp-cold-room", "who-refrigerator-freeze", "nothing-at-all"),
    }


async def ask(
    api: Api, role: str, route: APIRoute, thing: object, **query: object
) -> httpx.Response:
    asked = ASKED[route.name]
    path = re.sub("{.*}", str(thing), route.path)
    method = next(iter(route.methods or ()))
    return await api.clients[role].request(
        method,
        path,
        params={**asked.query, **{k: str(v) for k, v in query.items()}},
        data=asked.form,
        headers=HTML,
    )


def told(answer: httpx.Response, thing: int | str) -> tuple[int, str]:
    """The answer, but for the name of what was asked for, and how far the box is."""
    marks = rf'(/|=|#|Site |name="site" value="){thing}\b'
    named = marks if isinstance(thing, int) else re.escape(thing)
    if (name := NAMES.get(str(thing))) is not None:
        named += f"|{name.en}"
    what = rf'data-position="\d+"|{named}'
    return answer.status_code, re.sub(what, "…", answer.text)


def test_every_page_has_a_case() -> None:
    assert {one.name for one in routes()} == ASKED.keys() | ELSEWHERE


@pytest.mark.parametrize("role", ROLES)
async def test_own_is_shown_and_nothing_foreign_with_it(calm: Api, role: str) -> None:
    own = await things(calm)
    for route in WALKED:
        if route.methods != {"GET"}:
            continue
        answer = await ask(calm, role, route, own.get(names(route) or "", [None])[0])
        well = role in ASKED[route.name].roles
        good = answer.status_code in (200, 303)  # to the one enterprise that there is
        assert good if well else answer.status_code == 403, (route.name, answer.text)
        assert answer.headers["cache-control"] == "no-store", route.name
        if role in SCOPED:
            marks = [mark for mark in MARKS if mark in answer.text]
            assert not marks, route.name


@pytest.mark.parametrize("role", ROLES)
async def test_foreign_is_as_unknown(api: Api, role: str) -> None:
    kinds = await things(api)
    for route in WALKED:
        if names(route) in (None, "rule"):
            continue
        _, foreign, unknown = kinds[names(route) or ""]
        nothing = told(await ask(api, role, route, unknown), unknown)
        well = role in ASKED[route.name].roles
        assert nothing[0] in ((404,) if well else (403, 404)), route.name
        if role in SCOPED or names(route) == "name":
            answer = told(await ask(api, role, route, foreign), foreign)
            assert answer == nothing, route.name


@pytest.mark.parametrize("role", SCOPED)
async def test_filters_and_searches_find_nothing_foreign(calm: Api, role: str) -> None:
    kinds = await things(calm)
    pages = {route.name: route for route in WALKED}
    asked = [
        ("show_inbox", "enterprise", kinds["code"][1:]),
        ("show_inbox", "site", kinds["site"][1:]),
        ("show_inbox", "region", ("330203", "330205")),
        ("show_overview", "region", ("330203", "330205")),
        ("show_enterprises", "region", ("330203", "330205")),
        ("show_connections", "enterprise", kinds["code"][1:]),
        ("show_connections", "site", kinds["site"][1:]),
        *(
            (name, "q", (word, "nowhere-at-all"))
            for name in ("show_inbox", "show_points", "show_enterprises", "show_connections")
            for word in ("Vaccine", "clinic", FOREIGN)
        ),
    ]  # fmt: skip
    for name, parameter, (foreign, unknown) in asked:
        answers = [
            told(await ask(calm, role, pages[name], None, **{parameter: one}), one)
            for one in (foreign, unknown)
        ]
        assert answers[0] == answers[1], (name, parameter, foreign)


@pytest.mark.parametrize("role", SCOPED)
async def test_no_point_is_compared_tried_or_worked_on_by_others(
    api: Api, role: str
) -> None:
    kinds = await things(api)
    own = kinds["point"][0]
    client = api.clients[role]
    stretch = {"from": "2026-11-22T08:00", "until": "2026-11-22T18:00"}
    for number in kinds["point"][1:]:
        for path, query in {
            f"/points/{own}": {"with": number},
            f"/points/{own}/series": {"with": f"{own},{number}"},
            "/rules/gsp-cold-room/trial": {"point": number, **stretch},
        }.items():
            answer = await client.get(path, params=query, headers=HTML)
            assert answer.status_code == 404, path
    several = [
        await client.post(
            "/alerts/commands",
            data={"command": "acknowledge", "only": f"{number}:0"},
            headers=HTML,
        )
        for number in kinds["alert"][1:]
    ]
    assert told(several[0], kinds["alert"][1]) == told(several[1], kinds["alert"][2])
    assert several[0].status_code in (403, 409)


async def test_nobody_is_led_to_the_sign_in_and_no_other_site_sends_a_form(
    calm: Api,
) -> None:
    kinds = await things(calm)
    async with httpx.AsyncClient(base_url=calm.site.address, headers=HTML) as nobody:
        for cookie, refusal in ({}, 303), ({"session": "of somebody"}, 403):
            nobody.cookies.update(cookie)
            nobody.headers["Sec-Fetch-Site"] = "cross-site"
            for route in routes():
                if route.path in ("/sign-in", "/sign-out"):
                    continue
                thing = kinds.get(names(route) or "", [1])[0]
                path = re.sub("{.*}", str(thing), route.path)
                method = next(iter(route.methods or ()))
                answer = await nobody.request(method, path)
                reads = method == "GET"
                assert answer.status_code == (303 if reads else refusal), route.name
