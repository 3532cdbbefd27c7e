"""Points: which there are, and the curves of one or several."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dashboard.identity import me
from dashboard.render import page

router = APIRouter(dependencies=[Depends(me)])


@router.get("/points")
async def show_points(request: Request) -> Response:
    """The page."""
    return page(request, "points/points.html")
