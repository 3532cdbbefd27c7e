"""What a power cut of a city does to the intake: 250 sites of 20 sensors warm up within a minute.

    python -m bench.flood [--others 750] [--minutes 12] [--rounds 2]

The city's and the others' devices send one message a minute; messages are taken in as fast as
they can be, batch by batch, through the real intake: with all in limits, and with each of
the city's sensors beyond the limit from one minute on, in turn. After the flood the city's
loggers fall silent, too. Each alert is told to two; incidents gather those of a site.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any

from bench import box, world
from domain.listened import Listened
from ingest.door import Message
from ingest.intake import Intake

SITES = 250
KEYS = [f"t{n}" for n in range(1, 21)]
BATCH = 250
"""Messages of an intake."""
COUNTS = """
SELECT (SELECT count(*) FROM alert), (SELECT count(*) FROM incident), (SELECT count(*) FROM delivery),
       (SELECT count(*) FROM alert WHERE device IS NOT NULL AND point IS NULL)
"""


@dataclass
class Turn:
    """What was seen in one turn, in real seconds."""

    readings: int = 0
    took: float = 0.0
    minute: float = 0.0
    """Of the minute in which the flood comes."""
    longest: float = 0.0
    """The longest intake."""
    counts: list[tuple[int, ...]] = field(default_factory=list)
    """Alerts, incidents, deliveries, silent devices: after the flood, and after the silence."""

    @property
    def speed(self) -> float:
        """Readings per second."""
        return self.readings / self.took


def registry(devices: int) -> str:
    """A registry file of so many sites with a device each."""
    points = {key: {"quantity": "temperature", "resolution": 0.1} for key in KEYS}
    setting = {"from": "2026-01-01T00:00:00Z", "zone": "cold", "interval": "1m"}
    timeline = [{**setting, "rules": ["cold", "device-silent"]}]
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


def messages(devices: range, minute: int, *, warm: float | None) -> Iterator[Message]:
    """One message of each device; the city's sensors at `warm` °C."""
    time = world.START + minute * world.MINUTE
    for device in devices:
        base = 4.5 if warm is None or device > SITES else warm
        value = base + (device * 7 + minute * 3) % 10 / 10
        values = dict.fromkeys(KEYS, value)
        yield world.message(device, {"time": time.isoformat(), "values": values})


async def turn(intake: Intake, options: argparse.Namespace, *, flooded: bool) -> Turn:
    """An idle minute to warm up, then all minutes; in the first the flood comes."""
    seen, all_ = Turn(), range(1, SITES + options.others + 1)
    for minute in range(options.minutes + 1):
        work = list(
            messages(all_, minute, warm=options.warm if flooded and minute else None)
        )
        began = perf_counter()
        for start in range(0, len(work), BATCH):
            at = perf_counter()
            await intake.commit(
                work[start : start + BATCH], arrival(minute, start / len(work))
            )
            seen.longest = max(seen.longest, (perf_counter() - at) * bool(minute))
        took = perf_counter() - began
        if minute:
            seen.took += took
            seen.readings += len(work) * len(KEYS)
        if minute == 1:
            seen.minute = took
    seen.counts.append(await counts(intake))
    if flooded:
        await silence(intake, options)
        seen.counts.append(await counts(intake))
    return seen


def arrival(minute: int, share: float) -> datetime:
    """When a message arrives that was sent in that minute."""
    return world.START + (minute + share) * world.MINUTE


async def silence(intake: Intake, options: argparse.Namespace) -> None:
    """The city's loggers are heard no more; the others are, and the ticker judges."""
    others = range(SITES + 1, SITES + options.others + 1)
    for minute in range(options.minutes + 1, options.minutes + 20):
        now = arrival(minute, 0.9)
        await intake.commit(list(messages(others, minute, warm=None)), now)
        start = world.START - timedelta(days=1)
        await intake.tick(Listened(watermark=now, since=start, unbroken=start), now)


async def counts(intake: Intake) -> tuple[int, ...]:
    """Alerts, incidents, deliveries, silent devices."""
    cursor = await intake.connection.execute(COUNTS)
    row: Any = await cursor.fetchone()
    return row


async def measure(options: argparse.Namespace) -> None:
    """With and without the flood in turn, each on a database of its own."""
    turns: dict[bool, list[Turn]] = {False: [], True: []}
    text = registry(SITES + options.others)
    with box.server() as admin:
        for n in range(2 * options.rounds):
            box.progress(f"turn {n + 1} of {2 * options.rounds}")
            async with box.registered(admin, text) as intake:
                flooded = bool(n % 2)
                turns[flooded].append(await turn(intake, options, flooded=flooded))
    box.progress("")
    report(turns)


def report(turns: dict[bool, list[Turn]]) -> None:
    """Medians, and the ratios of neighbours."""
    for flooded, own in turns.items():
        print(
            f"{'flood' if flooded else 'idle':>6}: {median(t.speed for t in own):8,.0f} readings/s"
            f" over {median(t.took for t in own):.1f} s; its first minute in"
            f" {median(t.minute for t in own):.2f} s; longest intake"
            f" {median(t.longest for t in own):.2f} s"
        )
    pairs = list(zip(turns[False], turns[True], strict=True))
    kept = [flood.speed / idle.speed for idle, flood in pairs]
    burst = [60 / (60 + flood.minute - idle.minute) for idle, flood in pairs]
    print(
        f"  kept: × {median(kept):.2f} ({min(kept):.2f}–{max(kept):.2f}) while all messages wait at once;"
        f" × {median(burst):.2f} of the minute in which the flood comes"
    )
    for when, row in zip(("flood", "silence"), turns[True][-1].counts, strict=True):
        alerts, incidents, deliveries, silent = row
        print(
            f"  after the {when}: {alerts:,} alerts ({silent} of silent devices),"
            f" {incidents} incidents, {deliveries:,} notifications owed"
        )


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--others", type=int, default=750, help="devices elsewhere")
    parser.add_argument("--minutes", type=int, default=12, help="of each turn")
    parser.add_argument("--warm", type=float, default=9.0, help="°C; from 12 critical")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    print(
        f"{SITES} sites × {len(KEYS)} sensors beyond the limit within a minute, beside"
        f" {options.others} × {len(KEYS)} in limits; {BATCH} messages per intake"
    )
    asyncio.run(measure(options))


if __name__ == "__main__":
    main()
