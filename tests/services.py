"""Fixtures: the real database and the real broker.

One server of each per session, and per test a database cloned from a migrated template.
Other servers than the wheel's are chosen by the environment:

    BLACKBOX_TEST_POSTGRES_BIN   bin directory of another PostgreSQL, such as one with TimescaleDB
    BLACKBOX_TEST_DATABASE_URL   a running server; the login makes databases and roles
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from shutil import disk_usage, rmtree
from tempfile import mkdtemp

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from blackbox.services import mosquitto as broker
from blackbox.services import postgres as server
from blackbox.services.mosquitto import Mosquitto
from blackbox.services.postgres import EmbeddedPostgres
from storage.connect import connect
from storage.migrate import LOGINS, migrate
from storage.server import describe

URL = os.environ.get("BLACKBOX_TEST_DATABASE_URL")
BINARIES = (
    Path(text) if (text := os.environ.get("BLACKBOX_TEST_POSTGRES_BIN")) else None
)
PASSWORD = "it's \\ only for tests"
PREFIX = f"blackbox_test_{os.getpid()}"
QUIET = {"timescaledb.max_background_workers": "0"}
"""No jobs behind a test's back, and no sessions on the template that forbid to clone it."""
NUMBERS = count(1)
MEMORY = Path("/dev/shm")
ROOMY = 2 << 30
"""Bytes free from which the session's cluster lies in memory: a clone then takes 20 ms, not 200."""


@dataclass(frozen=True, kw_only=True)
class Database:
    """A database of a test's own, migrated and empty."""

    name: str
    admin: str
    """URL of the server's administrator."""

    def url(self, role: str = "owner") -> str:
        """Where `role` (owner, ingest, dispatch, web, retention) connects to."""
        if role == "owner":
            return make_conninfo(self.admin, dbname=self.name)
        login = {"user": LOGINS[role], "password": PASSWORD}
        return make_conninfo(self.admin, dbname=self.name, **login)


@contextmanager
def short_directory(*, in_memory: bool = False) -> Iterator[Path]:
    """A directory that the servers' accounts can enter, as they cannot enter pytest's own."""
    in_memory &= MEMORY.is_dir() and disk_usage(MEMORY).free > ROOMY
    directory = Path(
        mkdtemp(prefix="blackbox-test-", dir=MEMORY if in_memory else None)
    )
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        rmtree(directory, ignore_errors=True)


@contextmanager
def embedded_postgres(*, fsync: bool) -> Iterator[EmbeddedPostgres]:
    """A cluster of one's own, started."""
    with short_directory(in_memory=not fsync) as directory:
        cluster = EmbeddedPostgres(directory / "postgres", BINARIES, fsync=fsync)
        if server.timescaledb_version(cluster.binaries):
            cluster.settings |= QUIET
        with cluster:
            yield cluster


@pytest.fixture(scope="session")
def database_server() -> Iterator[str]:
    """URL of the administrator of the session's server."""
    if URL:
        yield URL
        return
    with embedded_postgres(fsync=False) as cluster:
        yield cluster.url(database="postgres")


@pytest.fixture(scope="session")
def template(database_server: str) -> Iterator[str]:
    """Name of a migrated database without sessions, to be cloned."""
    with new_database(database_server, "template0") as name:
        url = make_conninfo(database_server, dbname=name)
        asyncio.run(migrate(url, dict.fromkeys(LOGINS, PASSWORD)))
        yield name


@pytest.fixture
def database(database_server: str, template: str) -> Iterator[Database]:
    """A migrated, empty database."""
    with new_database(database_server, template) as name:
        yield Database(name=name, admin=database_server)


@pytest.fixture
def empty_database(database_server: str) -> Iterator[Database]:
    """A database that nothing was done to yet."""
    with new_database(database_server, "template0") as name:
        yield Database(name=name, admin=database_server)


@contextmanager
def new_database(admin: str, template: str) -> Iterator[str]:
    """A clone of `template`, dropped afterwards with whoever is still connected."""
    name = f"{PREFIX}_{next(NUMBERS)}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(
            create.format(sql.Identifier(name), sql.Identifier(template))
        )
        try:
            yield name
        finally:
            connection.execute(drop.format(sql.Identifier(name)))


@pytest.fixture
def new_postgres() -> Iterator[Callable[[], EmbeddedPostgres]]:
    """Makes clusters of a test's own (fsync on, a database `blackbox`, not migrated): to be killed."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(embedded_postgres(fsync=True))


@pytest.fixture(scope="session")
def mosquitto() -> Iterator[Mosquitto]:
    """The session's broker. Its sessions outlive a test: use client ids of your own."""
    with running_mosquitto() as running:
        yield running


@pytest.fixture
def new_mosquitto() -> Iterator[Callable[[], Mosquitto]]:
    """Makes brokers of a test's own: to be stopped and killed."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(running_mosquitto())


@contextmanager
def running_mosquitto() -> Iterator[Mosquitto]:
    """A broker of one's own, started."""
    with short_directory() as directory, Mosquitto(directory / "mosquitto") as running:
        yield running


def pytest_report_header() -> str:
    """Which servers these tests run on."""
    database = asyncio.run(name_of(URL)) if URL else server.version(BINARIES)
    return f"blackbox: {database} · {broker.version()}"


async def name_of(url: str) -> str:
    """Name of a running server, without what its URL says of passwords."""
    connection = await connect(url, name="tests")
    async with connection:
        return f"{(await describe(connection)).name} at {conninfo_to_dict(url).get('host')}"
