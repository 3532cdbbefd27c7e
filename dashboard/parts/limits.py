"""What a rule says, in words for the page. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator

from dashboard.display import Display
from rules.kinds import parse
from rules.level import Level, Limits
from rules.rule import AnyRule
from rules.threshold import ThresholdLevel


def rule(content: str) -> AnyRule:
    """The rule of a stored version."""
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
    """The level in one line: `excursion: < 2 °C, > 8 °C for 10 min`."""
    if not isinstance(level, ThresholdLevel):
        return f"{level_name(show, level.name)}: {level.limit(unit)}"
    parts = [
        f"{sign(level, side)} {show.limit(value)} {unit}"
        for side, value in sides(level)
    ]
    hold = ""
    if level.hold:
        hold = " · " + show.texts("limit.hold", duration=show.duration(level.hold))
    return f"{level_name(show, level.name)}: {', '.join(reversed(parts))}{hold}"


def worst(level: ThresholdLevel, lowest: float, highest: float) -> tuple[float, str]:
    """Of two peaks the one farther beyond the level, and the side it is beyond."""
    peak = level.worst((highest, lowest))
    low = level.above is None or (
        level.below is not None and level.below - peak > peak - level.above
    )
    return peak, "below" if low else "above"
