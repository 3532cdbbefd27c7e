"""What judges one level of one rule at one point, and where its fold stands."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, TypeAlias

from domain.excursions import Excursion
from domain.readings import Slot
from domain.registry import InUse, Point, Setting
from rules.level import Level
from rules.rule import AnyRule


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
    alerts: bool = True
    """Whether the point is in use, so that an excursion is somebody's concern."""
    loaded_since: datetime | None = None
    """When it was loaded; None while it is not `loaded`."""
    owned_since: datetime | None = None
    """When its owner took over; None: it never changed hands before."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What judges one level of one rule at one point, through all its timeline."""

    point: int
    resolution: float
    """Of the point, in its unit."""
    rule: str
    kind: str = "threshold"
    """Of the rule: names what folds (`rules/kinds.py`)."""
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
    def levels(self) -> tuple[Any, ...]:
        """The levels of the periods that have one; all are of the watch's kind."""
        return tuple(period.level for period in self.periods if period.level)

    @cached_property
    def longest_gap(self) -> timedelta:
        """The longest `max_gap` of the periods."""
        return max(period.max_gap for period in self.periods)

    @cached_property
    def longest_span(self) -> timedelta:
        """The longest window of the levels; 0 where none has one."""
        return max(
            (level.span or timedelta() for level in self.levels), default=timedelta()
        )

    def begins_anew(self, since: datetime, time: datetime) -> bool:
        """Whether the point was put to use, or changed hands, after `since` and by `time`."""
        put_to_use = self.alerts(time) and not self.alerts(since)
        return put_to_use or self.owned_since(time) != self.owned_since(since)

    def owned_since(self, time: datetime) -> datetime | None:
        """When the owner at `time` took over; None: nobody else was before."""
        period = self.period(time)
        return period and period.owned_since

    def alerts(self, time: datetime) -> bool:
        """Whether the point is in use at `time`."""
        period = self.period(time)
        return period is not None and period.alerts


@dataclass(frozen=True, kw_only=True, slots=True)
class Streak:
    """Numbers that violate without a break, not yet long enough for an excursion."""

    start: datetime
    latest: datetime
    highest: tuple[float, datetime]
    """Number and its time; of equals the first."""
    lowest: tuple[float, datetime]

    def extended(self, numbers: Sequence[float], time: datetime) -> Streak:
        """With the numbers of one more slot."""
        high, low = max(numbers), min(numbers)
        return Streak(
            start=self.start,
            latest=time,
            highest=(high, time) if high > self.highest[0] else self.highest,
            lowest=(low, time) if low < self.lowest[0] else self.lowest,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """Where the fold of a watch stands. Idle, or pending, or open with its level."""

    pending: Streak | None = None
    open: Excursion | None = None
    level: Any = None
    """The level, as of the opening version, that judges the open excursion."""
    memory: Any = None
    """What the kind remembers of earlier slots."""
    waiting: tuple[Excursion, ...] = ()
    """Over, but not certain yet: a later slot finds them, unless they are filled (gaps)."""

    @property
    def begun(self) -> datetime | None:
        """When the earliest began that is unfinished; None: nothing is."""
        if self.open is not None:
            return self.open.start
        if self.pending is not None:
            return self.pending.start
        return self.waiting[0].start if self.waiting else None


Step: TypeAlias = tuple[State, tuple[Excursion, ...]]
"""The state after a slot, and the excursions that ended or became certain at it."""
Advance: TypeAlias = Callable[[Watch, State, Slot], Step]
"""Judges the next slot of a watch: the seam for tests."""
Remember: TypeAlias = Callable[[Watch, Any, Slot], Any]
"""The memory of a watch after one more slot."""

IDLE = State()
"""What every fold starts from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """How a kind of rule judges the slots of a point."""

    rule: type[AnyRule]
    advance: Advance
    remember: Remember
    floor: Callable[[Watch, datetime, datetime], datetime]
    """(watch, predecessor, time of a late slot): what was unfinished before is not, at the
    slot, unless it is an open excursion. The fold starts there."""
    memory_from: Callable[[Watch, datetime], datetime]
    """From when on slots matter to what is remembered at a time."""
    from_slot: bool = False
    """Whether a fold must start at a slot: the last one not after the floor."""


def watches(point: Point, versions: Mapping[str, AnyRule]) -> tuple[Watch, ...]:
    """One watch per rule and level that occurs anywhere on the timeline of `point`.

    `versions` maps the rule versions that the timeline names to their rules. Raises
    KeyError for a version that is missing.
    """
    names = dict.fromkeys(
        (rule.key, rule.kind, level.name)
        for setting in point.timeline
        for rule in (versions[version] for version in setting.rules)
        for level in rule.levels
    )
    loaded = tuple(_loaded_since(point.timeline))
    return tuple(
        Watch(
            point=point.id,
            resolution=point.resolution,
            rule=rule,
            kind=kind,
            level=level,
            periods=tuple(
                replace(
                    _period(setting, since, versions, rule, level),
                    owned_since=_newest(point.handovers, setting.valid_from),
                )
                for setting, since in zip(point.timeline, loaded, strict=True)
            ),
        )
        for rule, kind, level in names
    )


def _newest(handovers: Sequence[datetime], time: datetime) -> datetime | None:
    """The newest handover at or before `time`."""
    index = bisect_right(handovers, time)
    return handovers[index - 1] if index else None


def _loaded_since(timeline: Sequence[Setting]) -> Iterator[datetime | None]:
    """For each setting, when what is loaded in it was loaded."""
    since: datetime | None = None
    for setting in timeline:
        loaded = setting.in_use is InUse.LOADED
        since = (since or setting.valid_from) if loaded else None
        yield since


def _period(
    setting: Setting,
    loaded_since: datetime | None,
    versions: Mapping[str, AnyRule],
    rule: str,
    level: str,
) -> Period:
    version = next((v for v in setting.rules if versions[v].key == rule), None)
    return Period(
        valid_from=setting.valid_from,
        version=version,
        level=versions[version].level(level) if version else None,
        max_gap=setting.max_gap,
        alerts=setting.in_use.alerts,
        loaded_since=loaded_since,
    )
