"""Table `excursion_revision` and view `excursion`: facts about series, as rows of revisions."""

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
KNOWN = """
SELECT ae.alert, r.excursion, r.revision, r.withdrawn,
       r.point, r.rule, r.version, r.level, r.severity, r.started, r.ended, r.peak, r.peak_time
  FROM unnest(%s::int4[], %s::timestamptz[]) AS s (point, since)
  JOIN excursion_revision AS r ON r.point = s.point
   AND (r.ended IS NULL OR r.ended >= s.since)
  LEFT JOIN alert_excursion AS ae ON ae.excursion = r.excursion
 WHERE NOT r.withdrawn
   AND NOT EXISTS (SELECT FROM excursion_revision AS n
                    WHERE n.excursion = r.excursion AND n.revision > r.revision)
 ORDER BY r.started
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


async def new_ids(connection: Connection, count: int) -> list[int]:
    """Numbers for `count` new excursions."""
    cursor = await connection.execute(NEW_IDS, (count,))
    return [row[0] for row in await cursor.fetchall()]


async def write(unit: Unit, revisions: Iterable[Stored]) -> None:
    """Write each as a new revision of its excursion."""
    await unit.write(EXCURSION_REVISION, (_row(unit, stored) for stored in revisions))


def _row(unit: Unit, stored: Stored) -> Row:
    e = stored.excursion
    return (
        stored.id, stored.revision, unit.id, e.point, e.rule, e.version, e.level,
        int(e.severity), e.start, e.end, e.peak, e.peak_time, stored.withdrawn,
    )  # fmt: skip
