"""Tables `excursion_revision` and `excursion`: facts about series, each at its newest revision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.excursions import Excursion
from domain.rules import Severity
from storage.evidence import EXCURSION_REVISION, Row
from storage.unit import Connection, Unit

NEW_IDS = "SELECT nextval('excursion_id') FROM generate_series(1, %s)"
# The planner cannot know how recent `since` is. OFFSET 0 and the subquery leave it no other
# way than one range of the index per point, and one look per excursion found.
KNOWN = """
SELECT (SELECT alert FROM alert_excursion WHERE excursion = e.id LIMIT 1),
       e.id, e.revision, e.withdrawn,
       e.point, e.rule, e.version, e.level, e.severity, e.started, e.ended, e.peak, e.peak_time
  FROM unnest(%s::int4[], %s::timestamptz[]) AS s (point, since)
 CROSS JOIN LATERAL (SELECT * FROM excursion
                      WHERE point = s.point AND NOT withdrawn
                        AND coalesce(ended, 'infinity') >= s.since OFFSET 0) AS e
 ORDER BY e.started
"""
# Of an enterprise's former site the alert may be another's: then it is null.
RAISED = """
SELECT (SELECT alert FROM alert_excursion WHERE excursion = e.id LIMIT 1),
       e.id, e.revision, e.withdrawn,
       e.point, e.rule, e.version, e.level, e.severity, e.started, e.ended, e.peak, e.peak_time
  FROM excursion AS e
 WHERE e.point = ANY (%(points)s) AND e.rule = %(rule)s AND NOT e.withdrawn
   AND e.started < %(until)s AND coalesce(e.ended, 'infinity') > %(since)s
 ORDER BY e.started
 LIMIT %(limit)s
"""
# The rest of an excursion is its identity, which no revision changes.
FOLLOW = """
INSERT INTO excursion
SELECT DISTINCT ON (excursion)
       excursion, revision, intake, point, rule, version, level, severity,
       started, ended, peak, peak_time, withdrawn
  FROM excursion_revision
 WHERE intake = %s
 ORDER BY excursion, revision DESC
    ON CONFLICT (id) DO UPDATE
   SET (revision, intake, ended, peak, peak_time, withdrawn)
     = (excluded.revision, excluded.intake, excluded.ended, excluded.peak, excluded.peak_time,
        excluded.withdrawn)
 WHERE excursion.revision < excluded.revision
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """An excursion at its newest revision."""

    id: int
    """0: found just now, not stored yet."""
    revision: int
    withdrawn: bool = False
    """For good: the same found again later is stored anew, and finds its alert anew."""
    alert: int | None = None
    """The one alert that it is linked to; None: not linked yet."""
    excursion: Excursion


def excursion(columns: Sequence[Any]) -> Excursion:
    """The excursion of a row: point, rule, version, level, severity and what follows."""
    point, rule, version, level, severity, started, ended, peak, peak_time = columns
    return Excursion(
        point=point, rule=rule, version=version, level=level, severity=Severity(severity),
        start=started, end=ended, peak=peak, peak_time=peak_time,
    )  # fmt: skip


def _stored(row: Sequence[Any]) -> Stored:
    alert, number, revision, withdrawn, *columns = row
    return Stored(
        id=number,
        revision=revision,
        withdrawn=withdrawn,
        alert=alert,
        excursion=excursion(columns),
    )


async def known(
    connection: Connection, since: Mapping[int, datetime]
) -> dict[int, list[Stored]]:
    """By point, the excursions that are open or end at `since` or later, by start.

    Less the withdrawn. Every point of `since` is there.
    """
    cursor = await connection.execute(KNOWN, (list(since), list(since.values())))
    found: dict[int, list[Stored]] = {point: [] for point in since}
    for stored in map(_stored, await cursor.fetchall()):
        found[stored.excursion.point].append(stored)
    return found


async def raised(
    connection: Connection,
    rule: str,
    points: Sequence[int],
    since: datetime,
    until: datetime,
    limit: int,
) -> list[Stored]:
    """The first `limit` excursions by `rule` at `points` that reach into [since, until)."""
    values = {
        "rule": rule,
        "points": list(points),
        "since": since,
        "until": until,
        "limit": limit,
    }
    cursor = await connection.execute(RAISED, values)
    return [_stored(row) for row in await cursor.fetchall()]


async def new_ids(connection: Connection, count: int) -> list[int]:
    """Numbers for `count` new excursions."""
    cursor = await connection.execute(NEW_IDS, (count,))
    return [row[0] for row in await cursor.fetchall()]


async def write(unit: Unit, revisions: Iterable[Stored]) -> None:
    """Write each as a new revision of its excursion, which is then the newest."""
    rows = [_row(unit, stored) for stored in revisions]
    if rows:
        await unit.write(EXCURSION_REVISION, rows)
        await unit.connection.execute(FOLLOW, (unit.id,))


def _row(unit: Unit, stored: Stored) -> Row:
    e = stored.excursion
    return (
        stored.id, stored.revision, unit.id, e.point, e.rule, e.version, e.level,
        int(e.severity), e.start, e.end, e.peak, e.peak_time, stored.withdrawn,
    )  # fmt: skip
