"""What late readings cost: readings judged per second, and the ratio to all in order.

    python -m bench.late [--hours 4] [--rounds 3] [--batch 500]

All shares of late readings run in turn, again and again, on databases of their own, so that
each ratio is that of neighbours in time. Every run must find the same excursions: it is
checked, because order does not matter.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import defaultdict
from datetime import timedelta
from statistics import median
from typing import Any, NamedTuple

from bench import box, world
from ingest.intake import Intake

SHARES = (0.0, 0.01, 0.1, 0.5)
LONGEST = timedelta(hours=3)
EXCURSIONS = """
SELECT point, rule, level, started, ended, peak, peak_time
  FROM excursion WHERE NOT withdrawn ORDER BY point, rule, level, started
"""


class Speed(NamedTuple):
    """Of one run."""

    readings: float
    """Judged per second, by the clock."""
    cpu: float
    """µs per reading."""


async def feed(intake: Intake, sent: list[world.Sent], batch: int, title: str) -> Speed:
    """Take in all of it, batch by batch."""
    meter, count = box.Meter(intake), len(sent) * len(world.KEYS)
    for start in range(0, len(sent), batch):
        box.progress(f"{title} {start / len(sent):4.0%}")
        some = sent[start : start + batch]
        with meter.running():
            await intake.commit([one.message for one in some], some[-1].arrived)
    return Speed(count / meter.wall, 1e6 * meter.cpu / count)


async def excursions(intake: Intake) -> list[Any]:
    """What was found in the end."""
    cursor = await intake.connection.execute(EXCURSIONS)
    return await cursor.fetchall()


async def run(
    admin: str, row: str, share: float, options: argparse.Namespace, title: str
) -> tuple[Speed, list[Any]]:
    """One run on a database of its own."""
    sent = world.stream(options.devices, options.hours * 60, share, LONGEST)
    async with box.opened(admin, options.devices, world.RULES[row]) as intake:
        speed = await feed(intake, sent, options.batch, title)
        return speed, await excursions(intake)


async def measure(admin: str, row: str, options: argparse.Namespace) -> None:
    """All shares in turn, and what came of it."""
    speeds: dict[float, list[Speed]] = defaultdict(list)
    expected: list[Any] | None = None
    for turn in range(1, options.rounds + 1):
        for share in SHARES:
            title = f"{row}: round {turn} of {options.rounds}, {share:.0%} late"
            speed, found = await run(admin, row, share, options, title)
            assert expected in (None, found), "order must not matter"
            speeds[share].append(speed)
            expected = found
    box.progress("")
    report(row, speeds, len(expected or ()))


def report(row: str, speeds: dict[float, list[Speed]], count: int) -> None:
    """A table: medians, and between which extremes."""
    print(f"\n{row} ({count} excursions)")
    print("  late  readings/s                 ratio   CPU µs/reading          ratio")
    for share, own in speeds.items():
        first = speeds[0.0]
        faster = [a.readings / b.readings for a, b in zip(own, first, strict=True)]
        dearer = [a.cpu / b.cpu for a, b in zip(own, first, strict=True)]
        print(
            f"  {share:4.0%}  {spread([s.readings for s in own], ',.0f'):26}"
            f" {median(faster):5.2f}   {spread([s.cpu for s in own], '.0f'):20}"
            f"  × {median(dearer):.2f}"
        )


def spread(figures: list[float], form: str) -> str:
    """Median, lowest and highest."""
    middle, low, high = (format(f(figures), form) for f in (median, min, max))
    return f"{middle} ({low}–{high})"


def main() -> None:
    """Measure both rows."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--devices", type=int, default=50, help="of four points each")
    parser.add_argument(
        "--hours", type=int, default=4, help="of readings, one a minute"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=500, help="messages per intake")
    options = parser.parse_args()
    print(
        f"{options.devices} devices × {len(world.KEYS)} points, {options.hours} h, one"
        f" reading a minute; {options.batch} messages per intake; late by 5 min to 3 h"
    )
    with box.server() as admin:
        for row in world.RULES:
            asyncio.run(measure(admin, row, options))


if __name__ == "__main__":
    main()
