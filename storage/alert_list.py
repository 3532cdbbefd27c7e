"""Alerts as lists show them: which match, in which order, how many, and their names.

Row-level security decides what is seen at all; what an alert refers to and the asker may
not see (the predecessor of another owner) is null.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Literal, LiteralString, NamedTuple, TypeAlias

from psycopg import AsyncCursor
from psycopg.rows import RowMaker, dict_row

from domain.alerts import Alert
from domain.rules import Severity
from storage import scope
from storage.unit import Connection

# Never prepared: only a plan for the values at hand leaves out the filters that are not
# given and the orders not asked for, and takes the index that suits: `alert_inbox` and `alert_overdue_first` have all open
# alerts in the order asked for, `alert_inbox_of_area` those of few regions. The scope is therefore said
# again, in values; it is row-level security that decides.
PAGE = """
SELECT a.id FROM alert a
 WHERE (NOT %(open)s::bool OR a.withdrawn_at IS NULL AND a.closed_at IS NULL)
   AND (a.area BETWEEN %(scope_low)s AND %(scope_high)s OR a.enterprise = %(scope_enterprise)s
        OR %(scope_box)s AND a.area IS NULL)
   AND (%(signal)s::text IS NULL OR CASE %(signal)s WHEN 'merged' THEN a.merged_into IS NOT NULL
            WHEN 'withdrawn' THEN a.merged_into IS NULL AND a.withdrawn_at IS NOT NULL
            WHEN 'returned' THEN a.withdrawn_at IS NULL AND a.returned_at IS NOT NULL
            ELSE a.withdrawn_at IS NULL AND a.returned_at IS NULL END)
   AND (%(work)s::text IS NULL OR CASE %(work)s WHEN 'closed' THEN a.closed_at IS NOT NULL
            WHEN 'answered' THEN a.closed_at IS NULL AND a.answered_at IS NOT NULL
            WHEN 'unanswered' THEN a.closed_at IS NULL AND a.answered_at IS NULL AND (a.assigned_at IS NOT NULL OR a.acknowledged_at IS NOT NULL)
            WHEN 'assigned' THEN a.closed_at IS NULL AND a.answered_at IS NULL AND a.assigned_at IS NOT NULL
            WHEN 'acknowledged' THEN a.closed_at IS NULL AND a.answered_at IS NULL AND a.assigned_at IS NULL AND a.acknowledged_at IS NOT NULL
            ELSE a.closed_at IS NULL AND a.answered_at IS NULL AND a.assigned_at IS NULL AND a.acknowledged_at IS NULL END)
   AND (%(severity)s::int2 IS NULL OR a.severity >= %(severity)s)
   AND (%(level)s::int2 IS NULL OR a.severity = %(level)s)
   AND (%(rule)s::text IS NULL OR a.rule = %(rule)s)
   AND (%(enterprise)s::text IS NULL OR a.enterprise = (SELECT id FROM enterprise WHERE code = %(enterprise)s))
   AND (%(site)s::int4 IS NULL OR a.site = %(site)s)
   AND (%(low)s::int4 IS NULL OR a.area BETWEEN %(low)s AND %(high)s)
   AND (%(point)s::int4 IS NULL OR a.point = %(point)s)
   AND (%(incident)s::int8 IS NULL OR a.incident = %(incident)s)
   AND (%(assignee)s::text IS NULL OR a.assignee = %(assignee)s)
   AND (%(overdue)s::bool IS NULL OR (a.overdue_since IS NOT NULL) = %(overdue)s)
   AND (%(shelved)s::bool IS NULL OR (a.shelved_until IS NOT NULL) = %(shelved)s)
   AND (%(suppressed)s::bool IS NULL OR a.suppressed = %(suppressed)s)
   AND (%(opened_from)s::timestamptz IS NULL OR a.opened_at >= %(opened_from)s)
   AND (%(opened_until)s::timestamptz IS NULL OR a.opened_at < %(opened_until)s)
   AND (%(like)s::text IS NULL
        OR EXISTS (SELECT FROM enterprise WHERE id = a.enterprise AND concat_ws(' ', name_zh, name_en, code) ILIKE %(like)s)
        OR EXISTS (SELECT FROM site WHERE id = a.site AND concat_ws(' ', name_zh, name_en, key) ILIKE %(like)s)
        OR EXISTS (SELECT FROM device WHERE id = a.device AND concat_ws(' ', name_zh, name_en, key) ILIKE %(like)s)
        OR EXISTS (SELECT FROM point WHERE id = a.point AND concat_ws(' ', name_zh, name_en, key) ILIKE %(like)s))
   AND (%(after_id)s::int8 IS NULL
        OR CASE %(order)s::text
            WHEN 'overdue' THEN ((a.overdue_since IS NOT NULL), a.severity, a.opened_at, a.id)
               < (%(after_overdue)s::bool, %(after_severity)s::int8, %(after_time)s::timestamptz, %(after_id)s)
            WHEN 'newest' THEN (a.opened_at, a.id) < (%(after_time)s::timestamptz, %(after_id)s)
            ELSE (a.severity, a.opened_at, a.id) < (%(after_severity)s::int8, %(after_time)s::timestamptz, %(after_id)s) END)
 ORDER BY CASE WHEN %(order)s::text = 'overdue' THEN (a.overdue_since IS NOT NULL) END DESC,
          CASE WHEN %(order)s::text <> 'newest' THEN a.severity END DESC, a.opened_at DESC, a.id DESC
 LIMIT %(limit)s
