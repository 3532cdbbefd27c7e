"""The life cycle of an alert, as one table.

A state is a signal (active, returned, withdrawn, merged) and an answer (unacknowledged,
acknowledged). It is never stored: it is derived from the facts of the alert's head.

 1. An alert opens active and unacknowledged. What is withdrawn or merged stays so: it stands
    for nothing any more, and what is found afterwards is not its matter.
 2. A returned and acknowledged alert is closed. It never reopens: a further excursion, a
    worse one, or one of its own that goes on after all, opens a successor that is linked to
    it. It can still be eased, revised, withdrawn and merged, because the past is corrected.
 3. A further excursion that joins after the return makes the alert active again, and
    unacknowledged: it is a new danger, and an old answer must not silence it. So does an
    excursion that had ended and goes on after all.
 4. A further excursion that joins while the alert is active leaves an acknowledgement
    standing, because whoever gave it is at work on it; unless rule 5 applies.
 5. A rise in severity takes an acknowledgement away, whatever the event.
 6. Returning, easing, revising, withdrawing and merging take no acknowledgement away.
 7. An alert is acknowledged once; again only after rules 3 or 5 took it away.
 8. An alert is withdrawn when it is left without an excursion; it is merged, if another
    alert has taken over what it stood for. Which alert that is stands in its head.

What the table does not hold is refused, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from alerting.texts import EVENTS, STATES, UNOPENED
from domain.alerts import Alert, Event, JournalEntry, State
from domain.errors import CommandError
from domain.rules import Severity

AU: Final = State.ACTIVE_UNACKNOWLEDGED
AA: Final = State.ACTIVE_ACKNOWLEDGED
RU: Final = State.RETURNED_UNACKNOWLEDGED
RA: Final = State.RETURNED_ACKNOWLEDGED
WU: Final = State.WITHDRAWN_UNACKNOWLEDGED
WA: Final = State.WITHDRAWN_ACKNOWLEDGED
MU: Final = State.MERGED_UNACKNOWLEDGED
MA: Final = State.MERGED_ACKNOWLEDGED

# fmt: off
TABLE: Final[Mapping[State | None, Mapping[Event, State]]] = {
    None: {Event.OPENED: AU},
    AU: {Event.WORSENED: AU, Event.EASED: AU, Event.RECURRED: AU, Event.REVISED: AU,
         Event.RETURNED: RU, Event.WITHDRAWN: WU, Event.MERGED: MU,
         Event.ACKNOWLEDGED: AA},
    AA: {Event.WORSENED: AU, Event.EASED: AA, Event.RECURRED: AA, Event.REVISED: AA,
         Event.RETURNED: RA, Event.WITHDRAWN: WA, Event.MERGED: MA},
    RU: {Event.WORSENED: RU, Event.EASED: RU, Event.RECURRED: AU, Event.REVISED: RU,
         Event.WITHDRAWN: WU, Event.MERGED: MU, Event.ACKNOWLEDGED: RA},
    RA: {Event.EASED: RA, Event.REVISED: RA, Event.WITHDRAWN: WA, Event.MERGED: MA},
    WU: {},
    WA: {},
    MU: {},
    MA: {},
}
# fmt: on
"""From a state (None: not opened yet), by event, to the next."""

UNANSWERED: Final = {AA: AU, RA: RU}
"""The same signal without its acknowledgement (rule 5)."""

COMMANDS: Final = {"acknowledge": Event.ACKNOWLEDGED}
"""What people may ask for, by the name of the command."""

FACTS: Final = {
    Event.OPENED: "opened_at",
    Event.RETURNED: "returned_at",
    Event.ACKNOWLEDGED: "acknowledged_at",
    Event.WITHDRAWN: "withdrawn_at",
    Event.MERGED: "withdrawn_at",
}
"""The fact of the head that an event sets to its time."""


def state(head: Alert) -> State | None:
    """The state that the facts of `head` amount to; None before its opening."""
    if not head.entries:
        return None
    signal = "active"
    if head.merged_into is not None:
        signal = "merged"
    elif head.withdrawn_at is not None:
        signal = "withdrawn"
    elif head.returned_at is not None:
        signal = "returned"
    answer = "unacknowledged" if head.acknowledged_at is None else "acknowledged"
    return State(f"{signal}-{answer}")


def following(old: State | None, event: Event, *, rise: bool) -> State | None:
    """The state after `event`, of which `rise` says whether the severity rose; None: refused."""
    new = TABLE[old].get(event)
    return UNANSWERED.get(new, new) if new and rise else new


def possible(head: Alert) -> tuple[str, ...]:
    """The commands that the state of `head` allows."""
    allowed = TABLE[state(head)]
    return tuple(name for name, event in COMMANDS.items() if event in allowed)


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
    into: int | None = None,
) -> tuple[Alert, JournalEntry]:
    """Let `event` happen to `head`: the head afterwards, and the journal entry of it.

    `severity` is the alert's afterwards; None: as before. `into` is the alert that it merges
    into, and goes with that event. Raises CommandError, which says what is possible now,
    where the table does not allow the event.
    """
    assert (into is not None) is (event is Event.MERGED), "merged into which?"
    old = state(head)
    severity = severity or head.severity
    new = following(old, event, rise=severity > head.severity)
    if new is None:
        raise CommandError(_refusal(head, event))
    after = replace(
        head,
        severity=severity,
        merged_into=into,
        entries=head.entries + 1,
        **_facts(new, event, at),
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
    return after, entry


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


def _facts(new: State, event: Event, at: datetime) -> dict[str, Any]:
    """The facts of the head that change as it comes to `new` by `event`."""
    facts: dict[str, Any] = {FACTS[event]: at} if event in FACTS else {}
    if new.signal == "active":
        facts["returned_at"] = None
    if new.answer == "unacknowledged":
        facts["acknowledged_at"] = None
    return facts


def _refusal(head: Alert, event: Event) -> str:
    """Why `event` is refused, and what is possible instead, in both languages."""
    commands = ", ".join(possible(head)) or "—"
    now = state(head)
    name = STATES[now] if now else UNOPENED
    return (
        f"告警 {head.id} 当前为“{name.zh}”，不接受“{EVENTS[event].zh}”；现在可执行：{commands}。"
        f" Alert {head.id} is {name.en}: {EVENTS[event].en} is not possible;"
        f" possible now: {commands}."
    )
