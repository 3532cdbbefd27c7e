"""Judging: tracks moved on, points judged again, and what differs from what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alerting.following.judging import (
    Changes,
    Judgement,
    Refold,
    Track,
    copies,
    judge_again,
    judge_stretch,
    move_on,
    settle,
)
from domain.excursions import Excursion
from domain.readings import Slot, slots
from rules import engine
from rules.engine import advance
from rules.watch import IDLE, Watch
from storage.excursions import Stored
from tests.series import START, at, series
from tests.unit.rules.builders import watching
from tests.unit.rules.worlds import WORLDS, World

WATCH = watching(above=8.0, hold="2m")
NEW = 0


def run(text: str, since: str = "0s") -> list[Slot]:
    return slots(series(at(since).isoformat(), "1m", text), 0.1)


def appeared(new: Sequence[Slot]) -> Changes:
    """Slots where there was nothing before."""
    times = tuple(slot.time for slot in new)
    return Changes(times, dict.fromkeys(times))


def again(
    text: str, known: Sequence[Stored] = (), since: str = "0s", watch: Watch = WATCH
) -> Judgement:
    """Judge the whole series, whose readings from `since` on are new."""
    series = run(text)
    new = [slot for slot in series if slot.time >= at(since)]
    return judge_again([Refold(watch, at("0s"), known)], series, appeared(new), advance)


def stored(result: Judgement, number: int = 7, alert: int = 3) -> list[Stored]:
    """The excursions that were found, as they are once they are stored."""
    return [replace(s, id=s.id or number, alert=alert) for s in result.found]


def settled(result: Judgement) -> Track:
    """The track as it is taken over."""
    settle(moved(result), {s.excursion.identity: s for s in stored(result)})
    return moved(result)


def moved(result: Judgement) -> Track:
    """The new track that a judgement must have."""
    assert result.track is not None
    return result.track


def spans(excursions: Sequence[Stored]) -> list[tuple[object, object, int, bool]]:
    return [
        (s.excursion.start, s.excursion.end, s.revision, s.withdrawn)
        for s in excursions
    ]


# Judging anew


def test_new_excursion_is_its_first_revision_without_a_number() -> None:
    result = again("5 9 9 9 5")
    assert spans(result.changed) == [(at("1m"), at("4m"), 1, False)]
    assert [s.id for s in result.changed] == [NEW]
    assert result.track == Track(at("4m"), (IDLE,), {})


def test_open_excursion_is_remembered() -> None:
    result = again("5 9 9 9")
    assert list(moved(result).open.values()) == result.changed
    assert moved(result).states[0].open == result.changed[0].excursion


def test_what_is_pending_is_no_excursion() -> None:
    result = again("5 9 9")
    assert (result.found, result.changed, moved(result).open) == ([], [], {})
    assert moved(result).states[0].pending is not None


def test_the_same_again_changes_nothing() -> None:
    known = stored(again("5 9 9 9 5"))
    result = again("5 9 9 9 5", known)
    assert result.changed == []
    assert result.found == known


def test_another_end_or_peak_is_a_revision() -> None:
    known = stored(again("5 9 9 9"))
    (ended,) = again("5 9 9 9 5", known).changed
    assert (ended.id, ended.alert, ended.revision) == (7, 3, 2)
    assert ended.excursion.end == at("4m")
    (higher,) = again("5 9 9 9 9.5", known).changed
    assert (higher.revision, higher.excursion.peak) == (2, 9.5)


def test_what_is_not_found_any_more_is_withdrawn() -> None:
    known = stored(again("5 9 - 9 5"))
    result = again("5 9 5 9 5", known, "2m")
    assert spans(result.changed) == [(at("1m"), at("4m"), 2, True)]
    assert result.found == []


def test_another_start_withdraws_one_and_opens_another() -> None:
    known = stored(again("5 - 9 9 9"))
    result = again("5 9 9 9 9", known, "1m")
    assert spans(result.changed) == [
        (at("1m"), None, 1, False),
        (at("2m"), None, 2, True),
    ]
    assert [s.id for s in result.changed] == [NEW, 7]


def test_what_began_before_the_anchor_stands() -> None:
    known = stored(again("9 9 9 5"))
    later = [slot for slot in run("9 9 9 5 5 5") if slot.time >= at("4m")]
    refolds = [Refold(WATCH, at("4m"), known)]
    result = judge_again(refolds, later, appeared(later[1:]), advance)
    assert (result.found, result.changed) == ([], [])


def test_every_watch_is_folded_from_its_own_anchor() -> None:
    instant = watching(above=8.0)
    series = run("9 9 9 5")
    anchors = [at("0s"), at("1m")]
    refolds = [Refold(WATCH, anchors[0], []), Refold(instant, anchors[1], [])]
    result = judge_again(refolds, series, appeared(series), advance)
    assert [s.excursion.start for s in result.found] == anchors


# Moving on


def test_track_moves_on_from_where_it_stood() -> None:
    track = settled(again("5 9 9"))
    opened = move_on([WATCH], track, run("9", "3m"), advance)
    assert spans(opened.changed) == [(at("1m"), None, 1, False)]
    assert moved(opened).newest == at("3m")
    ended = move_on([WATCH], settled(opened), run("9 5", "4m"), advance)
    assert spans(ended.changed) == [(at("1m"), at("5m"), 2, False)]
    assert moved(ended).open == {}


def test_track_that_moves_on_unchanged_has_the_same_excursions_open() -> None:
    track = settled(again("5 9 9 9"))
    result = move_on([WATCH], track, run("9", "4m"), advance)
    assert result.changed == []
    assert moved(result).open == track.open


def test_track_is_never_changed_itself() -> None:
    track = settled(again("5 9 9 9"))
    before = replace(track, open={**track.open})
    result = move_on([WATCH], track, run("9 5 9 9 9", "4m"), advance)
    settle(
        moved(result), {s.excursion.identity: replace(s, id=9) for s in result.changed}
    )
    assert track == before


# Copies


def test_all_readings_of_a_new_excursion_are_copied() -> None:
    result = again("5 9 9 9 5", since="3m")
    placed = {s.excursion.identity: s for s in stored(result)}
    assert list(copies(result, placed)) == [(3, 1, at("1m"), at("4m"))]


def test_of_a_known_excursion_what_is_new_is_copied() -> None:
    known = stored(again("5 9 9 9"))
    unchanged = again("5 9 9 9 9", known, "4m")
    assert list(copies(unchanged, {})) == [(3, 1, at("4m"), at("4m"))]
    ended = move_on([WATCH], settled(again("5 9 9 9")), run("9 5", "4m"), advance)
    placed = {s.excursion.identity: s for s in ended.changed}
    assert list(copies(ended, placed)) == [(3, 1, at("4m"), at("5m"))]


def test_all_of_an_excursion_that_was_judged_again_is_copied() -> None:
    ended = again("5 9 9 9 9 5", stored(again("5 9 9 9")), "4m")
    placed = {s.excursion.identity: s for s in ended.changed}
    assert list(copies(ended, placed)) == [(3, 1, at("1m"), at("5m"))]


def test_of_an_excursion_that_ended_before_nothing_is_copied() -> None:
    known = stored(again("9 9 9 5"))
    assert list(copies(again("9 9 9 5 5", known, "4m"), {})) == []


def test_withdrawn_excursion_copies_nothing() -> None:
    known = stored(again("5 9 - 9 5"))
    assert list(copies(again("5 9 5 9 5", known, "2m"), {})) == []


# Whole = moved on = judged again


SOME = settings(derandomize=True, deadline=None, max_examples=150)


def whole(watches: Sequence[Watch], readings: Sequence[Slot]) -> list[Excursion]:
    return [e for watch in watches for e in engine.excursions(watch, readings)]


@SOME
@given(WORLDS, st.data())
def test_moving_on_in_any_batches_finds_what_the_whole_fold_finds(
    world: World, data: st.DataObject
) -> None:
    watches, readings = world.watches, slots(world.readings, 0.1)
    track = Track(at("0s", START), tuple(IDLE for _ in watches))
    final: dict[object, Stored] = {}
    while readings:
        size = data.draw(st.integers(1, len(readings)))
        batch, readings = readings[:size], readings[size:]
        result = move_on(watches, track, batch, advance)
        numbered = {
            s.excursion.identity: replace(s, id=s.id or len(final) + n + 1)
            for n, s in enumerate(result.changed)
        }
        assert all(not s.withdrawn for s in result.changed)
        assert all(final[i].id == s.id for i, s in numbered.items() if i in final)
        final |= numbered
        track = moved(result)
        settle(track, numbered)
    expected = whole(watches, slots(world.readings, 0.1))
    assert sorted(map(str, (s.excursion for s in final.values()))) == sorted(
        map(str, expected)
    )


class Late(NamedTuple):
    """A world of which some readings come late, and what is known without them."""

    new: Changes
    known: list[list[Stored]]
    refolds: list[Refold]
    slots: list[Slot]


def late(world: World, data: st.DataObject) -> Late:
    """Let up to three readings come late."""
    assume(world.readings)
    readings = slots(world.readings, 0.1)
    some = st.lists(st.sampled_from(readings), min_size=1, max_size=3, unique=True)
    new = sorted(data.draw(some), key=lambda reading: reading.time)
    before = [reading for reading in readings if reading not in new]
    predecessor = max((r.time for r in before if r.time < new[0].time), default=None)
    known: list[list[Stored]] = []
    refolds: list[Refold] = []
    for n, watch in enumerate(world.watches):
        found = engine.excursions(watch, before)
        known.append(
            [
                Stored(id=100 * n + m + 1, revision=1, alert=1, excursion=e)
                for m, e in enumerate(found)
            ]
        )
        refolds.append(Refold.of(watch, predecessor, new[0].time, known[-1]))
    return Late(appeared(new), known, refolds, readings)


def check_final(world: World, known: list[list[Stored]], result: Judgement) -> None:
    """With what has changed, the known excursions are those of the whole fold."""
    final = {s.id: s for of_watch in known for s in of_watch}
    for n, s in enumerate(result.changed):
        final[s.id or 1000 + n] = s
    live = [s.excursion for s in final.values() if not s.withdrawn]
    expected = whole(world.watches, slots(world.readings, 0.1))
    assert sorted(map(str, live)) == sorted(map(str, expected))


@SOME
@given(WORLDS, st.data())
def test_judging_again_withdraws_and_finds_what_differs(
    world: World, data: st.DataObject
) -> None:
    new, known, refolds, slots = late(world, data)
    result = judge_again(refolds, slots, new, advance)
    check_final(world, known, result)
    assert moved(result).newest == slots[-1].time
    for watch, state in zip(world.watches, moved(result).states, strict=True):
        full = IDLE
        for slot in slots:
            full, _ = advance(watch, full, slot)
        assert state == full


@settings(SOME, max_examples=400)
@given(WORLDS, st.data())
def test_judging_a_stretch_is_enough_where_it_says_so(
    world: World, data: st.DataObject
) -> None:
    new, known, refolds, slots = late(world, data)
    length = data.draw(st.integers(0, len(slots)))
    since = min((refold.anchor for refold in refolds), default=new.times[0])
    series = [slot for slot in slots if slot.time >= since]
    result = judge_stretch(refolds, series[:length], new, advance)
    if result is not None and world.watches:
        assert result.track is None
        check_final(world, known, result)
        copied = [
            (copy.start, copy.stop)
            for copy in copies(
                result, {s.excursion.identity: s for s in stored(result)}
            )
        ]
        for time in new.times:
            for excursion in whole(world.watches, slots):
                if excursion.start <= time <= (excursion.end or time):
                    assert any(a <= time <= (b or time) for a, b in copied)


def test_late_reading_is_judged_by_its_neighbourhood() -> None:
    text = "9 9 9 5 5 5 5 9 9 9 5 9 9 9"
    refolds = [Refold(WATCH, at("4m"), stored(again(text)))]
    new = run("5", "4m30s")
    series = sorted([*run(text), *new], key=lambda slot: slot.time)
    changes = appeared(new)
    assert judge_stretch(refolds, series[4:6], changes, advance) is None
    result = judge_stretch(refolds, series[4:7], changes, advance)
    assert result == Judgement(changes.times, None, [], [], again=True)


def test_excursion_that_goes_on_behind_the_stretch_stands_and_copies_what_is_new() -> (
    None
):
    text = "9 9 9 9 9 9.5 9 5"
    known = stored(again(text))
    new = run("9", "3m30s")
    series = sorted([*run(text), *new], key=lambda slot: slot.time)
    refolds = [Refold(WATCH, at("0s"), known)]
    result = judge_stretch(refolds, series[:6], appeared(new), advance)
    assert result is not None
    assert (result.found, result.changed) == (known, [])
    assert list(copies(result, {})) == [(3, 1, at("3m30s"), at("3m30s"))]


# Inside an excursion that lasts for long


def test_late_reading_in_a_long_excursion_goes_on_from_the_reading_before_it() -> None:
    known = stored(again("9 9.5 9x60"))
    refold = Refold.of(WATCH, at("40m"), at("40m30s"), known)
    assert refold.anchor == at("40m30s")
    new = run("9.7", "40m30s")
    series = sorted([*run("9 9.5 9x60"), *new], key=lambda slot: slot.time)[40:]
    result = judge_again([refold], series, appeared(new), advance)
    assert [(s.excursion.start, s.excursion.peak) for s in result.changed] == [
        (at("0s"), 9.7)
    ]
    assert [s.id for s in result.changed] == [7]


def test_where_it_may_only_have_been_pending_the_whole_of_it_is_judged() -> None:
    known = stored(again("9 bad 9 9 9"))
    refold = Refold.of(WATCH, at("1m"), at("1m30s"), known)
    assert (refold.anchor, refold.resumed) == (at("0s"), None)


def test_where_the_peak_came_later_the_whole_of_it_is_judged() -> None:
    known = stored(again("9x30 9.5 9x30"))
    assert Refold.of(WATCH, at("20m"), at("20m30s"), known).anchor == at("0s")
