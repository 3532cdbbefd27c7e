"""What the models of rules are made of: how fields are written in YAML, and read again."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
)

from domain.durations import format_duration, parse_duration
from domain.errors import ValueProblem
from domain.readings import LARGEST
from domain.rules import Severity

DIGITS = 10
"""Decimal digits that differences and quotients of values are rounded to."""


def parse_severity(value: object) -> Severity:
    """Read `minor`, `major` or `critical`. Raises ValueError."""
    if isinstance(value, Severity):
        return value
    names = [severity.name.lower() for severity in Severity]
    if value not in names:
        known = ", ".join(names)
        raise ValueProblem(zh=f"须为其中之一：{known}", en=f"write {known}")
    return Severity[str(value).upper()]


def _parse_duration(value: object) -> timedelta:
    return value if isinstance(value, timedelta) else parse_duration(value)


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
Number = Annotated[
    float, Field(strict=True, gt=-LARGEST, lt=LARGEST, allow_inf_nan=False)
]
"""What a value can reach, so that it can be drawn, too."""
SeverityName = Annotated[
    Severity, BeforeValidator(parse_severity), PlainSerializer(lambda s: s.name.lower())
]
_WRITTEN = (
    BeforeValidator(_parse_duration),
    PlainSerializer(format_duration, when_used="unless-none"),
)
LONGEST = timedelta(days=366)
"""No rule looks farther back: times stay in the calendar, and work has a bound."""
Duration = Annotated[timedelta, Field(ge=timedelta(), le=LONGEST), *_WRITTEN]
Span = Annotated[timedelta, Field(gt=timedelta(), le=LONGEST), *_WRITTEN]
"""A duration that is not zero."""


class Model(BaseModel):
    """Frozen, knows no fields but its own, and is written with the names of the YAML."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, serialize_by_alias=True
    )


class Text(Model):
    """One text in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)
