"""A small language for series of values that are written by hand, one word per interval.

    5.0x30 8.1x10 -x5 null 9.9! 7.4~8.0x7 7.4x30

is 30 times 5.0, 10 times 8.1, five intervals without any reading, one reading that says
"no value", one 9.9 of bad quality, seven values from 7.4 to 8.0 in even steps, 30 times
7.4. When the words are used up, the last value goes on for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

WORD = re.compile(
    r"(?P<value>-?\d+(?:\.\d+)?|null|-)(?:~(?P<last>-?\d+(?:\.\d+)?))?(?P<bad>!)?"
    r"(?:x(?P<times>[1-9]\d*))?"
)


class Sample(NamedTuple):
    """One reading of a scripted point."""

    value: float | None
    """In the point's unit; None: the sensor says that it has none."""
    bad: bool = False
    """True: sent with bad quality."""


Series = tuple[Sample | None, ...]
"""One entry per interval; None where there is no reading at all."""


def parse_series(text: str) -> Series:
    """Read a series. Raises ValueError, naming the word that cannot be read."""
    series = tuple(sample for word in text.split() for sample in _word(word))
    if not series:
        raise ValueError("a series needs at least one word, like 5.0x30")
    return series


def at(series: Series, index: int) -> Sample | None:
    """The entry of interval `index`, counted from 0; the last one goes on."""
    return series[min(index, len(series) - 1)]


def _word(word: str) -> Iterator[Sample | None]:
    match = WORD.fullmatch(word)
    if match is None or (match["value"] in {"-", "null"} and _more(match)):
        raise ValueError(
            f"{word!r} is no word of a series: write 5.0, 5.0x30, 5.0~8.0x31, 9.9!, null or -x5"
        )
    value, bad, times = match["value"], bool(match["bad"]), int(match["times"] or 1)
    if value == "-":
        yield from (None for _ in range(times))
    elif value == "null":
        yield from (Sample(None, bad) for _ in range(times))
    else:
        last = match["last"] or value
        yield from (Sample(v, bad) for v in _ramp(float(value), float(last), times))


def _more(match: re.Match[str]) -> bool:
    """Whether a word says what only a number can have."""
    return match["last"] is not None or (match["value"] == "-" and bool(match["bad"]))


def _ramp(first: float, last: float, times: int) -> Iterator[float]:
    """Even steps; the digits of a decimal number, not those of binary ones."""
    for n in range(times):
        yield round(first + (last - first) * n / max(1, times - 1), 6)
