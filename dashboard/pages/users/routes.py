"""Users and channels, for the administrator."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from dashboard.identity import me
from dashboard.render import page

router = APIRouter(dependencies=[Depends(me)])


@router.get("/users")
async def show_users(request: Request) -> Response:
    """The page."""
    return page(request, "users/users.html")
