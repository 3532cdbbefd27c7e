"""Is the box well? Judged by our own clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from dashboard.pulse import Reason, State, Watch
from storage.overview import Heartbeat

FAR = datetime(2031, 1, 1, tzinfo=UTC)
"""The ingestor's clock may say what it likes."""
BEAT = Heartbeat(
    share="main",
    beat_at=FAR,
    connected=True,
    intake_at=FAR - timedelta(seconds=7),
    waiting=3,
)


def beat(after: float, **changes: object) -> Heartbeat:
    """The heartbeat, so many seconds later."""
    return replace(BEAT, beat_at=FAR + timedelta(seconds=after), **changes)


def watched(*beats: Heartbeat) -> Watch:
    """Having seen these beats at 0, 1, 2 … seconds."""
    watch = Watch(quiet_after=60, elapsed=0)
    for elapsed, one in enumerate(beats):
        watch.see([one], elapsed)
    return watch


def test_nothing_is_said_before_a_heartbeat_moved() -> None:
    assert watched(BEAT).judge(0).state is State.STARTING


def test_a_moving_heartbeat_is_well_whatever_its_clock_says() -> None:
    pulse = watched(BEAT, beat(1)).judge(1.5)
    assert (pulse.state, pulse.waiting) == (State.WELL, 3)
    assert pulse.age == 8.5


def test_a_heartbeat_that_stands_still_is_a_dead_ingestor() -> None:
    watch = watched(BEAT, beat(1))
    for elapsed in range(2, 8):
        watch.see([beat(1)], elapsed)
        expected = State.WELL if elapsed <= 6 else State.DEAF
        assert watch.judge(elapsed).state is expected
    assert watch.judge(7).reason is Reason.INGESTOR


def test_a_heartbeat_that_moves_backwards_does_not_count() -> None:
    watch = watched(BEAT, beat(1))
    for elapsed in range(2, 8):
        watch.see([beat(-60 + elapsed)], elapsed)
    assert watch.judge(7).reason is Reason.INGESTOR


def test_no_heartbeat_at_all_is_deaf() -> None:
    watch = Watch(quiet_after=60, elapsed=0)
    assert watch.judge(1).state is State.STARTING
    watch.see([], 1)
    assert watch.judge(1).reason is Reason.NO_INGESTOR


def test_a_database_that_does_not_answer_is_deaf() -> None:
    assert watched(BEAT, beat(1)).judge(4.5).reason is Reason.DATABASE


def test_a_broker_that_is_away_is_deaf() -> None:
    assert watched(BEAT, beat(1, connected=False)).judge(1).reason is Reason.BROKER


def test_no_intake_for_long_is_quiet() -> None:
    long_ago = FAR - timedelta(seconds=61)
    assert watched(BEAT, beat(1, intake_at=long_ago)).judge(1).state is State.QUIET
    assert watched(BEAT, beat(1, intake_at=None)).judge(1).state is State.QUIET


def test_the_worst_share_counts() -> None:
    watch = Watch(quiet_after=60, elapsed=0)
    for elapsed in range(8):
        watch.see([beat(elapsed), replace(BEAT, share="north")], elapsed)
    pulse = watch.judge(7)
    assert (pulse.reason, pulse.share) == (Reason.INGESTOR, "north")
