"""Enterprises and their sites."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dashboard.identity import me
from dashboard.render import page

router = APIRouter(dependencies=[Depends(me)])


@router.get("/enterprises")
async def show_places(request: Request) -> Response:
    """The page."""
    return page(request, "places/places.html")
