"""What the benchmarks run on: a real database with fsync, and the ingestor's own parts.

Composed as in the tests: no broker, so decoding and admission are in the figures, MQTT and
receipts are not. The server is the
embedded one, or that of BLACKBOX_TEST_POSTGRES_BIN (with TimescaleDB, where it has it).
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from time import perf_counter, process_time

import psutil

from bench import world
from domain.registry_file import parse, resolved
from ingest.garbage import collect_rarely
from ingest.intake import Intake
from storage import registry, shares
from storage.connect import connect
from storage.migrate import LOGINS, migrate
from tests.database.box import Box
from tests.services import PASSWORD, Database, embedded_postgres, new_database


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
    async with registered(admin, world.registry(devices, rules)) as intake:
        yield intake


@asynccontextmanager
async def registered(admin: str, text: str) -> AsyncIterator[Intake]:
    """The intake of a new box, with a registry file applied."""
    collect_rarely()
    async with (
        migrated(admin) as database,
        await connect(database.url("ingest"), name="bench") as connection,
    ):
        share = await shares.take_lease(connection, "33")
        intake = Box(connection, share).intake
        async with intake.unit("registry", world.START, world.START) as unit:
            await registry.apply(unit, resolved(parse(text), world.version))
        await intake.reload()
        yield intake


@asynccontextmanager
async def migrated(admin: str) -> AsyncIterator[Database]:
    """A new database, migrated and empty."""
    with new_database(admin, "template0") as name:
        database = Database(name=name, admin=admin)
        await migrate(database.url(), dict.fromkeys(LOGINS, PASSWORD))
        yield database


@dataclass
class Meter:
    """Adds up what blocks take, in seconds."""

    intake: Intake
    wall: float = 0.0
    cpu: float = 0.0
    """Of our process and of its server process together: neighbours disturb it less."""

    @contextmanager
    def running(self) -> Iterator[None]:
        """Add what the block takes."""
        wall, cpu = perf_counter(), self._cpu()
        yield
        self.wall += perf_counter() - wall
        self.cpu += self._cpu() - cpu

    def _cpu(self) -> float:
        server = psutil.Process(self.intake.connection.info.backend_pid).cpu_times()
        return process_time() + server.user + server.system


def progress(text: str) -> None:
    """Show where we are, in one line that is written over; nothing where nobody looks."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
