from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.life.life_cycle import COMMANDS, TABLE, joining, possible, replay, state
from domain.alerts import Alert, Event, JournalEntry, State
from domain.errors import CommandError
from domain.rules import Severity
from tests.examples import ALERT, OPENED, happen, journal, minutes

GRID = """
     opened worsened eased returned recurred revised withdrawn merged acknowledged assigned answered sent-back closed
--   AU     .        .     .        .        .       .         .      .            .        .        .         .
AU   .      AU       AU    RU       AU       AU      WU        MU     AK           .        .        .         .
AK   .      AU       AK    RK       AK       AK      WK        MK     .            AS       AN       .         .
AS   .      AU       AS    RS       AS       AS      WS        MS     .            AS       AN       .         .
AN   .      AU       AN    RN       AS       AN      WN        MN     .            AS       AN       AS        .
RU   .      RU       RU    .        AU       RU      WU        MU     RK           .        .        .         .
RK   .      .        RK    .        .        RK      WK        MK     .            RS       RN       .         .
RS   .      .        RS    .        .        RS      WS        MS     .            RS       RN       .         .
RN   .      .        RN    .        .        RN      WN        MN     .            RS       RN       RS        RC
RC   .      .        RC    .        .        RC      WC        MC     .            .        .        .         .
"""
"""Of an alert that is major, and an enterprise's."""
DEAD = [f"{signal}{work}" for signal in "WM" for work in "UKSNC"]
STAYING = ("shelved", "unshelved", "overdue", "commented")
WORK = {
    "U": "unacknowledged",
    "K": "acknowledged",
    "S": "assigned",
    "N": "answered",
    "C": "closed",
}
SIGNAL = {"A": "active", "R": "returned", "W": "withdrawn", "M": "merged"}
SHORT: dict[str, State | None] = {"--": None} | {
    f"{s}{w}": State(f"{SIGNAL[s]}-{WORK[w]}")
    for s in SIGNAL
    for w in WORK
    if (s, w) != ("A", "C")
}
SEVERITY = {Event.WORSENED: Severity.CRITICAL, Event.EASED: Severity.MINOR}
"""Of an alert that was major."""


def cases() -> Iterator[tuple[str, Event, str]]:
    header, *rows = GRID.strip().splitlines()
    dead = [" ".join([short] + ["."] * len(header.split())) for short in DEAD]
    for row in [*rows, *dead]:
        old, *cells = row.split()
        for name, cell in zip(header.split(), cells, strict=True):
            yield old, Event(name), cell
        for name in STAYING:
            stays = old != "--" and (
                name == "commented" or (old[0] in "AR" and old != "RC")
            )
            yield old, Event(name), old if stays else "."


