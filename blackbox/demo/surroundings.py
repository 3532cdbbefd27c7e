"""What a demo stands on: what was asked of it, its directory, database and broker."""

from __future__ import annotations

import json
import secrets
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from psycopg.conninfo import make_conninfo

from blackbox.services import state_directory
from blackbox.services.mosquitto import Mosquitto
from blackbox.services.postgres import EmbeddedPostgres
from blackbox.settings import Settings
from domain.errors import InputError
from storage.migrate import LOGINS, migrate

INGEST = ("-m", "blackbox", "ingest")


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What can be asked of a demo."""

    scenario: str = "demo"
    seconds: float = 720.0
    """Real seconds that the scenario takes; sets the clock's factor."""
    headless: bool = False
    fresh: bool = False
    port: int = 0
    """Of the page; 0: a free one."""
    ingest: Sequence[str] = INGEST
    """The ingestor's program; tests start one with a broken rule."""
    say: Callable[[str], None] = field(default=print)


def prepare_directory(
    stack: AsyncExitStack, settings: Settings, options: Options
) -> Path:
    """Where this demo keeps its data: its own for a headless one, else the lasting one."""
    if options.headless:
        directory = Path(tempfile.mkdtemp(prefix="blackbox-"))
        directory.chmod(0o755)
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        return directory
    directory = state_directory("demo", settings.state_dir)
    if options.fresh and settings.database_url:
        raise InputError(
            zh="--fresh：请自行清空 BLACKBOX_DATABASE_URL。",
            en="--fresh: empty that database (BLACKBOX_DATABASE_URL) yourself.",
        )
    if options.fresh:
        for server in (
            EmbeddedPostgres(directory / "postgres"),
            Mosquitto(directory / "mosquitto"),
        ):
            server.clear()
    return directory


async def open_services(
    stack: AsyncExitStack,
    settings: Settings,
    directory: Path,
    say: Callable[[str], None],
) -> dict[str, str]:
    """Start database and broker where none are given; the URLs by role, and `mqtt`."""
    owner = settings.database_url or start_postgres(stack, settings, directory)
    broker = settings.mqtt_url or start_mosquitto(stack, directory, say)
    passwords = remembered_passwords(directory)
    await migrate(owner, passwords)
    logins = {
        role: make_conninfo(owner, user=login, password=passwords[role])
        for role, login in LOGINS.items()
    }
    return {**logins, "owner": owner, "mqtt": broker}


def start_postgres(stack: AsyncExitStack, settings: Settings, directory: Path) -> str:
    """A database of the demo's own; the URL of its owner."""
    postgres = EmbeddedPostgres(directory / "postgres", settings.postgres_bin)
    stack.callback(postgres.stop)
    postgres.start()
    return postgres.url()


def start_mosquitto(
    stack: AsyncExitStack, directory: Path, say: Callable[[str], None]
) -> str:
    """A broker of the demo's own; its URL."""
    mosquitto = Mosquitto(directory / "mosquitto", say=say)
    stack.callback(mosquitto.stop)
    mosquitto.start()
    return mosquitto.url


def remembered_passwords(directory: Path) -> dict[str, str]:
    """Passwords of the logins, made once; an embedded database trusts whoever reaches it."""
    path = directory / "passwords.json"
    if not path.exists():
        path.touch(mode=0o600)
        made = {role: secrets.token_urlsafe(24) for role in LOGINS}
        path.write_text(json.dumps(made))
    return json.loads(path.read_text())
