"""Tables `alert`, `alert_excursion` and `alert_reading`: heads, and what they stand on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.rows import class_row, kwargs_row

from domain.alerts import Alert, Subject
from domain.excursions import Excursion
from domain.people import Scope
from domain.rules import Severity
from storage.columns import columns
from storage.evidence import ALERT_CONFLICT, ALERT_EXCURSION, ALERT_READING
from storage.excursions import Stored, excursion
from storage.unit import Connection, Unit

NEW_IDS = "SELECT nextval('alert_id') FROM generate_series(1, %s)"
NEWEST = """
SELECT s.point, s.rule, h.suppressed, a.id
  FROM unnest(%s::int4[], %s::text[]) AS s (point, rule)
 CROSS JOIN (VALUES (false), (true)) AS h (suppressed)
 CROSS JOIN LATERAL (SELECT id FROM alert
                      WHERE point = s.point AND rule = s.rule
                        AND suppressed = h.suppressed AND withdrawn_at IS NULL
                      ORDER BY id DESC LIMIT 1) AS a
"""
LOCK = """
SELECT id, rule, version, point, device, enterprise, site, region, severity, suppressed,
       predecessor, merged_into, found_late, inhibited_by, incident, opened_at, raised_at,
       returned_at, acknowledged_at, assigned_at, assignee, answered_at, closed_at,
       shelved_until, due_at, overdue_since, withdrawn_at, revision, entries
  FROM alert WHERE id = ANY(%s) ORDER BY id FOR UPDATE
"""
INSERT = """
INSERT INTO alert (id, rule, version, point, device, enterprise, site, region, severity,
                   suppressed, predecessor, merged_into, found_late, inhibited_by, incident,
                   opened_at, raised_at, returned_at, acknowledged_at, assigned_at, assignee,
                   answered_at, closed_at, shelved_until, due_at, overdue_since, withdrawn_at,
                   revision, entries)
VALUES (%(id)s, %(rule)s, %(version)s, %(point)s, %(device)s, %(enterprise)s, %(site)s,
        %(region)s, %(severity)s, %(suppressed)s, %(predecessor)s, %(merged_into)s,
        %(found_late)s, %(inhibited_by)s, %(incident)s, %(opened_at)s, %(raised_at)s,
        %(returned_at)s, %(acknowledged_at)s, %(assigned_at)s, %(assignee)s, %(answered_at)s,
        %(closed_at)s, %(shelved_until)s, %(due_at)s, %(overdue_since)s, %(withdrawn_at)s,
        %(revision)s, %(entries)s)
"""
UPDATE = """
UPDATE alert SET severity = %(severity)s, returned_at = %(returned_at)s,
       raised_at = %(raised_at)s, acknowledged_at = %(acknowledged_at)s,
       assigned_at = %(assigned_at)s, assignee = %(assignee)s, answered_at = %(answered_at)s,
       closed_at = %(closed_at)s, shelved_until = %(shelved_until)s, due_at = %(due_at)s,
       overdue_since = %(overdue_since)s, withdrawn_at = %(withdrawn_at)s,
       merged_into = %(merged_into)s, found_late = %(found_late)s, incident = %(incident)s,
       revision = %(revision)s, entries = %(entries)s
 WHERE id = %(id)s
"""
# What people's commands change: the web login may set no other column.
UPDATE_WORK = """
UPDATE alert SET raised_at = %(raised_at)s, acknowledged_at = %(acknowledged_at)s,
       assigned_at = %(assigned_at)s, assignee = %(assignee)s, answered_at = %(answered_at)s,
       closed_at = %(closed_at)s, shelved_until = %(shelved_until)s, due_at = %(due_at)s,
       overdue_since = %(overdue_since)s, revision = %(revision)s, entries = %(entries)s
 WHERE id = %(id)s
