"""Commands to alerts, as the pages' forms send them, and what people are told of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID, uuid4

from pydantic import BaseModel, Field

from alerting.life.forms import FORMS, Command
from alerting.life.life_cycle import derived
from alerting.life.permissions import possible_for
from dashboard.house import House
from dashboard.problems import Problem
from dashboard.texts import Texts
from domain.alerts import Alert
from domain.errors import (
    CommandError,
    ForbiddenError,
    InputError,
    StaleError,
    UnknownAlertError,
)
from domain.people import Person
from storage import alert_list

HOURS: Final = (1, 4, 8, 24, 72, 168, 720)
"""For which the form of shelving offers to put aside."""


class Filled(BaseModel):
    """A form that was filled in; a field left empty is not given."""

    name: str
    id: UUID | None = None
    revision: Annotated[int | None, Field(ge=0, lt=2**31)] = None
    reason: str | None = None
    assignee: str | None = None
    cause: str | None = None
    action: str | None = None
    hours: Annotated[int | None, Field(ge=1, le=720)] = None
    """Of a shelving."""

    def command(self, alert: int, now: datetime, t: Texts) -> Command:
        """What is asked for. Raises Problem 400 that names the field that is missing."""
        until = None if self.hours is None else now + timedelta(hours=self.hours)
        command = Command(
            # Sent again, a shelving would end later: that is another command.
            id=uuid4() if self.id is None or until else self.id,
            alert=alert,
            until=until,
            **self.model_dump(exclude={"id", "hours"}),
        )
        for field in FORMS[self.name].needs if self.name in FORMS else ():
            if not getattr(command, field):
                label = t(f"command.field.{field}")
                raise Problem(400, "command.missing", field=label)
        return command


async def give(here: House, person: Person, command: Command, t: Texts) -> str:
    """Let it be done; what came of it, in words. Raises Problem, and nothing was changed."""
    try:
        async with here.connection() as connection:
            done = await here.carry_out(connection, person, command, here.clock.now())
    except UnknownAlertError as error:
        raise Problem(404) from error
    except ForbiddenError as error:
        raise Problem(403, "error.role") from error
    except CommandError as error:
        raise await _refused(here, person, command, error, t) from error
    except InputError as error:
        raise Problem(400, "problem.input", why=error) from error
    event = t(f"event.{done.entry.event}")
    return t("command.done", id=command.alert, event=event, state=_state(done.head, t))


async def _refused(
    here: House, person: Person, command: Command, error: InputError, t: Texts
) -> Problem:
    """How the alert is now, and what is possible instead."""
    async with here.seen_by(person) as connection:
        lines = await alert_list.lines(connection, [command.alert])
    if not lines:
        return Problem(404)
    head = lines[0].head
    possible = [t(f"command.{name}") for name in possible_for(head, person)]
    stale = isinstance(error, StaleError)
    return Problem(
        409,
        "command.stale" if stale else "command.refused",
        kind="stale" if stale else None,
        id=head.id,
        command=t(f"command.{command.name}"),
        state=_state(head, t),
        possible=t("command.and").join(possible) or "—",
    )


def _state(head: Alert, t: Texts) -> str:
    return t(f"alert-state.{derived(head)}")
