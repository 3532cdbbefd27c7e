"""What a scenario must lead to, and the comparison of that with what was found.

Expectations are written by hand from scripted values and the schedule of faults. Nothing
here, nor anywhere in the simulators, knows a rule: rules are named, not applied.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal, NamedTuple, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from domain.durations import parse_duration

FINDINGS_UP_TO = 270.0
"""Times as fast as real, up to which findings can be compared: they depend on when messages
arrive, and what takes a busy machine two seconds is then nine minutes."""

Offset = Annotated[timedelta, BeforeValidator(parse_duration)]
End = Annotated[
    timedelta | Literal["open"],
    BeforeValidator(lambda v: v if v == "open" else parse_duration(v)),
]


class Raised(NamedTuple):
    """An excursion that was found, by the names that the registry and the rules use."""

    enterprise: str
    device: str
    point: str
    rule: str
    level: str
    start: datetime
    end: datetime | None
    """None while open."""


class RaisedFinding(NamedTuple):
    """A finding about a device, such as its silence."""

    enterprise: str
    device: str
    rule: str
    start: datetime
    end: datetime | None
    """None while it lasts."""


class Exclusion(NamedTuple):
    """A device and an interval that a live fault has taken out of the comparison."""

    device: str
    begin: datetime
    end: datetime


class Window(NamedTuple):
    """Between which offsets something must lie; both ends included."""

    first: timedelta
    last: timedelta

    def holds(self, offset: timedelta) -> bool:
        """Whether `offset` lies in the window."""
        return self.first <= offset <= self.last


class When(BaseModel):
    """Something about a device that must be found; offsets are from the scenario's start."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True)
    NAMES: ClassVar[tuple[str, ...]] = ("enterprise", "device", "rule")
    """What it is known by, in the order of what is raised."""

    enterprise: str
    device: str
    start: Offset | None = Field(default=None, alias="from")
    """Time of the first violating reading; of a finding, when it began."""
    start_between: tuple[Offset, Offset] | None = Field(
        default=None, alias="from_between"
    )
    end: End | None = Field(default=None, alias="to")
    """Time of the first clearing reading, or `open`: still open at the scenario's end."""
    end_between: tuple[Offset, Offset] | None = Field(default=None, alias="to_between")

    @model_validator(mode="after")
    def _says_when_once(self) -> Self:
        if (self.start is None) == (self.start_between is None):
            raise ValueError("write either `from` or `from_between`")
        if (self.end is None) == (self.end_between is None):
            raise ValueError("write either `to` or `to_between`")
        windows = [self.began] + ([self.ended] if self.ended else [])
        offsets = [offset for window in windows for offset in window]
        if offsets != sorted(offsets):
            raise ValueError("the times must ascend")
        return self

    @property
    def began(self) -> Window:
        """When it may begin."""
        if self.start is not None:
            return Window(self.start, self.start)
        assert self.start_between is not None
        return Window(*self.start_between)

    @property
    def ended(self) -> Window | None:
        """When it may end; None: it stays open."""
        if isinstance(self.end, timedelta):
            return Window(self.end, self.end)
        return Window(*self.end_between) if self.end_between else None

    @property
    def latest(self) -> timedelta:
        """The last offset that is named."""
        return self.ended.last if self.ended else self.began.last

    @property
    def names(self) -> tuple[str, ...]:
        """What it is known by."""
        return tuple(getattr(self, name) for name in self.NAMES)

    def fits(self, raised: Raised | RaisedFinding, start: datetime) -> bool:
        """Whether `raised` is this one, of a scenario that began at `start`."""
        *names, began, ended = raised
        if self.names != tuple(names) or not self.began.holds(began - start):
            return False
        if self.ended is None or ended is None:
            return self.ended is None and ended is None
        return self.ended.holds(ended - start)


class Expected(When):
    """One excursion that must be found."""

    NAMES = ("enterprise", "device", "point", "rule", "level")

    point: str
    rule: str
    level: str


class ExpectedFinding(When):
    """One finding about a device that must be raised."""

    rule: Literal["device-silent", "conflict", "clock-ahead"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Expected against raised, outside of what was excluded."""

    found: int
    missed: tuple[When, ...]
    unexpected: tuple[Raised | RaisedFinding, ...]


def compare(
    expected: Iterable[When],
    raised: Iterable[Raised | RaisedFinding],
    *,
    start: datetime,
    length: timedelta | None = None,
    exclusions: Iterable[Exclusion] = (),
) -> Comparison:
    """Pair each expectation with one excursion or finding of a scenario from `start` on.

    What began before `start` belongs to an earlier scenario and is left out; so is, where
    the `length` is given, what began when it was over and the devices took their leave.
    """
    exclusions = list(exclusions)
    over = None if length is None else start + length
    left = [
        r
        for r in raised
        if r.start >= start
        and (over is None or r.start < over)
        and not _excluded(exclusions, r.device, r.start, r.end)
    ]
    missed: list[When] = []
    found = 0
    for wanted in expected:
        end = start + wanted.ended.last if wanted.ended else None
        if _excluded(exclusions, wanted.device, start + wanted.began.first, end):
            continue
        match = next((r for r in left if wanted.fits(r, start)), None)
        if match is None:
            missed.append(wanted)
        else:
            left.remove(match)
            found += 1
    return Comparison(found=found, missed=tuple(missed), unexpected=tuple(left))


def _excluded(
    exclusions: Iterable[Exclusion], device: str, begin: datetime, end: datetime | None
) -> bool:
    return any(
        x.device == device and begin <= x.end and (end is None or end >= x.begin)
        for x in exclusions
    )
