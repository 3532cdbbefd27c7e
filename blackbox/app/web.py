"""`blackbox dashboard`: the pages, their pool of connections and their server."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import uuid4

from alerting.commands import Command, carry_out
from blackbox.clock import real_now
from blackbox.settings import Settings
from dashboard.app import create_app
from dashboard.house import InjectFault
from dashboard.pool import new_pool
from dashboard.serve import create_server
from domain.people import Person
from simulators.live import inject
from storage import roles
from storage.unit import Connection


async def run(settings: Settings, *, demo: bool = False) -> None:
    """Serve the pages until cancelled; `demo` shows the card of faults.

    Raises SettingsError where the login would see what its users may not.
    """
    await roles.check(settings.database())
    async with new_pool(settings.database()) as pool:
        app = create_app(
            pool=pool,
            clock=settings.read_clock(),
            real_now=real_now,
            secure=settings.secure(),
            acknowledge=acknowledge,
            inject_fault=fault_injector(settings.mqtt()) if demo else None,
        )
        server = create_server(
            app, host=settings.dashboard_host, port=settings.dashboard_port
        )
        serving = asyncio.ensure_future(server.serve())
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await serving
            raise


async def acknowledge(
    connection: Connection,
    person: Person,
    alert: int,
    reason: str | None,
    now: datetime,
) -> object:
    """What the button does."""
    command = Command(id=uuid4(), alert=alert, name="acknowledge", reason=reason)
    return await carry_out(connection, person, command, now)


def fault_injector(mqtt_url: str) -> InjectFault:
    """What the demo's buttons do: the same as `blackbox simulate fault`."""

    async def inject_minutes(device: str, fault: str, minutes: int) -> object:
        return await inject(mqtt_url, device, fault, timedelta(minutes=minutes))

    return inject_minutes
