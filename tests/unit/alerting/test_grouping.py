"""Which alert an excursion belongs to, and what has happened to an alert."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.grouping import (
    change,
    happenings,
    overlap,
    place_of,
    takes,
    takes_over,
)
from alerting.life_cycle import state, step
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


# Overlap


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ((0, 5), (3, 8), True),
        ((0, 5), (5, 8), True),
        ((0, 5), (6, 8), False),
        ((0, None), (100, 101), True),
        ((5, None), (0, 4), False),
        ((0, None), (5, None), True),
    ],
)
def test_overlap_counts_touching(
    one: tuple[float, float | None],
    other: tuple[float, float | None],
    expected: bool,
) -> None:
    assert overlap(an_excursion(*one), an_excursion(*other)) is expected
    assert overlap(an_excursion(*other), an_excursion(*one)) is expected


# Taking over


def test_excursion_takes_over_the_alert_of_the_earliest_it_replaces() -> None:
    first, second = replace(OPEN, id=1), replace(OPEN, id=2)
    withdrawn = [(an_excursion(6, 9), second), (an_excursion(2, 4), first)]
    assert place_of(an_excursion(1, 9), withdrawn, in_use=True) == first
    assert place_of(an_excursion(5, 9), withdrawn, in_use=True) == second
    assert place_of(an_excursion(10, 12), withdrawn, in_use=True) is None


def test_only_excursions_of_the_same_level_and_rule_are_replaced() -> None:
    other_level = an_excursion(0, 9, level="warning")
    other_rule = replace(an_excursion(0, 9), rule="other")
    withdrawn = [(other_level, OPEN), (other_rule, OPEN)]
    assert place_of(an_excursion(1, 9), withdrawn, in_use=True) is None


def test_what_is_in_use_does_not_take_over_a_suppressed_alert() -> None:
    suppressed = replace(OPEN, suppressed=True)
    withdrawn = [(an_excursion(0, 9), suppressed)]
    assert place_of(an_excursion(1, 9), withdrawn, in_use=True) is None
    assert place_of(an_excursion(1, 9), withdrawn, in_use=False) == suppressed
    told = [(an_excursion(0, 9), OPEN)]
    assert place_of(an_excursion(1, 9), told, in_use=False) == OPEN


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
    return happenings(head, live, joined=joined)


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


def test_without_excursions_it_is_withdrawn() -> None:
    for head in (OPEN, ACKNOWLEDGED, RETURNED, CLOSED):
        assert events(head) == [(Event.WITHDRAWN, None)]


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
    if not head.entries and not live:
        return
    joined = max((excursion.severity for excursion in new), default=None)
    for event, severity in happenings(head, live, joined=joined):
        at = OPENED + timedelta(hours=1)
        head, _ = step(head, event, at=at, actor=SYSTEM, severity=severity)
    after = state(head)
    assert after is not None
    if not live:
        assert after.signal == "withdrawn"
        return
    assert head.severity == max(excursion.severity for excursion in live)
    still_open = any(excursion.end is None for excursion in live)
    assert after.signal == ("active" if still_open else "returned")
