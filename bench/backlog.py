"""What a backlog does to others: one lorry delivers 24 hours at once while others report live.

    python -m bench.backlog [--seconds 12] [--rounds 3]

Others report once a minute, played six times as fast (or `--every` real seconds). Measured
is the time from a message's arrival in the inbox, as scheduled, to the commit of its intake:
through the real inbox and intake, taken and committed one after the other as the loop does.
With and without a backlog in turn. The promise: with it, nobody else waits more than one
second longer.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from statistics import median
from time import perf_counter

from bench import box, world
from ingest.door import Message
from ingest.inbox import Inbox
from ingest.intake import Intake

NOW = world.START + world.DAY
"""When the lorries come back."""
SNAPSHOTS = 50
"""In one message of a backlog."""
BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Due:
    """A message, when it is to arrive (real seconds from the start), and whose it is."""

    at: float
    message: Message
    live: bool = True


@dataclass
class Turn:
    """What was seen in one turn, in real seconds."""

    waits: list[float] = field(default_factory=list)
    """Of the others' messages."""
    backlog: float = 0.0
    """From the backlog's arrival to its last commit."""
    longest: float = 0.0
    """The longest intake."""


def live(devices: int, first: int, count: int, every: float) -> Iterator[Due]:
    """`count` messages of each device from minute `first` after NOW on."""
    for device in range(1, devices + 1):
        start = NOW + first * world.MINUTE
        for n, document in enumerate(world.snapshots(device, count, start)):
            at = (n + device / devices) * every
            yield Due(at, world.message(device, document))


def backlog(lorry: int, at: float) -> Iterator[Due]:
    """24 hours: the newest a second before, then all, a tenth shuffled, a tenth twice."""
    dice = Random(f"backlog/{lorry}")
    documents = list(world.snapshots(lorry, 1440))
    messages = [
        world.message(lorry, documents[n : n + SNAPSHOTS])
        for n in range(0, len(documents), SNAPSHOTS)
    ]
    order = [
        n + (dice.uniform(0, 20) if dice.random() < 0.1 else 0)
        for n in range(len(messages))
    ]
    messages = [
        m for _, m in sorted(zip(order, messages, strict=True), key=lambda p: p[0])
    ]
    messages += dice.sample(messages, len(messages) // 10)
    yield Due(at - 1, world.message(lorry, documents[-1]), live=False)
    for message in messages:
        yield Due(at, message, live=False)


async def deliver(inbox: Inbox, dues: list[Due], started: float) -> None:
    """Put each message into the inbox when it is due."""
    for due in dues:
        await asyncio.sleep(max(0.0, started + due.at - perf_counter()))
        inbox.put(due.message)


def numbered(dues: list[Due]) -> list[Due]:
    """In the order of arrival, with packet ids by which they are found again."""
    dues = sorted(dues, key=lambda due: due.at)
    return [
        replace(due, message=replace(due.message, mid=n))
        for n, due in enumerate(dues, start=1)
    ]


async def play(intake: Intake, dues: list[Due], first: int, every: float) -> Turn:
    """Take and commit until all is in the database."""
    inbox = Inbox(messages=5_000, size=BYTES, on_room=lambda: None)
    turn, done, started = Turn(), 0, perf_counter()
    delivering = asyncio.create_task(deliver(inbox, dues, started))
    while done < len(dues):
        batch = await inbox.take(1.0)
        if not batch:
            continue
        began = perf_counter() - started
        now = NOW + (first + began / every + 1) * world.MINUTE
        await intake.commit(batch, now)
        ended = perf_counter() - started
        turn.longest = max(turn.longest, ended - began)
        for message in batch:
            due = dues[message.mid - 1]
            if due.live:
                turn.waits.append(ended - due.at)
            else:
                turn.backlog = ended - due.at
        done += len(batch)
    await delivering
    return turn


async def measure(admin: str, row: str, options: argparse.Namespace) -> None:
    """With and without in turn, on one box; the others have a day behind them."""
    devices, count = options.devices, max(1, round(options.seconds / options.every))
    total = devices + options.rounds
    turns: dict[bool, list[Turn]] = {False: [], True: []}
    async with box.opened(admin, total, world.RULES[row]) as intake:
        await warm(intake, devices)
        for n in range(2 * options.rounds):
            loaded = bool(n % 2)
            box.progress(f"{row}: turn {n + 1} of {2 * options.rounds}")
            dues = list(live(devices, n * (count + 1), count, options.every))
            if loaded:
                dues += backlog(devices + 1 + n // 2, options.seconds / 3)
            turns[loaded].append(
                await play(intake, numbered(dues), n * (count + 1), options.every)
            )
    box.progress("")
    report(row, turns)


async def warm(intake: Intake, devices: int) -> None:
    """An hour of everybody's readings before."""
    start = NOW - timedelta(hours=1)
    for device in range(1, devices + 1):
        box.progress(f"an hour before: device {device} of {devices}")
        documents = list(world.snapshots(device, 60, start))
        await intake.commit([world.message(device, documents)], NOW)


def report(row: str, turns: dict[bool, list[Turn]]) -> None:
    """Longest waits, in pairs of neighbours."""
    print(f"\n{row}")
    for loaded, own in turns.items():
        longest = [max(turn.waits) for turn in own]
        middle = [median(turn.waits) for turn in own]
        print(
            f"  {'with' if loaded else 'without':>7} a backlog: longest wait"
            f" {median(longest):.3f} s ({min(longest):.3f}–{max(longest):.3f}),"
            f" median wait {median(middle):.3f} s"
        )
    more = [
        max(b.waits) - max(a.waits)
        for a, b in zip(turns[False], turns[True], strict=True)
    ]
    took = [turn.backlog for turn in turns[True]]
    intakes = [turn.longest for turn in turns[True]]
    print(
        f"  others waited longer by {median(more):.3f} s ({min(more):.3f}–{max(more):.3f});"
        f" the backlog was in after {median(took):.3f} s;"
        f" longest intake {median(intakes):.3f} s"
    )


def main() -> None:
    """Measure both rows."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--devices", type=int, default=300, help="that report live")
    parser.add_argument(
        "--every", type=float, default=10.0, help="real seconds between reports"
    )
    parser.add_argument("--seconds", type=float, default=12.0, help="of each turn")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(
        f"{options.devices} devices × {len(world.KEYS)} points report every {options.every:g} s;"
        f" a lorry delivers 24 h (1,440 × {len(world.KEYS)} readings) at once"
    )
    with box.server() as admin:
        for row in world.RULES:
            asyncio.run(measure(admin, row, options))


if __name__ == "__main__":
    main()
