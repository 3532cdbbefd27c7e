"""Readings: one measured value of one point at one time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple


class Quality(IntEnum):
    """What the sender says of a value. `BAD` is no value; `UNCERTAIN` is judged and marked."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2


class Provenance(IntEnum):
    """How a reading reached us."""

    LIVE = 0
    LATE = 1
    """Arrived later than measured by more than max(2 × interval, 5 min)."""
    MANUAL = 2
    READMITTED = 3
    """Refused at first, taken in once the cause of the refusal was mended."""


class Reading(NamedTuple):
    """One accepted reading. A tuple, because millions of them are made."""

    point: int
    """Number of the point (int4), given by the registry."""
    time: datetime
    """Measured time, aware, microseconds count."""
    value: float | None
    """Raw value in the point's unit; None where the sender had none."""
    quality: Quality = Quality.GOOD
    provenance: Provenance = Provenance.LIVE


class Slot(NamedTuple):
    """All that is known of a point at one time: what rules judge."""

    point: int
    time: datetime
    values: tuple[float, ...]
    """Distinct judged values, ascending; more than one: a conflict; none: no value."""


LARGEST = 1e12
"""No quantity reaches this; larger values are refused, so that rounding stays exact."""


@lru_cache(maxsize=1024)
def decimals(resolution: float) -> int:
    """Digits after the decimal point that `resolution` needs: 0.1 → 1, 0.25 → 2, 5 → 0."""
    exponent = Decimal(repr(resolution)).normalize().as_tuple().exponent
    return max(0, -int(exponent))


def judged(value: float | None, quality: int, resolution: float) -> float | None:
    """The value that is judged and compared: raw, rounded half-even to the resolution.

    The result is the double nearest to the decimal number, so that it compares exactly
    with a limit written in YAML. `BAD` quality and null are no value.
    """
    if value is None or quality == Quality.BAD:
        return None
    return round(round(value / resolution) * resolution, decimals(resolution)) + 0.0


def slots(readings: Iterable[Reading], resolution: float) -> list[Slot]:
    """The slots of one point's readings, by time; those of one time are one slot."""
    found: dict[datetime, Slot] = {}
    for point, time, value, quality, _ in readings:
        number = judged(value, quality, resolution)
        values = () if number is None else (number,)
        if time in found:  # a conflict
            values = tuple(sorted({*found[time].values, *values}))
        found[time] = Slot(point, time, values)
    return [found[time] for time in sorted(found)]
