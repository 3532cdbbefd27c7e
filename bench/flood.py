"""What a power cut of a city does to the intake: 250 sites of 20 sensors warm up within a minute.

    python -m bench.flood [--others 250] [--seconds 60] [--rounds 2]

A minute of domain time takes one of real time. In each, the city's devices send one message,
spread over it; the others' send as fast as the intake takes them, and the intake ticks in
between, as in the product. Counted are the readings taken in within a minute with all in
limits, within that in which each of the city's sensors is found beyond the limit (5,000
alerts), and within the one after, in which all still are. Then the city's loggers fall silent;
those minutes pass as fast as they can. Each alert is told to two.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import cycle, islice
from statistics import median
from time import perf_counter
from typing import Any, Final, NamedTuple

import psutil

from bench import box, world
from domain.listened import Listened
from ingest.door import Message
from ingest.intake import Intake

SITES: Final = 250
KEYS: Final = [f"t{n}" for n in range(1, 21)]
BATCH: Final = 250
"""Messages of the others in an intake."""
CASES: Final = {"major": ("cold", 9.0), "critical": ("sudden", 15.0)}
"""By severity: the rule, and how warm (°C) the city's sensors get."""
MINUTES: Final = ("idle", "flood", "after")
COUNTS = """
SELECT (SELECT count(*) FROM alert), (SELECT count(*) FROM incident), (SELECT count(*) FROM delivery),
       (SELECT count(*) FROM alert WHERE device IS NOT NULL AND point IS NULL)
"""


class Minute(NamedTuple):
    """What was seen in one, in real seconds."""

    speed: float
    """Readings per second, by the clock."""
    cpu: float
    """Readings per second of the processors that we and our server process had."""
    longest: float
    """The longest intake."""


@dataclass
class Turn:
    """What was seen in one turn."""

    minutes: list[Minute] = field(default_factory=list)
    """As in `MINUTES`."""
    counts: list[tuple[int, ...]] = field(default_factory=list)
    """Alerts, incidents, deliveries, silent devices: after the flood, and after the silence."""


def registry(devices: int, rule: str) -> str:
    """A registry file of so many sites with a device each."""
    points = {key: {"quantity": "temperature", "resolution": 0.1} for key in KEYS}
    setting = {"from": "2026-01-01T00:00:00Z", "zone": "cold", "interval": "1m"}
    timeline = [{**setting, "rules": [rule, "device-silent"]}]
    sites = {
        f"s{n}": {
            "name": f"Store {n}",
            "kind": "warehouse",
            "region": "330106",
            "telephone": "0571-88880000",
            "devices": {
                f"d{n}": {"name": f"Logger {n}", "timeline": timeline, "points": points}
            },
        }
        for n in range(1, devices + 1)
    }
    enterprise = {"name": "Pharma", "kind": "wholesaler", "sites": sites}
    return json.dumps({"enterprises": {world.CODE: enterprise}})


def message(device: int, time: datetime, base: float = 4.5) -> Message:
    """What a device measures at `time`: about `base` °C."""
    value = base + (device * 7 + time.minute * 3) % 10 / 10
    values = dict.fromkeys(KEYS, value)
    return world.message(device, {"time": time.isoformat(), "values": values})


async def commit(intake: Intake, messages: Sequence[Message], now: datetime) -> float:
    """Take in, and tick, as the ingestor does; how long the intake took."""
    began = perf_counter()
    await intake.commit(messages, now)
    took = perf_counter() - began
    start = world.START - timedelta(days=1)
    await intake.tick(Listened(watermark=now, since=start, unbroken=start), now)
    return took


