"""The engine: folds the readings of a point into excursions, one level of one rule at a time.

    idle ──violates──▶ pending ──held for `hold`──▶ open ──clear──▶ idle
      ▲                 │  ▲ │
      └───not violated──┘  └─┘ a gap > max_gap: the streak starts again here

- A reading without value (bad, null) changes nothing: it neither violates nor clears, and
  does not shorten a gap.
- Each reading is judged by the period in force at its measured time. An open excursion is
  judged by the version that opened it, to its end, whatever comes later; no gap ends it.
  The reading that ends it is then judged by its own period like any other: under tighter
  limits it may begin the next streak.
- The peak is measured against the limits of the version that opened.

**Seam for tests.** Whoever judges is handed an `Advance`; the product hands down `advance`
of this module, tests hand a broken one (`tests/mutants.py`). No setting does this.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeAlias

from domain.excursions import Excursion
from domain.readings import Reading, judged
from domain.registry import Point, Setting
from rules.threshold import Level, ThresholdRule


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """What holds for a watch from a time on, until the next period."""

    valid_from: datetime
    version: str | None
    """Rule version in force; None where the rule does not judge the point."""
    level: Level | None
    """Its level of the watch's name; None where nothing violates."""
    max_gap: timedelta
    """A longer gap between readings with a value is unobserved time."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What judges one level of one rule at one point, through all its timeline."""

    point: int
    resolution: float
    """Of the point, in its unit."""
    rule: str
    level: str
    periods: tuple[Period, ...]
    """Sorted by `valid_from`, ascending; at least one."""

    def period(self, time: datetime) -> Period | None:
        """The period in force at `time`; None before the first."""
        index = bisect_right(self.starts, time)
        return self.periods[index - 1] if index else None

    @cached_property
    def starts(self) -> tuple[datetime, ...]:
        """`valid_from` of the periods."""
        return tuple(period.valid_from for period in self.periods)

    @cached_property
    def look_back(self) -> timedelta:
        """How far before a reading the streak that it continues can have begun.

        The longest hold, before which it would have opened, and the longest gap that
        leaves a streak whole (readings without value may lie in it).
        """
        holds = [period.level.hold for period in self.periods if period.level]
        gaps = [period.max_gap for period in self.periods]
        return max(holds, default=timedelta()) + max(gaps)


@dataclass(frozen=True, kw_only=True, slots=True)
class Streak:
    """Violating readings without a break, not yet long enough for an excursion."""

    start: datetime
    latest: datetime
    highest: tuple[float, datetime]
    """Judged value and time; of equals the first."""
    lowest: tuple[float, datetime]

    @classmethod
    def begun(cls, value: float, time: datetime) -> Streak:
        """With its first reading."""
        return cls(start=time, latest=time, highest=(value, time), lowest=(value, time))

    def extended(self, value: float, time: datetime) -> Streak:
        """With one more reading."""
        return Streak(
            start=self.start,
            latest=time,
            highest=(value, time) if value > self.highest[0] else self.highest,
            lowest=(value, time) if value < self.lowest[0] else self.lowest,
        )

    def peak(self, level: Level) -> tuple[float, datetime]:
        """The reading farthest beyond the limits of `level`; of equals the first."""
        return min(self.highest, self.lowest, key=lambda p: (-level.excess(p[0]), p[1]))


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """Where the fold of a watch stands. Idle, or pending, or open with its level."""

    pending: Streak | None = None
    open: Excursion | None = None
    level: Level | None = None
    """The level, as of the opening version, that judges the open excursion."""


Step: TypeAlias = tuple[State, Excursion | None]
"""The state after a reading, and the excursion that ended at it."""
Advance: TypeAlias = Callable[[Watch, State, Reading], Step]
"""Judges the next reading of a watch: the seam."""

IDLE = State()
"""What every fold starts from."""


