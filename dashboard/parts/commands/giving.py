"""Commands to alerts, as the pages' forms send them, and what people are told of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID, uuid4

from pydantic import BaseModel, Field

from alerting.life.commands import LONGEST_SHELVING
from alerting.life.forms import FORMS, Command
from alerting.life.life_cycle import derived
from dashboard import commands
from dashboard.display import Display
from dashboard.house import House
from dashboard.problems import Problem
from dashboard.texts import Texts
from domain.people import Person

HOURS: Final = (1, 4, 8, 24, 72, 168, LONGEST_SHELVING // timedelta(hours=1))
"""For which it is offered to put an alert aside."""


class Filled(BaseModel):
    """A form that was filled in; a field left empty is not given."""

    name: str
    id: UUID | None = None
    revision: Annotated[int | None, Field(ge=0, lt=2**31)] = None
    reason: str | None = None
    assignee: str | None = None
    cause: str | None = None
    action: str | None = None
    hours: Annotated[int | None, Field(ge=1, le=HOURS[-1])] = None
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


def shelving(show: Display) -> list[tuple[int, str]]:
    """HOURS, each with its words."""
    return [(hours, show.duration(timedelta(hours=hours))) for hours in HOURS]


async def give(here: House, person: Person, command: Command, t: Texts) -> str:
    """Let it be done; what came of it, in words. Raises Problem, and nothing was changed."""
    done = await commands.give(
        here, person, command, t, called=lambda name: t(f"command.{name}")
    )
    event = t(f"event.{done.entry.event}")
    state = t(f"alert-state.{derived(done.head)}")
    return t("command.done", id=command.alert, event=event, state=state)
