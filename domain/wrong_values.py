"""What pydantic finds wrong with a value, in words for people: plain, in both languages.

Pydantic's own words are English and name its insides ("Input should be a valid integer,
unable to parse string as an integer"). Of a kind that is not known here is said no more
than that the value cannot be taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from pydantic_core import ErrorDetails

from domain.durations import format_duration
from domain.errors import ValueProblem
from domain.text import Text

NUMBER: Final = Text("须为数字", "must be a number")
WHOLE: Final = Text("须为整数", "must be a whole number")
YES_OR_NO: Final = Text("须为 true 或 false", "must be true or false")
CHOICE: Final = Text("须为其中之一：{expected}", "must be one of {expected}")
TIME: Final = Text(
    "须为日期和时间，如 2026-11-22T08:00:00+08:00",
    "must be a date and time, such as 2026-11-22T08:00:00+08:00",
)
OFFSET: Final = Text(
    "时间须写明时区，如 +08:00", "is a time that needs an offset, such as +08:00"
)
ID: Final = Text("须为 UUID", "must be a UUID")
UNKNOWN: Final = Text("不可接受，请检查后更改", "cannot be taken; check and change it")
KNOWN: Final[Mapping[str, Text]] = {
    "missing": Text("未填写", "is missing"),
    "extra_forbidden": Text("无此项，请删去", "is not known here; remove it"),
    "string_type": Text("须为文字", "must be text"),
    "string_too_short": Text(
        "至少 {min_length} 个字符", "must have {min_length} characters at least"
    ),
    "string_too_long": Text(
        "最多 {max_length} 个字符", "must have {max_length} characters at most"
    ),
    "string_pattern_mismatch": Text("格式不符", "is not written as it has to be"),
    "int_type": WHOLE,
    "int_parsing": WHOLE,
    "int_parsing_size": Text("数字过大", "is too large a number"),
    "int_from_float": WHOLE,
    "float_type": NUMBER,
    "float_parsing": NUMBER,
    "finite_number": NUMBER,
    "bool_type": YES_OR_NO,
    "bool_parsing": YES_OR_NO,
    "greater_than": Text("须大于 {gt}", "must be greater than {gt}"),
    "greater_than_equal": Text("不得小于 {ge}", "must be {ge} or more"),
    "less_than": Text("须小于 {lt}", "must be less than {lt}"),
    "less_than_equal": Text("不得大于 {le}", "must be {le} or less"),
    "literal_error": CHOICE,
    "enum": CHOICE,
    "datetime_type": TIME,
    "datetime_parsing": TIME,
    "datetime_from_date_parsing": TIME,
    "timezone_aware": OFFSET,
    "uuid_type": ID,
    "uuid_parsing": ID,
    "json_invalid": Text("不是有效的 JSON", "is no valid JSON"),
}
"""By pydantic's type of error; {names} are those of its context."""


def said(error: ErrorDetails) -> Text:
    """What is wrong, as the end of a sentence that begins with the value's name."""
    context = error.get("ctx", {})
    cause = context.get("error")
    if isinstance(cause, ValueProblem):
        return Text(cause.zh, cause.en)
    words = KNOWN.get(error["type"], UNKNOWN)
    return Text(_filled(words.zh, context, "、"), _filled(words.en, context, ", "))


def _filled(words: str, context: Mapping[str, Any], comma: str) -> str:
    expected = str(context.get("expected", "")).replace("'", "")
    listed = comma.join(expected.replace(" or ", ", ").split(", "))
    shown = {name: _shown(value) for name, value in context.items()}
    return words.format(**{**shown, "expected": listed})


def _shown(value: Any) -> str:
    """A bound: a duration as it is written (366 d are 8784h), a number without `.0`."""
    if isinstance(value, timedelta):
        return format_duration(value)
    return f"{value:.15g}" if isinstance(value, float) else str(value)
