"""The composition: which parts make up each process. Straight down, nothing clever.

Tests start the same compositions with a probe that kills, or with another `advance`; no
setting does either.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta

import httpx
from prometheus_client import start_http_server

from alerting.channels import Channel
from alerting.channels.log import Log
from alerting.channels.webhook import Endpoint, Webhook
from alerting.commands import acknowledge
from alerting.consequences import Alerts
from alerting.dispatcher import dispatch
from alerting.evaluator import Evaluator
from alerting.routing import Subscription
from blackbox.clock import real_now
from blackbox.settings import Settings
from dashboard.app import create_app
from dashboard.house import InjectFault
from dashboard.pool import new_pool
from dashboard.serve import create_server
from domain.errors import SettingsError
from ingest import loop
from rules.engine import Advance, advance
from simulators.live import inject

LOG = Subscription(channel="log", recipient="duty")
WEBHOOK = Subscription(channel="webhook", recipient="default")


def nothing(_point: str) -> None:
    """The product's probe."""


def subscriptions(settings: Settings) -> list[Subscription]:
    """Who is told: the log always, the webhook where one is set."""
    return [LOG, WEBHOOK] if settings.webhook_url else [LOG]


def serve_metrics(settings: Settings) -> None:
    """Let Prometheus ask this process, where a port is set."""
    if settings.metrics_port is not None:
        start_http_server(settings.metrics_port, settings.metrics_host)


async def run_ingest(
    settings: Settings,
    *,
    advance: Advance = advance,
    probe: Callable[[str], None] = nothing,
) -> None:
    """Ingest one share until cancelled."""
    serve_metrics(settings)
    clock = settings.read_clock()
    alerts = Alerts(subscriptions(settings), real_now)
    ingestor = loop.Ingestor(
        loop.Settings(
            database_url=settings.database(),
            broker=settings.broker(),
            share=settings.share,
            messages_cap=settings.batch_messages,
            bytes_cap=settings.batch_bytes,
        ),
        Evaluator(alerts, advance),
        clock,
        real_now=real_now,
        probe=probe,
    )
    await ingestor.run()


async def run_dispatch(
    settings: Settings, *, probe: Callable[[str], None] = nothing
) -> None:
    """Deliver what is owed until cancelled."""
    serve_metrics(settings)
    async with httpx.AsyncClient() as client:
        channels: dict[str, Channel] = {LOG.channel: Log()}
        if settings.webhook_url and settings.webhook_secret:
            endpoint = Endpoint(url=settings.webhook_url, secret=settings.webhook_secret)
            endpoints = {WEBHOOK.recipient: endpoint}
            channels[WEBHOOK.channel] = Webhook(client, endpoints, real_now)
        await dispatch(settings.database(), channels, real_now=real_now, probe=probe)


async def run_dashboard(settings: Settings, *, demo: bool = False) -> None:
    """Serve the pages until cancelled; `demo` shows the card of faults."""
    async with AsyncExitStack() as stack:
        pool = new_pool(settings.database())
        await pool.open()
        stack.push_async_callback(pool.close)
        app = create_app(
            pool=pool,
            clock=settings.read_clock(),
            acknowledge=acknowledge,
            inject_fault=fault_injector(settings) if demo else None,
        )
        server = create_server(
            app, host=settings.dashboard_host, port=settings.dashboard_port
        )
        serving = asyncio.ensure_future(server.serve())
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await serving
            raise


def fault_injector(settings: Settings) -> InjectFault:
    """What the demo's buttons do: the same as `blackbox simulate fault`."""
    if settings.mqtt_url is None:
        raise SettingsError("BLACKBOX_MQTT_URL")
    url = settings.mqtt_url

    async def inject_minutes(device: str, fault: str, minutes: int) -> object:
        return await inject(url, device, fault, timedelta(minutes=minutes))

    return inject_minutes
