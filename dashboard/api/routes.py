"""All of the API. A new resource is a file, and its router a line here."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter
from fastapi.routing import APIRoute

from dashboard.api import (
    alerts,
    events,
    incidents,
    one_alert,
    own_password,
    places,
    points,
    rules,
    tokens,
    users,
)
from dashboard.api.openapi import document
from dashboard.identity import Me

PREFIX: Final = "/api/v1"


def operation(route: APIRoute) -> str:
    """Id of an operation: the name of its function, which is stable for good."""
    return route.name


router = APIRouter(prefix=PREFIX, generate_unique_id_function=operation)
for one in (
    alerts,
    one_alert,
    incidents,
    points,
    places,
    rules,
    users,
    own_password,
    tokens,
    events,
):
    router.include_router(one.router)


@router.get("/openapi.json", include_in_schema=False)
async def openapi(_: Me) -> dict[str, Any]:
    """What there is, described (OpenAPI 3.1)."""
    return document(router.routes)
