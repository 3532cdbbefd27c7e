"""What the readings of a range come to, whole and slice by slice. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil

from domain.kinetics import Stretch, mean_kinetic
from domain.registry import InUse
from storage.charts import Setting
from storage.rollups import ORIGIN, Rolled


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """Of a stretch of time. Values are those that are not bad."""

    start: datetime
    until: datetime
    low: float | None
    """The lowest, conflicting values included."""
    high: float | None
    total: float
    values: int
    due: float
    """Values that were due by the recording interval, while in use."""
    filled: float
    """Values that came, of each slice no more than were due."""
    bad: int
    uncertain: int
    conflicts: int
    late: int

    @property
    def mean(self) -> float | None:
        """Of the values, each counted once, however long it stood."""
        return self.total / self.values if self.values else None

    @property
    def share(self) -> float | None:
        """Of the due values those that came; None: none was due."""
        return min(1.0, self.filled / self.due) if self.due >= 1 else None


def rows(
    found: Iterable[Rolled],
    width: timedelta,
    settings: Sequence[Setting],
    start: datetime,
    until: datetime,
) -> list[Figures]:
    """Every slice of the range in order of time; those without a reading stand empty."""
    held = {one.time: one for one in found}
    first = start - (start - ORIGIN) % width
    times = [first + n * width for n in range(ceil((until - first) / width))]
    return [
        _row(held.get(time) or _empty(time), width, settings, start, until)
        for time in times
    ]


def _empty(time: datetime) -> Rolled:
    return Rolled(time, None, None, 0, 0, 0, 0, None, None, None, 0, 0)


def _row(
    one: Rolled,
    width: timedelta,
    settings: Sequence[Setting],
    start: datetime,
    until: datetime,
) -> Figures:
    begin, end = max(one.time, start), min(one.time + width, until)
    expected = due(settings, begin, end)
    return Figures(
        start=begin,
        until=end,
        low=one.low,
        high=one.high,
        total=one.total,
        values=one.count,
        due=expected,
        filled=min(max(0, one.count - one.conflicts), ceil(expected)),
        bad=one.readings - one.count,
        uncertain=one.uncertain,
        conflicts=one.conflicts,
        late=one.late,
    )


def whole(
    slices: Sequence[Figures],
    settings: Sequence[Setting],
    start: datetime,
    until: datetime,
) -> Figures:
    """All slices of the range together."""
    return Figures(
        start=start,
        until=until,
        low=min((one.low for one in slices if one.low is not None), default=None),
        high=max((one.high for one in slices if one.high is not None), default=None),
        total=sum(one.total for one in slices),
        values=sum(one.values for one in slices),
        due=due(settings, start, until),
        filled=sum(one.filled for one in slices),
        bad=sum(one.bad for one in slices),
        uncertain=sum(one.uncertain for one in slices),
        conflicts=sum(one.conflicts for one in slices),
        late=sum(one.late for one in slices),
    )


def kinetic(
    found: Iterable[Rolled], width: timedelta, start: datetime, until: datetime
) -> tuple[float, float] | None:
    """Between which temperatures the mean kinetic one lies; slices of `width` count by time."""
    return mean_kinetic(
        [
            Stretch(
                one.low,
                one.mean,
                one.high,
                (min(one.time + width, until) - max(one.time, start)).total_seconds(),
            )
            for one in found
            if one.low is not None and one.mean is not None and one.high is not None
        ]
    )


def due(settings: Sequence[Setting], start: datetime, until: datetime) -> float:
    """Values that were due of a point by its interval, since it was registered, in use."""
    ends = [following.valid_from for _, following in pairwise(settings)] + [until]
    return sum(
        max(timedelta(0), min(end, until) - max(one.valid_from, one.known, start))
        / one.interval
        for one, end in zip(settings, ends, strict=False)
        if InUse(one.in_use).alerts
    )