def advance(watch: Watch, state: State, reading: Reading) -> Step:
    """Judge one reading, later than all that `state` has seen."""
    value = judged(reading.value, reading.quality, watch.resolution)
    if value is None:
        return state, None
    if state.open is None or state.level is None:
        return _seek(watch, state.pending, value, reading.time), None
    if state.level.clears(value):
        ended = replace(state.open, end=reading.time)
        return _seek(watch, None, value, reading.time), ended
    if state.level.excess(value) > state.level.excess(state.open.peak):
        higher = replace(state.open, peak=value, peak_time=reading.time)
        return replace(state, open=higher), None
    return state, None


def _seek(watch: Watch, pending: Streak | None, value: float, time: datetime) -> State:
    """Judge a value while nothing is open."""
    period = watch.period(time)
    if period is None or period.level is None or not period.level.violates(value):
        return IDLE
    if pending is None or time - pending.latest > period.max_gap:
        streak = Streak.begun(value, time)
    else:
        streak = pending.extended(value, time)
    if time - streak.start < period.level.hold:
        return State(pending=streak)
    return _opened(watch, period.version, period.level, streak)


def _opened(watch: Watch, version: str | None, level: Level, streak: Streak) -> State:
    assert version is not None, "a level in force belongs to a version"
    peak, peak_time = streak.peak(level)
    excursion = Excursion(
        point=watch.point,
        rule=watch.rule,
        version=version,
        level=level.name,
        severity=level.severity,
        start=streak.start,
        end=None,
        peak=peak,
        peak_time=peak_time,
    )
    return State(open=excursion, level=level)


def excursions(
    watch: Watch, readings: Iterable[Reading], advance: Advance = advance
) -> list[Excursion]:
    """All excursions of `readings`: sorted by time, one per time. The last may be open."""
    state, found = IDLE, list[Excursion]()
    for reading in readings:
        state, ended = advance(watch, state, reading)
        if ended is not None:
            found.append(ended)
    return found if state.open is None else [*found, state.open]


def anchor(
    watch: Watch,
    predecessor: datetime | None,
    at: datetime,
    known: Sequence[Excursion],
) -> datetime:
    """From where to fold, starting `IDLE`, so that the reading at `at` is judged right.

    `predecessor` is the time of the newest stored reading before `at`, whatever its
    quality; None if there is none. `known` are the excursions of this watch over what was
    stored without the reading; all that are open or end after `at - watch.look_back` must
    be among them. From the returned time on, inclusive, the fold gives the excursions that
    the whole series would give; those of `known` that began earlier stand.
    """
    if predecessor is None:
        return at
    start = _start_of_cover(predecessor, known)
    if start is not None:
        return start
    moment = at - watch.look_back
    return _start_of_cover(moment, known) or moment


def _start_of_cover(time: datetime, known: Sequence[Excursion]) -> datetime | None:
    """Start of the excursion that is open at `time`. Those of one watch never overlap."""
    for excursion in known:
        if excursion.start <= time and (excursion.end is None or time < excursion.end):
            return excursion.start
    return None


def watches(point: Point, versions: Mapping[str, ThresholdRule]) -> tuple[Watch, ...]:
    """One watch per rule and level that occurs anywhere on the timeline of `point`.

    `versions` maps the rule versions that the timeline names to their rules. Raises
    KeyError for a version that is missing.
    """
    rules = [
        {versions[version].key: version for version in setting.rules}
        for setting in point.timeline
    ]
    names = dict.fromkeys(
        (rule, level.name)
        for assigned in rules
        for rule, version in assigned.items()
        for level in versions[version].levels
    )
    return tuple(_watch(point, versions, *name) for name in names)


def _watch(
    point: Point, versions: Mapping[str, ThresholdRule], rule: str, level: str
) -> Watch:
    return Watch(
        point=point.id,
        resolution=point.resolution,
        rule=rule,
        level=level,
        periods=tuple(
            _period(setting, versions, rule, level) for setting in point.timeline
        ),
    )


def _period(
    setting: Setting, versions: Mapping[str, ThresholdRule], rule: str, level: str
) -> Period:
    version = next((v for v in setting.rules if versions[v].key == rule), None)
    return Period(
        valid_from=setting.valid_from,
        version=version,
        level=versions[version].level(level) if version else None,
        max_gap=setting.max_gap,
    )
