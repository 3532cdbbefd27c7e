"""The life cycle of an alert, as one table.

A state is a signal (active, returned, withdrawn, merged) and how far people have got with it
(unacknowledged, acknowledged, assigned, answered, closed). It is never stored: it is derived
from the facts of the alert's head.

 1. An alert opens active and unacknowledged. What is withdrawn or merged stays so: it stands
    for nothing any more, and what is found afterwards is not its matter.
 2. A returned alert that was acknowledged takes no further excursion, nor does a closed one,
    which never reopens: a further excursion, a worse one, or one of its own that goes on
    after all, opens a successor that is linked to it. It can still be eased, revised,
    withdrawn and merged, because the past is corrected.
 3. A further excursion that joins after the return makes the alert active again, and
    unacknowledged: it is a new danger, and an old answer must not silence it. So does an
    excursion that had ended and goes on after all.
 4. A further excursion that joins while the alert is active leaves an acknowledgement
    standing, because whoever gave it is at work on it; but an answer was not about that, and
    is asked for again. Unless rule 5 applies.
 5. A rise in severity makes an alert unacknowledged, whatever the event, and ends its
    shelving: a new danger is never silenced.
 6. Returning, easing, revising, withdrawing and merging undo nothing that people did.
 7. The enterprise answers what is acknowledged or assigned; the answer is verified (closed)
    or sent back. Assigning again, and answering again, replace what was before.
 8. An alert is closed when it has returned and its answer is verified. A minor one, and one
    of the box itself, which no enterprise answers for, is closed with a reason once it has
    returned and is acknowledged.
 9. Shelving puts aside until a time and changes no state; what stands for nothing, or is
    closed, is not shelved.
10. An alert is withdrawn when it is left without an excursion; it is merged, if another
    alert has taken over what it stood for. Which alert that is stands in its head.

What the table does not hold is refused, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, Protocol

from alerting.life.deadlines import clocked
from alerting.telling.texts import EVENTS, STATES, UNOPENED
from domain.alerts import Alert, Event, JournalEntry, State
from domain.errors import CommandError
from domain.rules import Severity

AU: Final = State.ACTIVE_UNACKNOWLEDGED
AK: Final = State.ACTIVE_ACKNOWLEDGED
AS: Final = State.ACTIVE_ASSIGNED
AN: Final = State.ACTIVE_ANSWERED
RU: Final = State.RETURNED_UNACKNOWLEDGED
RK: Final = State.RETURNED_ACKNOWLEDGED
RS: Final = State.RETURNED_ASSIGNED
RN: Final = State.RETURNED_ANSWERED
RC: Final = State.RETURNED_CLOSED
WU: Final = State.WITHDRAWN_UNACKNOWLEDGED
WK: Final = State.WITHDRAWN_ACKNOWLEDGED
WS: Final = State.WITHDRAWN_ASSIGNED
WN: Final = State.WITHDRAWN_ANSWERED
WC: Final = State.WITHDRAWN_CLOSED
MU: Final = State.MERGED_UNACKNOWLEDGED
MK: Final = State.MERGED_ACKNOWLEDGED
MS: Final = State.MERGED_ASSIGNED
MN: Final = State.MERGED_ANSWERED
MC: Final = State.MERGED_CLOSED

E = Event
OPEN: Final = (E.SHELVED, E.UNSHELVED, E.OVERDUE, E.COMMENTED)
"""What leaves the state of an open alert as it is."""

# fmt: off
TABLE: Final[Mapping[State | None, Mapping[Event, State]]] = {
    None: {E.OPENED: AU},
    AU: {E.WORSENED: AU, E.EASED: AU, E.RECURRED: AU, E.REVISED: AU,
         E.RETURNED: RU, E.WITHDRAWN: WU, E.MERGED: MU,
         E.ACKNOWLEDGED: AK, **dict.fromkeys(OPEN, AU)},
    AK: {E.WORSENED: AU, E.EASED: AK, E.RECURRED: AK, E.REVISED: AK,
         E.RETURNED: RK, E.WITHDRAWN: WK, E.MERGED: MK,
         E.ASSIGNED: AS, E.ANSWERED: AN, **dict.fromkeys(OPEN, AK)},
    AS: {E.WORSENED: AU, E.EASED: AS, E.RECURRED: AS, E.REVISED: AS,
         E.RETURNED: RS, E.WITHDRAWN: WS, E.MERGED: MS,
         E.ASSIGNED: AS, E.ANSWERED: AN, **dict.fromkeys(OPEN, AS)},
    AN: {E.WORSENED: AU, E.EASED: AN, E.RECURRED: AS, E.REVISED: AN,
         E.RETURNED: RN, E.WITHDRAWN: WN, E.MERGED: MN,
         E.ASSIGNED: AS, E.ANSWERED: AN, E.SENT_BACK: AS, **dict.fromkeys(OPEN, AN)},
    RU: {E.WORSENED: RU, E.EASED: RU, E.RECURRED: AU, E.REVISED: RU,
         E.WITHDRAWN: WU, E.MERGED: MU,
         E.ACKNOWLEDGED: RK, **dict.fromkeys(OPEN, RU)},
    RK: {E.EASED: RK, E.REVISED: RK, E.WITHDRAWN: WK, E.MERGED: MK,
         E.ASSIGNED: RS, E.ANSWERED: RN, E.CLOSED: RC, **dict.fromkeys(OPEN, RK)},
    RS: {E.EASED: RS, E.REVISED: RS, E.WITHDRAWN: WS, E.MERGED: MS,
         E.ASSIGNED: RS, E.ANSWERED: RN, E.CLOSED: RC, **dict.fromkeys(OPEN, RS)},
    RN: {E.EASED: RN, E.REVISED: RN, E.WITHDRAWN: WN, E.MERGED: MN,
         E.ASSIGNED: RS, E.ANSWERED: RN, E.SENT_BACK: RS, E.CLOSED: RC, **dict.fromkeys(OPEN, RN)},
    RC: {E.EASED: RC, E.REVISED: RC, E.WITHDRAWN: WC, E.MERGED: MC, E.COMMENTED: RC},
    **{dead: {E.COMMENTED: dead} for dead in (WU, WK, WS, WN, WC, MU, MK, MS, MN, MC)},
}
# fmt: on
"""From a state (None: not opened yet), by event, to the next."""

RAISED: Final = {
    state: State(f"{state.signal}-unacknowledged")
    for state in State
    if state.signal in ("active", "returned") and state.work != "closed"
}
"""The open states, each unacknowledged (rule 5)."""

COMMANDS: Final = {
    "acknowledge": E.ACKNOWLEDGED,
    "assign": E.ASSIGNED,
    "answer": E.ANSWERED,
    "send-back": E.SENT_BACK,
    "close": E.CLOSED,
    "shelve": E.SHELVED,
    "unshelve": E.UNSHELVED,
    "comment": E.COMMENTED,
}
"""What people may ask for, by the name of the command; who may: `permissions.py`."""

GUARDS: Final[Mapping[Event, Callable[[Alert], bool]]] = {
    E.ANSWERED: lambda head: head.enterprise is not None,
    E.CLOSED: lambda head: head.answered_at is not None or unanswerable(head),
    E.UNSHELVED: lambda head: head.shelved_until is not None,
    E.OVERDUE: lambda head: head.due_at is not None,
}
"""What an event asks of the facts beside the state (rules 8 and 9)."""

WORK: Final = ("acknowledged_at", "assigned_at", "answered_at", "closed_at")
"""The facts of what people did, in order: the last that is set is how far they got."""
STEPS: Final = ("unacknowledged", "acknowledged", "assigned", "answered", "closed")
SIGNALS: Final = {
    E.OPENED: "opened_at",
    E.RETURNED: "returned_at",
    E.WITHDRAWN: "withdrawn_at",
    E.MERGED: "withdrawn_at",
}
"""The fact of the signal that an event sets to its time."""
REPLACING: Final = frozenset({E.ASSIGNED, E.ANSWERED})
"""What takes the place of what was before, though the state may be the same."""
REVISING: Final = REPLACING | {E.SHELVED, E.UNSHELVED}
"""What a command that was meant for the time before must not run into."""


def unanswerable(head: Alert) -> bool:
    """Whether no answer of an enterprise is asked for."""
    return head.severity is Severity.MINOR or head.enterprise is None


class Facts(Protocol):
    """What a state is derived from."""

    @property
    def merged_into(self) -> int | None:
        """As in `Alert`, like all of these."""
        ...

    @property
    def withdrawn_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def returned_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def acknowledged_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def assigned_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def answered_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def closed_at(self) -> datetime | None: ...  # noqa: D102


def state(head: Alert) -> State | None:
    """The state that the facts of `head` amount to; None before its opening."""
    return derived(head) if head.entries else None


def derived(facts: Facts) -> State:
    """The state that the facts of an alert that has opened amount to."""
    signal = "active"
    if facts.merged_into is not None:
        signal = "merged"
    elif facts.withdrawn_at is not None:
        signal = "withdrawn"
    elif facts.returned_at is not None:
        signal = "returned"
    done = [n for n, fact in enumerate(WORK, 1) if getattr(facts, fact) is not None]
    return State(f"{signal}-{STEPS[max(done, default=0)]}")


def following(old: State | None, event: Event, *, rise: bool) -> State | None:
    """The state after `event`, of which `rise` says whether the severity rose; None: refused."""
    new = TABLE[old].get(event)
    return RAISED.get(new, new) if new and rise else new


def accepts(head: Alert, event: Event) -> bool:
    """Whether `event` can happen to `head` now."""
    return event in TABLE[state(head)] and _guarded(head, event)


def _guarded(head: Alert, event: Event) -> bool:
    """Whether what the state does not tell allows `event`."""
    guard = GUARDS.get(event)
    return guard is None or guard(head)


def possible(head: Alert) -> tuple[str, ...]:
    """The commands that `head` allows now, whoever may give them."""
    known = TABLE[state(head)]
    return tuple(
        name
        for name, event in COMMANDS.items()
        if event in known and _guarded(head, event)
    )


def joining(head: Alert, severity: Severity) -> Event | None:
    """What a further excursion of `severity` is to `head`; None: a successor opens (rule 2)."""
    if Event.RECURRED not in TABLE[state(head)]:
        return None
    worse = head.returned_at is None and severity > head.severity
    return Event.WORSENED if worse else Event.RECURRED


def step(
    head: Alert,
    event: Event,
    *,
    at: datetime,
    actor: str,
    severity: Severity | None = None,
    reason: str | None = None,
    detail: Mapping[str, Any] | None = None,
    **facts: Any,
) -> tuple[Alert, JournalEntry]:
    """Let `event` happen to `head`: the head afterwards, and the journal entry of it.

    `severity` is the alert's afterwards; None: as before. `facts` are those of the head
    that the event brings along: `merged_into`, `assignee`, `shelved_until`. Raises
    CommandError, which says what is possible now, where the table does not allow the event.
    """
    assert ("merged_into" in facts) is (event is E.MERGED), "merged into which?"
    old = state(head)
    severity = severity or head.severity
    new = following(old, event, rise=severity > head.severity)
    if new is None or not accepts(head, event):
        raise refusal(head, event, possible(head))
    rise = severity > head.severity
    changed = rise or severity < head.severity or new != old or event in REVISING
    facts |= _facts(old, new, event, at)
    if rise or not old:
        facts["raised_at"] = at
    if rise or event is E.UNSHELVED or new not in RAISED:
        facts["shelved_until"] = None
    after = replace(
        head,
        severity=severity,
        entries=head.entries + 1,
        revision=head.revision + changed,
        **facts,
    )
    entry = JournalEntry(
        alert=head.id,
        n=after.entries,
        at=at,
        actor=actor,
        event=event,
        severity=severity,
        old_state=old,
        new_state=new,
        reason=reason,
        detail=detail or {},
    )
    return clocked(after, at if event is E.OVERDUE else None), entry


def replay(entries: Iterable[JournalEntry]) -> State | None:
    """The state that a whole journal leads to, by the table; None: an empty journal.

    Raises ValueError that names the first entry which is missing or does not follow.
    """
    current: State | None = None
    severity: Severity | None = None
    for n, entry in enumerate(entries, start=1):
        rise = severity is not None and entry.severity > severity
        new = following(current, entry.event, rise=rise)
        if (entry.n, entry.old_state, entry.new_state) != (n, current, new):
            raise ValueError(
                f"alert {entry.alert}, entry {n}: {current} · {entry.event} leads to {new},"
                f" but entry {entry.n} says {entry.old_state} → {entry.new_state}"
            )
        current, severity = new, entry.severity
    return current


def _facts(old: State | None, new: State, event: Event, at: datetime) -> dict[str, Any]:
    """The facts of the head that change from `old` to `new` by `event`."""
    facts: dict[str, Any] = {SIGNALS[event]: at} if event in SIGNALS else {}
    if new.signal == "active":
        facts["returned_at"] = None
    reached = STEPS.index(new.work)
    facts |= dict.fromkeys(WORK[reached:])
    if reached < STEPS.index("assigned"):
        facts["assignee"] = None
    if event in REPLACING or (old and old.work != new.work):
        facts[("raised_at", *WORK)[reached]] = at
    return facts


def refusal(head: Alert, event: Event, commands: Iterable[str]) -> CommandError:
    """Why `event` is refused, and which `commands` are possible instead."""
    instead = ", ".join(commands) or "—"
    now = state(head)
    name = STATES[now] if now else UNOPENED
    return CommandError(
        zh=(
            f"告警 {head.id} 当前为“{name.zh}”，不接受“{EVENTS[event].zh}”；"
            f"现在可执行：{instead}。"
        ),
        en=(
            f"Alert {head.id} is {name.en}: {EVENTS[event].en} is not possible;"
            f" possible now: {instead}."
        ),
    )
