"""Pieces of what levels say in words, in both languages."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from domain.text import Text

MINUS: Final = "\N{MINUS SIGN}"
UNITS: Final = (
    (timedelta(hours=1), Text("小时", "h")),
    (timedelta(minutes=1), Text("分钟", "min")),
    (timedelta(seconds=1), Text("秒", "s")),
    (timedelta(milliseconds=1), Text("毫秒", "ms")),
)
"""Of durations, the largest first: a rule's hours are never days."""
NOTHING: Final = Text("", "")
SLOPE: Final = 2
"""Decimals of a rate, if the values themselves have no more."""


def number(value: float) -> str:
    """A number as it was written, with a true minus sign: 8, −0.5."""
    return f"{value:g}".replace("-", MINUS)


def rounded(value: float, decimals: int) -> str:
    """A number with so many decimals and a true minus sign: 8.1, −0.50."""
    return f"{value:.{decimals}f}".replace("-", MINUS)


def per_hour(value: float, unit: str, decimals: int) -> str:
    """A rate of values with so many decimals; it is given one more, up to SLOPE: `14.20 °C/h`."""
    digits = max(decimals, min(decimals + 1, SLOPE))
    return f"{rounded(value, digits)} {unit}/h"


def span(duration: timedelta) -> Text:
    """A duration, exactly: `1 小时 30 分钟`, `1 h 30 min`."""
    parts: list[Text] = []
    for unit, name in UNITS:
        count, duration = divmod(duration, unit)
        if count:
            parts.append(Text(*(f"{count:,} {word}" for word in name)))
    zero = Text("0 秒", "0 s")
    return Text(*map(" ".join, zip(*(parts or [zero]), strict=True)))


def held(text: Text, hold: timedelta) -> Text:
    """`text`, and how long it must last."""
    if not hold:
        return text
    lasting = span(hold)
    return Text(f"{text.zh} · 持续 {lasting.zh}", f"{text.en} · for {lasting.en}")
