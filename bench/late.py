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
from typing import Any

from bench import box, world
from ingest.intake import Intake

SHARES = (0.0, 0.01, 0.1, 0.5)
LONGEST = timedelta(hours=3)
EXCURSIONS = """
SELECT point, rule, level, started, ended, peak, peak_time
  FROM excursion WHERE NOT withdrawn ORDER BY point, rule, level, started
"""


async def feed(
    intake: Intake, sent: list[world.Sent], batch: int, title: str
) -> float:
    """Take in all of it, batch by batch; readings per second."""
    watch = box.Stopwatch()
    for start in range(0, len(sent), batch):
        box.progress(f"{title} {start / len(sent):4.0%}")
        some = sent[start : start + batch]
        with watch.running():
            await intake.commit([one.message for one in some], some[-1].arrived)
    return len(sent) * len(world.KEYS) / watch.seconds


async def excursions(intake: Intake) -> list[Any]:
    """What was found in the end."""
    cursor = await intake.connection.execute(EXCURSIONS)
    return await cursor.fetchall()


async def run(
    admin: str, row: str, share: float, options: argparse.Namespace, title: str
) -> tuple[float, list[Any]]:
    """One run on a database of its own."""
    minutes = options.hours * 60
    sent = world.stream(options.devices, minutes, share, LONGEST)
    async with box.opened(admin, options.devices, world.RULES[row]) as intake:
        speed = await feed(intake, sent, options.batch, title)
        return speed, await excursions(intake)


async def measure(admin: str, row: str, options: argparse.Namespace) -> None:
    """All shares in turn, and what came of it."""
    speeds: dict[float, list[float]] = defaultdict(list)
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


def report(row: str, speeds: dict[float, list[float]], count: int) -> None:
    """A table: medians, and between which extremes."""
    print(f"\n{row} ({count} excursions)")
    print("  late   readings/s               ratio to all in order")
    for share, own in speeds.items():
        ratios = [a / b for a, b in zip(own, speeds[0.0], strict=True)]
        print(
            f"  {share:4.0%} {median(own):9,.0f} ({min(own):,.0f}–{max(own):,.0f})"
            f"     {median(ratios):5.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
        )


def main() -> None:
    """Measure both rows."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--devices", type=int, default=50, help="of four points each")
    parser.add_argument("--hours", type=int, default=4, help="of readings, one a minute")
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
