"""What a rule says, in words for the pages. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from dashboard.display import Display
from domain.readings import decimals
from rules.kinds import parse
from rules.level import Judging, Level, Limits
from rules.rule import AnyRule
from rules.threshold import ThresholdLevel


class Measured(NamedTuple):
    """What a peak was measured of."""

    quantity: str
    unit: str
    resolution: float


@lru_cache(maxsize=1024)
def rule(content: str) -> AnyRule:
    """The rule of a stored version, read once: a page of alerts names few, many times."""
    return parse(json.loads(content))


def sides(level: Limits) -> Iterator[tuple[str, float]]:
    """The level's limits: (`above` or `below`, value)."""
    if level.above is not None:
        yield "above", level.above
    if level.below is not None:
        yield "below", level.below


def sign(level: Limits, side: str) -> str:
    """How a value violates that side: > ≥ < ≤."""
    return {"above": ">≥", "below": "<≤"}[side][level.inclusive]


def level_name(show: Display, level: str) -> str:
    """The level in words; its key where we have none."""
    return show.texts.known(f"level.{level}", level)


def describe(show: Display, level: Level, unit: str) -> str:
    """The level in one line: `excursion: < 2 °C, > 8 °C · for 10 min`."""
    name, words = level_name(show, level.name), limit(level, show, unit)
    return show.texts("limit.named", name=name, limit=words)


def limit(level: Level, show: Display, unit: str) -> str:
    """What violates the level, with the unit."""
    return show.texts.pick(level.limit(unit))


def amount(level: Level, show: Display, peak: float, of: Measured) -> str:
    """The peak with its unit, or by its name: `8.1 °C`, `open`; empty: it has no amount."""
    if isinstance(level, ThresholdLevel):
        return show.value(peak, of.quantity, of.unit, of.resolution)
    return show.texts.pick(level.amount(peak, of.unit, decimals(of.resolution)))


def farthest(level: Level, lowest: float, highest: float) -> float:
    """Of two peaks the one farther beyond the level."""
    return level.worst((highest, lowest)) if isinstance(level, Judging) else highest


def worst(level: ThresholdLevel, lowest: float, highest: float) -> tuple[float, str]:
    """Of two peaks the one farther beyond the level, and the side it is beyond."""
    peak = level.worst((highest, lowest))
    low = level.above is None or (
        level.below is not None and level.below - peak > peak - level.above
    )
    return peak, "below" if low else "above"
