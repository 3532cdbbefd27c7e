"""The engine: folds the slots of a point into excursions, one level of one rule at a time.

Both forms are one: what is judged live and what is judged over a stored series is folded by
the same `advance`, from the same anchor, with the same arithmetic. How a kind judges is in
its own file (`rules/kinds.py` names them).

**Seam for tests.** Whoever judges is handed an `Advance`; the product hands down `advance`
of this module, tests hand a broken one (`tests/mutants.py`). No setting does this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from domain.excursions import Excursion
from domain.readings import Slot
from rules.kinds import KINDS
from rules.watch import IDLE, Advance, State, Step, Watch


def advance(watch: Watch, state: State, slot: Slot) -> Step:
    """Judge one slot, later than all that `state` has seen."""
    return KINDS[watch.kind].advance(watch, state, slot)


def remembering(watch: Watch, slots: Iterable[Slot]) -> State:
    """Idle, with the memory of `slots`: what a fold that starts after them starts from."""
    remember, memory = KINDS[watch.kind].remember, None
    for slot in slots:
        memory = remember(watch, memory, slot)
    return IDLE if memory is None else State(memory=memory)


def excursions(
    watch: Watch, slots: Iterable[Slot], advance: Advance = advance
) -> list[Excursion]:
    """All excursions of `slots`: sorted by time, one per time. The last may be open."""
    state, found = IDLE, list[Excursion]()
    for slot in slots:
        state, ended = advance(watch, state, slot)
        found.extend(ended)
    return found if state.open is None else [*found, state.open]


def floor(watch: Watch, predecessor: datetime | None, at: datetime) -> datetime:
    """How far before a late slot at `at` something unfinished can have begun.

    But for an excursion that is open there. `predecessor` is the time of the newest slot
    before; None if there is none.
    """
    if predecessor is None:
        return at
    return KINDS[watch.kind].floor(watch, predecessor, at)


def anchor(
    watch: Watch,
    predecessor: datetime | None,
    at: datetime,
    known: Sequence[Excursion],
) -> datetime:
    """From where to fold so that the slot at `at` is judged right.

    `predecessor` is the time of the newest stored slot before `at`, whatever its quality;
    None if there is none. `known` are the excursions of this watch over what was stored
    before; all that are open or end at `floor(…)` or later must be among them. From the
    returned time on, inclusive, the fold gives the excursions that the whole series would
    give (for some kinds: from the slot at or before it, `starting`); those of `known` that
    began earlier stand. It starts with the memory of what came since `memory_from`.
    """
    if predecessor is None:
        return at
    cover = _cover(predecessor, known)
    if cover is not None:
        return cover.start
    moment = floor(watch, predecessor, at)
    cover = _cover(moment, known)
    # It has ended by the predecessor. The slot that ended it is judged with nothing pending.
    return moment if cover is None or cover.end is None else cover.end


def _cover(time: datetime, known: Sequence[Excursion]) -> Excursion | None:
    """The excursion that is open at `time`. Those of one watch never overlap."""
    for excursion in known:
        if excursion.start <= time and (excursion.end is None or time < excursion.end):
            return excursion
    return None


def resumed(
    watch: Watch, predecessor: datetime | None, known: Sequence[Excursion]
) -> State | None:
    """The state after the slot at `predecessor`, but for its memory, if an excursion is open.

    A fold may go on from there instead of from the start of an excursion that lasts for
    months. None: nothing is open there, or perhaps it was only pending by then, or its peak
    came later, so that the one it had by then has to be found again.
    """
    cover = None if predecessor is None else _cover(predecessor, known)
    if cover is None or predecessor is None or KINDS[watch.kind].from_slot:
        return None
    surely_open = cover.start <= floor(watch, predecessor, predecessor)
    level = next((p.level for p in watch.periods if p.version == cover.version), None)
    if level is None or not surely_open or cover.peak_time > predecessor:
        return None
    return State(open=replace(cover, end=None), level=level)


def memory_from(watch: Watch, anchor: datetime) -> datetime:
    """From when on slots are needed for a fold from `anchor`."""
    return KINDS[watch.kind].memory_from(watch, anchor)


def starting(watch: Watch, anchor: datetime, slots: Sequence[Slot]) -> datetime:
    """The time from which `slots` are folded, all that are needed being among them."""
    if not KINDS[watch.kind].from_slot:
        return anchor
    earlier = [slot.time for slot in slots if slot.time <= anchor]
    return earlier[-1] if earlier else anchor
