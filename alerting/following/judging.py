"""Judging the slots of one point: excursions found, held against those stored. Pure.

A track moves on with slots later than all that it has seen. Any other change lets the
point be judged again, from the anchor before it to where it makes no difference any more.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from domain.excursions import Excursion
from domain.readings import Slot
from rules import engine
from rules.watch import Advance, State, Watch
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
    """Time of the newest slot judged."""
    states: tuple[State, ...]
    """In the order of the point's watches."""
    open: dict[Identity, Stored] = field(default_factory=dict)
    """Open excursions, as stored."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The slots of a point that an intake has changed."""

    times: tuple[datetime, ...]
    """Ascending; at least one."""
    before: Mapping[datetime, Slot | None]
    """By time, each as it was; None: there was none."""

    def old(self, slot: Slot) -> Slot | None:
        """A slot of the series as it was before."""
        return self.before.get(slot.time, slot)


@dataclass(frozen=True, slots=True)
class Refold:
    """What of a watch is judged again."""

    watch: Watch
    anchor: datetime
    stored: Sequence[Stored]
    """Of this watch; all that may have changed are among them."""
    resumed: State | None = None
    """What the fold goes on from, but for its memory; None: from `IDLE`."""

    @classmethod
    def of(
        cls,
        watch: Watch,
        predecessor: datetime | None,
        at: datetime,
        stored: Sequence[Stored],
    ) -> Refold:
        """From the slot at `at` on, if possible; else from the anchor before it."""
        known = [s.excursion for s in stored]
        state = engine.resumed(watch, predecessor, known)
        anchor = at if state else engine.anchor(watch, predecessor, at, known)
        return cls(watch, anchor, stored, state)

    @property
    def memory_from(self) -> datetime:
        """From when on slots are needed."""
        return engine.memory_from(self.watch, self.anchor)


@dataclass(slots=True)
class Judgement:
    """A point, judged: the new track, and what differs from what is stored."""

    times: Sequence[datetime]
    """Of the slots that changed, ascending."""
    track: Track | None
    """None: as it was, if there is one."""
    found: list[Stored]
    """The excursions as they are now; `id` 0 where one is new."""
    changed: list[Stored]
    """Those that differ from what is stored, and those withdrawn: revisions to write."""
    again: bool = False
    """Whether the past was judged again, so that even an end may have moved."""


def belongs(stored: Stored, watch: Watch) -> bool:
    """Whether a stored excursion is one of this watch."""
    return (stored.excursion.rule, stored.excursion.level) == (watch.rule, watch.level)


def move_on(
    watches: Sequence[Watch], track: Track, new: Sequence[Slot], advance: Advance
) -> Judgement:
    """Fold slots that are later than all that `track` has seen."""
    folds = [
        fold(watch, state, new, advance)
        for watch, state in zip(watches, track.states, strict=True)
    ]
    times = [slot.time for slot in new]
    return to_the_end(folds, list(track.open.values()), times)


def judge_again(
    refolds: Sequence[Refold],
    slots: Sequence[Slot],
    changes: Changes,
    advance: Advance,
) -> Judgement:
    """Fold every watch from its anchor over `slots`, against what is stored from there on.

    `slots` has all that are needed for memory and fold, to the newest.
    """
    folds: list[Fold] = []
    stored: list[Stored] = []
    for refold in refolds:
        start, state, stretch = prepared(refold, slots)
        folds.append(fold(refold.watch, state, stretch, advance))
        stored += [s for s in refold.stored if s.excursion.start >= start]
    judgement = to_the_end(folds, stored, changes.times)
    assert judgement.track is not None, "the folds reached the newest slot"
    judgement.track.newest = slots[-1].time
    judgement.again = True
    return judgement


def judge_stretch(
    refolds: Sequence[Refold],
    slots: Sequence[Slot],
    changes: Changes,
    advance: Advance,
) -> Judgement | None:
    """The same where `slots` are only the first of them; None: that is not enough."""
    found: list[Excursion] = []
    stored: list[Stored] = []
    for refold in refolds:
        start, state, stretch = prepared(refold, slots)
        settled = until_no_difference(refold.watch, state, stretch, changes, advance)
        if settled is None:
            return None
        ended, bound = settled
        found += ended
        found += [s.excursion for s in refold.stored if s.excursion.start == bound]
        stored += [s for s in refold.stored if start <= s.excursion.start <= bound]
    judgement = differences(found, stored, changes.times, None)
    judgement.again = True
    return judgement


