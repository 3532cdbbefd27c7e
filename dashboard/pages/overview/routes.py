"""The overview of my region: map, codes, index, what is open."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dashboard.identity import me
from dashboard.render import page

router = APIRouter(dependencies=[Depends(me)])


@router.get("/overview")
async def show_overview(request: Request) -> Response:
    """The page."""
    return page(request, "overview/overview.html")
