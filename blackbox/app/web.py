"""`blackbox dashboard`: the pages, their pool of connections and their server."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

from alerting.life.commands import carry_out
from alerting.telling.links import linked
from alerting.telling.owing import Telling
from blackbox.app.telling import known_channels, subscriptions
from blackbox.clock import real_now
from blackbox.settings import Settings
from dashboard.app import create_app
from dashboard.house import InjectFault
from dashboard.pool import new_pool
from dashboard.serve import create_server
from simulators.live import inject
from simulators.scenario import find_scenario, load_scenario
from storage import roles


async def run(settings: Settings, *, demo: str | None = None) -> None:
    """Serve the pages until cancelled; of a `demo`, with the faults of the scenario it plays.

    Raises SettingsError where the login would see what its users may not.
    """
    faults = load_scenario(find_scenario(demo)).possible if demo else {}
    await roles.check(settings.database())
    async with new_pool(settings.database()) as pool:
        telling = Telling(
            subscriptions(settings), real_now, linked(settings.public_url)
        )
        clock = settings.read_clock()
        app = create_app(
            pool=pool,
            clock=clock,
            carry_out=partial(carry_out, tell=telling.of_people),
            real_now=real_now,
            secure=settings.secure(),
            inject_fault=fault_injector(settings.mqtt()) if demo else None,
            faults=faults,
            channels=known_channels(settings),
            broker=settings.public_broker(),
            speed=clock.factor if settings.clock else None,
        )
        server = create_server(
            app,
            host=settings.dashboard_host,
            port=settings.dashboard_port,
            proxies=settings.trusted_proxies,
        )
        serving = asyncio.ensure_future(server.serve())
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await serving
            raise


def fault_injector(mqtt_url: str) -> InjectFault:
    """What the demo's buttons do: the same as `blackbox simulate fault`."""

    async def inject_minutes(device: str, fault: str, minutes: int) -> object:
        return await inject(mqtt_url, device, fault, timedelta(minutes=minutes))

    return inject_minutes
