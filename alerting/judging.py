"""Judging the readings of one point: excursions found, held against those stored. Pure.

A track moves on with readings later than all that it has seen. Any other reading lets the
point be judged again, from the anchor before it to where it makes no difference any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from domain.excursions import Excursion
from domain.readings import Reading
from rules.engine import IDLE, Advance, State, Watch
from storage.alerts import Copy
from storage.excursions import Stored

Identity: TypeAlias = tuple[int, str, str, datetime]
"""Of an excursion: see `Excursion.identity`."""
Fold: TypeAlias = tuple[State, list[Excursion]]
"""Where a fold has come to, and what it found."""


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
