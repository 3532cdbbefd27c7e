"""From event to screen: how long after its commit an alert is told to 200 clients, and seen.

The intake runs at half of what it can do; each second one sensor gets critical at once. Told
means that the event has reached a client of the stream; seen, that its row stands in the inbox
of a real browser. All of it on one machine: intake, database, web process, clients, browser.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from statistics import median, quantiles
from time import perf_counter
from time import time as epoch
from typing import Final

from playwright.async_api import async_playwright

from bench import box, flood, world
from bench.following import following
from bench.serving import served
from domain.people import Role
from ingest.door import Message
from ingest.intake import Intake
from storage import sessions
from storage.connect import connect
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.people import add, somebody
from tests.services import Database

CLIENTS: Final = 200
EACH: Final = 10
"""Streams of one person."""
OTHERS: Final = range(101, 601)
"""Devices whose sensors stay within the limits."""
BATCH: Final = 100
LATER: Final = timedelta(days=30)
"""When all of it is over by the domain's clock, which goes on by a minute with each batch."""
NEWEST: Final = "SELECT max(id) FROM alert"
WATCH: Final = """() => {
    globalThis.seen = {};
    const look = () => {
        for (const one of document.querySelectorAll('[id^="alert-"]')) {
            const number = /^alert-(\\d+)$/.exec(one.id)?.[1];
            if (number) globalThis.seen[number] ??= Date.now() / 1000;
        }
    };
    look();
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
}"""


async def measure(admin: str, seconds: int) -> None:
    """Print both, at half of the intake's maximum."""
    text = flood.registry(OTHERS.stop, "sudden")
    async with box.registered(admin, text) as intake:
        database = Database(name=intake.connection.info.dbname, admin=admin)
        await flood.commit(
            intake, batch(range(1, OTHERS.stop), world.START), world.START
        )
        most = await full_speed(intake)
        secrets = await sign_in(database)
        async with (
            served(database.url("web"), world.START + LATER) as address,
            following(address, secrets) as followers,
            async_playwright() as playwright,
        ):
            browser = await playwright.chromium.launch(
                executable_path=CHROMIUM, args=ARGUMENTS
            )
            context = await browser.new_context()
            await context.add_cookies(
                [{"name": "session", "value": secrets[0], "url": address}]
            )
            page = await context.new_page()
            await page.goto(f"{address}/alerts")
            await page.evaluate(WATCH)
            opened, speed = await half_speed(intake, most, seconds)
            await asyncio.sleep(3)
            seen = {int(n): at for n, at in (await page.evaluate("seen")).items()}
            told = await followers.told()
            await browser.close()
    print(f"  intake: {most:,.0f} readings/s at most, {speed:,.0f} during this")
    report(
        "told to the last of 200 clients",
        opened,
        {n: max(times) for n, times in told.items()},
    )
    report("seen in the inbox of a browser", opened, seen)


def batch(devices: Iterable[int], now: datetime) -> list[Message]:
    """A message of each device, all in limits."""
    return [flood.message(n, now) for n in devices]


async def full_speed(intake: Intake, seconds: float = 5) -> float:
    """Readings per second that it takes in when there are always more."""
    others, readings, now = cycle(OTHERS), 0, world.START
    began = perf_counter()
    while perf_counter() - began < seconds:
        now += world.MINUTE
        readings += BATCH * len(flood.KEYS)
        await flood.commit(intake, batch(islice(others, BATCH), now), now)
    return readings / (perf_counter() - began)


async def half_speed(
    intake: Intake, most: float, seconds: int
) -> tuple[Mapping[int, float], float]:
    """By alert, when its intake was committed; and readings per second."""
    opened: dict[int, float] = {}
    others, readings, now = cycle(OTHERS), 0, world.START + world.DAY
    began = perf_counter()
    for n in range(1, seconds + 1):
        now += world.MINUTE
        sudden = {"time": now.isoformat(), "values": {"t1": 15.0}}
        await intake.commit([world.message(n, sudden)], now)
        committed = epoch()
        cursor = await intake.connection.execute(NEWEST)
        row = await cursor.fetchone()
        assert row is not None
        opened[row[0]] = committed
        while perf_counter() - began < n:
            if readings > most / 2 * (perf_counter() - began):
                await asyncio.sleep(0.01)
                continue
            now += world.MINUTE
            readings += BATCH * len(flood.KEYS)
            await flood.commit(intake, batch(islice(others, BATCH), now), now)
    return opened, readings / (perf_counter() - began)


async def sign_in(database: Database) -> list[str]:
    """A session for each client; one person may have so many streams only."""
    secrets: list[str] = []
    real = datetime.now(UTC)
    async with await connect(database.url("web"), name="bench") as web:
        for n in range(CLIENTS // EACH + 1):
            person = await add(web, somebody(f"s{n:03}", Role.SUPERVISOR), real)
            secrets += [await sessions.begin(web, person.id, real) for _ in range(EACH)]
    return secrets[:CLIENTS]


def report(what: str, opened: Mapping[int, float], then: Mapping[int, float]) -> None:
    """Median and 95th percentile of the delays; what never came is said."""
    delays = [then[n] - at for n, at in opened.items() if n in then]
    missing = len(opened) - len(delays)
    print(
        f"  {what}: median {median(delays):.2f} s, p95 {quantiles(delays, n=20)[-1]:.2f} s,"
        f" longest {max(delays):.2f} s, of {len(opened)} alerts"
        + (f"; {missing} NEVER CAME" if missing else "")
    )