"""
SEEN = "SELECT in_scope(area, enterprise, %s, %s, %s, %s) FROM alert WHERE id = %s"
SUBJECTS = """
SELECT p.id AS point, p.name_zh AS point_zh, p.name_en AS point_en, p.quantity, p.unit,
       p.resolution, p.stage, s.id AS site, d.id AS device, d.name_zh AS device_zh, d.name_en AS device_en, s.name_zh AS site_zh,
       s.name_en AS site_en, s.region, s.telephone, e.code AS enterprise_code,
       e.name_zh AS enterprise_zh, e.name_en AS enterprise_en
  FROM point AS p
  JOIN device AS d ON d.id = p.device
  JOIN site AS s ON s.id = d.site
  JOIN enterprise AS e ON e.id = s.enterprise
 WHERE p.id = ANY(%s)
"""
STANDING = """
SELECT DISTINCT ON (ae.alert)
       ae.alert, bool_or(e.ended IS NULL) OVER (PARTITION BY ae.alert) AS active,
       e.point, e.rule, e.version, e.level, e.severity, e.started, e.ended, e.peak, e.peak_time
  FROM alert_excursion AS ae
  JOIN excursion AS e ON e.id = ae.excursion
 WHERE ae.alert = ANY(%s) AND NOT e.withdrawn
 ORDER BY ae.alert, e.severity DESC, e.started DESC
"""
KNOWN_UNTIL = """
SELECT c.excursion,
       coalesce(r.ended, interval '1 us' +
                coalesce((SELECT max(time) FROM alert_reading
                           WHERE alert = c.alert AND point = r.point), r.started))
  FROM unnest(%s::int8[], %s::int4[], %s::int8[]) AS c (excursion, revision, alert)
  JOIN excursion_revision AS r
    ON r.excursion = c.excursion AND r.revision = c.revision - 1
"""
COPY_READINGS = """
INSERT INTO alert_reading (alert, point, time, intake, value, quality, provenance)
SELECT DISTINCT ON (c.alert, r.point, r.time)
       c.alert, r.point, r.time, %(intake)s, r.value, r.quality, r.provenance
  FROM unnest(%(alerts)s::int8[], %(points)s::int4[], %(starts)s::timestamptz[],
              %(stops)s::timestamptz[]) AS c (alert, point, start, stop)
  JOIN reading AS r ON r.point = c.point AND r.time >= c.start
                   AND r.time <= coalesce(c.stop, 'infinity')
ON CONFLICT DO NOTHING
RETURNING alert, point, time, intake, value, quality, provenance
"""
COPY_CONFLICTS = """
INSERT INTO alert_conflict (alert, point, time, judged, intake, value, quality, provenance)
SELECT DISTINCT ON (c.alert, x.point, x.time, x.judged)
       c.alert, x.point, x.time, x.judged, %(intake)s, x.value, x.quality, x.provenance
  FROM unnest(%(alerts)s::int8[], %(points)s::int4[], %(starts)s::timestamptz[],
              %(stops)s::timestamptz[]) AS c (alert, point, start, stop)
  JOIN conflict AS x ON x.point = c.point AND x.time >= c.start
                    AND x.time <= coalesce(c.stop, 'infinity')
ON CONFLICT DO NOTHING
RETURNING alert, point, time, judged, intake, value, quality, provenance
"""


class Copy(NamedTuple):
    """What an alert copies for itself: a stretch of a point's readings."""

    alert: int
    point: int
    start: datetime
    stop: datetime | None
    """Inclusive; None: up to the newest."""


class Standing(NamedTuple):
    """What the excursions of an alert come to, less the withdrawn."""

    worst: Excursion
    """Of the highest severity; of equals the newest."""
    active: bool
    """Whether one of them goes on."""


async def new_ids(connection: Connection, count: int) -> list[int]:
    """Numbers for `count` new alerts."""
    cursor = await connection.execute(NEW_IDS, (count,))
    return [row[0] for row in await cursor.fetchall()]


