"""Static files: each page's own, and Plotly out of its installed package."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

HERE = Path(__file__).parent
PLOTLY = f"/plotly/{version('plotly')}.js"
"""Address of the charting library; a new version has a new one."""
FOR_EVER = "public, max-age=31536000, immutable"

router = APIRouter()


class Fresh(StaticFiles):
    """Files that a browser may keep, but asks for news of each time."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, to be checked by its ETag."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def mounts() -> list[Mount]:
    """The static files of each page and part, and those that all share."""
    own = [*HERE.glob("pages/*/static"), *HERE.glob("parts/*/static")]
    return [
        *(Mount(f"/static/{one.parent.name}", Fresh(directory=one)) for one in own),
        Mount("/static", Fresh(directory=HERE / "static")),
    ]


@router.get(PLOTLY)
async def plotly() -> Response:
    """The library, compressed once."""
    return Response(
        await run_in_threadpool(_plotly),
        media_type="text/javascript",
        headers={"Content-Encoding": "gzip", "Cache-Control": FOR_EVER},
    )


@cache
def _plotly() -> bytes:
    source = files("plotly") / "package_data" / "plotly.min.js"
    return gzip.compress(source.read_bytes(), 6)
