"""The rules that watch what one sees, and trying one on history."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dashboard.identity import me
from dashboard.render import page

router = APIRouter(dependencies=[Depends(me)])


@router.get("/rules")
async def show_rules(request: Request) -> Response:
    """The page."""
    return page(request, "rules/rules.html")
