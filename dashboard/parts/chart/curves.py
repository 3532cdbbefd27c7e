"""One point's curve: a line of readings, or where they are many a band of roll-ups.

Times are written in one offset (that of the viewer's zone at the end of the range) and without
it, as Plotly wants them. A null value breaks the line.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from dashboard.display import Display
from dashboard.parts.chart import slices
from domain.readings import Quality, decimals
from storage import charts
from storage.charts import Bucket, Mark, PointName, Setting, Slices
from storage.rollups import Rolled
from storage.unit import Connection

MOST: Final = 1000
"""Slices of a chart: each sends at most a few points (lowest, highest, marks)."""
EXTREMES: Final = 2
"""Readings of a slice that are drawn: its lowest and its highest."""
SHORT: Final = timedelta(hours=6)
"""A range up to this is drawn from readings, however many they are."""


class Vertex(NamedTuple):
    """A point of a rolled line; without values a break of it."""

    time: datetime
    mean: float | None = None
    low: float | None = None
    high: float | None = None


async def curve(
    connection: Connection,
    point: PointName,
    start: datetime,
    until: datetime,
    show: Display,
) -> dict[str, Any]:
    """The line and the marks of what the connection's scope sees of `point`."""
    settings = await charts.settings(connection, point.id, start, until)
    about = {
        "point": point.id,
        "name": show.texts.full(point),
        "unit": point.unit,
        "decimals": decimals(point.resolution),
        "states": show.states(point.quantity),
    }
    width = slices.narrowest(until - start, MOST)
    if until - start > SHORT:
        rolled = await slices.read(connection, point.id, start, until, width)
        if sum(one.readings for one in rolled) > EXTREMES * MOST:
            return about | from_rolled(rolled, settings, width, show)
    return about | await _from_readings(
        connection, point.id, start, until, settings, show
    )


async def _from_readings(
    connection: Connection,
    point: int,
    start: datetime,
    until: datetime,
    settings: Sequence[Setting],
    show: Display,
) -> dict[str, Any]:
    width = (until - start).total_seconds() / MOST
    whole = Slices(point=point, start=start, until=until, width=width)
    parts = await charts.seen(connection, whole)
    buckets = [b for part in parts for b in await charts.series(connection, part)]
    bad = [m for part in parts for m in await charts.no_values(connection, part)]
    late = [m for part in parts for m in await charts.late(connection, part)]
    conflicts = [m for part in parts for m in await charts.conflicts(connection, part)]
    found = list(vertices(buckets, settings))
    return {
        "rolled": False,
        "line": {
            "times": [stamp(time, show) for time, _ in found],
            "values": [value for _, value in found],
        },
        "uncertain": marks(uncertain(buckets), show),
        "bad": marks(bad, show),
        "conflicts": marks(conflicts, show),
        "late": marks(late, show),
        "readings": sum(bucket.readings for bucket in buckets),
        "decimated": any(bucket.readings > EXTREMES for bucket in buckets),
    }


def from_rolled(
    rolled: Sequence[Rolled],
    settings: Sequence[Setting],
    width: timedelta,
    show: Display,
) -> dict[str, Any]:
    """A curve of slices of `width`; its marks say which slices hold such readings."""
    found = list(outline(rolled, settings, width))

    def marked(where: list[bool]) -> dict[str, list[Any]]:
        held = [one for one, holds in zip(rolled, where, strict=True) if holds]
        times = [one.first or one.time + width / 2 for one in held]
        return marks([Mark(time=time, value=None) for time in times], show)

    return {
        "rolled": True,
        "line": {
            "times": [stamp(vertex.time, show) for vertex in found],
            "values": [vertex.mean for vertex in found],
            "low": [vertex.low for vertex in found],
            "high": [vertex.high for vertex in found],
        },
        "uncertain": marked([one.uncertain > 0 for one in rolled]),
        "bad": marked([one.readings > one.count for one in rolled]),
        "conflicts": marked([one.conflicts > 0 for one in rolled]),
        "late": marked([one.late > 0 for one in rolled]),
        "readings": sum(one.readings for one in rolled),
        "decimated": False,
        "width": slices.words(width, show),
    }


def outline(
    rolled: Sequence[Rolled], settings: Sequence[Setting], width: timedelta
) -> Iterator[Vertex]:
    """Slices as vertices, with breaks where time went unobserved for a slice's width.

    Shorter gaps could not be seen; a break begins and ends where the gap does.
    """
    previous: Rolled | None = None
    for one in rolled:
        if one.first is None or one.last is None:
            continue  # there is no value
        values = one.mean, one.low, one.high
        if previous and previous.last:
            longest = max(max_gap(settings, one.first), width)
            if one.first - previous.last > longest:
                yield Vertex(previous.last, previous.mean, previous.low, previous.high)
                yield Vertex(one.first)
                yield Vertex(one.first, *values)
        yield Vertex(one.first + (one.last - one.first) / 2, *values)
        previous = one


def stamp(time: datetime, show: Display) -> str:
    """Local time without an offset."""
    return show.local(time).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]


def vertices(
    buckets: Sequence[Bucket], settings: Sequence[Setting]
) -> Iterator[tuple[datetime, float | None]]:
    """Lowest and highest of each bucket in order of time, and (time, None) for gaps."""
    previous: datetime | None = None
    for bucket in buckets:
        longest = max_gap(settings, bucket.first)
        extremes: list[tuple[datetime, float | None]] = sorted(
            {(bucket.low_time, bucket.low), (bucket.high_time, bucket.high)}
        )
        if previous is not None and bucket.first - previous > longest:
            yield bucket.first, None
        elif bucket.step is not None and bucket.step > longest:
            extremes.insert(1, (bucket.last, None))
        yield from extremes
        previous = bucket.last


def max_gap(settings: Sequence[Setting], time: datetime) -> timedelta:
    """The longest step that is no gap, by the setting in force."""
    index = bisect_right(settings, time, key=lambda setting: setting.valid_from)
    return settings[max(0, index - 1)].max_gap if settings else timedelta.max


def uncertain(buckets: Sequence[Bucket]) -> list[Mark]:
    """The points of the line whose sender was not sure of them."""
    found = {
        time: value
        for bucket in buckets
        for time, value, quality in (
            (bucket.low_time, bucket.low, bucket.low_quality),
            (bucket.high_time, bucket.high, bucket.high_quality),
        )
        if quality == Quality.UNCERTAIN
    }
    return [Mark(time=time, value=value) for time, value in found.items()]


def marks(found: Sequence[Mark], show: Display) -> dict[str, list[Any]]:
    """Times and values of single marks; one without a value is drawn at the bottom."""
    return {
        "times": [stamp(mark.time, show) for mark in found],
        "values": [mark.value for mark in found],
    }
