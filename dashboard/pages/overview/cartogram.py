"""A schematic map: areas as tiles of one size, in rows from north to south. Pure.

Sort-tile packing: as many rows as make about a square, each from west to east. What borders
on each other comes to lie close by, whatever the sizes; no outlines of regions are needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, sqrt
from statistics import fmean
from typing import Final, NamedTuple

WIDEST: Final = 8
"""Tiles in a row."""


class Place(NamedTuple):
    """Degrees, WGS 84."""

    longitude: float
    latitude: float


def centre(places: Sequence[Place]) -> Place | None:
    """The mean of `places`, whatever their order; None of none."""
    if not places:
        return None
    return Place(fmean(p.longitude for p in places), fmean(p.latitude for p in places))


def width(areas: int) -> int:
    """Tiles in a row of a map of so many areas."""
    return min(WIDEST, max(1, ceil(sqrt(areas))))


def tiles(centres: Mapping[str, Place | None]) -> list[str]:
    """The areas row by row; those that are nowhere after the rest, in order of their codes."""
    placed = [(place, code) for code, place in sorted(centres.items()) if place]
    southward = sorted(placed, key=lambda one: -one[0].latitude)
    wide = width(len(centres))
    rows = (southward[n : n + wide] for n in range(0, len(southward), wide))
    packed = [code for row in rows for _, code in sorted(row)]
    return [*packed, *sorted(centres.keys() - set(packed))]
