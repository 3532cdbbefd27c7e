"""Kinds of field that requests have. What none of them accepts is a problem 400."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Annotated, Final, Literal, TypeAlias

from fastapi import Depends, Path
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from dashboard.house import House, house, texts
from dashboard.texts import Texts
from domain.characters import printable
from domain.errors import ValueProblem
from domain.people import subtree

EARLIEST, LATEST = 1970, 2200
"""Years."""
RFC_3339: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)

Here = Annotated[House, Depends(house)]
T = Annotated[Texts, Depends(texts)]
Blank = BeforeValidator(lambda value: value or None)
"""An empty field of a form is one that was not given."""


def _printable(text: str) -> str:
    """Refuse what a database cannot keep, or nobody can read."""
    if not all(map(printable, text)):
        raise ValueProblem(
            zh="含有控制字符或无效字符，请删去",
            en="has control characters or invalid ones; remove them",
        )
    return text


def _written(time: object) -> object:
    if isinstance(time, str) and not RFC_3339.fullmatch(time):
        raise ValueProblem(
            zh="须写成 2026-11-22T08:00:00+08:00（在网址中 + 写作 %2B）",
            en="must be written 2026-11-22T08:00:00+08:00 (in an address, + is %2B)",
        )
    return time


def _in_our_time(time: AwareDatetime) -> AwareDatetime:
    if not EARLIEST <= time.year < LATEST:
        raise ValueProblem(
            zh=f"须在 {EARLIEST} 年至 {LATEST} 年之间",
            en=f"must be between {EARLIEST} and {LATEST}",
        )
    return time.astimezone(UTC)  # no database knows +23:59


Printable = AfterValidator(_printable)
Time: TypeAlias = Annotated[
    AwareDatetime, BeforeValidator(_written), AfterValidator(_in_our_time)
]
"""RFC 3339, with an offset."""
Search: TypeAlias = Annotated[str, Field(min_length=1, max_length=100), Printable]
Code: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{18}$")]
"""统一社会信用代码."""
Region: TypeAlias = Annotated[str, StringConstraints(pattern=r"^([0-9]{2}){1,3}$")]
"""GB/T 2260: two, four or six digits; zeros at the end stand for all below."""
Key: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,60}$")]
SeverityName: TypeAlias = Literal["minor", "major", "critical"]
Number: TypeAlias = Annotated[int, Field(ge=1, lt=2**31)]
"""Of a site, device or point."""
BigNumber: TypeAlias = Annotated[int, Field(ge=1, lt=2**63)]
"""Of an alert, excursion or incident."""
Limit: TypeAlias = Annotated[int, Field(ge=1, le=200)]
Cursor: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,60}$")]

AlertId = Annotated[int, Path(ge=1, lt=2**63, examples=[17])]
ThingId = Annotated[int, Path(ge=1, lt=2**31, examples=[3])]


class Asked(BaseModel):
    """What a request may ask for; what it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


def regions(region: str | None) -> tuple[int | None, int | None]:
    """First and last region code within `region`."""
    if region is None:
        return None, None
    scope = subtree(region)
    return scope.low, scope.high
