"""The evaluator: from what an intake brought to excursions, within its transaction.

State of rules is only ever built by folding readings from an anchor (`rules/engine.py`);
what is remembered per point between intakes is a cache of that, taken over after the
commit and dropped at any doubt. How a point is judged is in `judging.py`. What differs from
what is stored becomes revisions; what follows from these for alerts is in
`consequences.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from alerting.consequences import Alerts
from alerting.judging import (
    Changes,
    Judgement,
    Refold,
    Track,
    belongs,
    copies,
    judge_again,
    judge_stretch,
    move_on,
    settle,
)
from domain.brought import Brought
from domain.readings import Reading, Slot, slots
from domain.registry import Point, Registry
from domain.rules import RuleVersion
from rules import engine
from rules.kinds import KINDS, from_version
from rules.watch import Advance, Watch, watches
from storage import excursions, readings
from storage.excursions import Stored
from storage.unit import Connection, Unit

STRETCH = 250
"""Readings looked at first when a point is judged again."""
GROWTH = 8
"""So many times as many are looked at next, where those did not suffice."""


@dataclass(frozen=True, slots=True)
class News:
    """What an intake brought of one point."""

    stored: list[Reading] = field(default_factory=list)
    conflicts: list[Reading] = field(default_factory=list)

    @property
    def times(self) -> list[datetime]:
        """Of the slots that it touches, ascending."""
        return sorted({reading.time for reading in (*self.stored, *self.conflicts)})

    def slots(self, point: Point) -> list[Slot]:
        """Its slots, where there was nothing before."""
        return slots((*self.stored, *self.conflicts), point.resolution)

    def changes(self, point: Point, series: Sequence[Slot]) -> Changes | None:
        """What it has changed in the series; None: nothing that counts."""
        fresh = {reading.time for reading in self.stored}
        brought = {slot.time: set(slot.values) for slot in self.slots(point)}
        before: dict[datetime, Slot | None] = {}
        for slot in series:
            if slot.time in fresh:
                before[slot.time] = None
            elif slot.time in brought:
                left = [v for v in slot.values if v not in brought[slot.time]]
                if len(left) < len(slot.values):
                    before[slot.time] = slot._replace(values=tuple(left))
        return Changes(tuple(before), before) if before else None


class Evaluator:
    """Judges the readings that intakes bring. One per ingestor."""

    def __init__(self, alerts: Alerts, advance: Advance = engine.advance) -> None:
        """Let `alerts` draw the consequences. `advance` is the seam for tests."""
        self._alerts = alerts
        self._advance = advance
        self._points: Mapping[int, Point] = {}
        self._watches: dict[int, tuple[Watch, ...]] = {}
        self._tracks: dict[int, Track] = {}
        self._fresh: dict[int, Track] = {}

    def install(self, registry: Registry, versions: Mapping[str, RuleVersion]) -> None:
        """Judge by this registry from now on."""
        rules = {v: from_version(version) for v, version in versions.items()}
        self._points = registry.points
        self._watches = {
            number: tuple(w for w in watches(point, rules) if w.kind in KINDS)
            for number, point in registry.points.items()
        }
        self._alerts.install(registry, rules)
        self.forget()

    async def observe(self, unit: Unit, brought: Brought, now: datetime) -> None:
        """Judge what was freshly stored and write what follows."""
        news: dict[int, News] = defaultdict(News)
        for reading in brought.stored:
            news[reading.point].stored.append(reading)
        for reading in brought.conflicts:
            news[reading.point].conflicts.append(reading)
        judged = [
            await self._judge(unit.connection, self._points[number], own)
            for number, own in news.items()
            if self._watches.get(number)
        ]
        judgements = [judgement for judgement in judged if judgement is not None]
        changed = await number(unit, [s for j in judgements for s in j.changed])
        placed = await self._alerts.follow(unit, changed, now) if changed else {}
        await self._alerts.copy(
            unit, [c for j in judgements for c in copies(j, placed)]
        )
        for judgement in judgements:
            if judgement.track is not None:
                settle(judgement.track, placed)

    def committed(self) -> None:
        """Take over what was judged in the unit that is now committed."""
        self._tracks |= self._fresh
        self._fresh = {}

    def forget(self) -> None:
        """Drop all that is remembered; it is rebuilt point by point."""
        self._tracks = {}
        self._fresh = {}

    async def _judge(
        self, connection: Connection, point: Point, news: News
    ) -> Judgement | None:
        """Judge a point; None where what came makes no difference to any rule."""
        watching, track = self._watches[point.id], self._tracks.get(point.id)
        if track is not None and news.times[0] > track.newest:
            judgement = move_on(watching, track, news.slots(point), self._advance)
        else:
            judgement = await self._judge_again(connection, point, news)
        if judgement is not None and judgement.track is not None:
            self._fresh[point.id] = judgement.track
        return judgement

    async def _judge_again(
        self, connection: Connection, point: Point, news: News
    ) -> Judgement | None:
        """Judge a point from the anchor before what is new on, as far as need be."""
        refolds = await self._refolds(connection, point, news.times[0])
        since = min(refold.memory_from for refold in refolds)
        if any(KINDS[refold.watch.kind].from_slot for refold in refolds):
            since = await readings.upto(connection, point.id, since) or since
        last, limit = news.times[-1], STRETCH
        while True:
            series = await readings.slots(connection, point, since, limit)
            whole = len(series) < limit
            if whole or series[-1].time > last:
                changes = news.changes(point, series)
                if changes is None:
                    return None
                stretch = (refolds, series, changes, self._advance)
                judgement = (judge_again if whole else judge_stretch)(*stretch)
                if judgement is not None:
                    return judgement
            limit *= GROWTH

    async def _refolds(
        self, connection: Connection, point: Point, at: datetime
    ) -> list[Refold]:
        """What is judged again, of each watch, where a slot at `at` has changed."""
        watching = self._watches[point.id]
        before = await readings.predecessor(connection, point.id, at)
        horizon = min(engine.floor(watch, before, at) for watch in watching)
        known = await excursions.known(connection, point.id, horizon)
        own = [[s for s in known if belongs(s, watch)] for watch in watching]
        return [
            Refold(
                watch,
                engine.anchor(watch, before, at, [s.excursion for s in stored]),
                stored,
            )
            for watch, stored in zip(watching, own, strict=True)
        ]


async def number(unit: Unit, changed: Sequence[Stored]) -> list[Stored]:
    """Give new excursions their numbers, and write all revisions."""
    if not changed:
        return []
    ids = iter(
        await excursions.new_ids(unit.connection, sum(not s.id for s in changed))
    )
    numbered = [s if s.id else replace(s, id=next(ids)) for s in changed]
    await excursions.write(unit, numbered)
    return numbered