def prepared(
    refold: Refold, slots: Sequence[Slot]
) -> tuple[datetime, State, Sequence[Slot]]:
    """From when on excursions are found, the state to start from, and the slots to fold."""
    start = engine.starting(refold.watch, refold.anchor, slots)
    first = bisect_left(slots, refold.memory_from, key=lambda slot: slot.time)
    begin = bisect_left(slots, start, key=lambda slot: slot.time)
    state = engine.remembering(refold.watch, slots[first:begin])
    if refold.resumed is not None and refold.resumed.open is not None:
        start = refold.resumed.open.start
        state = replace(refold.resumed, memory=state.memory)
    return start, state, slots[begin:]


def until_no_difference(
    watch: Watch,
    state: State,
    stretch: Iterable[Slot],
    changes: Changes,
    advance: Advance,
) -> tuple[list[Excursion], datetime] | None:
    """The excursions that have ended until what changed makes no difference any more.

    Two folds run side by side, with and without the changes, wherever they differ: once
    they have come to the same state after them, all stands that began from the returned
    time on. None: not yet.
    """
    found, without, last = list[Excursion](), state, changes.times[-1]
    for slot in stretch:
        old, same = changes.old(slot), state is without
        state, ended = advance(watch, state, slot)
        found.extend(ended)
        if same and old is slot:
            without = state
        elif old is not None:
            without, _ = advance(watch, without, old)
        if state == without:
            if slot.time > last:
                return found, state.begun or slot.time
            without = state
    return None


def fold(watch: Watch, state: State, slots: Iterable[Slot], advance: Advance) -> Fold:
    """Where `slots` lead from `state`, and the excursions on the way; the last may be open."""
    found: list[Excursion] = []
    for slot in slots:
        state, ended = advance(watch, state, slot)
        if ended:
            found.extend(ended)
    return state, found if state.open is None else [*found, state.open]


def to_the_end(
    folds: Sequence[Fold], stored: Iterable[Stored], times: Sequence[datetime]
) -> Judgement:
    """The judgement of folds that reached the newest slot, the last of `times`."""
    found = [excursion for _, of_fold in folds for excursion in of_fold]
    track = Track(times[-1], tuple(state for state, _ in folds))
    judgement = differences(found, stored, times, track)
    track.open |= {
        s.excursion.identity: s for s in judgement.found if s.excursion.end is None
    }
    return judgement


def differences(
    excursions: Iterable[Excursion],
    stored: Iterable[Stored],
    times: Sequence[datetime],
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
    return Judgement(times, track, found, changed)


def revised(stored: Stored | None, excursion: Excursion) -> Stored:
    """The next revision of what is stored, or the first."""
    if stored is None:
        return Stored(id=0, revision=1, excursion=excursion)
    return replace(stored, revision=stored.revision + 1, excursion=excursion)


def copies(judgement: Judgement, placed: Mapping[Identity, Stored]) -> Iterator[Copy]:
    """The readings that alerts copy: all of what is new or judged again, else what is new."""
    since, upto = judgement.times[0], judgement.times[-1]
    changed = {s.excursion.identity for s in judgement.changed if judgement.again}
    for s in judgement.found:
        excursion, alert = s.excursion, placed.get(s.excursion.identity, s).alert
        assert alert is not None, "every excursion has its alert"
        start, end = excursion.start, excursion.end
        if s.id and excursion.identity not in changed:
            start, end = max(start, since), min(end or upto, upto)
        if end is None or start <= end:
            yield Copy(alert, excursion.point, start, end)


def settle(track: Track, placed: Mapping[Identity, Stored]) -> None:
    """Put the numbers and alerts that were given into a track."""
    for identity in track.open:
        track.open[identity] = placed.get(identity, track.open[identity])
