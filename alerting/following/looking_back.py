"""Judging points again whose past has changed: many at once.

What they need of the database is asked for all of them together: what stood before, which
excursions are known, which slots there are. Of these as many are looked at ahead of the
change as behind it; where it still makes a difference there, more; at most all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from alerting.following.judging import (
    Judgement,
    Refold,
    Track,
    belongs,
    judge_again,
    judge_stretch,
    move_on,
)
from alerting.following.news import News
from domain.readings import Slot
from domain.registry import Point
from rules import engine
from rules.watch import Advance, Watch
from storage import excursions, readings
from storage.excursions import Stored
from storage.readings import Span
from storage.unit import Connection

POINTS = 32
"""Asked for in one statement: few statements, and not everything in memory at once."""
AHEAD = 1.0
"""So many times as far ahead as behind is looked first."""
GROWTH = 8
"""So many times as far next, where that did not suffice."""
END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Case:
    """A point of which something is new, and not all of it at the end."""

    point: Point
    watches: Sequence[Watch]
    news: News
    track: Track | None
    """Where its folds stand; None: nobody remembers."""

    def floors(self, before: datetime | None) -> list[datetime]:
        """How far back the first of the news reaches, by watch (`engine.floor`)."""
        return [engine.floor(watch, before, self.news.first) for watch in self.watches]


@dataclass(frozen=True, slots=True)
class Past:
    """A case, and from where it is judged."""

    case: Case
    refolds: Sequence[Refold]
    start: datetime
    """From when on slots are needed."""
    newest: datetime
    """How far it was judged before, or how far there are slots."""
    reach: timedelta
    """How far back a change reaches, and so perhaps how far ahead."""

    def span(self, ahead: float) -> Span:
        """The slots that are needed, `ahead` times as far ahead as the change reaches."""
        late, _ = self.case.news.split(self.newest)
        stop = late.last + ahead * self.reach
        return Span(self.case.point, self.start, stop if stop < self.newest else END)

    def judge(
        self, series: Sequence[Slot], advance: Advance, *, whole: bool
    ) -> list[Judgement] | None:
        """Judge it by its slots, the `whole` rest or a stretch; None: that is not enough."""
        resolution, news = self.case.point.resolution, self.case.news
        if whole:
            changes = news.changes(series, resolution)
            return (
                [judge_again(self.refolds, series, changes, advance)] if changes else []
            )
        late, fresh = news.split(self.newest)
        changes, judgements = late.changes(series, resolution), list[Judgement]()
        if changes is not None:
            judgement = judge_stretch(self.refolds, series, changes, advance)
            if judgement is None:
                return None
            judgements.append(judgement)
        if fresh:
            assert self.case.track is not None, "else all of it is past"
            new = fresh.slots(resolution)
            judgements.append(move_on(self.case.watches, self.case.track, new, advance))
        return judgements


async def judge(
    connection: Connection, cases: Sequence[Case], advance: Advance
) -> list[tuple[int, Judgement]]:
    """Judge each from the anchor before its first news on, as far as need be; by point.

    There is none where the news make no difference, and there are two where the past is
    judged again and what is new at the end beside it.
    """
    judged: list[tuple[int, Judgement]] = []
    cases = sorted(cases, key=lambda case: case.news.first)  # of like times together
    for n in range(0, len(cases), POINTS):
        pasts, ahead = await find(connection, cases[n : n + POINTS]), AHEAD
        while pasts:
            spans = [past.span(ahead) for past in pasts]
            series = await readings.series(connection, spans)
            left: list[Past] = []
            for past, span in zip(pasts, spans, strict=True):
                number = past.case.point.id
                judgements = past.judge(series[number], advance, whole=span.stop == END)
                if judgements is None:
                    left.append(past)
                judged += [(number, judgement) for judgement in judgements or ()]
            pasts, ahead = left, ahead * GROWTH
    return judged


async def find(connection: Connection, cases: Sequence[Case]) -> list[Past]:
    """From where each is judged."""
    firsts = {case.point.id: case.news.first for case in cases}
    before = await readings.before(connection, firsts)
    unseen = [case.point.id for case in cases if case.track is None]
    newest = await readings.newest(connection, unseen, min(firsts.values()))
    newest |= {case.point.id: case.track.newest for case in cases if case.track}
    horizons = {
        case.point.id: min(case.floors(before.get(case.point.id))) for case in cases
    }
    known = await excursions.known(connection, horizons)
    pasts = [
        past(case, before.get(number), newest[number], known[number])
        for case in cases
        for number in [case.point.id]
    ]
    # For some kinds the fold starts at the slot at or before.
    starts = {p.case.point.id: p.start + timedelta.resolution for p in pasts}
    slots = await readings.before(connection, starts)
    return [replace(p, start=slots.get(p.case.point.id, p.start)) for p in pasts]


def past(
    case: Case, before: datetime | None, newest: datetime, known: Sequence[Stored]
) -> Past:
    """The past of a case: `before` is the time of the slot before its first news."""
    at = case.news.first
    refolds = [
        Refold.of(watch, before, at, [s for s in known if belongs(s, watch)])
        for watch in case.watches
    ]
    return Past(
        case=case,
        refolds=refolds,
        start=min(refold.memory_from for refold in refolds),
        newest=newest,
        reach=max(
            at - engine.memory_from(watch, floor) + watch.longest_gap
            for watch, floor in zip(case.watches, case.floors(before), strict=True)
        ),
    )