"""
# The same filters, but for the place in the order.
COUNT = """
SELECT a.severity, count(*) AS alerts, count(a.overdue_since) AS overdue,
       count(*) FILTER (WHERE a.acknowledged_at IS NULL) AS unacknowledged FROM alert a
 WHERE (NOT %(open)s::bool OR a.withdrawn_at IS NULL AND a.closed_at IS NULL)
   AND (a.area BETWEEN %(scope_low)s AND %(scope_high)s OR a.enterprise = %(scope_enterprise)s
        OR %(scope_box)s AND a.area IS NULL)
   AND (%(signal)s::text IS NULL OR CASE %(signal)s WHEN 'merged' THEN a.merged_into IS NOT NULL
            WHEN 'withdrawn' THEN a.merged_into IS NULL AND a.withdrawn_at IS NOT NULL
            WHEN 'returned' THEN a.withdrawn_at IS NULL AND a.returned_at IS NOT NULL
            ELSE a.withdrawn_at IS NULL AND a.returned_at IS NULL END)
   AND (%(work)s::text IS NULL OR CASE %(work)s WHEN 'closed' THEN a.closed_at IS NOT NULL
            WHEN 'answered' THEN a.closed_at IS NULL AND a.answered_at IS NOT NULL
            WHEN 'unanswered' THEN a.closed_at IS NULL AND a.answered_at IS NULL AND (a.assigned_at IS NOT NULL OR a.acknowledged_at IS NOT NULL)
            WHEN 'assigned' THEN a.closed_at IS NULL AND a.answered_at IS NULL AND a.assigned_at IS NOT NULL
            WHEN 'acknowledged' THEN a.closed_at IS NULL AND a.answered_at IS NULL AND a.assigned_at IS NULL AND a.acknowledged_at IS NOT NULL
            ELSE a.closed_at IS NULL AND a.answered_at IS NULL AND a.assigned_at IS NULL AND a.acknowledged_at IS NULL END)
   AND (%(severity)s::int2 IS NULL OR a.severity >= %(severity)s)
   AND (%(level)s::int2 IS NULL OR a.severity = %(level)s)
   AND (%(rule)s::text IS NULL OR a.rule = %(rule)s)
   AND (%(enterprise)s::text IS NULL OR a.enterprise = (SELECT id FROM enterprise WHERE code = %(enterprise)s))
   AND (%(site)s::int4 IS NULL OR a.site = %(site)s)
   AND (%(low)s::int4 IS NULL OR a.area BETWEEN %(low)s AND %(high)s)
   AND (%(point)s::int4 IS NULL OR a.point = %(point)s)
   AND (%(incident)s::int8 IS NULL OR a.incident = %(incident)s)
   AND (%(assignee)s::text IS NULL OR a.assignee = %(assignee)s)
   AND (%(overdue)s::bool IS NULL OR (a.overdue_since IS NOT NULL) = %(overdue)s)
   AND (%(shelved)s::bool IS NULL OR (a.shelved_until IS NOT NULL) = %(shelved)s)
   AND (%(suppressed)s::bool IS NULL OR a.suppressed = %(suppressed)s)
   AND (%(opened_from)s::timestamptz IS NULL OR a.opened_at >= %(opened_from)s)
   AND (%(opened_until)s::timestamptz IS NULL OR a.opened_at < %(opened_until)s)
   AND (%(like)s::text IS NULL
        OR EXISTS (SELECT FROM enterprise WHERE id = a.enterprise AND concat_ws(' ', name_zh, name_en, code) ILIKE %(like)s)
        OR EXISTS (SELECT FROM site WHERE id = a.site AND concat_ws(' ', name_zh, name_en, key) ILIKE %(like)s)
        OR EXISTS (SELECT FROM device WHERE id = a.device AND concat_ws(' ', name_zh, name_en, key) ILIKE %(like)s)
        OR EXISTS (SELECT FROM point WHERE id = a.point AND concat_ws(' ', name_zh, name_en, key) ILIKE %(like)s))
 GROUP BY a.severity
