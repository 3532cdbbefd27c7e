"""The readings of a trial as a drawing: few enough points, gaps as gaps, a bar per excursion.

Gathered while the readings are judged, so that they are read once. Drawn by the server, so
that it needs no script. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, floor, log10
from typing import Final, NamedTuple

from dashboard.display import Display
from domain.readings import Slot
from domain.registry import Point
from rules.level import Band
from rules.watch import Watch

BUCKETS: Final = 440
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 960.0, 200.0, 56.0, 8.0, 8.0, 8.0
"""Of the drawing and its margins, in its own units."""
TICKS: Final = 7
STEPS: Final = [
    timedelta(minutes=1) * n
    for n in (1, 5, 15, 30, 60, 180, 360, 720, 1440, 2880, 5760, 10080)
]
"""Between two marks of the time."""
NARROWEST: Final = 2.0
"""Of a bar: the shortest excursion is seen, too."""


class Tick(NamedTuple):
    """A mark on an axis."""

    at: float
    text: str


class Bar(NamedTuple):
    """A stretch of time."""

    x: float
    width: float
    severity: str


class Limit(NamedTuple):
    """A limit, as long as it holds."""

    x: float
    until: float
    y: float
    severity: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """Everything in the drawing's own units."""

    path: str
    """SVG path of the readings."""
    limits: Sequence[Limit]
    values: Sequence[Tick]
    times: Sequence[Tick]


@dataclass(slots=True)
class Bucket:
    """The extremes of some readings."""

    first: datetime
    last: datetime
    low: tuple[float, datetime]
    high: tuple[float, datetime]


class Curve:
    """Gathers the readings of one point in [since, until)."""

    def __init__(self, point: Point, since: datetime, until: datetime) -> None:
        """Begin without readings."""
        self.point = point
        self._since, self._until = since, until
        self._buckets: dict[int, Bucket] = {}

    def feed(self, slots: Iterable[Slot]) -> None:
        """Take in slots, later than all before."""
        width = (self._until - self._since) / BUCKETS
        for slot in slots:
            if slot.time < self._since or not slot.values:
                continue
            low, high = (min(slot.values), slot.time), (max(slot.values), slot.time)
            number = (slot.time - self._since) // width
            bucket = self._buckets.get(number)
            if bucket is None:
                self._buckets[number] = Bucket(slot.time, slot.time, low, high)
                continue
            bucket.last = slot.time
            bucket.low = min(bucket.low, low)
            bucket.high = max(bucket.high, high, key=lambda one: one[0])

    def drawn(self, watches: Sequence[Watch], show: Display) -> Drawing:
        """The drawing, with the limits of `watches` that are limits of values."""
        held = list(self._limits(watches))
        numbers = [
            *(one[2] for one in held),
            *(b.low[0] for b in self._buckets.values()),
            *(b.high[0] for b in self._buckets.values()),
        ]
        low, high = min(numbers, default=0.0), max(numbers, default=1.0)
        room = (high - low or 1.0) * 0.08
        low, high = low - room, high + room

        def y(value: float) -> float:
            inner = HEIGHT - TOP - BOTTOM
            return round(TOP + (high - value) / (high - low) * inner, 1)

        return Drawing(
            path="".join(self._path(y)),
            limits=[
                Limit(self.x(start), self.x(end), y(value), severity)
                for start, end, value, severity in held
            ],
            values=[Tick(y(v), show.limit(v)) for v in nice(low, high)],
            times=[Tick(self.x(t), text) for t, text in self._times(show)],
        )

    def bar(self, start: datetime, end: datetime | None, severity: str) -> Bar:
        """An excursion, cut to the drawing."""
        x = self.x(start)
        width = max(NARROWEST, self.x(end or self._until) - x)
        return Bar(round(min(x, WIDTH - RIGHT - width), 1), round(width, 1), severity)

    def x(self, time: datetime) -> float:
        """Where a time is, cut to the drawing."""
        time = min(max(time, self._since), self._until)
        share = (time - self._since) / (self._until - self._since)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def _path(self, y: object) -> Iterator[str]:
        """Lowest and highest of each bucket in order of time; anew after a gap."""
        assert callable(y)
        previous: datetime | None = None
        for _, bucket in sorted(self._buckets.items()):
            setting = self.point.setting(bucket.first)
            gap = setting.max_gap if setting else timedelta.max
            joined = previous is not None and bucket.first - previous <= gap
            ends = sorted({bucket.low, bucket.high}, key=lambda one: one[1])
            for value, time in ends:
                yield f"{'L' if joined else 'M'}{self.x(time)} {y(value)}"
                joined = True
            if len(ends) == 1 and previous is None:
                yield "h1"  # a single reading is seen, too
            previous = bucket.last

    def _limits(
        self, watches: Sequence[Watch]
    ) -> Iterator[tuple[datetime, datetime, float, str]]:
        for watch in watches:
            ends = [*watch.starts[1:], self._until]
            for period, end in zip(watch.periods, ends, strict=True):
                level = period.level
                overlaps = period.valid_from < self._until and end > self._since
                if watch.kind != "threshold" or not isinstance(level, Band):
                    continue
                for value in (level.above, level.below):
                    if overlaps and value is not None:
                        severity = level.severity.name.lower()
                        yield period.valid_from, end, value, severity

    def _times(self, show: Display) -> Iterator[tuple[datetime, str]]:
        span = self._until - self._since
        step = next((one for one in STEPS if span / one <= TICKS), STEPS[-1])
        start = show.local(self._since)
        midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
        time = midnight + ceil((start - midnight) / step) * step
        while time < self._until:
            local = show.local(
                time.astimezone(UTC)
            )  # one that clocks leave out is another
            midnight = local.hour == local.minute == 0
            yield time, f"{local:%m-%d}" if midnight else f"{local:%H:%M}"
            time += step


def nice(low: float, high: float) -> list[float]:
    """A few round numbers between the two."""
    rough = (high - low) / 4
    unit = 10.0 ** floor(log10(rough))
    step = unit * next(n for n in (1, 2, 5, 10) if n * unit >= rough)
    return [n * step for n in range(ceil(low / step), floor(high / step) + 1)]