async def newest(
    connection: Connection, groups: Iterable[tuple[int, str]]
) -> dict[tuple[int, str, bool], int]:
    """The newest live alert of each (point, rule), and of these, suppressed or not."""
    points, rules = map(list, zip(*groups, strict=True))
    cursor = await connection.execute(NEWEST, (points, rules))
    rows = await cursor.fetchall()
    return {(point, rule, suppressed): alert for point, rule, suppressed, alert in rows}


async def lock(connection: Connection, alerts: Iterable[int]) -> dict[int, Alert]:
    """The heads of `alerts`, locked until the transaction ends."""
    async with connection.cursor(row_factory=kwargs_row(_head)) as cursor:
        await cursor.execute(LOCK, (list(alerts),))
        return {head.id: head for head in await cursor.fetchall()}


def _head(*, severity: int, **rest: Any) -> Alert:
    return Alert(severity=Severity(severity), **rest)


async def insert(connection: Connection, heads: Sequence[Alert]) -> None:
    """Add new heads."""
    async with connection.cursor() as cursor:
        await cursor.executemany(INSERT, [columns(head) for head in heads])


async def update(connection: Connection, heads: Sequence[Alert]) -> None:
    """Bring locked heads up to date."""
    async with connection.cursor() as cursor:
        await cursor.executemany(UPDATE, [columns(head) for head in heads])


async def update_work(connection: Connection, head: Alert) -> None:
    """Bring a locked head up to date in what a person's command changes."""
    await connection.execute(UPDATE_WORK, columns(head))


async def seen_by(connection: Connection, alert: int, scope: Scope) -> bool:
    """Whether an alert that the transaction sees is seen with the eyes of `scope`, too."""
    cursor = await connection.execute(SEEN, (*astuple(scope), alert))
    row = await cursor.fetchone()
    return bool(row and row[0])


async def link(unit: Unit, links: Iterable[tuple[int, int]]) -> None:
    """Link (alert, excursion)."""
    await unit.write(ALERT_EXCURSION, ((a, e, unit.id) for a, e in links))


async def standing(
    connection: Connection, alerts: Iterable[int]
) -> dict[int, Standing]:
    """What each of `alerts` stands on now; one without excursions is left out."""
    cursor = await connection.execute(STANDING, (list(alerts),))
    return {
        alert: Standing(excursion(worst), active)
        for alert, active, *worst in await cursor.fetchall()
    }


async def known_until(
    connection: Connection, changed: Iterable[Stored]
) -> dict[int, datetime]:
    """Up to when people knew excursions before their newest revision, by their numbers.

    That is their end; of what was open, just after the last reading that its alert had
    copied.
    """
    rows = [(s.id, s.revision, s.alert) for s in changed if s.alert is not None]
    if not rows:
        return {}
    cursor = await connection.execute(
        KNOWN_UNTIL, [list(column) for column in zip(*rows, strict=True)]
    )
    return dict(await cursor.fetchall())


async def subjects(connection: Connection, points: Iterable[int]) -> dict[int, Subject]:
    """What notifications say of `points`, by their numbers."""
    async with connection.cursor(row_factory=class_row(Subject)) as cursor:
        await cursor.execute(SUBJECTS, (list(points),))
        return {subject.point: subject for subject in await cursor.fetchall()}


async def copy_readings(unit: Unit, copies: Sequence[Copy]) -> None:
    """Copy readings, and values in conflict, into alerts; what one has stays as it is."""
    if not copies:
        return
    alerts, points, starts, stops = map(list, zip(*copies, strict=True))
    stretches = {
        "intake": unit.id,
        "alerts": alerts,
        "points": points,
        "starts": starts,
        "stops": stops,
    }
    cursor = await unit.connection.execute(COPY_READINGS, stretches)
    unit.wrote(ALERT_READING, await cursor.fetchall())
    cursor = await unit.connection.execute(COPY_CONFLICTS, stretches)
    unit.wrote(ALERT_CONFLICT, await cursor.fetchall())