"""
LINES = """
SELECT a.id, a.rule, a.version, a.point, a.device, a.enterprise, a.site, a.region, a.severity, a.suppressed,
       a.predecessor, a.merged_into, a.found_late, a.inhibited_by, a.incident, a.opened_at, a.raised_at,
       a.returned_at, a.acknowledged_at, a.assigned_at, a.assignee, a.answered_at, a.closed_at,
       a.shelved_until, a.due_at, a.overdue_since, a.withdrawn_at, a.revision, a.entries,
       v.content::text AS content, n.seen_point, n.point_zh, n.point_en, n.quantity, n.unit, n.resolution,
       n.seen_device, n.device_zh, n.device_en, n.seen_site, n.site_zh, n.site_en, n.telephone,
       n.enterprise_code, n.enterprise_zh, n.enterprise_en,
       before.id AS seen_predecessor, into_one.id AS seen_merged_into, cause.id AS seen_inhibited_by,
       i.id AS seen_incident
  FROM alert a
  JOIN alert_names n ON n.alert = a.id
  LEFT JOIN rule_version v ON v.version = a.version
  LEFT JOIN alert before ON before.id = a.predecessor
  LEFT JOIN alert into_one ON into_one.id = a.merged_into
  LEFT JOIN alert cause ON cause.id = a.inhibited_by
  LEFT JOIN incident i ON i.id = a.incident
 WHERE a.id = ANY(%s)
