from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from alerting.life.commands import decide
from alerting.life.forms import FORMS, LONGEST, checked, digest
from alerting.life.life_cycle import COMMANDS, state
from domain.alerts import State
from domain.errors import CommandError, ForbiddenError, InputError, StaleError
from domain.people import Person, Role
from domain.rules import Severity
from tests.examples import (
    ADMINISTRATOR,
    AUDITOR,
    ENTERPRISE,
    SUPERVISOR,
    command,
    minutes,
)
from tests.unit.alerting.test_life_cycle import SHORT, head_in

NOW = minutes(30)
GRID = """
           acknowledge assign answer send-back close shelve unshelve comment
supervisor
AU         AK          .      !      .         .     AU     AU       AU
AK         .           AS     !      .         .     AK     AK       AK
AS         .           AS     !      .         .     AS     AS       AS
AN         .           AS     !      AS        .     AN     AN       AN
RU         RK          .      !      .         .     RU     RU       RU
RK         .           RS     !      .         .     RK     RK       RK
RS         .           RS     !      .         .     RS     RS       RS
RN         .           RS     !      RS        RC    RN     RN       RN
RC         .           .      !      .         .     .      .        RC
WU         .           .      !      .         .     .      .        WU
WK         .           .      !      .         .     .      .        WK
WS         .           .      !      .         .     .      .        WS
WN         .           .      !      .         .     .      .        WN
WC         .           .      !      .         .     .      .        WC
MU         .           .      !      .         .     .      .        MU
MK         .           .      !      .         .     .      .        MK
MS         .           .      !      .         .     .      .        MS
MN         .           .      !      .         .     .      .        MN
MC         .           .      !      .         .     .      .        MC
enterprise
AU         !           !      .      !         !     !      !        AU
AK         !           !      AN     !         !     !      !        AK
AS         !           !      AN     !         !     !      !        AS
AN         !           !      AN     !         !     !      !        AN
RU         !           !      .      !         !     !      !        RU
RK         !           !      RN     !         !     !      !        RK
RS         !           !      RN     !         !     !      !        RS
RN         !           !      RN     !         !     !      !        RN
RC         !           !      .      !         !     !      !        RC
WU         !           !      .      !         !     !      !        WU
WK         !           !      .      !         !     !      !        WK
WS         !           !      .      !         !     !      !        WS
WN         !           !      .      !         !     !      !        WN
WC         !           !      .      !         !     !      !        WC
MU         !           !      .      !         !     !      !        MU
MK         !           !      .      !         !     !      !        MK
MS         !           !      .      !         !     !      !        MS
MN         !           !      .      !         !     !      !        MN
MC         !           !      .      !         !     !      !        MC
administrator
*          !           !      !      !         !     !      !        !
auditor
*          !           !      !      !         !     !      !        !
"""
"""The state afterwards; `.`: the state does not allow it; `!`: the role may not.

Of an alert that is major, an enterprise's, and shelved.
"""
PEOPLE = {
    Role.SUPERVISOR: SUPERVISOR,
    Role.ENTERPRISE: ENTERPRISE,
    Role.ADMINISTRATOR: ADMINISTRATOR,
    Role.AUDITOR: AUDITOR,
}


def cases() -> Iterator[tuple[Role, str, str, str]]:
    header, *rows = GRID.strip().splitlines()
    role = Role.SUPERVISOR
    for row in rows:
        old, *cells = row.split()
        if not cells:
            role = Role(old)
            continue
        states = [name for name in SHORT if name != "--"] if old == "*" else [old]
        for short in states:
            for name, cell in zip(header.split(), cells, strict=True):
                yield role, short, name, cell


@pytest.mark.parametrize(("role", "old", "name", "outcome"), list(cases()))
def test_every_command_in_every_state_by_every_role_does_what_the_grid_says(
    role: Role, old: str, name: str, outcome: str
) -> None:
    head = head_in(old)
    if outcome in (".", "!"):
        with pytest.raises(InputError) as refused:
            decide(head, PEOPLE[role], command(name), NOW)
        assert type(refused.value) is {".": CommandError, "!": ForbiddenError}[outcome]
        return
    after, entry = decide(head, PEOPLE[role], command(name), NOW)
    assert state(after) == entry.new_state == SHORT[outcome]
    assert (entry.n, entry.actor) == (head.entries + 1, PEOPLE[role].name)


def test_the_grid_has_every_state_command_and_role() -> None:
    found = {(role, SHORT[old], name) for role, old, name, _ in cases()}
    assert found == {(r, s, c) for r in Role for s in State for c in COMMANDS}
    assert set(FORMS) == set(COMMANDS)


@pytest.mark.parametrize("short", ["RK", "RS"])
@pytest.mark.parametrize(
    "other", [{"severity": Severity.MINOR}, {"enterprise": None}], ids=str
)
def test_closing_without_an_answer_takes_a_reason(
    short: str, other: dict[str, Any]
) -> None:
    head = replace(head_in(short), **other)
    with pytest.raises(InputError, match="needs a reason"):
        decide(head, SUPERVISOR, command("close"), NOW)
    after, entry = decide(head, SUPERVISOR, command("close", reason="已复核"), NOW)
    assert (state(after), entry.reason) == (State.RETURNED_CLOSED, "已复核")


@pytest.mark.parametrize(
    ("person", "old", "name", "possible"),
    [
        (SUPERVISOR, "AK", "acknowledge", "assign, shelve, unshelve, comment"),
        (ENTERPRISE, "AU", "answer", "comment"),
    ],
)
def test_a_refusal_names_what_this_person_may_do_now(
    person: Person, old: str, name: str, possible: str
) -> None:
    with pytest.raises(CommandError) as refused:
        decide(head_in(old), person, command(name), NOW)
    assert str(refused.value).endswith(f"possible now: {possible}.")


