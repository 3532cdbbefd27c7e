"""What pages cost under load: overview and inbox ÷ a static file, of one web process.

Requests come at a fixed rate, whether the ones before are answered or not, and in turn: a
page, another, the file; so that whatever disturbs one disturbs all. Twelve supervisors ask:
of the province, and of each prefecture.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import count, cycle
from statistics import median, quantiles
from time import perf_counter
from typing import Final

import httpx

from bench.alerting import NOW
from bench.serving import served
from domain.people import Role
from storage import sessions
from storage.connect import connect
from tests.people import add, somebody
from tests.services import Database

FILE: Final = "/static/base.css"
PAGES: Final = ("/", "/alerts")
REGIONS: Final = ["330000", *(f"33{n:02}00" for n in range(1, 12))]


async def sign_in(database: Database) -> list[str]:
    """Sessions of supervisors, one of each region."""
    secrets, real = [], datetime.now(UTC)
    async with await connect(database.url("web"), name="bench") as web:
        for region in REGIONS:
            new = somebody(f"s{region}", Role.SUPERVISOR, region=region)
            person = await add(web, new, real)
            secrets.append(await sessions.begin(web, person.id, real))
    return secrets


async def load(
    address: str, secrets: list[str], rate: float, seconds: float
) -> Mapping[str, list[float]]:
    """Seconds that each answer took, by path."""
    took: dict[str, list[float]] = {path: [] for path in (*PAGES, FILE)}
    limits = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(base_url=address, limits=limits, timeout=60) as client:

        async def ask(path: str, secret: str) -> None:
            began = perf_counter()
            answer = await client.get(path, headers={"Cookie": f"session={secret}"})
            took[path].append(perf_counter() - began)
            assert answer.status_code == 200, answer.text[:200]

        asked, paths, who = [], cycle(took), cycle(secrets)
        began = perf_counter()
        for n in count():
            wait = began + n / rate - perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            if perf_counter() - began > seconds:
                break
            asked.append(asyncio.create_task(ask(next(paths), next(who))))
        await asyncio.gather(*asked)
    return took


async def measure(database: Database, rate: float, seconds: float) -> None:
    """Print medians and 95th percentiles, and their ratios to the file's."""
    secrets = await sign_in(database)
    async with served(database.url("web"), NOW) as address:
        await load(address, secrets, rate, 5)  # warm
        took = await load(address, secrets, rate, seconds)
    file = quantiles(took[FILE], n=20)[-1]
    for path, found in took.items():
        p95 = quantiles(found, n=20)[-1]
        print(
            f"  {path:18} {len(found):4} requests  median {1e3 * median(found):7.1f} ms"
            f"  p95 {1e3 * p95:7.1f} ms = × {p95 / file:6.1f}"
        )