"""
FACTS = [field.name for field in fields(Alert)]


Order: TypeAlias = Literal["severity", "overdue", "newest"]
"""The most severe first, of equals the newest; before them what is overdue; or the newest first."""


class Place(NamedTuple):
    """Sort key of an alert: a page begins after one."""

    severity: int
    opened_at: datetime
    id: int
    overdue: bool = False
    """Of matter only where those come first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which alerts are wanted; None: whatever it is."""

    open: bool = True
    """Only those that still ask for something: neither closed nor withdrawn."""
    signal: str | None = None
    """As in `State`, like `work`."""
    work: str | None = None
    """Or `unanswered`: acknowledged or assigned."""
    severity: Severity | None = None
    """At least."""
    level: Severity | None = None
    """Exactly."""
    rule: str | None = None
    enterprise: str | None = None
    """统一社会信用代码."""
    site: int | None = None
    low: int | None = None
    """First region code that is wanted; with `high`, the last."""
    high: int | None = None
    point: int | None = None
    incident: int | None = None
    assignee: str | None = None
    overdue: bool | None = None
    shelved: bool | None = None
    suppressed: bool | None = None
    """Of what was not in use."""
    opened_from: datetime | None = None
    """Inclusive; `opened_until` is not."""
    opened_until: datetime | None = None
    search: str | None = None
    """In names and keys of enterprise, site, device and point."""

    @property
    def parameters(self) -> dict[str, Any]:
        """As the queries name them."""
        named = asdict(self)
        search = named.pop("search")
        return {**named, "like": None if search is None else like(search)}


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertLine:
    """An alert and what it is about; None of what has no such thing, or is not seen."""

    head: Alert
    content: str | None
    """The rule's, as judged."""
    seen_point: int | None
    point_zh: str | None
    point_en: str | None
    quantity: str | None
    unit: str | None
    resolution: float | None
    seen_device: int | None
    device_zh: str | None
    device_en: str | None
    seen_site: int | None
    site_zh: str | None
    site_en: str | None
    telephone: str | None
    enterprise_code: str | None
    enterprise_zh: str | None
    enterprise_en: str | None
    seen_predecessor: int | None
    seen_merged_into: int | None
    seen_inhibited_by: int | None
    seen_incident: int | None


@dataclass(frozen=True, slots=True)
class Count:
    """Alerts of one severity."""

    severity: int
    alerts: int
    overdue: int
    unacknowledged: int


async def page(
    connection: Connection,
    wanted: Filter,
    *,
    after: Place | None,
    limit: int,
    order: Order = "severity",
) -> list[AlertLine]:
    """The first `limit` of the alerts after a place in their order."""
    severity, opened_at, number, overdue = after or (None, None, None, None)
    place = {
        "order": order,
        "after_overdue": overdue,
        "after_severity": severity,
        "after_time": opened_at,
        "after_id": number,
        "limit": limit,
    }
    cursor = await _matching(connection, PAGE, wanted, **place)
    ids = [row[0] for row in await cursor.fetchall()]
    found = {line.head.id: line for line in await lines(connection, ids)}
    return [found[number] for number in ids]


async def counts(connection: Connection, wanted: Filter) -> list[Count]:
    """How many match, by severity; a severity without any is left out."""
    cursor = await _matching(connection, COUNT, wanted)
    return [Count(*row) for row in await cursor.fetchall()]


async def lines(connection: Connection, ids: Sequence[int]) -> list[AlertLine]:
    """The alerts of these ids, in no order; one that is not seen is left out."""
    async with connection.cursor(row_factory=_line) as cursor:
        await cursor.execute(LINES, (list(ids),))
        return await cursor.fetchall()


def like(search: str) -> str:
    """The pattern that finds `search` anywhere."""
    escaped = search.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


async def _matching(
    connection: Connection, query: LiteralString, wanted: Filter, **more: Any
) -> AsyncCursor[tuple[Any, ...]]:
    """Ask for what matches, with the scope of the transaction as values."""
    seen = await scope.current(connection)
    within = {
        "scope_low": seen.low,
        "scope_high": seen.high,
        "scope_enterprise": seen.enterprise,
        "scope_box": seen.box,
    }
    return await connection.execute(
        query, wanted.parameters | within | more, prepare=False
    )


def _line(cursor: AsyncCursor[Any]) -> RowMaker[AlertLine]:
    """Makes the rows of LINES."""
    named = dict_row(cursor)

    def make(row: Sequence[Any]) -> AlertLine:
        columns = named(row)
        facts = {name: columns.pop(name) for name in FACTS}
        facts["severity"] = Severity(facts["severity"])
        return AlertLine(head=Alert(**facts), **columns)

    return make
