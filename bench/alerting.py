"""What people's work with alerts costs: commands, the first page of an inbox, the stream.

    python -m bench.alerting [--alerts 100000] [--rounds 3]

On one real database with fsync, as the web process's login, in scope: a province of 11
prefectures with 8 counties each, 900 enterprises, ten points each, and open alerts spread
over them evenly, but for one county that has ten, the oldest.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from statistics import median
from time import monotonic, perf_counter
from typing import Any, NamedTuple
from uuid import uuid4

import psycopg
from prometheus_client import CollectorRegistry

from alerting.life.commands import carry_out
from alerting.life.forms import Command
from bench import box, world
from dashboard.audience import Client
from dashboard.pool import new_pool
from dashboard.stream import Stream
from domain.people import EVERYTHING, Person, Role, Scope
from storage import alert_list, journal
from storage.alert_list import Filter
from storage.connect import connect
from storage.scope import scoped
from storage.unit import Connection
from tests.services import Database

PAGE = 50
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SEED = """
INSERT INTO enterprise (code, name_zh, name_en, kind, high_risk)
SELECT 'E' || n, '企业' || n, 'Enterprise ' || n, 'wholesaler', '{}' FROM generate_series(1, 900) AS n;
INSERT INTO site (enterprise, key, name_zh, name_en, kind, region, telephone)
SELECT n, 's', '冷库', 'Cold store', 'warehouse',
       CASE WHEN n = 900 THEN '331299' ELSE '33' || to_char(1 + n % 11, 'FM00') || to_char(1 + n / 11 % 8, 'FM00') END,
       '0571-88880000' FROM generate_series(1, 900) AS n;
INSERT INTO device (enterprise, site, key, name_zh, name_en, kind)
SELECT n, n, 'd', '记录仪', 'Logger', 'logger' FROM generate_series(1, 900) AS n;
INSERT INTO point (device, key, name_zh, name_en, quantity, unit, resolution, stage, factor)
SELECT n, 't' || k, '温度', 'Temperature', 'temperature', '°C', 0.1, 'storage', 'environment'
  FROM generate_series(1, 900) AS n, generate_series(1, 10) AS k ORDER BY n, k;
INSERT INTO person (name, full_name, role, region, language, created_at)
VALUES ('chief', 'Chief', 'supervisor', '330000', 'en', '2026-01-01Z');
"""
ALERTS = """
INSERT INTO alert (id, rule, version, point, device, enterprise, site, region, severity, suppressed,
                   opened_at, raised_at, entries)
SELECT n, 'cold', 'v', p.id, d.id, d.enterprise, d.site, s.region, 1 + mod(n * 7919, 3), false, t, t, 1
  FROM generate_series(1, %(count)s) AS n
 CROSS JOIN LATERAL (SELECT timestamptz '2026-11-22 08:00Z' - n * interval '7 s' AS t) AS time
  JOIN point AS p ON p.id = CASE WHEN n > %(count)s - 10 THEN 8991 ELSE 1 + mod(n * 7919, 8990) END
  JOIN device AS d ON d.id = p.device JOIN site AS s ON s.id = d.site
"""
OPENINGS = """
INSERT INTO journal (alert, n, intake, at, actor, event, severity, new_state, detail)
SELECT id, 1, 1, opened_at, 'system', 'opened', severity, 'active-unacknowledged', '{}' FROM alert;
SELECT setval('alert_id', (SELECT max(id) FROM alert));
"""
RULE = "INSERT INTO rule_version (version, rule, kind, content) VALUES ('v', 'cold', 'threshold', %s)"
EXCURSIONS = """
INSERT INTO excursion (id, revision, intake, point, rule, version, level, severity, started, peak, peak_time, withdrawn)
SELECT id, 1, 1, point, rule, version, 'excursion', severity, opened_at, 9.5, opened_at, false FROM alert;
INSERT INTO alert_excursion (alert, excursion, intake) SELECT id, id, 1 FROM alert;
"""
REVISED = """
INSERT INTO journal (alert, n, intake, at, actor, event, severity, old_state, new_state, detail)
SELECT a.id, 1 + (SELECT max(n) FROM journal WHERE alert = a.id), 1, a.opened_at, 'system', 'revised', a.severity,
       'active-unacknowledged', 'active-unacknowledged', '{}'
  FROM alert AS a WHERE a.id BETWEEN %s AND %s
