"""Who is told of alerts, as the settings say: the ingestor owes it, the dispatcher does it."""

from __future__ import annotations

from prometheus_client import start_http_server

from alerting.telling.routing import Subscription
from blackbox.settings import Settings

LOG = Subscription(channel="log", recipient="duty")
WEBHOOK = Subscription(channel="webhook", recipient="default")


def subscriptions(settings: Settings) -> list[Subscription]:
    """The log always, the webhook where one is set."""
    return [LOG, WEBHOOK] if settings.webhook_url else [LOG]


def known_channels(settings: Settings) -> list[str]:
    """What people can be told over."""
    return [*settings.channels, LOG.channel]


def nothing(_point: str) -> None:
    """The product's probe."""


def serve_metrics(settings: Settings) -> None:
    """Let Prometheus ask this process, where a port is set."""
    if settings.metrics_port is not None:
        start_http_server(settings.metrics_port, settings.metrics_host)
