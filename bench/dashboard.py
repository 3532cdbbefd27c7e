"""What the supervisor's screen costs: pages under load, a year's chart, from event to screen.

    python -m bench.dashboard [--rounds 3] [--seconds 30] [--only year,intake,pages,screen]

On one real database with fsync; every ratio is of figures of the same run.
"""

from __future__ import annotations

import argparse
import asyncio

from bench import box, pages, rollups, screen
from bench.alerting import province

PARTS = ("year", "intake", "pages", "screen")


async def measure(options: argparse.Namespace) -> None:
    """The parts that are asked for, one after another."""
    with box.server() as admin:
        if "year" in options.only:
            print("\na year of one point, 525,600 readings")
            async with box.migrated(admin) as database:
                await rollups.year(database, options.rounds)
        if "intake" in options.only:
            print("\nthe intake, and roll-ups beside it")
            await rollups.intake(admin, options.rounds)
        if "pages" in options.only:
            print(
                f"\n{options.rate:g} requests a second, {options.alerts:,} open alerts"
            )
            async with province(admin, options.alerts) as database:
                await pages.measure(database, options.rate, options.seconds)
        if "screen" in options.only:
            print("\nfrom event to screen, 200 clients of the stream")
            await screen.measure(admin, options.seconds)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=30, help="of load, of events")
    parser.add_argument("--rate", type=float, default=20, help="requests a second")
    parser.add_argument("--alerts", type=int, default=100_000, help="that are open")
    parser.add_argument(
        "--only", type=lambda text: text.split(","), default=PARTS, metavar="PART,…"
    )
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
