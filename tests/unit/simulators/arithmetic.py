"""Small arithmetic that finds what a scenario must lead to. Shares no code with `rules/`.

It knows the limits of the demo world by heart (`simulators/scenarios/__init__.py`) and the
definition of each kind of rule. Times are minutes from the scenario's start.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from simulators.build import build_devices
from simulators.expectations import Raised
from simulators.messages import Snapshot
from simulators.scenario import Scenario

Minutes = Fraction
Slots = list[tuple[Minutes, list[Fraction]]]
"""By time: the distinct values, at the point's resolution, that are not bad."""
Measured = Sequence[tuple[Minutes, Fraction | float]]
Found = Iterator[tuple[Minutes, Minutes | None]]
MINUTE = timedelta(minutes=1)
RESOLUTIONS = {"h1": Fraction(1)} | dict.fromkeys(
    ("r1", "f1", "u1", "q1", "w1", "w2", "n1"), Fraction(1, 100)
)
"""Resolutions other than 0.1."""


@dataclass(frozen=True)
class Limit:
    low: float | None
    high: float | None
    reaching: bool = False
    minutes: int = 0
    deadband: str = "0"
    gap: int = 5

    def excess(self, value: Fraction | float) -> Fraction | float:
        over = None if self.high is None else value - Fraction(str(self.high))
        under = None if self.low is None else Fraction(str(self.low)) - value
        return max(e for e in (over, under) if e is not None)

    def violated(self, value: Fraction | float) -> bool:
        excess = self.excess(value)
        return excess >= 0 if self.reaching else excess > 0

    def clear(self, value: Fraction | float) -> bool:
        excess = self.excess(value) + Fraction(self.deadband)
        return excess < 0 if self.reaching else excess <= 0


def streaks(measured: Measured, limit: Limit) -> Found:
    """What the streak machine finds in a series of numbers."""
    begin = latest = opened = None
    for time, value in measured:
        if opened is not None:
            if not limit.clear(value):
                continue
            yield opened, time
            begin = opened = None
        if not limit.violated(value):
            begin = None
            continue
        if begin is None or latest is None or time - latest > limit.gap:
            begin = time
        latest = time
        if time - begin >= limit.minutes:
            opened = begin
    if opened is not None:
        yield opened, None


def threshold(slots: Slots, limit: Limit) -> Found:
    worst = [(t, max(values, key=limit.excess)) for t, values in slots if values]
    return streaks(worst, limit)


def no_value(slots: Slots, limit: Limit) -> Found:
    return streaks([(t, Fraction(not values)) for t, values in slots], limit)


def runs(slots: Slots, gap: int, back: int) -> Iterator[Slots]:
    """For every slot with exactly one value: it and those of its run in `back` minutes."""
    run: deque[tuple[Minutes, list[Fraction]]] = deque()
    for slot in slots:
        time, values = slot
        if len(values) != 1:
            continue
        if run and time - run[-1][0] > gap:
            run.clear()
        while run and run[0][0] < time - back:
            run.popleft()
        run.append(slot)
        yield list(run)


def rate(slots: Slots, limit: Limit, over: int) -> Found:
    measured: list[tuple[Minutes, Fraction | float]] = []
    for run in runs(slots, limit.gap, over):
        (began, (first, *_)), (time, (value, *_)) = run[0], run[-1]
        if began < time:
            measured.append((time, (value - first) / (time - began) * 60))
    return streaks(measured, limit)


def trend(
    slots: Slots,
    limit: Limit,
    window: int,
    reaches: tuple[float, float],
    within: int,
    sign: int = 1,
) -> Found:
    measured: list[tuple[Minutes, Fraction | float]] = []
    for run in runs(slots, limit.gap, window):
        time = run[-1][0]
        points = [(float(t), float(v[0])) for t, v in run if t > time - window]
        if len(points) >= 10 and time - Fraction(points[0][0]) >= Fraction(window, 2):
            slope = sign * significant_slope(points)
            ahead = slope and hours_to(points, slope, reaches)
            near = slope and 60 * ahead <= within
            measured.append((time, round(slope, 9) if near else 0.0))
    return streaks(measured, limit)


