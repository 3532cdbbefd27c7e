"""Cumulative rules: how long values may violate in total, over interruptions.

Within a window that moves along, or since a reset: midnight, or the loading (dispatch). A
value stands until the next one; across a gap longer than `max_gap` nobody knows, so
nothing is added. Sums are of whole microseconds, so no order of adding makes a difference.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta, timezone
from typing import Literal, NamedTuple, Self, TypeAlias

from pydantic import model_validator

from domain.errors import ValueProblem
from domain.readings import Slot
from domain.text import Text
from rules.level import Judging, Limits
from rules.model import Span
from rules.rule import Rule
from rules.streaks import Measure, Numbers, streaks
from rules.watch import Period, Watch
from rules.words import rounded, span

HOUR = timedelta(hours=1)
ZERO = timedelta()
Stretches: TypeAlias = tuple[tuple[datetime, datetime], ...]
CHINA = timezone(timedelta(hours=8))
SINCE = {
    "day": Text("当日", "since midnight"),
    "loaded": Text("自装载起", "since loading"),
}


class CumulativeLevel(Limits, Judging):
    """Limits on values, and how long in total they may be violated."""

    total: Span
    """So long in total violates."""
    within: Span | None = None
    """Counted over the last so much time; or:"""
    since: Literal["day", "loaded"] | None = None
    """Counted since midnight (+08:00), or since the point was loaded."""

    @model_validator(mode="after")
    def _counts_from_one_time(self) -> Self:
        if (self.within is None) == (self.since is None):
            raise ValueProblem(
                zh="within 与 since 须且只须给出一项",
                en="give either `within` or `since`",
            )
        if self.within is not None and self.within < self.total:
            raise ValueProblem(
                zh="within 不得短于 total",
                en="`within` must not be shorter than `total`",
            )
        if self.hold:
            raise ValueProblem(
                zh="请用 total 而不是 for：累计规则没有持续时间",
                en="write `total`, not `for`: what adds up has no hold",
            )
        return self

    @property
    def span(self) -> timedelta | None:
        """The window, if it has one."""
        return self.within

    def left(self, period: Period, time: datetime) -> datetime:
        """From when on time counts at `time`; `time` itself: nothing counts."""
        if self.within is not None:
            return time - self.within
        if self.since == "day":
            local = time.astimezone(CHINA)
            return local.replace(hour=0, minute=0, second=0, microsecond=0)
        return period.loaded_since or time

    def excess(self, number: float) -> float:
        """Hours beyond the total."""
        return number - self.total / HOUR

    def violates(self, number: float) -> bool:
        """Whether the total is reached."""
        return number >= self.total / HOUR

    def clears(self, number: float) -> bool:
        """Whether it is not."""
        return number < self.total / HOUR

    def limit(self, unit: str) -> Text:
        """`≥ 30 °C for 10 h in total within 24 h`."""
        signs, total, since = self.signs(unit), span(self.total), self._since()
        return Text(
            f"{since.zh}累计 {total.zh}处于 {signs}",
            f"{signs} for {total.en} in total {since.en}",
        )

    def _since(self) -> Text:
        """Over which time it is counted."""
        if self.within is None:
            return SINCE[self.since or "day"]
        within = span(self.within)
        return Text(f"{within.zh}内", f"within {within.en}")

    def amount(self, peak: float, unit: str, decimals: int) -> Text:
        """The total: `10.3 h in total`."""
        del unit, decimals
        return Text(f"累计 {rounded(peak, 1)} 小时", f"{rounded(peak, 1)} h in total")


class CumulativeRule(Rule[CumulativeLevel]):
    """Limits on the total time beyond limits."""


class Spent(NamedTuple):
    """What is remembered."""

    last: datetime
    """Time of the newest slot with values."""
    violating: bool
    """Whether it violates."""
    stretches: Stretches = ()
    """When values violated; ascending, apart."""
    total: timedelta = timedelta()
    """Of all stretches, in whole microseconds: so it may be added to and be the same."""


class Total(Measure[CumulativeLevel]):
    """Total time beyond the limits."""

    def remember(self, watch: Watch, memory: Spent | None, slot: Slot) -> Spent | None:
        """Add the stretch up to this slot, drop what counts no more."""
        if not slot.values:
            return memory
        time, period = slot.time, watch.period(slot.time)
        if period is None:
            return Spent(time, violating=False)
        level: CumulativeLevel | None = period.level  # pyright: ignore[reportAssignmentType]
        violating = level is not None and any(map(level.outside, slot.values))
        stretches, total = (memory.stretches, memory.total) if memory else ((), ZERO)
        if memory and memory.violating and time - memory.last <= period.max_gap:
            stretches = joined(stretches, memory.last, time)
            total += time - memory.last
        kept = clipped(stretches, earliest(watch, period, time))
        if kept is not stretches:
            total = length(kept)
        return Spent(time, violating, kept, total)

    def memory_from(self, watch: Watch, time: datetime) -> datetime:
        """The earliest time that counts, and a gap before it."""
        period = watch.period(time)
        if period is None:
            return time
        return earliest(watch, period, time) - watch.longest_gap

    def numbers(
        self, watch: Watch, level: CumulativeLevel, memory: Spent, slot: Slot
    ) -> Numbers:
        """The total, in hours."""
        period = watch.period(slot.time)
        if period is None:
            return ()
        counted = clipped(memory.stretches, level.left(period, slot.time))
        whole = counted is memory.stretches
        return ((memory.total if whole else length(counted)) / HOUR,)


def earliest(watch: Watch, period: Period, time: datetime) -> datetime:
    """From when time counts at `time`, by any level of the watch."""
    return min((level.left(period, time) for level in watch.levels), default=time)


def joined(stretches: Stretches, start: datetime, end: datetime) -> Stretches:
    """With one more stretch, which may go on from the last."""
    if stretches and stretches[-1][1] == start:
        return (*stretches[:-1], (stretches[-1][0], end))
    return (*stretches, (start, end))


def clipped(stretches: Stretches, left: datetime) -> Stretches:
    """What of `stretches` lies after `left`; the same object where all of it does."""
    if not stretches or stretches[0][0] >= left:
        return stretches
    first = bisect_right(stretches, left, key=lambda stretch: stretch[1])
    kept = stretches[first:]
    if kept and kept[0][0] < left:
        return ((left, kept[0][1]), *kept[1:])
    return kept


def length(stretches: Stretches) -> timedelta:
    """How long they are together."""
    return sum((end - start for start, end in stretches), ZERO)


KIND = streaks(CumulativeRule, Total())
