"""The demo's page: let simulated equipment fail."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dashboard.identity import me
from dashboard.render import page

router = APIRouter(dependencies=[Depends(me)])


@router.get("/demo")
async def show_demo(request: Request) -> Response:
    """The page."""
    return page(request, "demo/demo.html")