def significant_slope(points: list[tuple[float, float]]) -> float:
    """Theil–Sen, per hour; 0 where Mann–Kendall sees no trend at p = 0.01."""
    values = [round(v, 6) for _, v in points]
    if len(set(values)) == 1:
        return 0.0
    later = [
        (t2 - t1, v2 - v1)
        for n, (t1, v1) in enumerate(points)
        for t2, v2 in points[n + 1 :]
    ]
    score = sum((rise > 1e-9) - (rise < -1e-9) for _, rise in later)
    count = len(points)
    ties = sum(
        g * (g - 1) * (2 * g + 5) for g in map(values.count, sorted(set(values)))
    )
    variance = (count * (count - 1) * (2 * count + 5) - ties) / 18
    if not score or not variance:
        return 0.0
    z = (abs(score) - 1) / math.sqrt(variance)
    slope = median(rise / time * 60 for time, rise in later)
    return slope if math.erfc(z / math.sqrt(2)) <= 0.01 and slope * score > 0 else 0.0


def hours_to(
    points: list[tuple[float, float]], slope: float, reaches: tuple[float, float]
) -> float:
    now = points[-1][0]
    level = median(v - slope * (t - now) / 60 for t, v in points)
    return max(0.0, (reaches[slope > 0] - level) / slope)


def cumulative(slots: Slots, limit: Limit, total: int, within: int) -> Found:
    known = [(t, values) for t, values in slots if values]
    warm = [
        (a, b)
        for (a, values), (b, _) in pairwise(known)
        if b - a <= limit.gap and any(map(limit.violated, values))
    ]
    sums: Measured = [
        (
            t,
            sum(
                (max(Fraction(), b - max(a, t - within)) for a, b in warm if b <= t),
                Fraction(),
            ),
        )
        for t, _ in known
    ]
    return streaks(sums, Limit(None, total, reaching=True))


def gaps(
    slots: Slots, longest: int, limit: Limit | None = None, settle: int = 5
) -> Found:
    for (a, values), (b, _) in pairwise(slots):
        matters = limit is None or any(map(limit.violated, values))
        if b - a > longest and matters and slots[-1][0] >= b + settle:
            yield a, b


WARNING = Limit(2.5, 7.5, reaching=True, deadband="0.2")
EXCURSION = Limit(2.0, 8.0, minutes=10, deadband="0.5")
HUMIDITY = Limit(35, 75, minutes=10, deadband="2")
HEAT = Limit(None, 8.0, minutes=600, deadband="0.5", gap=15)
FREEZE = Limit(-0.5, None, reaching=True, minutes=60, deadband="0.5", gap=15)
DRIFT = Limit(-0.5, 0.5, reaching=True, minutes=10, deadband="0.2")
FAST = Limit(-12, 12, deadband="2")
WARM = Limit(None, 10, reaching=True)
HOT = Limit(None, 30, reaching=True)
ABSENT = Limit(None, 1, reaching=True, minutes=15)
OUT = Limit(2.0, 8.0)

Judge = Callable[[Slots, "Change"], Found]
Change = Mapping[str, object]
"""How a broken rule differs: fields of Limit."""


Rules = dict[tuple[str, str], Judge]
"""By rule and level."""


def judged(function: Callable[..., Found], limit: Limit, *arguments: object) -> Judge:
    def judge(slots: Slots, change: Change) -> Found:
        return function(slots, replace(limit, **change), *arguments)

    return judge