def head_in(short: str) -> Alert:
    """Overdue and shelved, so that each event that asks for that can happen."""
    if short == "--":
        return ALERT
    signal, work = short
    done = "UKSNC".index(work)
    return replace(
        ALERT,
        entries=4,
        raised_at=OPENED,
        returned_at=minutes(1) if signal == "R" else None,
        withdrawn_at=minutes(3) if signal in "WM" else None,
        merged_into=3 if signal == "M" else None,
        acknowledged_at=minutes(2) if done >= 1 else None,
        assigned_at=minutes(2) if done >= 2 else None,
        assignee="li" if done >= 2 else None,
        answered_at=minutes(3) if done >= 3 else None,
        closed_at=minutes(3) if done >= 4 else None,
        shelved_until=minutes(60),
        due_at=minutes(3),
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
    head, _ = happen(head_in("RK"), Event.WITHDRAWN)
    assert (head.returned_at, head.acknowledged_at) == (minutes(1), minutes(2))
    assert not head.live


def test_what_merged_says_into_which_and_since_when_and_is_not_live() -> None:
    head, _ = happen(head_in("RK"), Event.MERGED)
    assert (head.merged_into, head.withdrawn_at) == (3, minutes(4))
    assert not head.live


def test_recurrence_after_the_return_makes_active_and_unacknowledged() -> None:
    head, _ = happen(head_in("RU"), Event.RECURRED)
    assert (head.returned_at, head.acknowledged_at) == (None, None)


@pytest.mark.parametrize("event", [Event.RECURRED, Event.RETURNED, Event.REVISED])
def test_a_rise_in_severity_takes_an_acknowledgement_away_whatever_the_event(
    event: Event,
) -> None:
    head, entry = happen(head_in("AK"), event, severity=Severity.CRITICAL)
    assert head.acknowledged_at is None
    assert entry.new_state.work == "unacknowledged"


def test_a_refusal_says_what_is_possible_now_in_both_languages() -> None:
    with pytest.raises(CommandError) as refused:
        happen(head_in("RU"), Event.RETURNED)
    assert "告警 7 当前为“已恢复·未确认”" in str(refused.value)
    assert "Alert 7 is returned, unacknowledged" in str(refused.value)
    assert "possible now: acknowledge" in str(refused.value)


@pytest.mark.parametrize("short", [name for name in SHORT if name != "--"])
def test_the_commands_that_are_possible_are_those_that_succeed(short: str) -> None:
    head = head_in(short)
    for name, event in COMMANDS.items():
        if name in possible(head):
            happen(head, event)
        else:
            with pytest.raises(CommandError, match="possible now"):
                happen(head, event)


@pytest.mark.parametrize("short", ["RK", "RS"])
@pytest.mark.parametrize(
    "other", [{"severity": Severity.MINOR}, {"enterprise": None}], ids=str
)
def test_minor_alerts_and_those_of_the_box_are_closed_without_an_answer(
    short: str, other: dict[str, Any]
) -> None:
    after, _ = happen(replace(head_in(short), **other), Event.CLOSED)
    assert state(after) == State.RETURNED_CLOSED


def test_nobody_answers_for_the_box() -> None:
    with pytest.raises(CommandError):
        happen(replace(head_in("AK"), enterprise=None), Event.ANSWERED)


def test_a_rise_ends_the_shelving_and_makes_all_deadlines_run_anew() -> None:
    head, _ = happen(head_in("AN"), Event.WORSENED, severity=Severity.CRITICAL)
    assert (head.shelved_until, head.raised_at) == (None, minutes(4))
    assert head.due_at == minutes(4 + 15)


def test_a_further_excursion_asks_again_for_an_answer() -> None:
    head, _ = happen(head_in("AN"), Event.RECURRED)
    assert state(head) == State.ACTIVE_ASSIGNED
    assert (head.answered_at, head.assignee) == (None, "li")


def test_the_revision_counts_what_a_command_must_not_run_into() -> None:
    head = head_in("AS")
    for event in (Event.REVISED, Event.COMMENTED, Event.RECURRED, Event.OVERDUE):
        head, _ = happen(head, event)
    assert head.revision == 0
    for event in (Event.SHELVED, Event.UNSHELVED, Event.ASSIGNED, Event.ANSWERED):
        head, _ = happen(head, event, actor="li")
    head, _ = happen(head, Event.RECURRED)
    head, _ = happen(head, Event.WORSENED, severity=Severity.CRITICAL)
    assert head.revision == 6


def test_relief_that_comes_by_itself_rejects_no_command() -> None:
    head = head_in("AU")
    for event in (Event.EASED, Event.UNSHELVED, Event.RETURNED):
        head, _ = happen(head, event, severity=SEVERITY.get(event))
    assert head.revision == 0
    head, _ = happen(head, Event.RECURRED)
    assert head.revision == 1, "it is active again: a new danger"


def test_a_return_that_is_worse_after_all_rejects_commands() -> None:
    head, _ = happen(head_in("AU"), Event.RETURNED, severity=Severity.CRITICAL)
    assert head.revision == 1


@pytest.mark.parametrize(
    ("head", "severity", "event"),
    [
        ("AK", Severity.MAJOR, Event.RECURRED),
        ("AK", Severity.CRITICAL, Event.WORSENED),
        ("RU", Severity.CRITICAL, Event.RECURRED),
        ("RK", Severity.CRITICAL, None),
        ("WU", Severity.MINOR, None),
        ("MK", Severity.MINOR, None),
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
