"""The evaluator: from freshly stored readings to excursions, within the intake's transaction.

State of rules is only ever built by folding readings from an anchor (`rules/engine.py`);
what is remembered per point between intakes is a cache of that, taken over after the
commit and dropped at any doubt. A reading later than all that a point's track has seen
moves the track on; any other lets the point be judged again, from the anchor before it to
where it no longer makes a difference. What differs from what is stored becomes revisions;
what follows from these for alerts is in `alerting/consequences.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
Fold = tuple[State, list[Excursion]]
STRETCH = 250
"""Readings looked at first when a point is judged again."""
GROWTH = 8
"""So many times as many are looked at next, where those did not suffice."""


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

    new: Sequence[Reading]
    """What was not judged before, by time."""
    track: Track | None
    """None: as it was, if there is one."""
    found: list[Stored]
    """The excursions as they are now; `id` 0 where one is new."""
    changed: list[Stored]
    """Those that differ from what is stored, and those withdrawn: revisions to write."""


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
        rules = {
            v: ThresholdRule.from_version(version) for v, version in versions.items()
        }
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
        await self._alerts.copy(
            unit, [c for j in judgements for c in copies(j, placed)]
        )
        for judgement in judgements:
            if judgement.track is not None:
                settle(judgement.track, placed)

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


def belongs(stored: Stored, watch: Watch) -> bool:
    """Whether a stored excursion is one of this watch."""
    return (stored.excursion.rule, stored.excursion.level) == (watch.rule, watch.level)


def move_on(
    watches: Sequence[Watch], track: Track, new: Sequence[Reading], advance: Advance
) -> Judgement:
    """Fold readings that are later than all that `track` has seen."""
    folds = [
        fold(watch, state, new, advance)
        for watch, state in zip(watches, track.states, strict=True)
    ]
    return to_the_end(folds, list(track.open.values()), new, new[-1].time)


def judge_again(
    watches: Sequence[Watch],
    anchors: Sequence[datetime],
    known: Sequence[Sequence[Stored]],
    series: Sequence[Reading],
    new: Sequence[Reading],
    advance: Advance,
) -> Judgement:
    """Fold every watch from its anchor over `series`, against what is known from there on.

    `series` has all readings from the first anchor on, `new` those that are new.
    """
    folds = [
        fold(watch, IDLE, (r for r in series if r.time >= anchor), advance)
        for watch, anchor in zip(watches, anchors, strict=True)
    ]
    stored = [
        s
        for anchor, own in zip(anchors, known, strict=True)
        for s in own
        if s.excursion.start >= anchor
    ]
    return to_the_end(folds, stored, new, series[-1].time)


def judge_stretch(
    watches: Sequence[Watch],
    anchors: Sequence[datetime],
    known: Sequence[Sequence[Stored]],
    series: Sequence[Reading],
    new: Sequence[Reading],
    advance: Advance,
) -> Judgement | None:
    """The same where `series` is only the first of the readings; None: that is not enough."""
    found: list[Excursion] = []
    stored: list[Stored] = []
    for watch, anchor, own in zip(watches, anchors, known, strict=True):
        stretch = (reading for reading in series if reading.time >= anchor)
        settled = refold(watch, stretch, new, advance)
        if settled is None:
            return None
        ended, bound = settled
        found += ended
        found += [s.excursion for s in own if s.excursion.start == bound]
        stored += [s for s in own if anchor <= s.excursion.start <= bound]
    return differences(found, stored, new, None)


def refold(
    watch: Watch, stretch: Iterable[Reading], new: Sequence[Reading], advance: Advance
) -> tuple[list[Excursion], datetime] | None:
    """The excursions that have ended until `new` makes no difference any more.

    Two folds run side by side, with and without what is new: once they have come to the
    same state after it, all stands that began from the returned time on. None: not yet.
    """
    times, found, state, without = {r.time for r in new}, list[Excursion](), IDLE, IDLE
    for reading in stretch:
        state, ended = advance(watch, state, reading)
        if ended is not None:
            found.append(ended)
        if reading.time not in times:
            without, _ = advance(watch, without, reading)
        if reading.time > new[-1].time and state == without:
            return found, begun(state) or reading.time
    return None


def begun(state: State) -> datetime | None:
    """When the streak began that is open or pending."""
    if state.open is not None:
        return state.open.start
    return state.pending.start if state.pending is not None else None


def fold(
    watch: Watch, state: State, readings: Iterable[Reading], advance: Advance
) -> Fold:
    """Where `readings` lead from `state`, and the excursions on the way; the last may be open."""
    found: list[Excursion] = []
    for reading in readings:
        state, ended = advance(watch, state, reading)
        if ended is not None:
            found.append(ended)
    return state, found if state.open is None else [*found, state.open]


def to_the_end(
    folds: Sequence[Fold],
    stored: Iterable[Stored],
    new: Sequence[Reading],
    newest: datetime,
) -> Judgement:
    """The judgement of folds that reached the newest reading."""
    found = [excursion for _, of_fold in folds for excursion in of_fold]
    track = Track(newest, tuple(state for state, _ in folds))
    judgement = differences(found, stored, new, track)
    track.open |= {
        s.excursion.identity: s for s in judgement.found if s.excursion.end is None
    }
    return judgement


def differences(
    excursions: Iterable[Excursion],
    stored: Iterable[Stored],
    new: Sequence[Reading],
    track: Track | None,
) -> Judgement:
    """What differs between the excursions that were found and those `stored`."""
    left = {s.excursion.identity: s for s in stored}
    found: list[Stored] = []
    changed: list[Stored] = []
    for excursion in excursions:
        current = left.pop(excursion.identity, None)
        if current is None or current.excursion != excursion:
            current = revised(current, excursion)
            changed.append(current)
        found.append(current)
    changed.extend(
        replace(s, revision=s.revision + 1, withdrawn=True) for s in left.values()
    )
    return Judgement(new, track, found, changed)


def revised(stored: Stored | None, excursion: Excursion) -> Stored:
    """The next revision of what is stored, or the first."""
    if stored is None:
        return Stored(id=0, revision=1, excursion=excursion)
    return replace(stored, revision=stored.revision + 1, excursion=excursion)


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


def copies(judgement: Judgement, placed: Mapping[Identity, Stored]) -> Iterator[Copy]:
    """The readings that alerts copy: all of a new excursion, of others what is new."""
    since, upto = judgement.new[0].time, judgement.new[-1].time
    for s in judgement.found:
        excursion, alert = s.excursion, placed.get(s.excursion.identity, s).alert
        assert alert is not None, "every excursion has its alert"
        start, end = excursion.start, excursion.end
        if s.id:
            start, end = max(start, since), min(end or upto, upto)
        if end is None or start <= end:
            yield Copy(alert, excursion.point, start, end)


def settle(track: Track, placed: Mapping[Identity, Stored]) -> None:
    """Put the numbers and alerts that were given into a track."""
    for identity in track.open:
        track.open[identity] = placed.get(identity, track.open[identity])
