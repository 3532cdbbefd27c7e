"""`blackbox dispatch`: the channels, and the dispatcher that feeds them."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from alerting.channels import Channel
from alerting.channels.apprise import Apprise, Template
from alerting.channels.destinations import checked
from alerting.channels.log import Log
from alerting.channels.webhook import Endpoint, Webhook
from alerting.dispatcher import dispatch
from blackbox.app.telling import LOG, WEBHOOK, nothing, serve_metrics
from blackbox.clock import real_now
from blackbox.settings import Settings


async def run(settings: Settings, *, probe: Callable[[str], None] = nothing) -> None:
    """Deliver what is owed until cancelled."""
    async with httpx.AsyncClient() as client:
        channels = await all_channels(settings, client)
        serve_metrics(settings)
        await dispatch(settings.database(), channels, real_now=real_now, probe=probe)


async def all_channels(
    settings: Settings, client: httpx.AsyncClient
) -> dict[str, Channel]:
    """The channels by name. Raises SettingsError where one cannot be, or leads inside."""
    allowed = settings.allow_internal
    channels: dict[str, Channel] = {LOG.channel: Log()}
    if settings.webhook_url and settings.webhook_secret:
        endpoint = Endpoint(url=settings.webhook_url, secret=settings.webhook_secret)
        await checked(WEBHOOK.channel, endpoint.host, allowed)
        channels[WEBHOOK.channel] = Webhook(
            client, {WEBHOOK.recipient: endpoint}, real_now, allowed=allowed
        )
    for name, url in settings.channel_urls().items():
        template = Template(name=name, url=url)
        if template.host:
            await checked(name, template.host, allowed)
        channels[name] = Apprise(template, allowed=allowed)
    return channels
