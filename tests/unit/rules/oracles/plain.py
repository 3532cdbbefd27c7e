"""Periods, levels and slots without the product: what oracles and worlds are built from.

A level is written as in a rule's YAML. Whoever tests the product parses the same words.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from fractions import Fraction
from types import SimpleNamespace
from typing import Any, NamedTuple

from domain.durations import parse_duration
from domain.readings import Quality, Reading, Slot
from tests.series import at

DURATIONS = ("for", "over", "window", "within", "total", "every", "tolerance", "settle")
DEFAULTS: dict[str, Any] = {
    "above": None,
    "below": None,
    "inclusive": False,
    "for": "0s",
    "deadband": 0.0,
    "within": None,
    "since": None,
    "readings": 10,
    "significance": 0.01,
    "reaches_above": None,
    "reaches_below": None,
    "tolerance": "0s",
    "settle": "0s",
}
"""Of all kinds together, as in docs/rules.md; durations without a default are required."""


class Stretch(NamedTuple):
    """What holds for a watch from a time on: a period, in the words of a registry."""

    since: int
    """Minutes after the start of the world."""
    version: str | None
    level: dict[str, Any] | None
    """The level of the watch's name, as written in the rule; None: nothing is judged."""
    max_gap: int
    """In minutes."""
    alerts: bool = True
    """Whether what the point watches is in use."""
    loaded_since: int | None = None
    """Minutes after the start of the world; may be negative."""


def plain_level(words: dict[str, Any]) -> SimpleNamespace:
    """A level with the fields of docs/rules.md as attributes; `hold` is `for`."""
    fields = DEFAULTS | words
    for name in DURATIONS:
        if fields.get(name) is not None:
            fields[name] = parse_duration(fields[name])
    return SimpleNamespace(hold=fields.pop("for"), **fields)


def minutes(count: int, origin: str) -> datetime:
    return at(origin) + timedelta(minutes=count)


def plain_period(stretch: Stretch, origin: str = "0s") -> SimpleNamespace:
    """A period whose world starts at `origin`, an offset from the start of all series."""
    since = stretch.loaded_since
    return SimpleNamespace(
        valid_from=minutes(stretch.since, origin),
        version=stretch.version,
        level=None if stretch.level is None else plain_level(stretch.level),
        max_gap=timedelta(minutes=stretch.max_gap),
        alerts=stretch.alerts,
        loaded_since=None if since is None else minutes(since, origin),
    )


def slots(readings: Iterable[Reading]) -> list[Slot]:
    """What is known of a point once all of `readings` have come, at a resolution of 0.1.

    Whatever the order, and however often each came.
    """
    known: dict[datetime, set[float]] = {}
    for reading in readings:
        values = known.setdefault(reading.time, set())
        if reading.value is not None and reading.quality != Quality.BAD:
            values.add(round(Fraction(repr(reading.value)) * 10) / 10)
    return [Slot(1, time, tuple(sorted(known[time]))) for time in sorted(known)]
