"""Small curves of the last 24 hours, drawn by the server: for lists and tiles, without a script."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from storage import charts
from storage.charts import Spark
from storage.unit import Connection

SPAN: Final = timedelta(days=1)
STEPS: Final = 96
"""Slices of a quarter of an hour: as many as there are pixels for."""
WIDTH, HEIGHT = 96, 24
"""Of the drawing's view box."""
EDGE: Final = 2
"""Room above and below the curve."""
JOINED: Final = 4
"""Slices (an hour) from one with a value to the next, at most, between which a line is drawn."""


class Path(NamedTuple):
    """One curve: `d` of a path from lowest to highest of each slice; "" without a value."""

    d: str
    low: float | None
    high: float | None


async def read(
    connection: Connection, points: Sequence[int], now: datetime
) -> dict[int, Path]:
    """The curves of `points`, as far as the connection's scope sees them."""
    start = now - SPAN
    found = await charts.sparks(connection, points, start, now, STEPS)
    return {point: path(found.get(point, [])) for point in points}


def path(sparks: Sequence[Spark]) -> Path:
    """A stroke from lowest to highest in each slice, joined to one that is not far."""
    if not sparks:
        return Path("", None, None)
    low = min(spark.low for spark in sparks)
    high = max(spark.high for spark in sparks)
    scale = (HEIGHT - 2 * EDGE) / (high - low) if high > low else 0
    bottom = HEIGHT - EDGE if scale else HEIGHT / 2
    strokes = [
        f"{spark.step} {bottom - (spark.low - low) * scale:.1f}"
        f"V{bottom - (spark.high - low) * scale:.1f}"
        for spark in sparks
    ]
    begins = [
        "M" if before is None or spark.step - before.step > JOINED else "L"
        for before, spark in zip([None, *sparks], sparks, strict=False)
    ]
    return Path("".join(map("".join, zip(begins, strokes, strict=True))), low, high)
