"""What a rule says, in words for the pages. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import lru_cache, singledispatch
from typing import Final, NamedTuple

from dashboard.display import Display
from domain.quantities import QUANTITIES
from domain.readings import decimals
from rules.cumulative import CumulativeLevel
from rules.gap import GapLevel
from rules.kinds import parse
from rules.level import Judging, Level, Limits
from rules.no_value import NoValueLevel
from rules.rate import RateLevel
from rules.rule import AnyRule
from rules.silence import SilenceLevel
from rules.threshold import ThresholdLevel
from rules.trend import TrendLevel

HOUR: Final = timedelta(hours=1)
SLOPE: Final = 2
"""Decimals of a rate: one more than of the values, but no more than this for it."""


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


def signs(level: Limits, show: Display, unit: str) -> str:
    """The limits alone, the lower first: `< 2 °C, > 8 °C`."""
    parts = [
        f"{sign(level, side)} {show.limit(value)} {unit}"
        for side, value in sides(level)
    ]
    return ", ".join(reversed(parts))


def level_name(show: Display, level: str) -> str:
    """The level in words; its key where we have none."""
    return show.texts.known(f"level.{level}", level)


def describe(show: Display, level: Level, unit: str) -> str:
    """The level in one line: `excursion: < 2 °C, > 8 °C · for 10 min`."""
    name, words = level_name(show, level.name), limit(level, show, unit)
    return show.texts("limit.named", name=name, limit=words)


def span(show: Display, duration: timedelta) -> str:
    """A duration of a rule; whole hours stay hours: `24 h`."""
    if duration >= HOUR and not duration % HOUR:
        return show.texts("limit.hours", n=duration // HOUR)
    return show.duration(duration)


def held(text: str, hold: timedelta, show: Display) -> str:
    """`text`, and how long it must last."""
    if not hold:
        return text
    lasting = show.texts("limit.hold", duration=span(show, hold))
    return f"{text} · {lasting}"


# What violates a level, by its kind: (level, display, unit) → text.


@singledispatch
def limit(level: Level, show: Display, unit: str) -> str:
    """What violates the level, with the unit. A kind without words here says it itself."""
    del show
    return level.limit(unit)


@limit.register
def _(level: ThresholdLevel, show: Display, unit: str) -> str:
    return held(signs(level, show, unit), level.hold, show)


@limit.register
def _(level: RateLevel, show: Display, unit: str) -> str:
    per_hour = signs(level, show, f"{unit}/h")
    over = show.texts("limit.rate", signs=per_hour, over=span(show, level.over))
    return held(over, level.hold, show)


@limit.register
def _(level: TrendLevel, show: Display, unit: str) -> str:
    slope = held(signs(level, show, f"{unit}/h"), level.hold, show)
    if level.within is None:
        return slope
    aims = (level.reaches_below, level.reaches_above)
    limits = " / ".join(show.limit(aim) for aim in aims if aim is not None)
    reaching = show.texts(
        "limit.trend", limits=f"{limits} {unit}", within=span(show, level.within)
    )
    return f"{slope} · {reaching}"


@limit.register
def _(level: CumulativeLevel, show: Display, unit: str) -> str:
    words = {"signs": signs(level, show, unit), "total": span(show, level.total)}
    if level.within is not None:
        return show.texts(
            "limit.total.within", within=span(show, level.within), **words
        )
    return show.texts(f"limit.total.{level.since}", **words)


@limit.register
def _(level: GapLevel, show: Display, unit: str) -> str:
    gap = show.texts("limit.gap", every=span(show, level.every))
    if level.unlimited:
        return gap
    return show.texts("limit.gap.while", gap=gap, signs=signs(level, show, unit))


@limit.register
def _(level: NoValueLevel, show: Display, unit: str) -> str:
    del unit
    return show.texts("limit.no-value", duration=span(show, level.hold))


@limit.register
def _(level: SilenceLevel, show: Display, unit: str) -> str:
    del unit
    least = span(show, level.at_least)
    return show.texts("limit.silence", n=level.intervals, least=least)


# A peak as people read it, by the kind of its level; empty: it has no amount.


@singledispatch
def amount(level: Level, show: Display, peak: float, of: Measured) -> str:
    """The peak with its unit: `8.1 °C`, `14.20 °C/h`, `10.3 h`."""
    del level, show, peak, of
    return ""


@amount.register
def _(level: ThresholdLevel, show: Display, peak: float, of: Measured) -> str:
    del level
    return show.value(peak, of.quantity, of.unit, of.resolution)


@amount.register(RateLevel)
@amount.register(TrendLevel)
def _(level: Level, show: Display, peak: float, of: Measured) -> str:
    del level
    digits = decimals(of.resolution)
    finer = 10.0 ** -max(digits, min(digits + 1, SLOPE))
    return f"{show.number(peak, finer)} {of.unit}/h"


@amount.register
def _(level: CumulativeLevel, show: Display, peak: float, of: Measured) -> str:
    del level, of
    return show.texts("amount.hours", value=show.number(peak, 0.1))


@amount.register
def _(level: GapLevel, show: Display, peak: float, of: Measured) -> str:
    del level, of
    return show.texts("amount.minutes", value=show.limit(peak))


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
