"""Levels: what one severity of a rule says, whatever its kind.

Each kind has a level class of its own beside its measure; here is what all of them share.
A level judges *numbers*: what the kind makes of a slot (a value, a slope, a total time).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from domain.errors import ValueProblem
from domain.text import Text
from rules.model import DIGITS, Duration, Model, Name, Number, SeverityName
from rules.words import NOTHING, held, number


class Level(Model, ABC):
    """One severity of a rule."""

    name: Name
    severity: SeverityName

    @property
    def span(self) -> timedelta | None:
        """The shortest stretch of time that it needs readings from; None: no such thing.

        A registry refuses a window shorter than two recording intervals of the point.
        """
        return None

    @property
    def pairs_over(self) -> timedelta | None:
        """The window of which it compares all pairs of readings; None: it does not."""
        return None

    @abstractmethod
    def limit(self, unit: str) -> Text:
        """What violates it, with the unit: `> 8 °C`, `≤ −0.5 °C · for 10 min`."""

    def amount(self, peak: float, unit: str, decimals: int) -> Text:
        """A peak as people read it, `decimals` being those of the point: `8.1 °C`.

        Empty where there is no amount of it.
        """
        del peak, unit, decimals
        return NOTHING


class Judging(Level):
    """A level whose excursions are streaks of numbers that violate it."""

    hold: Duration = Field(default=timedelta(), alias="for")
    """How long numbers must violate without a break before an excursion opens."""

    @abstractmethod
    def excess(self, number: float) -> float:
        """How far `number` is beyond the limit; negative inside of it."""

    @abstractmethod
    def violates(self, number: float) -> bool:
        """Whether `number` is beyond the limit."""

    @abstractmethod
    def clears(self, number: float) -> bool:
        """Whether `number` ends an open excursion."""

    def worst(self, numbers: Iterable[float]) -> float:
        """The number farthest beyond the limit; of equals the smallest."""
        return min(numbers, key=lambda number: (-self.excess(number), number))


class Limits(Level):
    """A level with an upper limit, a lower one, or both: to be outside of them violates."""

    above: Number | None = None
    """Upper limit; None: no upper limit."""
    below: Number | None = None
    """Lower limit; None: no lower limit."""
    inclusive: bool = Field(default=False, strict=True)
    """True: to reach a limit violates it. False: only to go beyond it does."""

    @model_validator(mode="after")
    def _limits_are_given(self) -> Self:
        if self.above is None and self.below is None:
            raise ValueProblem(
                zh="须有 above、below 或两者",
                en="a level needs `above`, `below` or both",
            )
        return self

    @model_validator(mode="after")
    def _limits_ascend(self) -> Self:
        if self.width <= 0:
            raise ValueProblem(
                zh="below 须小于 above", en="`below` must be less than `above`"
            )
        return self

    @property
    def width(self) -> float:
        """Of the band between both limits; infinite with one."""
        if self.above is None or self.below is None:
            return math.inf
        return self.above - self.below

    def outside(self, value: float) -> bool:
        """Whether `value` is beyond a limit, or at one that is inclusive."""
        beyond = self.beyond(value)
        return beyond >= 0 if self.inclusive else beyond > 0

    def beyond(self, value: float) -> float:
        """How far `value` is beyond the limits, not rounded; its sign is exact."""
        over = -math.inf if self.above is None else value - self.above
        under = -math.inf if self.below is None else self.below - value
        return over if over > under else under

    def signs(self, unit: str) -> str:
        """The limits alone: `< 2 °C, > 8 °C`."""
        less, more = ("≤", "≥") if self.inclusive else ("<", ">")
        parts = []
        if self.below is not None:
            parts.append(f"{less} {number(self.below)} {unit}")
        if self.above is not None:
            parts.append(f"{more} {number(self.above)} {unit}")
        return ", ".join(parts)


class Band(Limits, Judging):
    """Limits on the numbers themselves, with a deadband."""

    deadband: Number = Field(default=0.0, ge=0)
    """How far inside the limits a number must be to end an excursion."""

    @model_validator(mode="after")
    def _deadband_fits(self) -> Self:
        if round(2 * self.deadband, DIGITS) >= round(self.width, DIGITS):
            raise ValueProblem(
                zh="deadband 须小于上下限之差的一半",
                en="`deadband` must be less than half of the band",
            )
        return self

    def violates(self, number: float) -> bool:
        """Whether `number` is outside the limits."""
        return self.outside(number)

    def clears(self, number: float) -> bool:
        """Whether `number` does not violate the limits tightened by the deadband."""
        excess = self.excess(number)
        limit = -self.deadband
        return excess < limit if self.inclusive else excess <= limit

    def excess(self, number: float) -> float:
        """How far `number` is beyond the limits; negative inside of them.

        Rounded, so that it compares as decimal numbers do: 7.8 − 8.0 is −0.2.
        """
        return round(self.beyond(number), DIGITS)

    def limit(self, unit: str) -> Text:
        """What violates it: `> 8 °C`, `≥ 45 °C · for 1 h`."""
        signs = self.signs(unit)
        return held(Text(signs, signs), self.hold)
