"""`blackbox dispatch`: the channels, and the dispatcher that feeds them."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from alerting.channels import Channel
from alerting.channels.log import Log
from alerting.channels.webhook import Endpoint, Webhook
from alerting.dispatcher import dispatch
from blackbox.app.telling import LOG, WEBHOOK, nothing, serve_metrics
from blackbox.clock import real_now
from blackbox.settings import Settings


async def run(settings: Settings, *, probe: Callable[[str], None] = nothing) -> None:
    """Deliver what is owed until cancelled."""
    serve_metrics(settings)
    async with httpx.AsyncClient() as client:
        channels: dict[str, Channel] = {LOG.channel: Log()}
        if settings.webhook_url and settings.webhook_secret:
            endpoint = Endpoint(
                url=settings.webhook_url, secret=settings.webhook_secret
            )
            endpoints = {WEBHOOK.recipient: endpoint}
            channels[WEBHOOK.channel] = Webhook(client, endpoints, real_now)
        await dispatch(settings.database(), channels, real_now=real_now, probe=probe)
