"""The evaluator: from freshly stored readings to excursions, within the intake's transaction.

State of rules is only ever built by folding readings from an anchor (`rules/engine.py`);
what is remembered per point between intakes is a cache of that, taken over after the
commit and dropped at any doubt. A reading later than all that a point's track has seen
moves the track on; any other lets the point be judged again from the anchor before it.
The difference to what is stored becomes revisions; what follows from these for alerts is
in `alerting/consequences.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from alerting.consequences import Alerts
from domain.excursions import Excursion
from domain.readings import Reading
from domain.registry import Registry
from domain.rules import RuleVersion
from rules import engine
from rules.engine import IDLE, Advance, State, Watch
from rules.threshold import ThresholdRule
from storage import excursions, readings
from storage.alerts import Copy
from storage.excursions import Stored
from storage.unit import Unit

Identity = tuple[int, str, str, datetime]


@dataclass(slots=True)
class Track:
    """Where the folds of one point stand. Replaced, never changed."""

    newest: datetime
    """Time of the newest reading judged."""
    states: tuple[State, ...]
    """In the order of the point's watches."""
    open: dict[Identity, Stored] = field(default_factory=dict)
    """Open excursions, as stored."""


@dataclass(slots=True)
class Judgement:
    """A point, judged: the new track, and what differs from what is stored."""

    track: Track
    changed: list[Stored]
    """New revisions; `id` 0 where the excursion is new."""


class Evaluator:
    """Judges what intakes bring. One per ingestor; an `ingest.observer.Observer`."""

    def __init__(self, alerts: Alerts, advance: Advance = engine.advance) -> None:
        """Let `alerts` draw the consequences. `advance` is the seam for tests."""
        self._alerts = alerts
        self._advance = advance
        self._registry = Registry(-1, [])
        self._watches: dict[int, tuple[Watch, ...]] = {}
        self._tracks: dict[int, Track] = {}
        self._fresh: dict[int, Track] = {}

    def install(self, registry: Registry, versions: Mapping[str, RuleVersion]) -> None:
        """Judge by this registry from now on."""
        rules = {v: ThresholdRule.from_version(version) for v, version in versions.items()}
        self._registry = registry
        self._watches = {
            number: engine.watches(point, rules)
            for number, point in registry.points.items()
        }
        self._alerts.install(registry, rules)
        self.forget()

    async def observe(
        self, unit: Unit, readings: Sequence[Reading], now: datetime
    ) -> None:
        """Judge freshly stored `readings` and write what follows."""
        brought: dict[int, list[Reading]] = defaultdict(list)
        for reading in readings:
            if self._watches.get(reading.point):
                brought[reading.point].append(reading)
        judgements = [
            await self._judge(unit, point, sorted(new, key=lambda r: r.time))
            for point, new in brought.items()
        ]
        changed = await number(unit, [s for j in judgements for s in j.changed])
        placed = await self._alerts.follow(unit, changed, now) if changed else {}
        for judgement in judgements:
            self._settle(judgement.track, placed)
        await self._alerts.copy(unit, copies(judgements, placed.values()))

    async def session_lost(
        self, unit: Unit, detail: Mapping[str, Any], now: datetime
    ) -> None:
        """Raise the box's own alert."""
        await self._alerts.session_lost(unit, detail, now)

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
            judgement = await self._judge_again(unit, watches, new[0])
        self._fresh[point] = judgement.track
        return judgement

    async def _judge_again(
        self, unit: Unit, watches: tuple[Watch, ...], first: Reading
    ) -> Judgement:
        """Judge a point from the anchor before `first` to its newest reading."""
        connection, point, at = unit.connection, first.point, first.time
        before = await readings.predecessor(connection, point, at)
        horizon = min(at - watch.look_back for watch in watches)
        known = await excursions.known(connection, point, horizon)
        own = [[s for s in known if belongs(s, watch)] for watch in watches]
        anchors = [
            engine.anchor(w, before, at, [s.excursion for s in stored if not s.withdrawn])
            for w, stored in zip(watches, own, strict=True)
        ]
        series = await readings.series(connection, point, min(anchors))
        return judge_again(watches, anchors, own, series, self._advance)

    def _settle(self, track: Track, placed: Mapping[Identity, Stored]) -> None:
        """Put the numbers and alerts that were given into a track."""
        for identity in track.open:
            track.open[identity] = placed.get(identity, track.open[identity])


