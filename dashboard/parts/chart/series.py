"""A point's curve, as the browser draws it: few enough points, gaps as gaps, limits in force.

Times are written in the zone of the pages and without an offset, as Plotly wants them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

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

WORDS: Final = (
    "values", "mean", "band", "uncertain", "bad", "conflicts", "late", "empty",
)  # fmt: skip
"""Texts that the drawing needs."""
BUCKETS: Final = 1000
"""Slices of a chart: each sends at most a few points (lowest, highest, marks)."""
EXTREMES: Final = 2
"""Readings of a bucket that are drawn: its lowest and its highest."""


async def read(
    connection: Connection,
    points: Sequence[PointName],
    start: datetime,
    until: datetime,
    show: Display,
) -> dict[str, Any]:
    """The chart of `points` as far as the connection's scope sees them.

    Limits and excursions are those of the first point.
    """
    width = (until - start).total_seconds() / BUCKETS
    async with snapshot(connection):
        curves = [
            await curve(
                connection,
                point,
                Slices(point=point.id, start=start, until=until, width=width),
                show,
            )
            for point in points
        ]
        first = Slices(point=points[0].id, start=start, until=until, width=width)
        parts = await charts.seen(connection, first)
        settings = await charts.settings(connection, points[0].id, start, until)
        shades = [
            shade(one, part, show)
            for part in parts
            for one in await charts.excursions(connection, part)
        ]
        named = sorted({version for setting in settings for version in setting.rules})
        contents = await charts.rules(connection, named)
    rules = {version: limits.rule(content) for version, content in contents.items()}
    return {
        "from": stamp(start, show),
        "until": stamp(until, show),
        "curves": curves,
        "limits": [
            line for part in parts for line in lines(settings, rules, part, show)
        ],
        "excursions": shades,
        "note": note(curves, show),
        "words": {word: show.texts(f"chart.{word}") for word in WORDS},
    }


async def curve(
    connection: Connection, point: PointName, slices: Slices, show: Display
) -> dict[str, Any]:
    """One point's line and marks."""
    parts = await charts.seen(connection, slices)
    settings = await charts.settings(connection, point.id, slices.start, slices.until)
    buckets = [b for part in parts for b in await charts.series(connection, part)]
    bad = [m for part in parts for m in await charts.no_values(connection, part)]
    late = [m for part in parts for m in await charts.late(connection, part)]
    conflicts = [m for part in parts for m in await charts.conflicts(connection, part)]
    return {
        "point": point.id,
        "name": show.texts.full(point),
        "unit": point.unit,
        "decimals": decimals(point.resolution),
        "states": show.states(point.quantity),
        "rolled": None,
        "line": line(buckets, settings, show),
        "uncertain": uncertain(buckets, show),
        "bad": marks(bad, show),
        "conflicts": marks(conflicts, show),
        "late": marks(late, show),
        "readings": sum(bucket.readings for bucket in buckets),
        "decimated": any(bucket.readings > EXTREMES for bucket in buckets),
    }


def note(curves: Sequence[dict[str, Any]], show: Display) -> str:
    """What is to be known of how the first curve is drawn; "" where it is all readings."""
    first = curves[0]
    if first["decimated"]:
        return show.texts("chart.decimated", n=first["readings"])
    return ""


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
