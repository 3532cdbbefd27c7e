"""The values of a registry file: their types, each refusing what is wrong in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PlainValidator
from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum
from stdnum.exceptions import ValidationError as NumberError

from domain.characters import is_line
from domain.durations import format_duration, parse_duration
from domain.quantities import QUANTITIES
from domain.regions import region_problem

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""Bounds of every time in a registry: outside of them it is a slip of the pen."""


LONGEST = timedelta(days=366)
"""Of every duration in a registry: times stay in the calendar."""


def _key(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", text):
        raise ValueError(
            f"{text!r} is no key; use up to 64 lower-case letters, digits, - and _"
        )
    return text


def _code(text: str) -> str:
    try:
        if uscc.validate(text) == text:
            return text
    except InvalidChecksum:
        raise ValueError(
            f"the check character of 统一社会信用代码 {text} does not fit; look for a typing error"
        ) from None
    except NumberError:
        pass
    raise ValueError(
        f"{text!r} is no 统一社会信用代码; give its 18 digits and capital letters"
    )


def _line(text: str) -> str:
    if not is_line(text) or not text.strip():
        raise ValueError(
            f"{text!r} is no line of readable text; remove line breaks and invisible characters"
        )
    return text


def _region(text: str) -> str:
    if problem := region_problem(text):
        raise ValueError(f"{problem}; give the county of the site, such as 330106")
    return text


def _telephone(text: str) -> str:
    if not re.fullmatch(r"\+?[0-9][0-9 ()-]{4,24}", text):
        raise ValueError(f"{text!r} is no telephone; give one such as 0571-88880000")
    return text


def _time_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (LookupError, ValueError, OSError):
        raise ValueError(
            f"{name!r} is no time zone; give an IANA name such as Asia/Shanghai"
        ) from None


def _quantity(name: str) -> str:
    if name not in QUANTITIES:
        raise ValueError(f"unknown quantity {name!r}; {instead(name, QUANTITIES)}")
    return name


def _time(value: object) -> datetime:
    advice = "write date, time and offset, such as 2026-01-01T00:00:00+08:00"
    try:
        time = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(f"{value!r} is no time; {advice}") from None
    if time.tzinfo is None:
        raise ValueError(f"{value!r} leaves open in which time zone; {advice}")
    if not EARLIEST <= time < LATEST:
        raise ValueError(f"{value!r} is outside the years 2000 to 2099; {advice}")
    return time.astimezone(UTC)


def _date(value: object) -> date:
    try:
        day = date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(f"{value!r} is no date; write it as 2026-12-31") from None
    if not EARLIEST.date() <= day < LATEST.date():
        raise ValueError(f"{value!r} is outside the years 2000 to 2099; mend it")
    return day


def _duration(value: object) -> timedelta:
    duration = parse_duration(value)
    if not duration:
        raise ValueError("must be longer than 0s; write a duration such as 1m")
    if duration > LONGEST:
        raise ValueError(f"is longer than {format_duration(LONGEST)}; shorten it")
    return duration


def _scalar(value: object) -> object:
    match value:
        case dict() | list():
            raise ValueError("a limit is one value; write `above: 8.0`")
        case _:
            return value


def instead(name: str, known: Iterable[str]) -> str:
    """Advice for a `name` that is not among the `known` ones."""
    known = sorted(known)
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"


Text = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_line)]
"""A name, which stands among lines of ours in notifications and on pages."""
Key = Annotated[str, AfterValidator(_key)]
"""Of a site, device, point, rule or zone; safe in a topic."""
Code = Annotated[str, AfterValidator(_code)]
"""统一社会信用代码, GB 32100."""
Region = Annotated[str, AfterValidator(_region)]
Telephone = Annotated[str, AfterValidator(_telephone)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
QuantityName = Annotated[str, AfterValidator(_quantity)]
Time = Annotated[datetime, PlainValidator(_time)]
"""Given with an offset, held in UTC."""
Day = Annotated[date, PlainValidator(_date)]
Duration = Annotated[timedelta, PlainValidator(_duration)]
Number = Annotated[float, Field(strict=True)]
Positive = Annotated[Number, Field(gt=0)]
Limits = dict[str, dict[str, Annotated[Any, AfterValidator(_scalar)]]]
"""Level → field → value, which override those of the rule in the catalogue."""