"""
SEEN = "SELECT id, area FROM alert WHERE id BETWEEN %s AND %s"
SCOPES = {
    "a county": Scope(330103, 330103),
    "a county with ten alerts": Scope(331299, 331299),
    "a prefecture": Scope(330100, 330199),
    "the province": Scope(330000, 339999),
    "everything": EVERYTHING,
}
CHIEF = Person(
    id=1,
    name="chief",
    full_name="Chief",
    role=Role.SUPERVISOR,
    region="330000",
    enterprise=None,
    language="en",
)


@asynccontextmanager
async def province(admin: str, alerts: int) -> AsyncIterator[Database]:
    """A database with so many open alerts, its tables freshly analysed."""
    async with box.migrated(admin) as database:
        with psycopg.connect(database.url(), autocommit=True) as connection:
            connection.execute(SEED)
            connection.execute(RULE, (world.version("cold", {}).content,))
            connection.execute(ALERTS, {"count": alerts})
            connection.execute(OPENINGS)
            connection.execute(EXCURSIONS)
            connection.execute("VACUUM ANALYZE")
        yield database


def web(database: Database) -> Awaitable[Connection]:
    """A connection of the web process's login."""
    return connect(database.url("web"), name="bench")


async def each(what: Callable[[], Awaitable[object]], times: int) -> float:
    """Median seconds that `what` takes, warm."""
    took = []
    for _ in range(times + 3):
        began = perf_counter()
        await what()
        took.append(perf_counter() - began)
    return median(took[3:])


# Inbox ------------------------------------------------------------------------------


async def inbox(database: Database, rounds: int) -> None:
    """First page and counts by scope ÷ SELECT 1, on one warm connection in scope."""
    async with await web(database) as connection:
        for title, scope in SCOPES.items():
            figures = [await pages(connection, scope) for _ in range(rounds)]
            one, page, count = (median(column) for column in zip(*figures, strict=True))
            print(
                f"  {title:25} SELECT 1 {1e3 * one:6.3f} ms   first page {1e3 * page:7.2f} ms"
                f" = × {page / one:5.1f}   counts {1e3 * count:7.2f} ms = × {count / one:6.1f}"
            )


async def pages(connection: Connection, scope: Scope) -> tuple[float, float, float]:
    """Seconds of SELECT 1, of a first page, and of the counts above it."""
    wanted = Filter()
    async with scoped(connection, scope):
        return (
            await each(lambda: connection.execute("SELECT 1"), 100),
            await each(
                lambda: alert_list.page(connection, wanted, after=None, limit=PAGE), 20
            ),
            await each(lambda: alert_list.counts(connection, wanted), 5),
        )


# Commands ---------------------------------------------------------------------------


async def commands(database: Database, rounds: int, count: int) -> None:
    """Commands per second by one connection, and by four at once, in turn."""
    numbers = iter(range(1, 2 * rounds * count + 1))
    speeds: dict[int, list[float]] = {1: [], 4: []}
    async with AsyncExitStack() as stack:
        own = [await stack.enter_async_context(await web(database)) for _ in range(4)]
        for _ in range(rounds):
            for many, found in speeds.items():
                work = [next(numbers) for _ in range(count)]
                began = perf_counter()
                await asyncio.gather(*(work_off(one, work) for one in own[:many]))
                found.append(count / (perf_counter() - began))
    for many, found in speeds.items():
        ratio = median(found) / median(speeds[1])
        print(
            f"  {many} connection{'s' if many > 1 else ' '}: {median(found):5.0f} commands/s"
            f" ({min(found):.0f}–{max(found):.0f}) = × {ratio:.2f}"
        )