COLD: Rules = {
    ("gsp-cold-room", "warning"): judged(threshold, WARNING),
    ("gsp-cold-room", "excursion"): judged(threshold, EXCURSION),
}
RECORDS: Rules = {
    ("records-storage", "missing"): lambda slots, _: gaps(slots, 31),
    ("records-storage", "missing-out-of-limits"): lambda slots, _: gaps(slots, 3, OUT),
}
NO_VALUE: Rules = {("sensor-no-value", "absent"): judged(no_value, ABSENT)}
TRANSPORT: Rules = {
    ("gsp-cold-room", "warning"): judged(threshold, replace(WARNING, minutes=30)),
    ("gsp-cold-room", "excursion"): judged(threshold, replace(EXCURSION, minutes=30)),
    ("records-transport", "missing"): lambda slots, _: gaps(slots, 6),
    ("records-transport", "missing-out-of-limits"): lambda slots, _: gaps(
        slots, 3, OUT
    ),
    **NO_VALUE,
}
TREND = judged(trend, DRIFT, 60, (2.0, 8.0), 120)
RULES: dict[tuple[str, str], Rules] = {
    **{("scripted-1", f"s{n}"): COLD for n in (1, 2, 3, 4)},
    **{(f"coldroom-{n}", "t1"): COLD for n in (1, 2)},
    **{
        (f"coldroom-{n}", "h1"): {
            ("gsp-humidity", "excursion"): judged(threshold, HUMIDITY)
        }
        for n in (1, 2)
    },
    ("refrigerator-1", "t1"): {
        ("who-refrigerator-heat", "heat"): judged(threshold, HEAT),
        ("who-refrigerator-freeze", "freeze"): judged(threshold, FREEZE),
    },
    **{(f"lorry-{n}", key): TRANSPORT for n in (1, 2) for key in ("t1", "t2")},
    ("steriliser-1", "temperature"): NO_VALUE,
    ("steriliser-1", "pressure"): NO_VALUE,
    **{("scripted-late", f"l{n}"): COLD | RECORDS for n in (1, 2, 3)},
    **{("scripted-conflict", f"c{n}"): COLD for n in (1, 2)},
    **{
        ("scripted-kinds", key): {("temperature-trend", "drift"): TREND}
        for key in ("r1", "f1", "u1")
    },
    ("scripted-kinds", "q1"): {("temperature-rate", "fast"): judged(rate, FAST, 10)},
    ("scripted-kinds", "w1"): {
        ("shipping-cumulative", "warm"): judged(cumulative, WARM, 60, 24 * 60),
        ("shipping-cumulative", "hot"): judged(cumulative, HOT, 600, 24 * 60),
    },
    ("scripted-kinds", "w2"): {
        ("shipping-cumulative", "warm"): judged(cumulative, WARM, 20, 60)
    },
    ("scripted-kinds", "n1"): NO_VALUE,
    **{("scripted-gap", f"g{n}"): RECORDS for n in (1, 2)},
    ("scripted-clock", "k1"): COLD | RECORDS,
    ("scripted-offline", "o1"): COLD | RECORDS,
}
"""By device and point."""


class Arrival(NamedTuple):
    name: tuple[str, str, str]
    """Enterprise, device, point."""
    time: Minutes
    value: Fraction | None
    """At the point's resolution; None: no value, or a bad one."""
    arrived: Minutes


def arrivals(scenario: Scenario) -> Iterator[Arrival]:
    """What the box takes in of all devices, of points that are judged."""
    for device in build_devices(scenario, start=scenario.start, boot="b"):
        sent = [
            (offset, message)
            for offset in device.offsets(scenario.length)
            for message in device.sample(offset)
        ]
        sent += [(scenario.length, message) for message in device.flush()]
        sender = (device.address.enterprise, device.address.device)
        for offset, message in sent:
            for snapshot in message.snapshots:
                time = snapshot.time - scenario.start
                if time <= offset + MINUTE:  # else it is in the future
                    when = Fraction(time / MINUTE), Fraction(offset / MINUTE)
                    yield from arriving(sender, snapshot, *when)


def arriving(
    sender: tuple[str, str], snapshot: Snapshot, time: Minutes, arrived: Minutes
) -> Iterator[Arrival]:
    for key, value in snapshot.values.items():
        if (sender[1], key) not in RULES or isinstance(value, bool | str):
            continue
        unit = RESOLUTIONS.get(key, Fraction(1, 10))
        good = value is not None and key not in snapshot.quality
        judged = round(Fraction(str(value)) / unit) * unit if good else None
        yield Arrival((*sender, key), time, judged, arrived)


def slots_of(arrivals: Iterable[Arrival]) -> dict[tuple[str, str, str], Slots]:
    """The slots of each point, in the order of time."""
    series: dict[tuple[str, str, str], dict[Minutes, list[Fraction]]] = {}
    for name, time, value, _ in arrivals:
        slot = series.setdefault(name, {}).setdefault(time, [])
        if value is not None and value not in slot:
            slot.append(value)
    return {name: sorted(slots.items()) for name, slots in series.items()}


def raised(
    scenario: Scenario,
    change: Change | None = None,
    *,
    taken: Iterable[Arrival] | None = None,
    rules: Mapping[tuple[str, str], Rules] = RULES,
) -> list[Raised]:
    """What must be raised; `change` breaks every rule of the streak machine in one way."""

    def at(minutes: Minutes) -> datetime:
        return scenario.start + timedelta(seconds=float(minutes * 60))

    found = slots_of(arrivals(scenario) if taken is None else taken)
    return [
        Raised(*name, *rule, at(begin), None if end is None else at(end))
        for name, slots in found.items()
        for rule, judge in rules[name[1:]].items()
        for begin, end in judge(slots, change or {})
    ]