async def real_minute(
    intake: Intake, others: Iterator[int], start: datetime, base: float, seconds: float
) -> Minute:
    """One minute that takes so many real seconds; the city's sensors are about `base` °C."""
    meter, sent, readings, longest = box.Meter(intake), 0, 0, 0.0
    began = perf_counter()
    with meter.running():
        while (passed := perf_counter() - began) < seconds or sent < SITES:
            now = start + min(passed / seconds, 1) * world.MINUTE
            upto = min(SITES, int(SITES * passed / seconds) + 1)
            work = [message(n, now, base) for n in range(sent + 1, upto + 1)]
            work += [message(n, now) for n in islice(others, BATCH)]
            sent, readings = upto, readings + len(work) * len(KEYS)
            longest = max(longest, await commit(intake, work, now))
    return Minute(readings / meter.wall, readings / meter.cpu, longest)


async def turn(intake: Intake, options: argparse.Namespace, warm: float) -> Turn:
    """All three minutes, after one in which every point is met for the first time."""
    seen, everybody = Turn(), range(1, SITES + options.others + 1)
    await commit(intake, [message(n, world.START) for n in everybody], world.START)
    others = cycle(everybody[SITES:])
    for number, base in enumerate((4.5, warm, warm), 1):
        start = world.START + number * world.MINUTE
        seen.minutes.append(
            await real_minute(intake, others, start, base, options.seconds)
        )
        if number > 1:
            seen.counts.append(await counts(intake))
    for number in range(4, 25):
        now = world.START + number * world.MINUTE
        await commit(intake, [message(n, now) for n in everybody[SITES:]], now)
    seen.counts.append(await counts(intake))
    return seen


async def counts(intake: Intake) -> tuple[int, ...]:
    """Alerts, incidents, deliveries, silent devices."""
    cursor = await intake.connection.execute(COUNTS)
    row: Any = await cursor.fetchone()
    return row


async def measure(options: argparse.Namespace) -> None:
    """Both cases, each round on a database of its own."""
    with box.server() as admin:
        for severity, (rule, warm) in CASES.items():
            text, turns = registry(SITES + options.others, rule), list[Turn]()
            for n in range(1, options.rounds + 1):
                box.progress(f"{severity}: round {n} of {options.rounds}")
                async with box.registered(admin, text) as intake:
                    turns.append(await turn(intake, options, warm))
            box.progress("")
            report(severity, turns)


def report(severity: str, turns: Sequence[Turn]) -> None:
    """Medians, and the ratios to the idle minute of the same round."""
    print(f"\n{severity} (load average {psutil.getloadavg()[0]:.1f})")
    by_minute = zip(*(t.minutes for t in turns), strict=True)
    for name, own in zip(MINUTES, by_minute, strict=True):
        pairs = [(m, t.minutes[0]) for m, t in zip(own, turns, strict=True)]
        kept = [minute.speed / idle.speed for minute, idle in pairs]
        of_cpu = [minute.cpu / idle.cpu for minute, idle in pairs]
        print(
            f"{name:>6}: {median(m.speed for m in own):8,.0f} readings/s"
            f"  × {median(kept):.2f} ({min(kept):.2f}–{max(kept):.2f});"
            f" {median(m.cpu for m in own):8,.0f} per CPU second × {median(of_cpu):.2f};"
            f" longest intake {max(m.longest for m in own):.2f} s"
        )
    when = ("the flood", "the minute after", "the silence")
    for name, row in zip(when, turns[-1].counts, strict=True):
        alerts, incidents, deliveries, silent = row
        print(
            f"  after {name}: {alerts:,} alerts ({silent} of silent devices),"
            f" {incidents} incidents, {deliveries:,} notifications owed"
        )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--others", type=int, default=250, help="devices elsewhere")
    parser.add_argument("--seconds", type=float, default=60, help="that a minute takes")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    if options.others < BATCH:
        parser.error(f"--others {options.others}: at least {BATCH}, one message each")
    print(
        f"{SITES} sites × {len(KEYS)} sensors beyond the limit within {options.seconds:g} s,"
        f" beside {options.others} × {len(KEYS)} in limits, {BATCH} messages per intake"
    )
    asyncio.run(measure(options))


if __name__ == "__main__":
    main()
