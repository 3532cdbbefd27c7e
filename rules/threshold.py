"""Threshold rules: limits that a value must not go beyond for longer than a hold time.

A rule has levels (a warning, an excursion …), each with its own limits, hold and severity;
each is judged for itself, by `rules/engine.py`. This file says what a level is and when a
value violates it or is clear of it again.
"""

from __future__ import annotations

import hashlib
import json
import math
from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    model_validator,
)

from domain.documents import document
from domain.durations import format_duration, parse_duration
from domain.rules import RuleVersion, Severity

DIGITS = 10
"""Decimal digits that differences of values and limits are rounded to."""


def parse_severity(value: object) -> Severity:
    """Read `minor`, `major` or `critical`. Raises ValueError."""
    if isinstance(value, Severity):
        return value
    names = [severity.name.lower() for severity in Severity]
    if value not in names:
        raise ValueError(f"write {', '.join(names)}")
    return Severity[str(value).upper()]


def _parse_hold(value: object) -> timedelta:
    return value if isinstance(value, timedelta) else parse_duration(value)


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
SeverityName = Annotated[
    Severity, BeforeValidator(parse_severity), PlainSerializer(lambda s: s.name.lower())
]
Hold = Annotated[
    timedelta, BeforeValidator(_parse_hold), PlainSerializer(format_duration)
]


class Model(BaseModel):
    """Frozen, knows no fields but its own, and is written with the names of the YAML."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, serialize_by_alias=True
    )


class Text(Model):
    """One text in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Level(Model):
    """Limits with their severity. Both limits: to be outside of them violates."""

    name: Name
    severity: SeverityName
    above: Number | None = None
    """Upper limit, in the rule's unit; None: no upper limit."""
    below: Number | None = None
    """Lower limit, in the rule's unit; None: no lower limit."""
    inclusive: bool = Field(default=False, strict=True)
    """True: to reach a limit violates it. False: only to go beyond it does."""
    hold: Hold = Field(default=timedelta(), alias="for", ge=timedelta())
    """How long values must violate without a break before an excursion opens."""
    deadband: Annotated[Number, Field(ge=0)] = 0.0
    """How far inside the limits a value must be to end an excursion, in the unit."""

    @model_validator(mode="after")
    def _limits_fit(self) -> Self:
        if self.above is None and self.below is None:
            raise ValueError("a level needs `above`, `below` or both")
        if self.above is not None and self.below is not None:
            if self.below >= self.above:
                raise ValueError("`below` must be less than `above`")
            if round(2 * self.deadband, DIGITS) >= round(
                self.above - self.below, DIGITS
            ):
                raise ValueError("`deadband` must be less than half of the band")
        return self

    def limit(self, unit: str) -> str:
        """What violates, in words: `> 8 °C`, `≤ -0.5 °C`, `< 2, > 8 °C`."""
        less, more = ("≤", "≥") if self.inclusive else ("<", ">")
        sides = ((less, self.below), (more, self.above))
        found = [f"{sign} {limit:g}" for sign, limit in sides if limit is not None]
        return f"{', '.join(found)} {unit}"

    def amount(self, peak: float, unit: str, decimals: int) -> str:
        """How bad it was, in words: `8.1 °C`."""
        return f"{peak:.{decimals}f} {unit}"

    def violates(self, value: float) -> bool:
        """Whether `value` is beyond a limit, or at one that is inclusive."""
        excess = self._beyond(value)
        return excess >= 0 if self.inclusive else excess > 0

    def clears(self, value: float) -> bool:
        """Whether `value` does not violate the limits tightened by the deadband."""
        excess = self.excess(value)
        limit = -self.deadband
        return excess < limit if self.inclusive else excess <= limit

    def excess(self, value: float) -> float:
        """How far `value` is beyond the limits, in the unit; negative inside of them.

        Rounded, so that it compares as decimal numbers do: 7.8 − 8.0 is −0.2.
        """
        return round(self._beyond(value), DIGITS)

    def _beyond(self, value: float) -> float:
        """The excess, not rounded; its sign is exact."""
        over = -math.inf if self.above is None else value - self.above
        under = -math.inf if self.below is None else self.below - value
        return over if over > under else under


class ThresholdRule(Model):
    """A whole rule, its limits resolved. Its canonical content names its version."""

    key: Name
    kind: Literal["threshold"]
    quantity: str
    unit: str
    name: Text
    basis: Text
    """The law, standard or process that the limits come from; says what is a default."""
    levels: Annotated[tuple[Level, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        if len({level.name for level in self.levels}) < len(self.levels):
            raise ValueError("two levels have the same name")
        return self

    def level(self, name: str) -> Level | None:
        """The level of that name, or None."""
        return next((level for level in self.levels if level.name == name), None)

    def to_version(self) -> RuleVersion:
        """Freeze the rule: canonical JSON (sorted keys, no spaces), named by its hash."""
        content = document(self.model_dump(mode="json"))
        return RuleVersion(
            version=hashlib.sha256(content.encode()).hexdigest()[:16],
            rule=self.key,
            kind=self.kind,
            content=content,
        )

    @classmethod
    def from_version(cls, version: RuleVersion) -> Self:
        """The rule that was frozen. Raises pydantic.ValidationError if it is not one."""
        content: dict[str, Any] = json.loads(version.content)
        return cls.model_validate(content)
