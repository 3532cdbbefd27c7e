"""An alert's own copy of readings as a drawing: for files and for who sees no curve. Pure.

Coordinates are those of the drawing, y downwards, rounded to a tenth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, floor, log10
from typing import Final, NamedTuple

from dashboard.display import Display
from storage.alert_details import Slice

WIDTH, HEIGHT = 760.0, 270.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 624.0, 10.0, 226.0
"""Of the plot within the drawing; labels of limits stand to the right of it."""
APART = 14.0
"""Between two labels, at least."""
THIN = 2.0
"""The least width of a shade, so that a short excursion is seen."""
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
STEPS: Final = (
    *(n * MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * HOUR for n in (1, 2, 3, 6, 12)),
    *(n * DAY for n in (1, 2, 7, 14, 28, 91, 365)),
)
TICKS: Final = 7
"""Of the axis of time, about."""


class Limit(NamedTuple):
    """A limit on the axis of values."""

    value: float
    severity: str
    label: str


class Stretch(NamedTuple):
    """An excursion on the axis of time; an end of None: it goes on."""

    start: datetime
    end: datetime | None
    severity: str


class Line(NamedTuple):
    """A limit, drawn: `label_y` is pushed away from other labels."""

    y: float
    label_y: float
    severity: str
    label: str


class Shade(NamedTuple):
    """An excursion, drawn."""

    x: float
    width: float
    severity: str


class Tick(NamedTuple):
    """A mark of an axis; `below` is a second line."""

    at: float
    label: str
    below: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """What the template draws."""

    unit: str
    curves: Sequence[str]
    """Points of polylines; between two of them time went unobserved."""
    dots: Sequence[tuple[float, float]]
    """Readings that stand alone."""
    conflicts: Sequence[tuple[float, float]]
    limits: Sequence[Line]
    shades: Sequence[Shade]
    times: Sequence[Tick]
    values: Sequence[Tick]


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """Where times and values stand."""

    start: datetime
    until: datetime
    low: float
    high: float

    def x(self, time: datetime) -> float:
        """Of a time; one outside of the range stands at its edge."""
        share = (time - self.start) / (self.until - self.start)
        return round(LEFT + (RIGHT - LEFT) * min(max(share, 0), 1), 1)

    def y(self, value: float) -> float:
        """Of a value."""
        share = (value - self.low) / (self.high - self.low)
        return round(BOTTOM - (BOTTOM - TOP) * share, 1)


def draw(
    *,
    slices: Sequence[Slice],
    conflicts: Sequence[tuple[datetime, float]],
    limits: Sequence[Limit],
    stretches: Sequence[Stretch],
    span: tuple[datetime, datetime],
    longest: Callable[[datetime], timedelta],
    unit: str,
    show: Display,
) -> Drawing:
    """The drawing of a range; `longest` is the longest step that is no gap, at a time."""
    low, high = extent(slices, conflicts, limits)
    scale = Scale(start=span[0], until=span[1], low=low, high=high)
    curves = list(runs(slices, longest))
    return Drawing(
        unit=unit,
        curves=[
            " ".join(f"{scale.x(time)},{scale.y(value)}" for time, value in run)
            for run in curves
            if len(run) > 1
        ],
        dots=[
            (scale.x(run[0][0]), scale.y(run[0][1])) for run in curves if len(run) == 1
        ],
        conflicts=[(scale.x(time), scale.y(value)) for time, value in conflicts],
        limits=list(lines(limits, scale)),
        shades=[shade(one, scale) for one in stretches],
        times=list(time_ticks(scale, show)),
        values=list(value_ticks(scale, show)),
    )


def extent(
    slices: Sequence[Slice],
    conflicts: Sequence[tuple[datetime, float]],
    limits: Sequence[Limit],
) -> tuple[float, float]:
    """Lowest and highest of what is drawn, with some room."""
    values = [value for one in slices for value in (one.low, one.high)]
    values += [value for _, value in conflicts] + [limit.value for limit in limits]
    if not values:
        return 0.0, 1.0
    room = (max(values) - min(values) or 1.0) * 0.08
    return min(values) - room, max(values) + room


def runs(
    slices: Sequence[Slice], longest: Callable[[datetime], timedelta]
) -> Iterator[list[tuple[datetime, float]]]:
    """Lowest and highest of each slice in order of time, parted where there is a gap."""
    run: list[tuple[datetime, float]] = []
    for one in slices:
        extremes = sorted({(one.low_time, one.low), (one.high_time, one.high)})
        if run and one.step is not None and one.step > longest(one.first):
            yield run
            run = []
        run += extremes
    if run:
        yield run


def lines(limits: Sequence[Limit], scale: Scale) -> Iterator[Line]:
    """The limits from the top down; labels that are close are pushed apart."""
    lowest = TOP - APART
    for limit in sorted(limits, reverse=True):
        y = scale.y(limit.value)
        lowest = max(y, lowest + APART)
        yield Line(y, round(lowest, 1), limit.severity, limit.label)


def shade(one: Stretch, scale: Scale) -> Shade:
    """The excursion, cut to the range."""
    x = scale.x(one.start)
    width = max(scale.x(one.end or scale.until) - x, THIN)
    return Shade(x, round(width, 1), one.severity)


def time_ticks(scale: Scale, show: Display) -> Iterator[Tick]:
    """Round times of the viewer's zone, the date below where it is a new one."""
    span = scale.until - scale.start
    step = next((step for step in STEPS if span / step <= TICKS), STEPS[-1])
    midnight = show.local(scale.start).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    time, day = midnight + ceil((scale.start - midnight) / step) * step, None
    while time <= scale.until:
        local = show.local(
            time.astimezone(UTC)
        )  # a time that clocks leave out is another
        new, day = local.date() != day, local.date()
        date = show.day(day) if new else ""
        label = f"{local:%H:%M}" if step < DAY else date
        yield Tick(scale.x(time), label, date if step < DAY else "")
        time += step


def value_ticks(scale: Scale, show: Display) -> Iterator[Tick]:
    """Round values: 1, 2 or 5 times a power of ten apart."""
    rough = (scale.high - scale.low) / 5
    power = 10.0 ** floor(log10(rough))
    step = next(n * power for n in (1, 2, 5, 10) if n * power >= rough)
    for n in range(ceil(scale.low / step), floor(scale.high / step) + 1):
        yield Tick(scale.y(n * step), show.limit(round(n * step, 9)))
