"""What commands share: a process until it is told to stop, a connection for one question."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from blackbox import logs
from blackbox.clock import Clock
from blackbox.demo import state
from blackbox.services import state_directory
from blackbox.settings import Settings, read
from blackbox.signals import run_until_told
from domain.broker import Broker
from domain.errors import InputError
from storage.connect import connect
from storage.scope import see_all
from storage.unit import Connection


def serve(composition: Coroutine[Any, Any, None], settings: Settings) -> None:
    """Run a process until SIGINT or SIGTERM; then let it end cleanly."""
    logs.configure(settings.log_format)
    run_until_told(composition)


def demo() -> state.Running:
    """The demo that runs on this machine. Raises InputError if there is none."""
    return state.find(state_directory("demo", read().state_dir))


def mqtt_url() -> str:
    """The broker that the settings name, else that of the demo that runs."""
    return read().mqtt_url or demo().mqtt_url


def broker_address() -> str | None:
    """Host and port of that broker, without its password; None: nothing names one."""
    settings = read()
    if settings.database_url and not settings.mqtt_url:
        return None
    broker = Broker.parse(mqtt_url())
    return f"{broker.host}:{broker.port}"


def domain_now() -> datetime:
    """Domain time of that database: of a demo's, by the demo's clock."""
    settings = read()
    if settings.database_url is None:
        return Clock.parse(demo().clock).now()
    return settings.read_clock().now()


def moment(option: str, text: str) -> datetime:
    """The time that an option gives. Raises InputError."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            zh=f"{option} {text}：请写成 2026-11-22T08:00+08:00。",
            en=f"{option} {text}: write 2026-11-22T08:00+08:00.",
        ) from error
    if time.tzinfo is None:
        raise InputError(
            zh=f"{option} {text}：请写明时区，如 +08:00 或 Z。",
            en=f"{option} {text}: give an offset, such as +08:00 or Z.",
        )
    return time


@asynccontextmanager
async def database() -> AsyncIterator[Connection]:
    """A connection to the database that the settings name, else to the running demo's.

    It sees everything: whoever works with the database's login is an operator.
    """
    url = read().database_url or demo().database_url
    async with await connect(url, name="blackbox command") as connection:
        await see_all(connection)
        yield connection
