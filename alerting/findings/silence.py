"""Silence: which devices have not been heard for too long. Pure.

1. A device is expected to speak while one of its points is in use and has a rule of the
   kind `silence`. Of several points, the one with the least patience counts.
2. Its silence begins when no message has come for longer than that patience; it is counted
   from its last message, or from when its registration was taken in, but not from before
   it was expected to speak, and not from before the end of the box's own deafness. A will begins it at once, unless the box's connection
   broke since: a broker that stops sends the wills of everybody. Then it is a message like
   any other.
3. It ends with the next message that is no will, or when the device is taken out of use.
4. The time is that of the watermark, up to which the box has listened: what may still wait
   at the broker, nobody has missed yet.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias

from domain.listened import Listened
from domain.registry import Device, Point
from domain.rules import Severity
from rules.silence import SilenceRule


class Terms(NamedTuple):
    """What is expected of a device. Of several, the least counts."""

    patience: timedelta
    """The longest time without a message that is no silence."""
    urgency: int
    """Severity of the level, negated."""
    rule: str
    version: str

    @property
    def severity(self) -> Severity:
        """Of the rule's level."""
        return Severity(-self.urgency)


class Stretch(NamedTuple):
    """A stretch of a device's timeline, up to the next one."""

    start: datetime
    since: datetime
    """Since when the device has been expected to speak, or not, without a break."""
    terms: Terms | None
    """None: nothing is expected."""


class Heard(NamedTuple):
    """The last message of a device."""

    at: datetime
    """When it arrived."""
    will: bool
    """It says that the device is gone."""


class Silent(NamedTuple):
    """A silence that was found and goes on."""

    start: datetime
    will: bool
    """The last message was a will."""
    rule: str
    """Key of the rule that found it."""


class Begins(NamedTuple):
    """A silence is found."""

    start: datetime
    """Time of the last message; of a device never heard, from when it is counted."""
    will: bool
    terms: Terms


class Ends(NamedTuple):
    """The silence that went on is over."""

    end: datetime


class Waits(NamedTuple):
    """Nothing is found before the watermark is beyond this."""

    until: datetime


Verdict: TypeAlias = Begins | Ends | Waits | None
"""None: only a message, or another stretch of the timeline, can change anything."""


def judge(
    stretch: Stretch | None,
    heard: Heard | None,
    silent: Silent | None,
    listened: Listened,
    registered: datetime,
) -> Verdict:
    """Judge one device; `stretch` is the one in force at the watermark.

    `registered` is when the box learnt of the device. It counts where it was never heard.
    """
    if stretch is None or stretch.terms is None:
        left = stretch.since if stretch else listened.watermark
        return Ends(max(silent.start, left)) if silent else None
    if silent is not None:
        return Ends(heard.at) if heard and back(heard, silent) else None
    counted = max(stretch.since, listened.since, heard.at if heard else registered)
    will = heard is not None and heard.will
    due = counted + stretch.terms.patience
    if heard and will and stretch.since <= heard.at > listened.unbroken:
        due = heard.at
    if listened.watermark <= due:
        return Waits(due)
    start = heard.at if heard else counted
    return Begins(start=start, will=will, terms=stretch.terms)


def back(heard: Heard, silent: Silent) -> bool:
    """Whether the last message ends the silence."""
    return not heard.will and (heard.at > silent.start or silent.will)


# The timeline -------------------------------------------------------------------------


def timeline(device: Device, rules: Mapping[str, SilenceRule]) -> tuple[Stretch, ...]:
    """The stretches of a device, by time; empty where no rule here ever concerns it."""
    points = [p for p in device.points.values() if concerned(p, rules)]
    starts = sorted({s.valid_from for point in points for s in point.timeline})
    stretches: list[Stretch] = []
    for start in starts:
        terms = min(
            (found for point in points for found in expected(point, start, rules)),
            default=None,
        )
        last = stretches[-1] if stretches else None
        goes_on = last is not None and (last.terms is None) == (terms is None)
        since = last.since if last and goes_on else start
        stretches.append(Stretch(start, since, terms))
    return tuple(stretches)


def concerned(point: Point, rules: Mapping[str, SilenceRule]) -> bool:
    """Whether a rule here is on the timeline of a point."""
    return any(version in rules for s in point.timeline for version in s.rules)


def expected(
    point: Point, time: datetime, rules: Mapping[str, SilenceRule]
) -> Iterator[Terms]:
    """What the rules expect on behalf of a point."""
    setting = point.setting(time)
    if setting is None or not setting.in_use.alerts:
        return
    for version in setting.rules:
        if version in rules:
            (level,) = rules[version].levels
            patience = level.patience(setting.interval)
            yield Terms(patience, -level.severity, rules[version].key, version)


def in_force(
    stretches: Sequence[Stretch], time: datetime
) -> tuple[Stretch | None, datetime | None]:
    """The stretch at `time`, and when the next one begins."""
    index = bisect_right(stretches, time, key=lambda stretch: stretch.start)
    following = stretches[index].start if index < len(stretches) else None
    return (stretches[index - 1] if index else None), following
