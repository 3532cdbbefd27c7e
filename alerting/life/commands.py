"""What people do to alerts: each command is one unit of work in the chain of people.

**Locks.** A command locks the head of the share of people, then one alert, and from then on
waits for nobody: what it writes refers to rows that it holds itself, or to its person, who
is never renamed. So it can be the last in a queue but never part of a ring. Ingestors hold
alerts, many, in the order of their numbers, and never ask for the head of that share; they
wait for a command, which ends. Two commands never meet at an alert: they queue at the head.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from psycopg import Rollback

from alerting.findings.finding import Step
from alerting.life.forms import Command, checked, digest
from alerting.life.life_cycle import COMMANDS, possible, refusal, state, step
from alerting.life.permissions import MAY, possible_for
from alerting.telling.texts import STATES
from domain.alerts import Alert, JournalEntry
from domain.errors import (
    ForbiddenError,
    InputError,
    StaleError,
    UnknownAlertError,
)
from domain.people import Person
from storage import alerts, commands, journal, people
from storage.commands import Recorded
from storage.scope import enter
from storage.unit import PEOPLE, Connection, Unit, unit_of_work

LONGEST_SHELVING: Final = timedelta(days=30)
NUMBERS: Final = range(1, 1 << 63)
"""Of alerts."""

Tell: TypeAlias = Callable[[Unit, Sequence[Step]], Awaitable[None]]
"""Owes, within the unit, whatever must be told about what happened."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What came of a command."""

    entry: JournalEntry
    head: Alert
    """As it is now: of a repetition, perhaps not as the command had left it."""
    repeated: bool
    """It had been carried out before; nothing was changed now."""


async def nobody(_unit: Unit, _steps: Sequence[Step]) -> None:
    """Tell nobody."""


async def carry_out(
    connection: Connection,
    person: Person,
    command: Command,
    now: datetime,
    *,
    tell: Tell = nobody,
) -> Outcome:
    """Do what `person` asks for, at the domain's time `now`.

    Where it is not done, nothing was changed. Raises, in this order: InputError for what
    is not well said; UnknownAlertError, the same for what the person may not see;
    InputError for an id under which something else was asked; then what `decide` raises;
    InputError for an assignee who cannot work the alert.
    """
    command = checked(command)
    earlier: Outcome | None = None
    async with unit_of_work(
        connection, share=PEOPLE, kind="command", arrived=now
    ) as unit:
        await enter(connection, person.scope)
        head = await _seen(connection, command.alert)
        earlier = await _earlier(connection, person, command, head)
        if earlier is not None:
            raise Rollback
        after, entry = decide(head, person, command, now)
        if command.assignee is not None:
            await _check_assignee(connection, command.assignee, head)
        await journal.append(unit, [entry])
        await alerts.update_work(connection, after)
        done = Recorded(person.id, digest(command), entry.alert, entry.n)
        await commands.record(connection, command.id, done)
        await tell(unit, [(after, entry)])
        return Outcome(entry=entry, head=after, repeated=False)
    assert earlier is not None, "the unit was left for this"
    return earlier


def decide(head: Alert, person: Person, command: Command, now: datetime) -> Step:
    """What a well-formed command does to an alert that the person sees. Pure.

    Raises ForbiddenError, StaleError, CommandError, or InputError for what does not fit
    the alert as it is, in this order.
    """
    if command.name not in MAY[person.role]:
        raise _not_yours(person, command.name)
    if command.revision not in (None, head.revision):
        raise _stale(head)
    event = COMMANDS[command.name]
    if command.name not in possible(head):
        raise refusal(head, event, possible_for(head, person))
    detail: dict[str, Any] = {"command": str(command.id)}
    facts: dict[str, Any] = {}
    if command.name == "close" and head.answered_at is None and not command.reason:
        raise InputError(
            zh="未经答复即关闭，须说明理由。",
            en="Closing what was not answered needs a reason.",
        )
    if command.until is not None:
        facts["shelved_until"] = until = _ahead(command.until, now)
        detail["until"] = until.isoformat()
    if command.assignee is not None:
        facts["assignee"] = detail["assignee"] = command.assignee
    if command.cause is not None:
        detail |= {"cause": command.cause, "action": command.action}
    return step(
        head,
        event,
        at=now,
        actor=person.name,
        reason=command.reason,
        detail=detail,
        **facts,
    )


def _ahead(until: datetime, now: datetime) -> datetime:
    """The end of a shelving, in UTC. Raises InputError."""
    if not now < until <= now + LONGEST_SHELVING:
        days = LONGEST_SHELVING.days
        raise InputError(
            zh=f"搁置至：须在将来，且不超过 {days} 天。",
            en=f"until: must lie ahead, by {days} days at most.",
        )
    return until.astimezone(UTC)


async def _seen(connection: Connection, alert: int) -> Alert:
    """The head of an alert within the transaction's scope, locked."""
    numbers = [alert] if alert in NUMBERS else []
    head = (await alerts.lock(connection, numbers)).get(alert)
    if head is None:
        raise UnknownAlertError(
            zh=f"没有告警 {alert}。",
            en=f"There is no alert {alert}.",
        )
    return head


async def _earlier(
    connection: Connection, person: Person, command: Command, head: Alert
) -> Outcome | None:
    """What had come of the same command, if it was carried out before."""
    found = await commands.find(connection, command.id)
    if found is None:
        return None
    if (found.person, found.digest) != (person.id, digest(command)):
        raise InputError(
            zh=f"编号 {command.id} 已用于另一操作，请换新的编号。",
            en=f"Id {command.id} was used for another command; take a new one.",
        )
    entries = await journal.entries(connection, head.id)
    return Outcome(entry=entries[found.n - 1], head=head, repeated=True)


async def _check_assignee(connection: Connection, name: str, head: Alert) -> None:
    """Raise InputError unless somebody of this name sees the alert and may work it."""
    somebody = await people.by_name(connection, name)
    if (
        somebody is None
        or not MAY[somebody.role]
        or not await alerts.seen_by(connection, head.id, somebody.scope)
    ):
        raise InputError(
            zh=f"不能转办给 {name!r}：须为能查看并处理此告警的在用账号。",
            en=(
                f"Cannot be assigned to {name!r}: it takes somebody who sees this"
                " alert and may work it."
            ),
        )


def _not_yours(person: Person, name: str) -> ForbiddenError:
    mine = ", ".join(name for name in COMMANDS if name in MAY[person.role]) or "—"
    return ForbiddenError(
        zh=f"角色 {person.role} 不可执行“{name}”；可执行：{mine}。",
        en=f"The role {person.role} may not {name}; it may: {mine}.",
    )


def _stale(head: Alert) -> StaleError:
    now = state(head)
    assert now is not None, "it was seen"
    name = STATES[now]
    return StaleError(
        zh=(
            f"告警 {head.id} 已有变化：现为“{name.zh}”，版本 {head.revision}，"
            "请查看后再操作。"
        ),
        en=(
            f"Alert {head.id} has changed: it is {name.en}, revision {head.revision};"
            " look at it again."
        ),
    )
