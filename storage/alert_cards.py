"""What the supervisor's page reads of alerts: which are open, their cards and details."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.snapshot import select
from storage.unit import Connection

OPEN_ALERTS = """
SELECT id FROM alert
 WHERE withdrawn_at IS NULL AND closed_at IS NULL
 ORDER BY suppressed, severity DESC, returned_at IS NOT NULL, opened_at DESC, id DESC
 LIMIT %s
"""
COUNT_OPEN_ALERTS = """
SELECT severity, count(*) FROM alert
 WHERE withdrawn_at IS NULL AND closed_at IS NULL AND NOT suppressed
 GROUP BY severity
"""
PAST_ALERTS = """
SELECT id FROM alert
 WHERE withdrawn_at IS NOT NULL OR closed_at IS NOT NULL
 ORDER BY opened_at DESC, id DESC
 LIMIT %s
"""
ALERTS = """
SELECT a.id, a.rule, a.version, v.content::text AS content, a.severity, a.suppressed,
       a.opened_at, a.returned_at, a.acknowledged_at, a.assigned_at, a.answered_at, a.closed_at, a.withdrawn_at,
       before.id AS predecessor, into_one.id AS merged_into, a.found_late,
       a.point, p.name_zh AS point_zh, p.name_en AS point_en, p.quantity, p.unit, p.resolution,
       e.name_zh AS enterprise_zh, e.name_en AS enterprise_en,
       s.name_zh AS site_zh, s.name_en AS site_en, s.telephone,
       d.name_zh AS device_zh, d.name_en AS device_en, f.began, f.ended
  FROM alert a
  LEFT JOIN rule_version v ON v.version = a.version
  LEFT JOIN point p ON p.id = a.point
  LEFT JOIN device d ON d.id = coalesce(a.device, p.device)
  LEFT JOIN enterprise e ON e.id = a.enterprise
  LEFT JOIN site s ON s.id = a.site
  LEFT JOIN alert before ON before.id = a.predecessor
  LEFT JOIN alert into_one ON into_one.id = a.merged_into
  LEFT JOIN LATERAL (SELECT (detail->>'from')::timestamptz AS began, (detail->>'to')::timestamptz AS ended
                       FROM journal
                      WHERE alert = a.id AND a.point IS NULL AND detail->>'from' IS NOT NULL
                      ORDER BY n DESC LIMIT 1) f ON true
 WHERE a.id = ANY(%s)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertLine:
    """An alert with the names of its subject; `content` is its rule's, as judged."""

    id: int
    rule: str
    version: str | None
    content: str | None
    severity: int
    suppressed: bool
    opened_at: datetime
    returned_at: datetime | None
    acknowledged_at: datetime | None
    assigned_at: datetime | None
    answered_at: datetime | None
    closed_at: datetime | None
    withdrawn_at: datetime | None
    predecessor: int | None
    merged_into: int | None
    found_late: bool
    point: int | None
    point_zh: str | None
    point_en: str | None
    quantity: str | None
    unit: str | None
    resolution: float | None
    enterprise_zh: str | None
    enterprise_en: str | None
    site_zh: str | None
    site_en: str | None
    telephone: str | None
    device_zh: str | None
    device_en: str | None
    began: datetime | None
    """Of a finding about a device or the box, as its journal last says; of others None."""
    ended: datetime | None


async def open_alerts(connection: Connection, limit: int) -> list[int]:
    """Alerts that still ask for something, the most severe and newest first."""
    cursor = await connection.execute(OPEN_ALERTS, (limit,))
    return [row[0] for row in await cursor.fetchall()]


async def count_open_alerts(connection: Connection) -> dict[int, int]:
    """Number of open alerts that concern somebody, by severity."""
    cursor = await connection.execute(COUNT_OPEN_ALERTS)
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def past_alerts(connection: Connection, limit: int) -> list[int]:
    """Alerts that ask for nothing any more, the newest first."""
    cursor = await connection.execute(PAST_ALERTS, (limit,))
    return [row[0] for row in await cursor.fetchall()]


async def alerts(connection: Connection, ids: Sequence[int]) -> list[AlertLine]:
    """The alerts of these ids; an unknown one is left out."""
    return await select(connection, AlertLine, ALERTS, (list(ids),))
