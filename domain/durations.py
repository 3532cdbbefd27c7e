"""Durations as people write them in YAML: `0s`, `15m`, `600m`, `1h30m`, `2d`, `500ms`."""

from __future__ import annotations

import re
from datetime import timedelta

from domain.errors import ValueProblem

UNITS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
"""Largest first: the order in which they are written."""

PATTERN = re.compile("".join(rf"(?:([0-9]+){unit})?" for unit in UNITS))


def parse_duration(text: object) -> timedelta:
    """Read whole numbers with units, largest first, each unit at most once.

    Raises ValueError for anything else, also for what YAML makes of `90` and `1:30`
    (numbers), and for more than `timedelta` holds.
    """
    match = PATTERN.fullmatch(text) if isinstance(text, str) and text else None
    if match is None:
        raise ValueProblem(
            zh=f"须为时长，如 0s、15m 或 1h30m，而非 {text!r}",
            en=f"write a duration like 0s, 15m or 1h30m, not {text!r}",
        )
    pairs = zip(match.groups(default="0"), UNITS.values(), strict=True)
    try:
        return sum((int(count) * unit for count, unit in pairs), timedelta())
    except (OverflowError, ValueError) as error:
        raise ValueProblem(
            zh=f"时长 {text:.20} 过长", en=f"the duration {text:.20} is too long"
        ) from error


def format_duration(duration: timedelta) -> str:
    """The one canonical text of a duration: 600 min → `10h`, 90 s → `1m30s`, 0 → `0s`.

    Raises ValueError for a negative duration or a fraction of a millisecond.
    """
    if duration < timedelta() or duration % UNITS["ms"]:
        raise ValueError(
            f"{duration!r} is not a whole number of milliseconds from 0 up"
        )
    text = ""
    for name, unit in UNITS.items():
        count, duration = divmod(duration, unit)
        text += f"{count}{name}" if count else ""
    return text or "0s"
