"""The OpenAPI 3.1 document: what FastAPI finds, with our problems and ways to sign in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Any, Final

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from dashboard.api.models import ProblemDocument

PROBLEM: Final = {
    "application/problem+json": {
        "schema": {"$ref": "#/components/schemas/ProblemDocument"}
    }
}
COMMON: Final = {
    "401": "Nobody is signed in, or the token is over.",
    "503": "The database does not answer; try again later.",
}
WITH_INPUT: Final = {"400": "The request is wrong; the detail says what and where."}
WITH_BODY: Final = {
    "403": "Your role may not do this, or the request came from another site.",
    "408": "The body did not come within 20 s.",
    "413": "The body is over 64 KiB.",
}
SCHEMES: Final = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A personal token: `bb_…`.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "session",
        "description": "Of the pages; by https its name is `__Host-session`.",
    },
}


def document(routes: Sequence[BaseRoute]) -> dict[str, Any]:
    """The document of these routes."""
    found = get_openapi(
        title="黑匣子 · Blackbox",
        version=version("blackbox"),
        openapi_version="3.1.0",
        summary="Alerts, incidents, points and their readings, sites, enterprises, regions.",
        description="How to use it, with examples: docs/api.md.",
        routes=routes,
    )
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    schemas["ProblemDocument"] = ProblemDocument.model_json_schema()
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    found["components"]["securitySchemes"] = SCHEMES
    found["security"] = [{name: []} for name in SCHEMES]
    for operation in operations(found):
        _declare(operation)
    return found


def operations(found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All operations of a document."""
    for path in found["paths"].values():
        yield from path.values()


def _declare(operation: dict[str, Any]) -> None:
    """Declare the problems that an operation answers with, as what they are."""
    responses: dict[str, Any] = operation["responses"]
    invalid = responses.pop("422", None)
    expected = dict(COMMON)
    if invalid or operation.get("parameters"):
        expected |= WITH_INPUT
    if "requestBody" in operation:
        expected |= WITH_INPUT | WITH_BODY
    for status, description in expected.items():
        responses.setdefault(status, {"description": description})
    for status, response in responses.items():
        if int(status) >= 400:  # noqa: PLR2004
            old = response.get("content", {}).get("application/json")
            response["content"] = {"application/problem+json": old} if old else PROBLEM
