"""The inbox: open alerts, worked by keyboard."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dashboard.identity import me
from dashboard.render import page

router = APIRouter(dependencies=[Depends(me)])


@router.get("/alerts")
async def show_inbox(request: Request) -> Response:
    """The page."""
    return page(request, "inbox/inbox.html")
