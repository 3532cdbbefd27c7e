"""One command to several alerts: to each its own, and of each is told what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal, NamedTuple
from uuid import uuid4

from pydantic import BaseModel, Field

from alerting.life.forms import Command
from dashboard.house import House
from dashboard.pages.inbox.view import ROWS
from dashboard.parts.commands.giving import HOURS
from dashboard.problems import Problem
from dashboard.texts import Texts
from domain.errors import (
    CommandError,
    ForbiddenError,
    InputError,
    StaleError,
    UnknownAlertError,
)
from domain.people import Person

REVISIONS: Final = 2**31
LONGEST: Final = 20
"""Digits that are looked at."""


class Asked(BaseModel):
    """The form."""

    command: Literal["acknowledge", "shelve"] = "acknowledge"
    alert: list[str] = []
    """Alerts that were chosen, as they were seen: `17:3`."""
    only: str | None = None
    """The one beside whose button was pressed, whatever was chosen."""
    reason: str = ""
    hours: Annotated[int, Field(ge=1, le=HOURS[-1])] = HOURS[0]
    """Of a shelving."""

    def form(self, now: datetime) -> dict[str, Any]:
        """What the command says, to whichever alert."""
        asked = {"name": self.command, "reason": self.reason or None}
        if self.command == "shelve":
            return asked | {"until": now + timedelta(hours=self.hours)}
        return asked


class Chosen(NamedTuple):
    """An alert, as the person saw it."""

    alert: int
    revision: int


def chosen(texts: Sequence[str]) -> list[Chosen]:
    """Alerts as forms name them, `17:3`. Raises Problem 400 for others, none, or too many."""
    if not texts:
        raise Problem(400, "inbox.nothing-chosen")
    if len(texts) > ROWS:
        raise Problem(400, "inbox.too-many", n=ROWS)
    return [_one(text) for text in dict.fromkeys(texts)]


def _one(text: str) -> Chosen:
    alert, _, revision = text.partition(":")
    if not (_is_number(alert) and _is_number(revision) and int(revision) < REVISIONS):
        raise Problem(400)
    return Chosen(int(alert), int(revision))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < LONGEST


async def carry_out(
    here: House,
    person: Person,
    alerts: Sequence[Chosen],
    form: Mapping[str, Any],
    now: datetime,
) -> dict[int, InputError]:
    """Give the command that `form` says to each alert; why, where it was not done."""
    refused: dict[int, InputError] = {}
    async with here.connection() as connection:
        for alert, revision in alerts:
            command = Command(id=uuid4(), alert=alert, revision=revision, **form)
            try:
                await here.carry_out(connection, person, command, now)
            except InputError as error:
                refused[alert] = error
    return refused


def told(t: Texts, name: str, done: int, refused: dict[int, InputError]) -> str:
    """What came of it: how many were done, which were not, and why."""
    by_reason: dict[str, list[str]] = {}
    for alert, error in refused.items():
        by_reason.setdefault(_why(t, error), []).append(f"#{alert}")
    parts = [t(f"inbox.done.{name}", n=done)] if done or not refused else []
    for why, alerts in by_reason.items():
        parts.append(t("inbox.refused", alerts=", ".join(alerts), why=why))
    return " ".join(parts)


def _why(t: Texts, error: InputError) -> str:
    for kind, key in WHY.items():
        if isinstance(error, kind):
            return t(f"inbox.why.{key}")
    return t.pick(error).rstrip("。.")


WHY: dict[type[InputError], str] = {
    UnknownAlertError: "unknown",
    StaleError: "stale",
    CommandError: "state",
    ForbiddenError: "role",
}
"""The first that fits; what else is wrong says so itself."""
