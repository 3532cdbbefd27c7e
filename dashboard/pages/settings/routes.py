"""One's own settings."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dashboard.identity import me
from dashboard.render import page

router = APIRouter(dependencies=[Depends(me)])


@router.get("/settings")
async def show_settings(request: Request) -> Response:
    """The page."""
    return page(request, "settings/settings.html")
