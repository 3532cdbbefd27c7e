"""The evaluator: from freshly stored readings to excursions, within the intake's transaction.

State of rules is only ever built by folding readings from an anchor (`rules/engine.py`);
what is remembered per point between intakes is a cache of that, taken over after the
commit and dropped at any doubt. How a point is judged is in `judging.py`. What differs from
what is stored becomes revisions; what follows from these for alerts is in
`consequences.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from alerting.box_alerts import BoxAlerts
from alerting.consequences import Alerts
from alerting.judging import (
    Judgement,
    Track,
    belongs,
    copies,
    judge_again,
    judge_stretch,
    move_on,
    settle,
)
from domain.brought import Brought
from domain.readings import Reading
from domain.registry import Registry
from domain.rules import RuleVersion
from rules import engine
from rules.engine import Advance, Watch
from rules.threshold import ThresholdRule
from storage import excursions, readings
from storage.excursions import Stored
from storage.unit import Unit

STRETCH = 250
"""Readings looked at first when a point is judged again."""
GROWTH = 8
"""So many times as many are looked at next, where those did not suffice."""


class Evaluator:
    """Judges what intakes bring. One per ingestor; an `ingest.observer.Observer`."""

    def __init__(
        self, alerts: Alerts, box: BoxAlerts, advance: Advance = engine.advance
    ) -> None:
        """Let `alerts` draw the consequences, `box` tell of the box itself.

        `advance` is the seam for tests.
        """
        self._alerts = alerts
        self._box = box
        self._advance = advance
        self._watches: dict[int, tuple[Watch, ...]] = {}
        self._tracks: dict[int, Track] = {}
        self._fresh: dict[int, Track] = {}

    def install(self, registry: Registry, versions: Mapping[str, RuleVersion]) -> None:
        """Judge by this registry from now on."""
        rules = {
            v: ThresholdRule.from_version(version) for v, version in versions.items()
        }
        self._watches = {
            number: engine.watches(point, rules)
            for number, point in registry.points.items()
        }
        self._alerts.install(registry, rules)
        self.forget()

    async def observe(self, unit: Unit, brought: Brought, now: datetime) -> None:
        """Judge what was freshly stored and write what follows."""
        by_point: dict[int, list[Reading]] = defaultdict(list)
        for reading in brought.stored:
            if self._watches.get(reading.point):
                by_point[reading.point].append(reading)
        judgements = [
            await self._judge(unit, point, sorted(new, key=lambda r: r.time))
            for point, new in by_point.items()
        ]
        changed = await number(unit, [s for j in judgements for s in j.changed])
        placed = await self._alerts.follow(unit, changed, now) if changed else {}
        await self._alerts.copy(
            unit, [c for j in judgements for c in copies(j, placed)]
        )
        for judgement in judgements:
            if judgement.track is not None:
                settle(judgement.track, placed)

    async def about_the_box(
        self, unit: Unit, rule: str, detail: Mapping[str, Any], now: datetime
    ) -> None:
        """Raise one of the box's own alerts."""
        await self._box.occurred(unit, rule, detail, now)

    def committed(self) -> None:
        """Take over what was judged in the unit that is now committed."""
        self._tracks |= self._fresh
        self._fresh = {}

    def forget(self) -> None:
        """Drop all that is remembered; it is rebuilt point by point."""
        self._tracks = {}
        self._fresh = {}

    async def _judge(self, unit: Unit, point: int, new: list[Reading]) -> Judgement:
        watches = self._watches[point]
        track = self._tracks.get(point)
        if track is not None and new[0].time > track.newest:
            judgement = move_on(watches, track, new, self._advance)
        else:
            judgement = await self._judge_again(unit, watches, new)
        if judgement.track is not None:
            self._fresh[point] = judgement.track
        return judgement

    async def _judge_again(
        self, unit: Unit, watches: tuple[Watch, ...], new: Sequence[Reading]
    ) -> Judgement:
        """Judge a point from the anchor before `new` on, as far as need be."""
        connection, point, at = unit.connection, new[0].point, new[0].time
        before = await readings.predecessor(connection, point, at)
        horizon = min(at - watch.look_back for watch in watches)
        known = await excursions.known(connection, point, horizon)
        own = [[s for s in known if belongs(s, watch)] for watch in watches]
        anchors = [
            engine.anchor(watch, before, at, [s.excursion for s in stored])
            for watch, stored in zip(watches, own, strict=True)
        ]
        limit = STRETCH
        while True:
            series = await readings.series(connection, point, min(anchors), limit)
            stretch = (watches, anchors, own, series, new, self._advance)
            if len(series) < limit:
                return judge_again(*stretch)
            judgement = judge_stretch(*stretch)
            if judgement is not None:
                return judgement
            limit *= GROWTH


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
