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
        begin = m(-behind)
        start = Listened(watermark=begin, since=begin, unbroken=begin)
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

    def rounds(self, *seconds: float) -> list[datetime]:
        """Watermarks of rounds in which nothing waits."""
        return [self.round(second).watermark for second in seconds]


def test_the_watermark_is_what_a_connection_has_outlived_by_a_moment() -> None:
    share = Share()
    assert share.rounds(1, 1.5, 2, 2.5, 3) == [m(0), m(0), m(1), m(1), m(2)]
    assert share.listening.listened.since == m(0)


def test_the_watermark_stands_still_without_the_broker_and_a_moment_longer() -> None:
    share = Share()
    share.rounds(1, 2)
    assert share.round(2.5, connected=False).watermark == m(1)
    assert share.rounds(3, 3.9, 4) == [m(1), m(1), m(3)]


def test_what_was_said_right_before_the_connection_broke_is_not_confirmed() -> None:
    share = Share()
    share.rounds(1, 2)
    listened = share.round(3, connected=False)
    assert (listened.watermark, listened.unbroken) == (m(1), m(2))
    share.rounds(4, 5)
    assert share.listening.listened.unbroken == m(5)
    share.rounds(6, 7)
    assert share.listening.listened.unbroken == m(5)


def test_the_watermark_stands_still_while_a_backlog_is_taken_in() -> None:
    share = Share()
    share.rounds(1, 2)
    assert share.round(3, waiting=1.0, drained=2.9).watermark == m(1)
    assert share.round(4, waiting=0.1, drained=3.9).watermark == m(1)
    assert share.rounds(5) == [m(3.9)]
    assert share.listening.listened.unbroken == m(2), "the connection held"


def test_under_a_steady_load_the_watermark_follows_what_is_committed() -> None:
    share = Share()
    share.rounds(1, 2)
    for second in range(3, 100):
        listened = share.round(second, waiting=0.1, drained=second - 0.5)
        assert listened.deaf is None
    assert share.listening.listened.watermark == m(97.5)


def test_a_batch_that_left_something_behind_moves_nothing() -> None:
    share = Share()
    share.rounds(1, 2)
    assert share.round(3, waiting=0.1, drained=None).watermark == m(1)


def test_the_watermark_never_goes_back() -> None:
    share = Share(behind=-5)
    assert share.rounds(1, 2, 3) == [m(5)] * 3


def test_deafness_begins_after_the_limit_and_ends_when_the_share_listens_again() -> (
    None
):
    share = Share()
    share.rounds(1, 2)
    assert share.round(12, connected=False).deaf is None
    assert share.round(12.5, connected=False).deaf == Deafness(start=m(1), end=None)
    assert share.round(20, connected=False).deaf == Deafness(start=m(1), end=None)
    assert share.round(22).deaf == Deafness(start=m(1), end=None)
    listened = share.round(23)
    assert listened.deaf == Deafness(start=m(1), end=m(23))
    assert (listened.watermark, listened.since) == (m(22), m(23))
    assert share.round(24).since == m(23)


def test_a_short_interruption_is_no_deafness() -> None:
    share = Share()
    share.rounds(1, 2)
    share.round(5, connected=False)
    share.rounds(6, 7)
    listened = share.listening.listened
    assert (listened.deaf, listened.since) == (None, m(0))


def test_rounds_that_do_not_end_are_deafness_too() -> None:
    """The database was away: found when a round ends again."""
    share = Share()
    share.rounds(1, 2)
    listened = share.round(60)
    assert listened.deaf == Deafness(start=m(1), end=m(60))
    assert (listened.watermark, listened.since) == (m(2), m(60))


def test_time_before_a_restart_counts() -> None:
    share = Share(behind=30)
    assert share.round(0.5, connected=False).deaf == Deafness(start=m(-30), end=None)
    share.round(1)
    assert share.round(2).deaf == Deafness(start=m(-30), end=m(2))
    assert Share(behind=3).round(1).deaf is None
