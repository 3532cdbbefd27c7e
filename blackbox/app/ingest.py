"""`blackbox ingest`: session, intake, evaluator and alerts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from alerting.findings.channel_health import ChannelHealth
from alerting.findings.coverage import Coverage
from alerting.findings.finding import Findings
from alerting.findings.ticker import Hearing, Ticker, as_listened
from alerting.following.consequences import Alerts
from alerting.following.evaluator import Evaluator
from alerting.judges import Judges
from alerting.life.deadline_watch import DeadlineWatch
from alerting.safety.watch import SafetyWatch
from alerting.telling.links import linked
from alerting.telling.owing import Telling
from alerting.telling.settling import Settling
from blackbox.app.telling import nothing, serve_metrics, subscriptions
from blackbox.clock import real_now
from blackbox.settings import Settings
from ingest import garbage, loop
from ingest.rolling_up import roll_up
from rules.engine import Advance, advance


async def run(
    settings: Settings,
    *,
    advance: Advance = advance,
    evaluator: type[Evaluator] = Evaluator,
    hearing: Hearing = as_listened,
    probe: Callable[[str], None] = nothing,
) -> None:
    """Ingest one share until cancelled. Whatever can be handed in is a seam for tests."""
    garbage.collect_rarely()
    serve_metrics(settings)
    clock, region = settings.read_clock(), settings.share.replace("/", "")
    telling = Telling(subscriptions(settings), real_now, linked(settings.public_url))
    findings = Findings(telling)
    ingestor = loop.Ingestor(
        loop.Settings(
            database_url=settings.database(),
            broker=settings.broker(),
            share=settings.share,
            messages_cap=settings.batch_messages,
            bytes_cap=settings.batch_bytes,
        ),
        Judges(
            evaluator(Alerts(telling), advance, probe),
            Ticker(findings, region=region, hearing=hearing),
            findings,
            timed=[
                DeadlineWatch(telling.of_people, clock.elapsed, region=region),
                Settling(telling, clock.elapsed, region=region),
                Coverage(findings, clock.elapsed, region=region),
                ChannelHealth(findings, real_now),
                SafetyWatch(clock.elapsed, region=region),
            ],
        ),
        clock,
        real_now=real_now,
        probe=probe,
    )
    worker = asyncio.create_task(roll_up(settings.database(), clock, probe))
    try:
        await ingestor.run()
    finally:
        worker.cancel()
        await asyncio.wait({worker})
