"""What a rule says, in words for the page. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator

from dashboard.display import Display
from rules.threshold import Level, ThresholdRule


def rule(content: str) -> ThresholdRule:
    """The rule of a stored version."""
    return ThresholdRule.model_validate(json.loads(content))


def sides(level: Level) -> Iterator[tuple[str, float]]:
    """The level's limits: (`above` or `below`, value)."""
    if level.above is not None:
        yield "above", level.above
    if level.below is not None:
        yield "below", level.below


def sign(level: Level, side: str) -> str:
    """How a value violates that side: > ≥ < ≤."""
    return {"above": ">≥", "below": "<≤"}[side][level.inclusive]


def level_name(show: Display, level: str) -> str:
    """The level in words; its key where we have none."""
    return show.texts.known(f"level.{level}", level)


def describe(show: Display, level: Level, unit: str) -> str:
    """The level in one line: `excursion: < 2 °C, > 8 °C for 10 min`."""
    parts = [
        f"{sign(level, side)} {show.limit(value)} {unit}"
        for side, value in sides(level)
    ]
    hold = ""
    if level.hold:
        hold = " · " + show.texts("limit.hold", duration=show.duration(level.hold))
    return f"{level_name(show, level.name)}: {', '.join(reversed(parts))}{hold}"


def worst(level: Level, lowest: float, highest: float) -> tuple[float, str]:
    """Of two peaks the one farther beyond the level, and the side it is beyond."""
    peak = max(highest, lowest, key=level.excess)
    low = level.above is None or (
        level.below is not None and level.below - peak > peak - level.above
    )
    return peak, "below" if low else "above"
