"""The overview of my region: map, codes, index, what is open."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import AfterValidator, BeforeValidator
from starlette.responses import RedirectResponse, Response

from dashboard.api.fields import BigNumber, Here, Region
from dashboard.house import display
from dashboard.identity import Me, me
from dashboard.pages.overview import view
from dashboard.problems import Problem
from dashboard.render import page

Wanted = Annotated[
    Annotated[Region, AfterValidator(lambda code: code.ljust(6, "0"))] | None,
    BeforeValidator(lambda code: code or None),
    Query(),
]
"""GB/T 2260, filled up to six digits; an empty field of a form is one that was not given."""
SPOTS = 40
"""Sites of a tile that are drawn; of more, their number by state is."""
NAMED = 12
"""Sites of the whole map up to which they are named on it."""
router = APIRouter(dependencies=[Depends(me)])


@router.get("/")
async def show_overview(
    request: Request,
    here: Here,
    person: Me,
    region: Wanted = None,
    alert: BigNumber | None = None,
) -> Response:
    """The page of a region, or of all that is seen; it renews itself by asking again.

    `alert` is what links of notifications once named.
    """
    if alert is not None:
        return RedirectResponse(f"/alerts/{alert}", 303)
    try:
        content = await view.read(here, person, region, display(request))
    except LookupError as error:
        raise Problem(404) from error
    return page(
        request,
        "overview/overview.html",
        position=content.position,
        page=content,
        spots=SPOTS,
        named=NAMED,
    )
