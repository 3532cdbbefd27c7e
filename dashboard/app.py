"""The dashboard: one constructor, to which everything is handed in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, tzinfo
from types import MappingProxyType
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.middleware.gzip import GZipMiddleware

from alerting.life import commands
from dashboard import assets, health, problems
from dashboard.api import routes as api
from dashboard.house import CarryOut, Clock, House, InjectFault, Pool
from dashboard.pages import routes as pages
from dashboard.passwords import Passwords
from dashboard.security import BodyLimit, SecurityHeaders
from dashboard.shared import Shared
from dashboard.stream import Stream
from domain.broker import Broker

BEIJING = ZoneInfo("Asia/Shanghai")
QUIET_AFTER = 120.0


def create_app(  # noqa: PLR0913 - everything is handed in here
    *,
    pool: Pool,
    clock: Clock,
    real_now: Callable[[], datetime],
    carry_out: CarryOut = commands.carry_out,
    inject_fault: InjectFault | None = None,
    faults: Mapping[str, Collection[str]] = MappingProxyType({}),
    secure: bool = False,
    zone: tzinfo = BEIJING,
    quiet_after: float = QUIET_AFTER,
    channels: Sequence[str] = ("log",),
    broker: Broker | None = None,
    speed: float | None = None,
) -> FastAPI:
    """The application. It follows the database from its start-up to its shutdown.

    `pool` is open, of the login blackbox_web, and as `dashboard.pool.new_pool` makes it.
    `real_now` is the real time, of sessions. `carry_out` does what people ask of alerts. `inject_fault` shows the demo's
    page of faults; `faults` are those that each device can have.
    `secure`: browsers come by https, and keep their cookies for it alone. `zone` is what times are shown in
    to those whose browser has told no other.
    `quiet_after` is the number of real seconds without any intake that the banner mentions:
    a province hears something each second, a single store needs more than its interval.
    `channels` are the names of those that people can be told over. `broker` is where devices reach it.
    `speed` is how many times as fast as real time a demo's clock runs; None: it is real time.
    """
    metrics = CollectorRegistry()
    stream = Stream(
        pool=pool,
        elapsed=clock.elapsed,
        real_now=real_now,
        quiet_after=quiet_after,
        metrics=metrics,
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with stream.running():
            yield

    app = FastAPI(lifespan=lifespan, openapi_url=None)
    app.state.house = House(
        pool=pool,
        clock=clock,
        real_now=real_now,
        passwords=Passwords(),
        secure=secure,
        carry_out=carry_out,
        inject_fault=inject_fault,
        faults=faults,
        zone=zone,
        stream=stream,
        shared=Shared(clock.elapsed),
        channels=tuple(channels),
        broker=broker,
        speed=speed,
    )
    app.state.metrics = health.Metrics(metrics)
    for part in (pages, api, health, assets):
        app.include_router(part.router)
    app.router.routes.extend(assets.mounts())
    app.add_middleware(BodyLimit)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=4)
    app.add_middleware(SecurityHeaders)
    problems.install(app)
    return app
