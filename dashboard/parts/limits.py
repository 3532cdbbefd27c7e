"""What a rule says, in words for the pages. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from dashboard.display import Display
from domain.quantities import QUANTITIES
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


def reached(levels: Iterable[Level], quantity: str, unit: str) -> list[Level]:
    """The levels less limits that no value of the quantity is beyond: above 100 %RH.

    A registry has no other way to switch a level off, or a side of it.
    """
    known = QUANTITIES.get(quantity)
    extremes = known.units.get(unit) if known else None
    if extremes is None:
        return list(levels)
    return [one for level in levels if (one := _reached(level, *extremes)) is not None]


def _reached(level: Level, least: float, most: float) -> Level | None:
    if not isinstance(level, ThresholdLevel):
        return level
    alone = {"above": {"below": None}, "below": {"above": None}}
    ever = {
        side: value
        for side, value in sides(level)
        if level.model_copy(update=alone[side]).violates(
            most if side == "above" else least
        )
    }
    never = dict.fromkeys(("above", "below"))
    return level.model_copy(update=never | ever) if ever else None


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
