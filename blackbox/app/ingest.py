"""`blackbox ingest`: session, intake, evaluator and alerts."""

from __future__ import annotations

from collections.abc import Callable

from alerting.box_alerts import BoxAlerts
from alerting.consequences import Alerts
from alerting.evaluator import Evaluator
from blackbox.app.telling import nothing, serve_metrics, subscriptions
from blackbox.clock import real_now
from blackbox.settings import Settings
from ingest import loop
from rules.engine import Advance, advance


async def run(
    settings: Settings,
    *,
    advance: Advance = advance,
    probe: Callable[[str], None] = nothing,
) -> None:
    """Ingest one share until cancelled."""
    serve_metrics(settings)
    told = subscriptions(settings)
    ingestor = loop.Ingestor(
        loop.Settings(
            database_url=settings.database(),
            broker=settings.broker(),
            share=settings.share,
            messages_cap=settings.batch_messages,
            bytes_cap=settings.batch_bytes,
        ),
        Evaluator(Alerts(told, real_now), BoxAlerts(told, real_now), advance),
        settings.read_clock(),
        real_now=real_now,
        probe=probe,
    )
    await ingestor.run()
