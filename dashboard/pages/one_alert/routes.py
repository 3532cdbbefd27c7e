"""One alert: all that explains it, and what can be done."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dashboard.identity import me
from dashboard.render import page

router = APIRouter(dependencies=[Depends(me)])


@router.get("/alerts/{alert}")
async def show_alert(request: Request, alert: int) -> Response:
    """The page."""
    return page(request, "one_alert/one_alert.html")
