"""Which alert an excursion belongs to, and what has happened to an alert."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.following.grouping import (
    Known,
    change,
    happenings,
    over,
    place_of,
    takes,
    takes_over,
)
from alerting.life.life_cycle import state, step
from domain.alerts import SYSTEM, Alert, Event
from domain.excursions import Excursion
from domain.rules import Severity
from tests.examples import ALERT, EXCURSION, OPENED, minutes

MINOR, MAJOR, CRITICAL = Severity
OPEN = replace(ALERT, entries=3)
ACKNOWLEDGED = replace(OPEN, acknowledged_at=minutes(1))
RETURNED = replace(OPEN, returned_at=minutes(2))
CLOSED = replace(RETURNED, acknowledged_at=minutes(1))
"""Heads of a major alert."""


def an_excursion(
    start: float = 0,
    end: float | None = None,
    severity: Severity = MAJOR,
    level: str = "excursion",
) -> Excursion:
    return replace(
        EXCURSION,
        start=minutes(start),
        end=None if end is None else minutes(end),
        severity=severity,
        level=level,
    )


# Taking a place


def known(
    start: float,
    until: float,
    alert: Alert = OPEN,
    *,
    level: str = "excursion",
    rule: str = ALERT.rule,
) -> Known:
    """What people knew from `start` to `until`; it ended then, or was open."""
    excursion = replace(an_excursion(start, level=level), rule=rule)
    return Known(excursion=excursion, until=minutes(until), alert=alert)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (3, 8, True),
        (4, None, True),
        (5, 8, False),
        (5, None, False),
        (-9, 0, False),
        (-9, 1, True),
        (-9, 99, True),
        (-9, None, True),
    ],
)
def test_what_shares_a_moment_with_what_was_known_takes_its_place(
    start: float, end: float | None, expected: bool
) -> None:
    assert known(0, 5).gives_way_to(an_excursion(start, end)) is expected


def test_only_excursions_of_the_same_level_and_rule_take_a_place() -> None:
    assert not known(0, 9, level="warning").gives_way_to(an_excursion(1, 9))
    assert not known(0, 9, rule="other").gives_way_to(an_excursion(1, 9))


def place(
    excursion: Excursion,
    *replaced: Known,
    own: Alert | None = None,
    in_use: bool = True,
) -> Alert | None:
    return place_of(excursion, own, replaced, in_use=in_use)


def test_it_takes_over_the_alert_of_the_earliest_whose_place_it_takes() -> None:
    first, second = replace(OPEN, id=1), replace(OPEN, id=2)
    assert place(an_excursion(1), known(6, 9, second), known(2, 4, first)) == first
    assert place(an_excursion(1)) is None


def test_unclosed_alerts_come_before_closed_ones() -> None:
    first, second = replace(CLOSED, id=1), replace(RETURNED, id=2)
    both = known(2, 4, first), known(6, 9, second)
    assert place(an_excursion(1), *both) == second
    assert place(an_excursion(1, 9), *both) == second
    assert place(an_excursion(2, 9), *both, own=first) == second


def test_of_closed_alerts_the_earliest_is_corrected_about_the_past_and_no_more() -> (
    None
):
    both = known(2, 4, replace(CLOSED, id=1)), known(6, 9, replace(CLOSED, id=2))
    corrected = place(an_excursion(1, 9), *both)
    assert corrected is not None
    assert corrected.id == 1
    assert place(an_excursion(1), *both) is None
    assert place(an_excursion(1, 9, CRITICAL), *both) is None


def test_what_goes_on_after_all_stays_with_its_alert_unless_that_is_closed() -> None:
    """A conflict made the clearing slot violate: the excursion has no end any more."""
    for head in (OPEN, ACKNOWLEDGED, RETURNED):
        assert place(an_excursion(0), known(0, 5, head), own=head) == head
    assert place(an_excursion(0), known(0, 5, CLOSED), own=CLOSED) is None
    assert place(an_excursion(0, 9), known(0, 5, CLOSED), own=CLOSED) == CLOSED


def test_its_own_alert_comes_before_others() -> None:
    first, own = replace(OPEN, id=1), replace(OPEN, id=2)
    other, itself = known(0, 6, first), known(5, 9, own)
    assert place(an_excursion(5), other, itself, own=own) == own


def test_what_is_in_use_does_not_take_over_a_suppressed_alert() -> None:
    suppressed = replace(OPEN, suppressed=True)
    assert place(an_excursion(1, 9), known(0, 9, suppressed)) is None
    taken = place(an_excursion(1, 9), known(0, 9, suppressed), in_use=False)
    assert taken == suppressed
    assert place(an_excursion(1, 9), known(0, 9), in_use=False) == OPEN


def test_closed_alert_is_taken_over_for_the_past_only() -> None:
    assert takes_over(CLOSED, an_excursion(0, 5))
    assert takes_over(CLOSED, an_excursion(0, 5, MINOR))
    assert not takes_over(CLOSED, an_excursion(0, 5, CRITICAL))
    assert not takes_over(CLOSED, an_excursion(0, None))
    assert takes_over(RETURNED, an_excursion(0, None, CRITICAL))


def test_alert_takes_further_excursions_until_it_is_closed() -> None:
    taking = [ALERT, OPEN, ACKNOWLEDGED, RETURNED]
    assert all(takes(head, an_excursion()) for head in taking)
    assert not takes(CLOSED, an_excursion())
    assert not takes(replace(OPEN, withdrawn_at=OPENED), an_excursion())


# What has happened


def events(
    head: Alert, *live: Excursion, joined: Severity | None = None
) -> list[tuple[Event, Severity | None]]:
    severity = max(excursion.severity for excursion in live)
    return happenings(head, severity, active=not over(live), joined=joined)


def test_opened_with_the_worst_severity() -> None:
    live = [an_excursion(severity=MINOR), an_excursion(severity=CRITICAL)]
    assert events(ALERT, *live, joined=CRITICAL) == [(Event.OPENED, CRITICAL)]


def test_opened_and_returned_if_all_is_over_already() -> None:
    found = events(ALERT, an_excursion(0, 5), joined=MAJOR)
    assert found == [(Event.OPENED, MAJOR), (Event.RETURNED, None)]


def test_the_end_of_the_last_excursion_is_told_as_the_return_and_nothing_else() -> None:
    assert events(OPEN, an_excursion(0, 5)) == [(Event.RETURNED, None)]
    still = [an_excursion(0, 5), an_excursion(1)]
    assert events(OPEN, *still) == [(Event.REVISED, MAJOR)]


@pytest.mark.parametrize(
    ("head", "severity", "joined", "active", "event"),
    [
        (OPEN, MAJOR, None, True, Event.REVISED),
        (OPEN, CRITICAL, CRITICAL, True, Event.WORSENED),
        (OPEN, CRITICAL, None, True, Event.WORSENED),
        (OPEN, MAJOR, MAJOR, True, Event.RECURRED),
        (OPEN, MAJOR, MINOR, True, Event.REVISED),
        (OPEN, MINOR, None, True, Event.EASED),
        (OPEN, MINOR, MINOR, True, Event.EASED),
        (RETURNED, MAJOR, MINOR, True, Event.RECURRED),
        (RETURNED, MAJOR, MAJOR, False, Event.RECURRED),
        (RETURNED, MAJOR, None, True, Event.RECURRED),
        (RETURNED, CRITICAL, None, False, Event.WORSENED),
        (RETURNED, MAJOR, None, False, Event.REVISED),
        (CLOSED, MAJOR, None, False, Event.REVISED),
        (CLOSED, MINOR, None, False, Event.EASED),
    ],
)
def test_what_has_happened_in_one_word(
    head: Alert, severity: Severity, joined: Severity | None, active: bool, event: Event
) -> None:
    assert change(head, severity, joined=joined, active=active) is event


def test_late_excursion_that_is_over_recurs_and_returns() -> None:
    found = events(RETURNED, an_excursion(0, 5), joined=MAJOR)
    assert found == [(Event.RECURRED, MAJOR), (Event.RETURNED, None)]


EXCURSIONS = st.builds(
    an_excursion,
    st.integers(0, 5),
    st.none() | st.integers(5, 9),
    st.sampled_from(Severity),
)


@given(
    st.sampled_from([ALERT, OPEN, ACKNOWLEDGED, RETURNED, CLOSED]),
    st.lists(EXCURSIONS, max_size=3),
    st.lists(EXCURSIONS, max_size=2),
)
def test_life_cycle_allows_all_that_happens_and_ends_where_the_excursions_are(
    head: Alert, stayed: list[Excursion], new: list[Excursion]
) -> None:
    """`stayed` were in the alert or took the place of what was; `new` joined."""
    new = [excursion for excursion in new if takes(head, excursion)]
    if not head.entries:
        stayed = []
    stayed = [excursion for excursion in stayed if takes_over(head, excursion)]
    live = [*stayed, *new]
    if not live:
        return
    joined = max((excursion.severity for excursion in new), default=None)
    for event, severity in events(head, *live, joined=joined):
        at = OPENED + timedelta(hours=1)
        head, _ = step(head, event, at=at, actor=SYSTEM, severity=severity)
    after = state(head)
    assert after is not None
    assert head.severity == max(excursion.severity for excursion in live)
    assert after.signal == ("returned" if over(live) else "active")
