"""What a scenario must lead to, and the comparison of that with what was found.

Expectations are written by hand from scripted values and the schedule of faults. Nothing
here, nor anywhere in the simulators, knows a rule: rules are named, not applied.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from domain.durations import parse_duration

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


class Expected(BaseModel):
    """One excursion that must be found; offsets are from the scenario's start."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True)

    enterprise: str
    device: str
    point: str
    rule: str
    level: str
    start: Offset | None = Field(default=None, alias="from")
    """Time of the first violating reading."""
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
        """When the excursion may begin."""
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

    def fits(self, raised: Raised, start: datetime) -> bool:
        """Whether `raised` is this excursion, of a scenario that began at `start`."""
        names = (self.enterprise, self.device, self.point, self.rule, self.level)
        if names != raised[: len(names)] or not self.began.holds(raised.start - start):
            return False
        if self.ended is None or raised.end is None:
            return self.ended is None and raised.end is None
        return self.ended.holds(raised.end - start)


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Expected against raised, outside of what was excluded."""

    found: int
    missed: tuple[Expected, ...]
    unexpected: tuple[Raised, ...]


def compare(
    expected: Iterable[Expected],
    raised: Iterable[Raised],
    *,
    start: datetime,
    exclusions: Iterable[Exclusion] = (),
) -> Comparison:
    """Pair each expectation with one excursion of a scenario that began at `start`.

    Excursions that began before `start` belong to an earlier scenario and are left out.
    """
    exclusions = list(exclusions)
    left = [
        r
        for r in raised
        if r.start >= start and not _excluded(exclusions, r.device, r.start, r.end)
    ]
    missed: list[Expected] = []
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
