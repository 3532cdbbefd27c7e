"""What people do to alerts: each command is one unit of work in the chain of people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, TypeAlias

from alerting.life_cycle import step
from domain.alerts import Alert, Event, JournalEntry
from domain.errors import InputError
from domain.people import EVERYTHING
from storage import alerts, journal
from storage.scope import enter
from storage.unit import PEOPLE, Connection, Unit, unit_of_work

LONGEST: Final = 1000
"""Characters of a reason or a name."""

Tell: TypeAlias = Callable[[Unit, Alert, JournalEntry], Awaitable[None]]
"""Owes, within the unit, whatever must be told about an entry."""


class UnknownAlertError(InputError):
    """There is no such alert, or none that the asker may know of."""


async def nobody(_unit: Unit, _head: Alert, _entry: JournalEntry) -> None:
    """Tell nobody: the default, as an acknowledgement notifies no one."""


async def acknowledge(
    connection: Connection,
    alert_id: int,
    actor: str,
    reason: str | None,
    now: datetime,
    *,
    tell: Tell = nobody,
) -> JournalEntry:
    """Acknowledge an alert for `actor` at the domain's time `now`; the entry journalled.

    Raises InputError for a text that cannot be kept, UnknownAlertError, or CommandError
    where the alert's state does not allow it; then nothing was changed. Of two at once one
    wins and the other gets the CommandError.
    """
    actor = _kept("actor", actor)
    if not actor:
        raise InputError("操作人不能为空。The actor must not be empty.")
    reason = _kept("reason", reason or "") or None
    async with unit_of_work(
        connection, share=PEOPLE, kind="command", arrived=now
    ) as unit:
        await enter(connection, EVERYTHING)
        head = (await alerts.lock(connection, [alert_id])).get(alert_id)
        if head is None:
            raise UnknownAlertError(
                f"没有告警 {alert_id}。There is no alert {alert_id}."
            )
        after, entry = step(
            head, Event.ACKNOWLEDGED, at=now, actor=actor, reason=reason
        )
        await journal.append(unit, [entry])
        await alerts.update_work(connection, after)
        await tell(unit, after, entry)
    return entry


def _kept(name: str, text: str) -> str:
    """`text` as it can be kept for good. Raises InputError."""
    text = text.strip()
    if len(text) > LONGEST or "\x00" in text or not _encodable(text):
        raise InputError(
            f"{name}：最多 {LONGEST} 个字符，且须为有效文本。"
            f" {name}: at most {LONGEST} characters of valid text."
        )
    return text


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