def test_a_role_that_may_not_is_told_what_it_may() -> None:
    with pytest.raises(ForbiddenError, match=r"it may: answer, comment\."):
        decide(head_in("AU"), ENTERPRISE, command("acknowledge"), NOW)


def test_a_stale_command_is_told_the_state_and_the_revision() -> None:
    head = replace(head_in("AK"), revision=5)
    with pytest.raises(StaleError) as refused:
        decide(head, SUPERVISOR, command("acknowledge", revision=4), NOW)
    assert "现为“进行中·已确认”，版本 5" in str(refused.value)
    assert "it is active, acknowledged, revision 5" in str(refused.value)


def test_the_role_is_judged_before_the_revision_and_that_before_the_state() -> None:
    with pytest.raises(ForbiddenError):
        decide(head_in("RC"), AUDITOR, command("close", revision=99), NOW)
    with pytest.raises(StaleError):
        decide(head_in("RC"), SUPERVISOR, command("close", revision=99), NOW)


def test_what_a_command_says_is_journalled_and_kept_as_facts() -> None:
    head, entry = decide(
        head_in("AK"), SUPERVISOR, command("assign", number=1, assignee="li"), NOW
    )
    assert (head.assignee, head.assigned_at) == ("li", NOW)
    assert entry.detail == {"command": str(UUID(int=1)), "assignee": "li"}
    head, entry = decide(
        head, ENTERPRISE, command("answer", number=2, cause="门", action="换"), NOW
    )
    assert entry.detail == {
        "command": str(UUID(int=2)),
        "cause": "门",
        "action": "换",
    }
    until = datetime(2026, 11, 23, 8, tzinfo=timezone(timedelta(hours=8)))
    head, entry = decide(
        head, SUPERVISOR, command("shelve", number=3, until=until), NOW
    )
    assert head.shelved_until == until
    assert entry.detail["until"] == "2026-11-23T00:00:00+00:00"


@pytest.mark.parametrize(
    "until",
    [
        NOW,
        NOW - timedelta(days=1),
        NOW + timedelta(days=30, microseconds=1),
        datetime.max.replace(tzinfo=timezone(-timedelta(hours=12))),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=12))),
    ],
)
def test_a_shelving_ends_in_the_future_and_within_thirty_days(until: datetime) -> None:
    with pytest.raises(InputError, match="30 days at most"):
        decide(head_in("AU"), SUPERVISOR, command("shelve", until=until), NOW)


def test_a_shelving_of_thirty_days_is_allowed() -> None:
    until = NOW + timedelta(days=30)
    head, _ = decide(head_in("AU"), SUPERVISOR, command("shelve", until=until), NOW)
    assert head.shelved_until == until


def test_only_what_is_shelved_can_be_unshelved() -> None:
    head = replace(head_in("AU"), shelved_until=None)
    with pytest.raises(CommandError):
        decide(head, SUPERVISOR, command("unshelve"), NOW)


# What a command must say


def given(field: str, value: object) -> dict[str, Any]:
    return {field: value}


@pytest.mark.parametrize(
    ("name", "field"),
    [(name, field) for name, form in FORMS.items() for field in form.needs],
)
@pytest.mark.parametrize("value", [None, "", " \n"])
def test_what_a_command_needs_is_named_when_it_is_missing(
    name: str, field: str, value: str | None
) -> None:
    if field == "until" and value is not None:
        return
    with pytest.raises(InputError, match=f"{name} needs: {field}"):
        checked(command(name, **given(field, value)))


@pytest.mark.parametrize("name", FORMS)
def test_a_command_takes_no_fields_of_others(name: str) -> None:
    checked(command(name))
    form = FORMS[name]
    for field, value in {"assignee": "li", "cause": "门", "until": NOW}.items():
        if field not in (*form.needs, *form.may):
            with pytest.raises(InputError, match=f"{name} takes no {field}"):
                checked(command(name, **given(field, value)))


def test_an_unknown_command_is_told_those_that_there_are() -> None:
    with pytest.raises(InputError, match="there are: acknowledge, assign"):
        checked(replace(command("comment"), name="delete"))


@pytest.mark.parametrize("field", ["reason", "assignee", "cause", "action"])
@pytest.mark.parametrize(
    "text", ["a\x00b", "\ud800", "\x1b[31m", "a\x85b", "x" * (LONGEST + 1), "\x7f"]
)
def test_text_that_cannot_be_kept_names_its_field(field: str, text: str) -> None:
    name = next(n for n, f in FORMS.items() if field in (*f.needs, *f.may))
    with pytest.raises(InputError, match=f"{field}: "):
        checked(command(name, **given(field, text)))


def test_lines_and_tabs_are_kept_and_the_ends_are_not() -> None:
    text = checked(command("comment", reason=" 门\r\n\t<b>=1+1</b> 🚚 ")).reason
    assert text == "门\n\t<b>=1+1</b> 🚚"
    assert checked(command("comment", reason="字" * LONGEST)).reason == "字" * LONGEST


def test_a_time_without_an_offset_is_refused() -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(InputError, match="needs an offset"):
        checked(command("shelve", until=naive))


def test_the_digest_tells_all_that_is_asked_apart() -> None:
    base = command("shelve", number=1)
    others = [
        replace(base, id=UUID(int=2)),
        replace(base, alert=8),
        replace(base, revision=0),
        replace(base, reason="另"),
        replace(base, until=datetime(2027, 1, 1, tzinfo=UTC)),
        replace(base, until=datetime.max.replace(tzinfo=UTC)),
        command("comment", number=1),
        command("comment", number=1, reason="None"),
    ]
    assert len({digest(one) for one in [base, *others]}) == 1 + len(others)
    assert digest(base) == digest(replace(base))