def belongs(stored: Stored, watch: Watch) -> bool:
    """Whether a stored excursion is one of this watch."""
    return (stored.excursion.rule, stored.excursion.level) == (watch.rule, watch.level)


def move_on(
    watches: Sequence[Watch], track: Track, new: Sequence[Reading], advance: Advance
) -> Judgement:
    """Fold readings that are later than all that `track` has seen."""
    states: list[State] = []
    found: list[Excursion] = []
    for watch, state in zip(watches, track.states, strict=True):
        for reading in new:
            state, ended = advance(watch, state, reading)
            if ended is not None:
                found.append(ended)
        states.append(state)
        if state.open is not None:
            found.append(state.open)
    return judgement(new[-1].time, states, found, list(track.open.values()))


def judge_again(
    watches: Sequence[Watch],
    anchors: Sequence[datetime],
    known: Sequence[Sequence[Stored]],
    series: Sequence[Reading],
    advance: Advance,
) -> Judgement:
    """Fold every watch from its anchor over `series`, against what is known from there on."""
    states: list[State] = []
    found: list[Excursion] = []
    stored: list[Stored] = []
    for watch, anchor, own in zip(watches, anchors, known, strict=True):
        state = IDLE
        for reading in series:
            if reading.time >= anchor:
                state, ended = advance(watch, state, reading)
                if ended is not None:
                    found.append(ended)
        states.append(state)
        if state.open is not None:
            found.append(state.open)
        stored.extend(s for s in own if s.excursion.start >= anchor)
    return judgement(series[-1].time, states, found, stored)


def judgement(
    newest: datetime,
    states: Iterable[State],
    found: Sequence[Excursion],
    stored: Sequence[Stored],
) -> Judgement:
    """What differs between the excursions `found` and those `stored`."""
    old = {s.excursion.identity: s for s in sorted(stored, key=lambda s: not s.withdrawn)}
    new = {excursion.identity: excursion for excursion in found}
    changed: list[Stored] = []
    current: dict[Identity, Stored] = {}
    for identity, excursion in new.items():
        before = old.get(identity)
        if before is None:
            current[identity] = Stored(id=0, revision=1, excursion=excursion)
        elif before.withdrawn or before.excursion != excursion:
            current[identity] = replace(
                before,
                revision=before.revision + 1,
                withdrawn=False,
                excursion=excursion,
            )
        else:
            current[identity] = before
            continue
        changed.append(current[identity])
    changed.extend(
        replace(s, revision=s.revision + 1, withdrawn=True)
        for identity, s in old.items()
        if identity not in new and not s.withdrawn
    )
    still = {i: s for i, s in current.items() if s.excursion.end is None}
    return Judgement(Track(newest, tuple(states), still), changed)


async def number(unit: Unit, changed: Sequence[Stored]) -> list[Stored]:
    """Give new excursions their numbers, and write all revisions."""
    if not changed:
        return []
    fresh = await excursions.new_ids(unit.connection, sum(not s.id for s in changed))
    ids = iter(fresh)
    numbered = [s if s.id else replace(s, id=next(ids)) for s in changed]
    await excursions.write(unit, numbered)
    return numbered


def copies(judgements: Iterable[Judgement], changed: Iterable[Stored]) -> list[Copy]:
    """The readings that alerts copy: all of a changed excursion, the new of an open one."""
    wanted = {
        (s.alert, s.excursion.identity): Copy(
            s.alert, s.excursion.point, s.excursion.start, s.excursion.end, whole=True
        )
        for s in changed
        if s.alert is not None and not s.withdrawn
    }
    for judgement in judgements:
        for s in judgement.track.open.values():
            key = (s.alert, s.excursion.identity)
            if s.alert is not None and key not in wanted:
                wanted[key] = Copy(
                    s.alert, s.excursion.point, s.excursion.start, None, whole=False
                )
    return list(wanted.values())
