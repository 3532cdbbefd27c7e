"""What an alert keeps of the readings that were judged, read to be drawn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from dashboard.display import Display
from dashboard.pages.one_alert import drawing
from dashboard.pages.one_alert.drawing import Drawing, Limit, Stretch
from dashboard.pages.one_alert.story import Excursion
from dashboard.parts import limits
from dashboard.parts.chart.curves import max_gap
from rules.threshold import ThresholdRule
from storage import alert_details, charts
from storage.alert_details import Copies
from storage.alert_list import AlertLine
from storage.unit import Connection

SLICES = 300
"""Of the curve: each is drawn by its lowest and its highest value."""
LEAST = timedelta(minutes=10)
"""The shortest range that is drawn."""


async def drawn(
    connection: Connection,
    line: AlertLine,
    copies: Copies,
    excursions: list[Excursion],
    show: Display,
) -> Drawing | None:
    """The drawing of the alert's own copy; None: it keeps nothing of a point."""
    point = line.head.point
    if point is None or copies.first is None or copies.last is None:
        return None
    span = (copies.first, max(copies.last, copies.first + LEAST))
    settings = await charts.settings(connection, point, *span)
    return drawing.draw(
        slices=await alert_details.curve(connection, line.head.id, point, span, SLICES),
        conflicts=await alert_details.conflicting(connection, line.head.id, point),
        limits=list(levels(line, show)),
        stretches=[
            Stretch(one.line.started, one.line.ended, one.severity)
            for one in excursions
            if not one.line.withdrawn
        ],
        span=span,
        longest=partial(max_gap, settings),
        unit=line.unit or "",
        show=show,
    )


def levels(line: AlertLine, show: Display) -> Iterator[Limit]:
    """The limits that are on the axis of values, as they were in force."""
    rule = limits.rule(line.content) if line.content else None
    if not isinstance(rule, ThresholdRule):
        return
    for level in rule.levels:
        name = limits.level_name(show, level.name)
        for side, value in limits.sides(level):
            label = f"{name} {limits.sign(level, side)} {show.limit(value)}"
            yield Limit(value, level.severity.name.lower(), label)
