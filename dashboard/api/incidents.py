"""`/incidents`: alerts of one site that were detected close together."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from dashboard.api import cursor
from dashboard.api.fields import (
    Asked,
    BigNumber,
    Cursor,
    Here,
    Limit,
    Number,
    Region,
    regions,
)
from dashboard.api.models import (
    Enterprise,
    Model,
    Page,
    ProblemDocument,
    Thing,
    enterprise,
    thing,
)
from dashboard.identity import Me
from dashboard.problems import Problem
from domain.rules import Severity
from storage import incident_list
from storage.incident_list import IncidentLine

router = APIRouter(prefix="/incidents", tags=["incidents"])


class Wanted(Asked):
    """Which incidents are wanted."""

    open: Annotated[
        bool, Field(description="only those in which something goes on")
    ] = True
    site: Number | None = None
    region: Region | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class Incident(Model):
    """An incident; its alerts: `/alerts?incident=…`."""

    id: int
    severity: str
    """The highest that it ever had."""
    enterprise: Enterprise | None
    """As at the opening."""
    site: Thing | None
    region: str | None
    opened_at: datetime
    newest_at: datetime
    """When the newest alert joined."""
    window_until: datetime
    """Until then it takes alerts."""
    settled_at: datetime | None
    """Since when nothing of it goes on."""
    alerts: int
    active: int


@router.get("")
async def list_incidents(
    here: Here, person: Me, wanted: Annotated[Wanted, Query()]
) -> Page[Incident]:
    """The newest first."""
    async with here.seen_by(person) as connection:
        found = await incident_list.page(
            connection,
            unsettled=wanted.open,
            site=wanted.site,
            regions=regions(wanted.region),
            after=_after(wanted.cursor),
            limit=wanted.limit + 1,
        )
    return cursor.page(
        found, wanted.limit, _incident, lambda line: (line.opened_at, line.id)
    )


@router.get("/{incident}", responses={404: {"model": ProblemDocument}})
async def get_incident(here: Here, person: Me, incident: BigNumber) -> Incident:
    """One incident."""
    async with here.seen_by(person) as connection:
        line = await incident_list.one(connection, incident)
    if line is None:
        raise Problem(404)
    return _incident(line)


def _incident(line: IncidentLine) -> Incident:
    return Incident(
        id=line.id,
        severity=Severity(line.severity).name.lower(),
        enterprise=enterprise(line),
        site=thing(line, "site", line.site),
        region=line.region,
        opened_at=line.opened_at,
        newest_at=line.newest_at,
        window_until=line.window_until,
        settled_at=line.settled_at,
        alerts=line.alerts,
        active=line.active,
    )


def _after(text: str | None) -> tuple[datetime, int] | None:
    if text is None:
        return None
    opened_at, number = cursor.decode(text, 2)
    return cursor.time(opened_at), number
