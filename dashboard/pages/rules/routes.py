"""The rules that watch what one sees, one of them, and trying one on history."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from functools import partial
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Depends, Request
from fastapi import Path as PathField
from fastapi import Query as QueryField
from starlette.responses import HTMLResponse, Response, StreamingResponse

from dashboard.api.fields import Here, Printable
from dashboard.house import display
from dashboard.identity import Me, me
from dashboard.pages.rules import asked as form
from dashboard.pages.rules import curve, trial, view
from dashboard.pages.rules.asked import Asked
from dashboard.pages.rules.trial import Progress, Result
from dashboard.problems import Problem
from dashboard.render import page
from domain.people import Person
from rules import catalogue
from rules.kinds import KINDS
from storage import assigned_rules
from storage.assigned_rules import Wanted

OFFERED = 60
"""Points that are offered to be tried on."""
STREAM = "text/event-stream"
Steps: TypeAlias = AsyncGenerator[Progress | Result]

router = APIRouter(dependencies=[Depends(me)])
Key = Annotated[str, PathField(pattern=r"^[a-z][a-z0-9-]{0,59}$")]
Search = Annotated[str, QueryField(max_length=100), Printable]
After = Annotated[int, QueryField(ge=0, lt=2**31)]


@router.get("/rules")
async def show_rules(request: Request, here: Here, person: Me) -> Response:
    """All rules."""
    assigned = await here.shared.get(
        ("rules", person.scope), partial(view.assigned, here, person)
    )
    async with here.seen_by(person) as connection:
        content = await view.read(connection, assigned, display(request))
    return page(
        request,
        "rules/rules.html",
        position=content.position,
        page=content,
        most=view.VERSIONS,
    )


@router.get("/rules/{key}")
async def show_rule(
    request: Request, here: Here, person: Me, key: Key, q: Search = "", after: After = 0
) -> Response:
    """One rule, with its versions and points."""
    held = await here.shared.get(
        ("rule", person.scope, key), partial(view.history, here, person, key)
    )
    if not held and key not in catalogue.load():
        raise Problem(404)
    async with here.seen_by(person) as connection:
        one = await view.read_one(connection, key, held, q, after, display(request))
    return page(
        request,
        "rules/rule.html",
        rule=one.rule,
        points=one.points,
        more=one.more,
        search=q,
    )


@router.get("/rules/{key}/trial")
async def try_rule(request: Request, here: Here, person: Me, key: Key) -> Response:
    """The form; what came of it, where it is filled in: as a page, or told as it goes on."""
    rule = catalogue.load().get(key)
    if rule is None or rule.kind not in KINDS:
        raise Problem(404)
    show = display(request)
    wanted = form.read(request.query_params, rule, show)
    if not wanted.filled_in:
        return await _form(request, here, person, wanted, None)
    streamed = request.headers.get("accept") == STREAM
    try:
        question = wanted.question(rule, show)
        material = await trial.gather(here, person, question, wanted.points)
        steps = trial.tried(here, person, question, material)
        if streamed:
            return StreamingResponse(_told(request, steps), media_type=STREAM)
        result = await _last(request, steps)
    except Problem as problem:
        if streamed or problem.status != 400:  # noqa: PLR2004
            raise
        return await _form(request, here, person, wanted, None, problem)
    return await _form(request, here, person, wanted, result)


async def _last(request: Request, steps: Steps) -> Result | None:
    """The result; None where nobody waits for it any more."""
    async with aclosing(steps) as going:
        async for step in going:
            if isinstance(step, Result):
                return step
            if await request.is_disconnected():
                break
    return None


async def _told(request: Request, steps: Steps) -> AsyncIterator[str]:
    """Server-sent events: how far it is, and at the end what came of it, or what failed."""
    show = display(request)
    try:
        async with aclosing(steps) as going:
            async for step in going:
                if isinstance(step, Result):
                    html = page(request, "rules/result.html", **_shown(request, step))
                    yield _event(html=bytes(html.body).decode())
                else:
                    words = show.texts("rules.trial.progress", n=step.readings)
                    yield _event(share=step.share, text=words)
    except Problem as problem:
        yield _event(failed=problem.told(show.texts))


def _event(**data: object) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


def _shown(request: Request, result: Result) -> dict[str, Any]:
    """What the template of a result wants."""
    show = display(request)
    return {
        "result": result,
        "drawings": {
            one.line.id: one.curve.drawn(result.plan.watches[one.line.id], show)
            for one in result.outcomes
        },
        "area": curve,
        "amount": partial(trial.amount, result, show),
    }


async def _form(
    request: Request,
    here: Here,
    person: Person,
    wanted: Asked,
    result: Result | None,
    problem: Problem | None = None,
) -> HTMLResponse:
    show = display(request)
    rule = catalogue.load()[request.path_params["key"]]
    async with here.seen_by(person) as connection:
        offered = await assigned_rules.points(
            connection,
            Wanted(
                rule=rule.key,
                watched=not wanted.everywhere,
                quantity=rule.quantity,
                unit=rule.unit,
                search=wanted.search or None,
            ),
            show.now,
            limit=OFFERED + 1,
        )
        chosen = await assigned_rules.points(
            connection,
            Wanted(rule=rule.key, watched=False, ids=wanted.points),
            show.now,
            limit=form.MOST,
        )
    ids = {one.id for one in chosen}
    return page(
        request,
        "rules/trial.html",
        status=problem.status if problem else 200,
        rule=rule,
        asked=wanted,
        chosen=ids,
        offered=[*chosen, *(one for one in offered[:OFFERED] if one.id not in ids)],
        more=len(offered) > OFFERED,
        most=form.MOST,
        longest=form.LONGEST.days,
        problem=problem.told(show.texts) if problem else "",
        **(_shown(request, result) if result else {"result": None}),
    )
