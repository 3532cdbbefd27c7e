from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.life_cycle import COMMANDS, TABLE, joining, possible, replay, state
from domain.alerts import Alert, Event, JournalEntry, State
from domain.errors import CommandError
from domain.rules import Severity
from tests.examples import ALERT, OPENED, happen, journal, minutes

GRID = """
     opened worsened eased returned recurred revised withdrawn merged acknowledged
--   AU     .        .     .        .        .       .         .      .
AU   .      AU       AU    RU       AU       AU      WU        MU     AA
AA   .      AU       AA    RA       AA       AA      WA        MA     .
RU   .      RU       RU    .        AU       RU      WU        MU     RA
RA   .      .        RA    .        .        RA      WA        MA     .
WU   .      .        .     .        .        .       .         .      .
WA   .      .        .     .        .        .       .         .      .
MU   .      .        .     .        .        .       .         .      .
MA   .      .        .     .        .        .       .         .      .
"""
SHORT = {
    "--": None,
    "AU": State.ACTIVE_UNACKNOWLEDGED,
    "AA": State.ACTIVE_ACKNOWLEDGED,
    "RU": State.RETURNED_UNACKNOWLEDGED,
    "RA": State.RETURNED_ACKNOWLEDGED,
    "WU": State.WITHDRAWN_UNACKNOWLEDGED,
    "WA": State.WITHDRAWN_ACKNOWLEDGED,
    "MU": State.MERGED_UNACKNOWLEDGED,
    "MA": State.MERGED_ACKNOWLEDGED,
}
SEVERITY = {Event.WORSENED: Severity.CRITICAL, Event.EASED: Severity.MINOR}
"""Of an alert that was major."""


def cases() -> Iterator[tuple[str, Event, str]]:
    header, *rows = GRID.strip().splitlines()
    for row in rows:
        old, *cells = row.split()
        for name, cell in zip(header.split(), cells, strict=True):
            yield old, Event(name), cell


def head_in(short: str) -> Alert:
    if short == "--":
        return ALERT
    return replace(
        ALERT,
        entries=4,
        returned_at=minutes(1) if short[0] == "R" else None,
        withdrawn_at=minutes(3) if short[0] in "WM" else None,
        merged_into=3 if short[0] == "M" else None,
        acknowledged_at=minutes(2) if short[1] == "A" else None,
    )


@pytest.mark.parametrize(("old", "event", "new"), list(cases()))
def test_every_event_in_every_state_does_what_the_grid_says(
    old: str, event: Event, new: str
) -> None:
    head = head_in(old)
    assert state(head) == SHORT[old]
    if new == ".":
        with pytest.raises(CommandError):
            happen(head, event, severity=SEVERITY.get(event))
        return
    after, entry = happen(head, event, severity=SEVERITY.get(event))
    assert state(after) == entry.new_state == SHORT[new]
    assert entry.old_state == SHORT[old]
    assert entry.n == after.entries == head.entries + 1
    assert entry.severity == after.severity == SEVERITY.get(event, Severity.MAJOR)


def test_the_grid_covers_the_whole_table() -> None:
    assert set(SHORT.values()) == {None, *State} == set(TABLE)
    assert len(list(cases())) == len(SHORT) * len(Event)


def test_times_are_kept_as_facts() -> None:
    head, _ = happen(ALERT, Event.OPENED)
    head, _ = happen(head, Event.ACKNOWLEDGED, actor="王芳")
    head, _ = happen(head, Event.RETURNED)
    assert (head.opened_at, head.acknowledged_at) == (OPENED, minutes(1))
    assert head.returned_at == minutes(2)


def test_what_was_acknowledged_and_returned_stays_on_record_when_it_is_withdrawn() -> (
    None
):
    head, _ = happen(head_in("RA"), Event.WITHDRAWN)
    assert (head.returned_at, head.acknowledged_at) == (minutes(1), minutes(2))
    assert not head.live


def test_what_merged_says_into_which_and_since_when_and_is_not_live() -> None:
    head, _ = happen(head_in("RA"), Event.MERGED)
    assert (head.merged_into, head.withdrawn_at) == (3, minutes(4))
    assert not head.live


def test_recurrence_after_the_return_makes_active_and_unacknowledged() -> None:
    head, _ = happen(head_in("RU"), Event.RECURRED)
    assert (head.returned_at, head.acknowledged_at) == (None, None)


@pytest.mark.parametrize("event", [Event.RECURRED, Event.RETURNED, Event.REVISED])
def test_a_rise_in_severity_takes_an_acknowledgement_away_whatever_the_event(
    event: Event,
) -> None:
    head, entry = happen(head_in("AA"), event, severity=Severity.CRITICAL)
    assert head.acknowledged_at is None
    assert entry.new_state.answer == "unacknowledged"


def test_a_refusal_says_what_is_possible_now_in_both_languages() -> None:
    with pytest.raises(CommandError) as refused:
        happen(head_in("RU"), Event.RETURNED)
    assert "告警 7 当前为“已恢复·未确认”" in str(refused.value)
    assert "Alert 7 is returned, unacknowledged" in str(refused.value)
    assert "possible now: acknowledge" in str(refused.value)


def test_acknowledging_is_possible_exactly_where_the_table_allows_it() -> None:
    allowed = [name for name in SHORT if possible(head_in(name)) == ("acknowledge",)]
    assert allowed == ["AU", "RU"]
    assert all(possible(head_in(name)) == () for name in set(SHORT) - {"AU", "RU"})
    assert set(COMMANDS.values()) == {Event.ACKNOWLEDGED}


@pytest.mark.parametrize(
    ("head", "severity", "event"),
    [
        ("AA", Severity.MAJOR, Event.RECURRED),
        ("AA", Severity.CRITICAL, Event.WORSENED),
        ("RU", Severity.CRITICAL, Event.RECURRED),
        ("RA", Severity.CRITICAL, None),
        ("WU", Severity.MINOR, None),
        ("MA", Severity.MINOR, None),
    ],
)
def test_a_further_excursion_joins_worsens_or_opens_a_successor(
    head: str, severity: Severity, event: Event | None
) -> None:
    assert joining(head_in(head), severity) == event


@given(st.lists(st.tuples(st.sampled_from(Event), st.sampled_from(Severity))))
def test_replaying_a_journal_gives_the_state_of_its_alert(
    wishes: list[tuple[Event, Severity]],
) -> None:
    head, entries = ALERT, list[JournalEntry]()
    for event, severity in wishes:
        try:
            head, entry = happen(head, event, severity=severity)
        except CommandError:
            continue
        entries.append(entry)
    assert replay(entries) == state(head)


def test_an_empty_journal_has_no_state() -> None:
    assert replay([]) is None


def test_replay_names_the_first_entry_that_is_missing() -> None:
    entries = journal(Event.OPENED, Event.ACKNOWLEDGED, Event.RETURNED)
    with pytest.raises(ValueError, match="alert 7, entry 2"):
        replay([entries[0], entries[2]])


def test_replay_names_an_entry_that_says_what_the_table_does_not() -> None:
    opened, returned = journal(Event.OPENED, Event.RETURNED)
    forged = replace(returned, new_state=State.RETURNED_ACKNOWLEDGED)
    with pytest.raises(ValueError, match="entry 2"):
        replay([opened, forged])
