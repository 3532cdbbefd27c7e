"""What the benchmarks run on: a real database with fsync, and the ingestor's own parts.

Intake, evaluator and alerts are composed as in `blackbox/app/ingest.py`; there is no broker,
so decoding and admission are in the figures, MQTT and receipts are not. The server is the
embedded one, or that of BLACKBOX_TEST_POSTGRES_BIN (with TimescaleDB, where it has it).
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from time import perf_counter

from psycopg.conninfo import make_conninfo

from alerting.box_alerts import BoxAlerts
from alerting.consequences import Alerts
from alerting.evaluator import Evaluator
from alerting.routing import Subscription
from bench import world
from blackbox.clock import real_now
from domain.registry_file import parse, resolved
from domain.rules import Severity
from ingest.intake import Intake, Limits
from storage import registry, shares
from storage.connect import connect
from storage.migrate import LOGINS, migrate
from tests.services import PASSWORD, Database, embedded_postgres, new_database

TOLD = (
    Subscription(channel="log", recipient="duty"),
    Subscription(channel="log", recipient="chief", severity=Severity.MAJOR),
)


@contextmanager
def server() -> Iterator[str]:
    """A server of our own; the URL of its administrator."""
    with embedded_postgres(fsync=True) as cluster:
        yield cluster.url(database="postgres")


@asynccontextmanager
async def opened(
    admin: str, devices: int, rules: Sequence[str]
) -> AsyncIterator[Intake]:
    """The intake of a new box, with so many devices registered."""
    with new_database(admin, "template0") as name:
        await migrate(
            make_conninfo(admin, dbname=name), dict.fromkeys(LOGINS, PASSWORD)
        )
        database = Database(name=name, admin=admin)
        async with await connect(database.url("ingest"), name="bench") as connection:
            share = await shares.take_lease(connection, "33")
            evaluator = Evaluator(Alerts(TOLD, real_now), BoxAlerts(TOLD, real_now))
            intake = Intake(
                connection, share, evaluator, limits=Limits(), probe=lambda _: None
            )
            async with intake.unit("registry", world.START, world.START) as unit:
                text = world.registry(devices, rules)
                await registry.apply(unit, resolved(parse(text), world.version))
            await intake.reload()
            yield intake


class Stopwatch:
    """Real seconds, added up over `with` blocks."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Add what the block takes."""
        started = perf_counter()
        yield
        self.seconds += perf_counter() - started


def progress(text: str) -> None:
    """Show where we are, in one line that is written over; nothing where nobody looks."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
