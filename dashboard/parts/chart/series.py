"""What a chart draws: curves of points, and of the first the limits in force and excursions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from dashboard.display import Display
from dashboard.parts import limits
from dashboard.parts.chart.curves import MOST, curve, stamp
from domain.rules import Severity
from rules.rule import AnyRule
from rules.threshold import ThresholdRule
from storage import charts
from storage.charts import PointName, Setting, Shade, Slices
from storage.unit import Connection

WORDS: Final = (
    "uncertain", "bad", "conflicts", "late", "empty",
)  # fmt: skip
"""Texts that the drawing needs."""


async def read(
    connection: Connection,
    points: Sequence[PointName],
    start: datetime,
    until: datetime,
    show: Display,
) -> dict[str, Any]:
    """The chart of `points` as far as the connection's scope sees them.

    `connection` is of `House.seen_by`: all is of one moment. Limits and excursions are those
    of the first point. All times are written at the offset that the viewer's zone has at the
    end, whether or not its clocks changed before.
    """
    zone, offset = show.zone_name(until), show.offset(until)
    changed = show.offset(start) != offset
    # Time runs evenly: no hour comes twice, or is left out.
    show = show.unchanging(until)
    width = (until - start).total_seconds() / MOST
    first = Slices(point=points[0].id, start=start, until=until, width=width)
    drawn = [await curve(connection, one, start, until, show) for one in points]
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
    told = [note(drawn[0], show), show.texts("chart.changed", zone=zone) * changed]
    return {
        "from": stamp(start, show),
        "until": stamp(until, show),
        "zone": zone,
        "offset": offset,
        "curves": drawn,
        "limits": [
            line for part in parts for line in lines(settings, rules, part, show)
        ],
        "excursions": shades,
        "note": " ".join(filter(None, told)),
        "words": {word: show.texts(f"chart.{word}") for word in WORDS},
    }


def note(drawn: dict[str, Any], show: Display) -> str:
    """What is to be known of how a curve is drawn; "" where it is all readings."""
    if drawn["rolled"]:
        return show.texts("chart.rolled", n=drawn["readings"], width=drawn["width"])
    if drawn["decimated"]:
        return show.texts("chart.decimated", n=drawn["readings"])
    return ""


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
        "rank": excursion.severity,
    }
