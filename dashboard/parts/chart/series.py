"""A point's curve, as the browser draws it: few enough points, gaps as gaps, limits in force.

Times are written in the zone of the pages and without an offset, as Plotly wants them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from dashboard.display import Display
from dashboard.parts import limits
from domain.readings import Quality, decimals
from domain.rules import Severity
from rules.rule import AnyRule
from rules.threshold import ThresholdRule
from storage import charts
from storage.charts import Bucket, Mark, PointName, Setting, Shade, Slices
from storage.snapshot import snapshot
from storage.unit import Connection

BUCKETS = 450
"""Slices of a chart: each sends at most four points (lowest, highest, bad, conflict)."""
EXTREMES = 2
"""Readings of a bucket that are drawn: its lowest and its highest."""
LONGEST = 744
"""Hours of the longest range."""


async def read(
    connection: Connection,
    point: PointName,
    *,
    until: datetime,
    hours: int,
    show: Display,
) -> dict[str, Any]:
    """The chart of `hours` before `until`, as far as the connection's scope sees."""
    span = timedelta(hours=hours)
    slices = Slices(
        point=point.id,
        start=until - span,
        until=until,
        width=span.total_seconds() / BUCKETS,
    )
    async with snapshot(connection):
        parts = await charts.seen(connection, slices)
        settings = await charts.settings(connection, point.id, slices.start, until)
        buckets = [b for part in parts for b in await charts.series(connection, part)]
        bad = [m for part in parts for m in await charts.no_values(connection, part)]
        conflicts = [
            mark for part in parts for mark in await charts.conflicts(connection, part)
        ]
        shades = [
            shade(one, part, show)
            for part in parts
            for one in await charts.excursions(connection, part)
        ]
        named = sorted({version for setting in settings for version in setting.rules})
        contents = await charts.rules(connection, named)
    rules = {version: limits.rule(content) for version, content in contents.items()}
    return {
        "point": point.id,
        "unit": point.unit,
        "decimals": decimals(point.resolution),
        "states": show.states(point.quantity),
        "from": stamp(slices.start, show),
        "until": stamp(until, show),
        "line": line(buckets, settings, show),
        "uncertain": uncertain(buckets, show),
        "bad": marks(bad, show),
        "conflicts": marks(conflicts, show),
        "limits": [
            line for part in parts for line in lines(settings, rules, part, show)
        ],
        "excursions": shades,
        "readings": sum(bucket.readings for bucket in buckets),
        "decimated": any(bucket.readings > EXTREMES for bucket in buckets),
    }


def stamp(time: datetime, show: Display) -> str:
    """Local time without an offset."""
    return show.local(time).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]


def line(
    buckets: Sequence[Bucket], settings: Sequence[Setting], show: Display
) -> dict[str, list[Any]]:
    """Times and values of the line; a null breaks it where time went unobserved."""
    times: list[str] = []
    values: list[float | None] = []
    for time, value in vertices(buckets, settings):
        times.append(stamp(time, show))
        values.append(value)
    return {"times": times, "values": values}


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


def uncertain(buckets: Sequence[Bucket], show: Display) -> dict[str, list[Any]]:
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
    return marks([Mark(time=time, value=value) for time, value in found.items()], show)


def marks(found: Sequence[Mark], show: Display) -> dict[str, list[Any]]:
    """Times and values of single marks; a null value is drawn at the bottom."""
    return {
        "times": [stamp(mark.time, show) for mark in found],
        "values": [mark.value for mark in found],
    }


def lines(
    settings: Sequence[Setting],
    rules: dict[str, AnyRule],
    slices: Slices,
    show: Display,
) -> Iterator[dict[str, Any]]:
    """Every limit in force, for the stretch of the range in which it holds."""
    ends = [setting.valid_from for setting in settings[1:]] + [slices.until]
    for setting, end in zip(settings, ends, strict=False):
        start, stop = max(setting.valid_from, slices.start), min(end, slices.until)
        if start > stop:
            continue  # holds elsewhere in the range
        for rule in (rules[version] for version in setting.rules if version in rules):
            if not isinstance(rule, ThresholdRule):
                continue  # its limits are not on the axis of values
            for level in rule.levels:
                for side, value in limits.sides(level):
                    name = limits.level_name(show, level.name)
                    yield {
                        "from": stamp(start, show),
                        "until": stamp(stop, show),
                        "value": value,
                        "side": side,
                        "severity": level.severity.name.lower(),
                        "label": f"{name} {limits.sign(level, side)} {show.limit(value)}",
                    }


def shade(excursion: Shade, slices: Slices, show: Display) -> dict[str, Any]:
    """An excursion, cut to the range."""
    return {
        "from": stamp(max(excursion.started, slices.start), show),
        "until": stamp(min(excursion.ended or slices.until, slices.until), show),
        "severity": Severity(excursion.severity).name.lower(),
    }
