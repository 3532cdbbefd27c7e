"""The readings of a range as a table for spreadsheets: raw, or where they are many rolled up. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from dashboard.api.spreadsheet import BOM, defused
from dashboard.display import Display
from domain.readings import Provenance, Quality, decimals
from storage.charts import PointName
from storage.point_list import Measured
from storage.rollups import Rolled

RAW: Final = ("time", "point", "value", "unit", "quality", "provenance", "conflicting")
ROLLED: Final = (
    "time", "until", "point", "low", "high", "mean", "unit",
    "values", "readings", "uncertain", "conflicts", "late",
)  # fmt: skip


def raw(point: PointName, found: Iterable[Measured], show: Display) -> str:
    """A row for each reading, times in the viewer's zone."""
    name, unit = _names(point, show)
    rows = (
        (
            _time(one.time, show),
            name,
            "" if one.value is None else repr(one.value),
            unit,
            show.texts(f"points.quality.{Quality(one.quality).name.lower()}"),
            show.texts(f"points.provenance.{Provenance(one.provenance).name.lower()}"),
            "1" if one.conflicting else "",
        )
        for one in found
    )
    return _written(RAW, rows, show)


def rolled(
    point: PointName, found: Iterable[Rolled], width: timedelta, show: Display
) -> str:
    """A row for each slice of `width`; the mean to a tenth of the resolution."""
    name, unit = _names(point, show)
    digits = decimals(point.resolution) + 1
    rows = (
        (
            _time(one.time, show),
            _time(one.time + width, show),
            name,
            "" if one.low is None else repr(one.low),
            "" if one.high is None else repr(one.high),
            "" if one.mean is None else f"{one.mean:.{digits}f}",
            unit,
            *map(str, (one.count, one.readings, one.uncertain)),
            *map(str, (one.conflicts, one.late)),
        )
        for one in found
    )
    return _written(ROLLED, rows, show)


def _names(point: PointName, show: Display) -> tuple[str, str]:
    return defused(show.texts.full(point)), defused(point.unit)


def _time(time: datetime, show: Display) -> str:
    return show.local(time).isoformat(" ", "milliseconds")


def _written(
    columns: Iterable[str], rows: Iterable[Iterable[str]], show: Display
) -> str:
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow([show.texts(f"points.csv.{column}") for column in columns])
    writer.writerows(rows)
    return BOM + table.getvalue()