async def work_off(connection: Connection, work: list[int]) -> None:
    """Acknowledge what is left of `work`."""
    while work:
        command = Command(id=uuid4(), alert=work.pop(), name="acknowledge")
        await carry_out(connection, CHIEF, command, NOW)


# Stream -----------------------------------------------------------------------------

COUNTIES = [330000 + 100 * p + c for p in range(1, 12) for c in range(1, 9)]
FOLLOWED = [EVERYTHING, Scope(330000, 339999), *(Scope(c, c) for c in COUNTIES[:18])]
EACH = 10
"""Clients of a scope, and entries of a transaction."""


async def stream(database: Database, rounds: int, transactions: int) -> None:
    """Events to 200 clients of 20 scopes, from the first commit to the last that is read."""
    speeds, delays = [], []
    async with new_pool(database.url("web")) as pool:
        source = Stream(
            pool=pool,
            elapsed=monotonic,
            real_now=lambda: NOW,
            quiet_after=1e9,
            metrics=CollectorRegistry(),
        )
        async with source.running():
            for n in range(rounds):
                events, took, late = await fan_out(
                    database, source, n * transactions, transactions
                )
                speeds.append(events / took)
                delays.append(late)
    print(
        f"  {median(speeds):,.0f} events/s ({min(speeds):,.0f}–{max(speeds):,.0f}) to"
        f" {EACH * len(FOLLOWED)} clients of {len(FOLLOWED)} scopes; the last was read"
        f" {median(delays):.3f} s after the last commit"
    )


async def fan_out(
    database: Database, source: Stream, start: int, transactions: int
) -> tuple[int, float, float]:
    """Events told, seconds that it took, and of these after the last commit."""
    first, last = 1 + EACH * start, EACH * (start + transactions)
    async with AsyncExitStack() as stack:
        owner = await stack.enter_async_context(
            await connect(database.url(), name="bench")
        )
        areas = await (await owner.execute(SEEN, (first, last))).fetchall()
        following = []
        for scope in FOLLOWED:
            own = {
                (i - 1) // EACH for i, area in areas if scope.low <= area <= scope.high
            }
            for _ in range(EACH):
                client = Client(watching(scope), b"")
                events = await stack.enter_async_context(source.joined(client, None))
                following.append(asyncio.create_task(take(events, len(own))))
        await asyncio.sleep(1)  # everybody is there
        began = perf_counter()
        for n in range(start, start + transactions):
            await owner.execute(REVISED, (1 + EACH * n, EACH * (n + 1)))
        await owner.execute(journal.WAKE)
        committed = perf_counter()
        told = await asyncio.gather(*following)
        ended = perf_counter()
    return sum(told), ended - began, ended - committed


class Watcher(NamedTuple):
    """Stands for a person, for whom only the scope counts here."""

    id: int
    scope: Scope


def watching(scope: Scope) -> Any:
    """Somebody with this scope."""
    return Watcher(id(scope), scope)


async def take(events: AsyncIterator[bytes], count: int) -> int:
    """Read until `count` transactions have been told."""
    left = count
    async for data in events:
        left -= b"event: journal" in data
        if not left:
            break
    return count


async def measure(options: argparse.Namespace) -> None:
    """All of it on one database."""
    with box.server() as admin:
        async with province(admin, options.alerts) as database:
            print(f"\ninbox, first {PAGE} of {options.alerts:,} open alerts")
            await inbox(database, options.rounds)
            print("\ncommands, one chain")
            await commands(database, options.rounds, options.commands)
            print("\nstream")
            await stream(database, options.rounds, options.transactions)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--alerts", type=int, default=100_000, help="that are open")
    parser.add_argument("--commands", type=int, default=500, help="of each turn")
    parser.add_argument("--transactions", type=int, default=500, help="of each turn")
    parser.add_argument("--rounds", type=int, default=3)
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
