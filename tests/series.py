"""A small language for series of readings, and for the intervals expected of them.

    series("2026-11-22T00:00Z", "1m", "5 5 8.1 8.1x10 - bad 7.9")

One token per step: a value, `8.1?` (uncertain), `bad` (a value of bad quality), `null` (no
value) or `-` (no reading at all); `x10` after any of them repeats it ten times.
"""

from __future__ import annotations

from datetime import datetime

from domain.durations import parse_duration
from domain.readings import Quality, Reading

START = "2026-11-22T00:00Z"
BAD_VALUE = 99.9
"""What a sensor says when it is broken; must never be judged."""


def at(offset: str, start: str = START) -> datetime:
    """The time that far after `start`: at("1h30m")."""
    return datetime.fromisoformat(start) + parse_duration(offset)


def between(
    begin: str, end: str | None = None, start: str = START
) -> tuple[datetime, datetime | None]:
    """(start, end) of an excursion, as offsets; without end it is still open."""
    return at(begin, start), None if end is None else at(end, start)


def series(start: str, step: str, text: str, point: int = 1) -> list[Reading]:
    """The readings that `text` describes, one step apart from `start` on."""
    time, readings = datetime.fromisoformat(start), list[Reading]()
    for token in text.split():
        word, _, times = token.partition("x")
        for _ in range(int(times or "1")):
            if word != "-":
                readings.append(_reading(point, time, word))
            time += parse_duration(step)
    return readings


def _reading(point: int, time: datetime, word: str) -> Reading:
    if word == "bad":
        return Reading(point, time, BAD_VALUE, Quality.BAD)
    if word == "null":
        return Reading(point, time, None)
    if word.endswith("?"):
        return Reading(point, time, float(word[:-1]), Quality.UNCERTAIN)
    return Reading(point, time, float(word))
