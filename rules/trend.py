"""Trend rules: a slow change that is more than chance, and when it reaches a limit.

Theil–Sen slope (Theil 1950, Sen 1968) over a window, believed only where the Mann–Kendall
test (Mann 1945, Kendall 1975) finds it significant. The test is cheap, because its sums are
kept from slot to slot, exactly, in integers; the slope is worked out only after it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Self

import numpy as np
from pydantic import Field, model_validator

from domain.errors import ValueProblem
from domain.excursions import Forecast
from domain.readings import Slot
from domain.text import Text
from rules.level import Band
from rules.model import DIGITS, Number, Span
from rules.rule import Rule
from rules.runs import RunMeasure
from rules.statistics import Window, median, sen_interval, theil_sen
from rules.streaks import Numbers, streaks
from rules.watch import Watch
from rules.words import number, per_hour, span

HOUR = timedelta(hours=1)
NO_TREND: Numbers = (0.0,)
FOREVER = 24.0 * 366 * 10
"""h; what takes longer is not foreseen."""


class TrendLevel(Band):
    """Limits on the slope, in the rule's unit per hour; falling is negative."""

    window: Span
    """Over which the slope is worked out."""
    readings: int = Field(default=10, ge=3)
    """Fewer in the window, or less than half of it covered: nothing is said."""
    significance: float = Field(default=0.01, gt=0, lt=1)
    """Two-sided p of the Mann–Kendall test up to which a trend is believed."""
    reaches_above: Number | None = None
    reaches_below: Number | None = None
    """With `within`: the limit that a rising, a falling trend has to reach, in the unit."""
    within: Span | None = None
    """A trend counts only if it reaches its limit within so long."""

    @model_validator(mode="before")
    @classmethod
    def _limits_are_inclusive(cls, fields: dict[str, Any]) -> dict[str, Any]:
        return {**fields, "inclusive": True}

    @model_validator(mode="after")
    def _slopes_have_signs(self) -> Self:
        if (self.above or 1) <= 0 or (self.below or -1) >= 0:
            raise ValueProblem(
                zh="above 的变化率须为正，below 的须为负",
                en="a slope `above` must be positive, one `below` negative",
            )
        aims = (self.reaches_above, self.reaches_below)
        if (self.within is None) != (aims == (None, None)):
            raise ValueProblem(
                zh="within 须与 reaches_above 或 reaches_below 同时给出",
                en="`within` needs `reaches_above` or `reaches_below`",
            )
        return self

    @property
    def span(self) -> timedelta:
        """The window."""
        return self.window

    @property
    def pairs_over(self) -> timedelta:
        """The window: of each pair of its readings there is a slope."""
        return self.window

    def aim(self, slope: float) -> float | None:
        """The limit that a trend goes towards."""
        return self.reaches_above if slope > 0 else self.reaches_below

    def limit(self, unit: str) -> Text:
        """`≥ 0.5 °C/h · reaching 8 °C within 2 h`."""
        slope = super().limit(f"{unit}/h")
        if self.within is None:
            return slope
        sides = (self.reaches_below, self.reaches_above)
        aims = " / ".join(number(aim) for aim in sides if aim is not None)
        within = span(self.within)
        return Text(
            f"{slope.zh} · 预计 {within.zh}内达到 {aims} {unit}",
            f"{slope.en} · reaching {aims} {unit} within {within.en}",
        )

    def amount(self, peak: float, unit: str, decimals: int) -> Text:
        """The slope: `0.62 °C/h`."""
        slope = per_hour(peak, unit, decimals)
        return Text(slope, slope)


class TrendRule(Rule[TrendLevel]):
    """Limits on slopes."""


class Slope(RunMeasure[TrendLevel]):
    """The slope of a significant trend; 0 where there is none."""

    def numbers(
        self, watch: Watch, level: TrendLevel, memory: Window | None, slot: Slot
    ) -> Numbers:
        """The slope, in the unit per hour; none where too little was measured."""
        del watch
        if memory is None:
            return ()
        window = memory.since(slot.time - level.window)
        covered = slot.time - window.times[0]
        if len(window.times) < level.readings or 2 * covered < level.window:
            return ()
        if not window.s or window.p > level.significance:
            return NO_TREND
        slope = theil_sen(window.hours, window.values)
        if slope * window.s <= 0 or not reaches(level, slope, window):
            return NO_TREND
        return (round(slope, DIGITS),)

    def forecast(
        self, level: TrendLevel, memory: Window | None, slot: Slot
    ) -> Forecast | None:
        """When the limit will be reached, with the 95 % confidence interval of the slope."""
        assert memory is not None, "a trend has been found in it"
        window = memory.since(slot.time - level.window)
        slope = theil_sen(window.hours, window.values)
        between = sen_interval(window.hours, window.values)
        limit = level.aim(slope)
        if limit is None:
            return Forecast(slope=slope, slope_between=between)
        slow, fast = between if slope > 0 else reversed(between)
        earliest, likely, latest = (
            None if left is None or s * slope <= 0 else slot.time + left * HOUR
            for s in (fast, slope, slow)
            for left in [hours_left(s, limit, window)]
        )
        return Forecast(
            slope=slope,
            slope_between=between,
            limit=limit,
            reached=likely,
            reached_between=earliest and (earliest, latest),
        )


def reaches(level: TrendLevel, slope: float, window: Window) -> bool:
    """Whether a trend reaches its limit within the time that counts."""
    if level.within is None:
        return True
    limit = level.aim(slope)
    left = None if limit is None else hours_left(slope, limit, window)
    return left is not None and left <= round(level.within / HOUR, DIGITS)


def hours_left(slope: float, limit: float, window: Window) -> float | None:
    """Hours until the line of that slope through a window reaches `limit`; 0: it has.

    The line's level at the newest reading is the median of the values moved along it.
    None: not within ten years.
    """
    level = median(np.asarray(window.values) - slope * window.hours)
    left = max(0.0, (limit - level) / slope) if slope else FOREVER
    return round(left, DIGITS) if left < FOREVER else None


KIND = streaks(TrendRule, Slope())
