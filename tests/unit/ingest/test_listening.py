"""The watermark of a share and its deafness, round by round.

Real seconds and domain minutes pass together: round(s) ends at second and minute s.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.listened import Deafness, Listened
from ingest.listening import Listening
from tests.series import at


def m(minutes: float) -> datetime:
    return at("0s") + timedelta(minutes=minutes)


class Share:
    """A share that began to listen at 0 and is deaf after 10 s."""

    def __init__(self, behind: float = 0.0) -> None:
        start = Listened(watermark=m(-behind), since=m(-behind))
        self.listening = Listening(start, limit=10.0, elapsed=0.0, behind=behind)

    def round(
        self,
        second: float,
        *,
        connected: bool = True,
        waiting: float = 0.0,
        drained: float | None = None,
    ) -> Listened:
        return self.listening.after_round(
            connected=connected,
            waiting=waiting,
            drained_at=None if drained is None else m(drained),
            now=m(second),
            elapsed=second,
        )


def test_the_watermark_is_now_while_nothing_waits() -> None:
    share = Share()
    assert [share.round(s).watermark for s in (1, 2, 3)] == [m(1), m(2), m(3)]
    assert share.listening.listened.since == m(0)


def test_the_watermark_stands_still_without_the_broker_and_a_moment_longer() -> None:
    share = Share()
    share.round(1)
    assert share.round(2, connected=False).watermark == m(1)
    assert share.round(2.5).watermark == m(1), "what waited may still be on its way"
    assert share.round(3).watermark == m(3)


def test_the_watermark_stands_still_while_a_backlog_is_taken_in() -> None:
    share = Share()
    share.round(1)
    assert share.round(2, waiting=1.0, drained=1.9).watermark == m(1)
    assert share.round(2.5, waiting=0.1, drained=2.4).watermark == m(1)
    assert share.round(2.9).watermark == m(1)
    assert share.round(3.1).watermark == m(3.1)


def test_under_a_steady_load_the_watermark_follows_what_is_committed() -> None:
    share = Share()
    share.round(1)
    for second in range(2, 100):
        listened = share.round(second, waiting=0.1, drained=second - 0.5)
        assert (listened.watermark, listened.deaf) == (m(second - 0.5), None)


def test_a_batch_that_left_something_behind_moves_nothing() -> None:
    share = Share()
    share.round(1)
    assert share.round(2, waiting=0.1, drained=None).watermark == m(1)


def test_the_watermark_never_goes_back() -> None:
    share = Share()
    share.round(5)
    assert share.round(6, waiting=0.1, drained=4).watermark == m(5)


def test_deafness_begins_after_the_limit_and_ends_when_the_share_listens_again() -> (
    None
):
    share = Share()
    share.round(1)
    assert share.round(11, connected=False).deaf is None
    assert share.round(11.5, connected=False).deaf == Deafness(start=m(1), end=None)
    assert share.round(20, connected=False).deaf == Deafness(start=m(1), end=None)
    listened = share.round(22)
    assert listened.deaf == Deafness(start=m(1), end=m(22))
    assert (listened.watermark, listened.since) == (m(22), m(22))
    assert share.round(23).since == m(22)


def test_a_short_interruption_is_no_deafness() -> None:
    share = Share()
    share.round(1)
    share.round(5, connected=False)
    listened = share.round(6)
    assert (listened.deaf, listened.since) == (None, m(0))


def test_rounds_that_do_not_end_are_deafness_too() -> None:
    """The database was away: found when a round ends again."""
    share = Share()
    share.round(1)
    assert share.round(60).deaf == Deafness(start=m(1), end=m(60))


def test_time_before_a_restart_counts() -> None:
    share = Share(behind=30)
    assert share.round(0.5, connected=False).deaf == Deafness(start=m(-30), end=None)
    listened = share.round(2)
    assert listened.deaf == Deafness(start=m(-30), end=m(2))
    assert Share(behind=3).round(1).deaf is None
