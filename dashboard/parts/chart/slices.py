"""A range of a point's readings in slices of one width, from roll-ups."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from babel.units import format_unit

from dashboard.display import Display
from storage import rollups
from storage.rollups import Level, Rolled
from storage.scope import clip, windows
from storage.unit import Connection

WIDTHS: Final = (
    *(timedelta(minutes=n) for n in (5, 10, 15, 30)),
    *(timedelta(hours=n) for n in (1, 2, 3, 6)),
    *(timedelta(days=n) for n in (1, 2, 4, 7, 14, 28, 56, 112, 364, 728)),
)
"""Each a multiple of a level's; the last fits 50 years into 26. None of 12 hours: it would
make zigzags of day and night."""

UNITS: Final = {
    Level.FIVE_MINUTES: (timedelta(minutes=1), "minute"),
    Level.HOUR: (timedelta(hours=1), "hour"),
    Level.DAY: (timedelta(days=1), "day"),
}
"""What widths of a level are told in."""


def narrowest(span: timedelta, most: int) -> timedelta:
    """The narrowest width by which `span` is at most `most` slices."""
    return next((one for one in WIDTHS if span <= one * most), WIDTHS[-1])


def level(width: timedelta) -> Level:
    """The coarsest level that slices of `width` can be put together from."""
    return max(one for one in Level if not width % one.width)


def words(width: timedelta, show: Display) -> str:
    """One of WIDTHS: `15 min`, `6 hr`, `2 days`."""
    length, unit = UNITS[level(width)]
    return format_unit(width // length, f"duration-{unit}", "short", locale=show.locale)


async def read(
    connection: Connection,
    point: int,
    start: datetime,
    until: datetime,
    width: timedelta,
) -> list[Rolled]:
    """Slices of `width` that hold a reading that the transaction's scope sees, by time."""
    own = (await windows(connection, [point])).get(point, [])
    seen = clip(own, start, until + datetime.resolution)
    return await rollups.read(connection, point, seen, level(width), width=width)
