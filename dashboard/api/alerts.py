"""`/alerts`: the inbox, its counts, and the same as a table for spreadsheets."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field, model_validator
from starlette.responses import Response

from dashboard.api import cursor, spreadsheet
from dashboard.api.alert_models import Alert, alert
from dashboard.api.fields import (
    Asked,
    BigNumber,
    Code,
    Cursor,
    Here,
    Key,
    Limit,
    Number,
    Region,
    Search,
    SeverityName,
    T,
    Time,
    regions,
)
from dashboard.api.models import Model, Page
from dashboard.identity import Me
from dashboard.problems import Problem
from domain.errors import ValueProblem
from domain.rules import Severity
from storage import alert_list
from storage.alert_list import AlertLine, Filter, Place

router = APIRouter(tags=["alerts"])
MOST = 10_000
"""Rows of a table."""


class Wanted(Asked):
    """Which alerts are wanted. Without any of these: the open ones."""

    open: Annotated[
        bool, Field(description="false: also those closed, withdrawn or merged")
    ] = True
    signal: Literal["active", "returned", "withdrawn", "merged"] | None = None
    work: (
        Literal["unacknowledged", "acknowledged", "assigned", "answered", "closed"]
        | None
    ) = None
    severity: Annotated[SeverityName | None, Field(description="at least")] = None
    rule: Annotated[Key | None, Field(examples=["gsp-cold-room"])] = None
    enterprise: Annotated[Code | None, Field(description="统一社会信用代码")] = None
    site: Number | None = None
    region: Annotated[Region | None, Field(examples=["3301"])] = None
    point: Number | None = None
    incident: BigNumber | None = None
    overdue: bool | None = None
    shelved: bool | None = None
    opened_from: Annotated[Time | None, Field(description="inclusive")] = None
    opened_until: Annotated[Time | None, Field(description="exclusive")] = None
    q: Annotated[
        Search | None, Field(description="in names of enterprise, site, device, point")
    ] = None

    @model_validator(mode="after")
    def _times_ascend(self) -> Wanted:
        start, stop = self.opened_from, self.opened_until
        if start is not None and stop is not None and start >= stop:
            raise ValueProblem(
                zh="opened_from 须早于 opened_until",
                en="opened_from must be before opened_until",
            )
        return self

    def filter(self) -> Filter:
        """As the database is asked."""
        low, high = regions(self.region)
        given = self.model_dump(
            include=Wanted.model_fields.keys() - {"severity", "region", "q"}
        )
        least = None if self.severity is None else Severity[self.severity.upper()]
        return Filter(**given, severity=least, low=low, high=high, search=self.q)


class WantedPage(Wanted):
    """A page of them."""

    cursor: Annotated[Cursor | None, Field(description="`next` of the page before")] = (
        None
    )
    limit: Limit = 50


class Count(Model):
    """Alerts of one severity."""

    alerts: int = 0
    overdue: int = 0
    unacknowledged: int = 0


class Counts(Model):
    """How many alerts match."""

    minor: Count = Count()
    major: Count = Count()
    critical: Count = Count()


@router.get("/alerts")
async def list_alerts(
    here: Here, person: Me, wanted: Annotated[WantedPage, Query()]
) -> Page[Alert]:
    """The most severe first, of equals the newest."""
    after = _place(wanted.cursor)
    async with here.seen_by(person) as connection:
        found = await alert_list.page(
            connection, wanted.filter(), after=after, limit=wanted.limit + 1
        )
    return cursor.page(found, wanted.limit, alert, _key)


@router.get("/alerts/count")
async def count_alerts(
    here: Here, person: Me, wanted: Annotated[Wanted, Query()]
) -> Counts:
    """How many match, by severity."""
    async with here.seen_by(person) as connection:
        found = await alert_list.counts(connection, wanted.filter())
    return Counts.model_validate(
        {
            Severity(one.severity).name.lower(): Count(
                alerts=one.alerts,
                overdue=one.overdue,
                unacknowledged=one.unacknowledged,
            )
            for one in found
        }
    )


@router.get(
    "/alerts.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_alerts(
    here: Here, person: Me, t: T, wanted: Annotated[Wanted, Query()]
) -> Response:
    """The same as a table, at most 10,000 rows: UTF-8 with BOM, times in local time."""
    async with here.seen_by(person) as connection:
        found = await alert_list.page(
            connection, wanted.filter(), after=None, limit=MOST + 1
        )
    if len(found) > MOST:
        raise Problem(400, "problem.many", n=MOST)
    return Response(
        spreadsheet.table(found, t, here.zone),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="alerts.csv"'},
    )


def _key(line: AlertLine) -> tuple[int, datetime, int]:
    return line.head.severity, line.head.opened_at, line.head.id


def _place(text: str | None) -> Place | None:
    """Where a page begins."""
    if text is None:
        return None
    severity, opened_at, number = cursor.decode(text, 3)
    return Place(severity, cursor.time(opened_at), number)
