"""Connections: what devices send, what became of it, what to send."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dashboard.identity import me
from dashboard.render import page

router = APIRouter(dependencies=[Depends(me)])


@router.get("/connections")
async def show_connections(request: Request) -> Response:
    """The page."""
    return page(request, "connections/connections.html")
