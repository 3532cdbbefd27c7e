"""Table `incident` as lists show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.snapshot import select
from storage.unit import Connection

PAGE = """
SELECT i.id, i.opened_at, i.newest_at, i.window_until, i.severity, i.alerts, i.active, i.settled_at,
       s.id AS site, s.name_zh AS site_zh, s.name_en AS site_en, s.region,
       e.code AS enterprise_code, e.name_zh AS enterprise_zh, e.name_en AS enterprise_en
  FROM incident i
  LEFT JOIN site s ON s.id = i.site
  LEFT JOIN enterprise e ON e.id = i.enterprise
 WHERE (%(id)s::int8 IS NULL OR i.id = %(id)s)
   AND (NOT %(open)s::bool OR i.settled_at IS NULL)
   AND (%(site)s::int4 IS NULL OR i.site = %(site)s)
   AND (%(low)s::int4 IS NULL OR i.area BETWEEN %(low)s AND %(high)s)
   AND (%(after_id)s::int8 IS NULL OR (i.opened_at, i.id) < (%(after_time)s::timestamptz, %(after_id)s))
 ORDER BY i.opened_at DESC, i.id DESC
 LIMIT %(limit)s
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class IncidentLine:
    """An incident and where it is; None of what is not seen."""

    id: int
    opened_at: datetime
    newest_at: datetime
    window_until: datetime
    severity: int
    alerts: int
    active: int
    settled_at: datetime | None
    site: int | None
    site_zh: str | None
    site_en: str | None
    region: str | None
    enterprise_code: str | None
    enterprise_zh: str | None
    enterprise_en: str | None


async def page(
    connection: Connection,
    *,
    unsettled: bool,
    site: int | None,
    regions: tuple[int | None, int | None],
    after: tuple[datetime, int] | None,
    limit: int,
) -> list[IncidentLine]:
    """The newest `limit` incidents after a place in the order, in a range of regions."""
    opened_at, number = after or (None, None)
    parameters = {
        "id": None,
        "open": unsettled,
        "site": site,
        "low": regions[0],
        "high": regions[1],
        "after_time": opened_at,
        "after_id": number,
        "limit": limit,
    }
    return await select(connection, IncidentLine, PAGE, parameters)


async def one(connection: Connection, incident: int) -> IncidentLine | None:
    """The incident, or None."""
    parameters = {
        **dict.fromkeys(("site", "low", "high", "after_time", "after_id")),
        "id": incident,
        "open": False,
        "limit": 1,
    }
    found = await select(connection, IncidentLine, PAGE, parameters)
    return next(iter(found), None)
