"""For machines: whether this process is well, and what it counts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Final

import psycopg
from fastapi import APIRouter, Depends
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dashboard.house import House, house
from dashboard.pages.overview.summary import total
from dashboard.problems import Problem
from dashboard.pulse import Reason, State
from domain.people import EVERYTHING
from domain.rules import Severity
from storage import standing
from storage.scope import scoped
from storage.standing import WHOLE

FORWARDED: Final = frozenset({"x-forwarded-for", "forwarded", "via"})
"""What proxies add to requests, and nobody behind one can leave out."""
router = APIRouter()


class Metrics:
    """Numbers that are looked up when somebody asks for them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register them."""
        self.registry = registry
        self.alerts = Gauge(
            "blackbox_alerts_open",
            "Alerts that still ask for something.",
            ["severity"],
            registry=registry,
        )
        self.box = Gauge(
            "blackbox_box_state",
            "1 for the state that the banner shows.",
            ["state"],
            registry=registry,
        )


@router.get("/health")
async def health(here: Annotated[House, Depends(house)]) -> Response:
    """200 while this process can do its work; the box's own state is told, not judged."""
    pulse = here.stream.pulse
    able = pulse.reason is not Reason.DATABASE
    return JSONResponse({"able": able, "box": asdict(pulse)}, 200 if able else 503)


@router.get("/metrics")
async def metrics(request: Request, here: Annotated[House, Depends(house)]) -> Response:
    """Prometheus' text format. Without the database, what is known without it.

    It counts all alerts for whoever asks, so a proxy that people come through is refused.
    """
    if not FORWARDED.isdisjoint(request.headers.keys()):
        raise Problem(404)
    known: Metrics = request.app.state.metrics
    for state in State:
        known.box.labels(state).set(state is here.stream.pulse.state)
    known.alerts.clear()
    try:
        async with here.connection() as connection, scoped(connection, EVERYTHING):
            counts = total(await standing.opened(connection, WHOLE))
        for severity in (one.name.lower() for one in Severity):
            known.alerts.labels(severity).set(getattr(counts, severity))
    except (psycopg.Error, PoolTimeout):
        pass
    return Response(generate_latest(known.registry), media_type=CONTENT_TYPE_LATEST)
