"""`/alerts/{alert}`: one alert, its journal, its own copy of readings, and commands to it."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from alerting.life.forms import LONGEST, Command
from alerting.life.life_cycle import derived
from alerting.life.permissions import possible_for
from dashboard import commands
from dashboard.api import alert_models, cursor
from dashboard.api.alert_models import AlertDetails, Copied, Done, Entry
from dashboard.api.fields import AlertId, Asked, Cursor, Here, Printable, T, Time
from dashboard.api.models import CommandProblem, Page, ProblemDocument
from dashboard.identity import Me
from dashboard.problems import Problem
from storage import alert_details, alert_list, journal
from storage.alert_list import AlertLine
from storage.unit import Connection

UNKNOWN = {404: {"model": ProblemDocument, "description": "No such alert for you."}}
router = APIRouter(prefix="/alerts/{alert}", tags=["alerts"], responses={**UNKNOWN})

Words = Annotated[str, Field(min_length=1, max_length=LONGEST), Printable]


class Copies(Asked):
    """Part of an alert's own copy of readings."""

    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 500


class Asking(Asked):
    """A command; which fields it needs depends on its name (docs/api.md)."""

    id: Annotated[
        UUID, Field(description="yours: what comes again under it is not done again")
    ]
    name: Literal[
        "acknowledge",
        "assign",
        "answer",
        "send-back",
        "close",
        "shelve",
        "unshelve",
        "comment",
    ]
    revision: Annotated[
        int | None,
        Field(ge=0, lt=2**31, description="of the alert as you saw it; null: whatever"),
    ] = None
    reason: Annotated[Words | None, Field(description="why; the text of a comment")] = (
        None
    )
    assignee: Annotated[Words | None, Field(description="name of a user")] = None
    cause: Annotated[Words | None, Field(description="of an answer")] = None
    action: Annotated[Words | None, Field(description="of an answer")] = None
    until: Annotated[Time | None, Field(description="end of a shelving")] = None


EXAMPLE = {
    "acknowledge": {
        "value": {
            "id": "7f6c3a52-0b56-4a57-9d55-0d5f5f0c2b11",
            "name": "acknowledge",
            "revision": 1,
        }
    }
}


@router.get("")
async def get_alert(here: Here, person: Me, alert: AlertId) -> AlertDetails:
    """All that explains one alert, and the commands that you may give."""
    async with here.seen_by(person) as connection:
        return alert_models.details(
            await _seen(connection, alert),
            await alert_details.excursions(connection, alert),
            await alert_details.links(connection, alert),
            person,
        )


@router.get("/journal")
async def get_alert_journal(here: Here, person: Me, alert: AlertId) -> list[Entry]:
    """All that happened to it, in order."""
    async with here.seen_by(person) as connection:
        await _seen(connection, alert)
        entries = await journal.entries(connection, alert)
        named = alert_models.named(entries)
        foreign = named - await alert_details.seen(connection, named)
    return [alert_models.entry(one, foreign) for one in entries]


@router.get("/readings")
async def get_alert_readings(
    here: Here, person: Me, alert: AlertId, asked: Annotated[Copies, Query()]
) -> Page[Copied]:
    """The readings that it keeps as its own copy, with what contradicted them.

    All values of a time stand on one page, so that a page may hold a few more than asked.
    """
    after = cursor.time(*cursor.decode(asked.cursor, 1)) if asked.cursor else None
    async with here.seen_by(person) as connection:
        await _seen(connection, alert)
        found = await alert_details.readings(
            connection, alert, after=after, limit=asked.limit
        )
    more = len(found) >= asked.limit
    return Page(
        items=[alert_models.copied(one) for one in found],
        next=cursor.encode(found[-1].time) if more else None,
    )


@router.post(
    "/commands",
    responses={
        403: {"model": CommandProblem, "description": "Your role may not do this."},
        409: {
            "model": CommandProblem,
            "description": "`state`: not possible now; `stale`: the alert has changed since.",
        },
    },
    openapi_extra={
        "requestBody": {"content": {"application/json": {"examples": EXAMPLE}}}
    },
)
async def command_alert(
    here: Here, person: Me, t: T, alert: AlertId, asked: Asking
) -> Done:
    """Acknowledge, assign, answer, send back, close, shelve, unshelve, comment."""
    command = Command(alert=alert, **asked.model_dump())
    done = await commands.give(here, person, command, t, called=str)
    return Done(
        entry=alert_models.entry(done.entry),
        state=derived(done.head),
        revision=done.head.revision,
        possible=list(possible_for(done.head, person)),
        repeated=done.repeated,
    )


async def _seen(connection: Connection, alert: int) -> AlertLine:
    """The alert. Raises Problem 404, for one that is foreign as for one that is not."""
    for line in await alert_list.lines(connection, [alert]):
        return line
    raise Problem(404)
