"""The registry as the processes use it: loaded whole, at a version, and shown to people.

How a file is brought in is in `storage/registry_changes.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from psycopg.rows import class_row

from domain.registry import Device, Point, Registry, Setting
from domain.rules import RuleVersion
from storage import owners
from storage.point_settings import setting_of
from storage.registry_changes import Applied, apply, bump, lock
from storage.unit import Connection

__all__ = [
    "Applied",
    "Line",
    "apply",
    "bump",
    "chosen",
    "load",
    "lock",
    "rule_versions",
    "show",
    "version",
]

VERSION = "SELECT version FROM registry_head"
DEVICES = """
SELECT d.id, d.enterprise, d.site, e.code, d.key, s.region, d.time_zone
  FROM device d JOIN site s ON s.id = d.site JOIN enterprise e ON e.id = d.enterprise
 ORDER BY d.id
"""
POINTS = """
SELECT device, id, key, name_zh, name_en, quantity, unit, resolution FROM point
 WHERE %(only)s::int4[] IS NULL OR id = ANY (%(only)s)
 ORDER BY id
"""
SETTINGS = """
SELECT DISTINCT ON (point, valid_from)
       point, valid_from, zone, interval, max_gap, in_use, rules, calibration_due
  FROM point_setting
 WHERE %(only)s::int4[] IS NULL OR point = ANY (%(only)s)
 ORDER BY point, valid_from, intake DESC
"""
HANDOVERS = """
SELECT p.id, o.valid_from
  FROM point p JOIN device d ON d.id = p.device JOIN site_owner o ON o.site = d.site
 WHERE p.id = ANY (%s)
 ORDER BY o.valid_from
"""
RULE_VERSIONS = """
SELECT version, rule, kind, content::text FROM rule_version
 WHERE %(only)s::text[] IS NULL OR version = ANY (%(only)s)
"""
SHOW = """
SELECT e.code AS enterprise, e.name_zh AS enterprise_zh, e.name_en AS enterprise_en,
       s.key AS site, s.region, d.key AS device, p.id, p.key AS point, p.name_zh, p.name_en,
       p.quantity, p.unit, p.resolution, t.valid_from, t.zone, t.interval, t.max_gap,
       t.in_use, t.calibration_due,
       ARRAY(SELECT rule FROM rule_version WHERE version = ANY(t.rules) ORDER BY rule) AS rules
  FROM point p
  JOIN device d ON d.id = p.device
  JOIN site s ON s.id = d.site
  JOIN enterprise e ON e.id = d.enterprise
  LEFT JOIN LATERAL (
           SELECT * FROM point_setting
            WHERE point = p.id AND valid_from <= coalesce(%s::timestamptz, 'infinity')
            ORDER BY valid_from DESC, intake DESC LIMIT 1) t ON true
 ORDER BY e.code, s.key, d.key, p.id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A point with its sender and the setting in force; without one, its fields are None."""

    enterprise: str
    """统一社会信用代码."""
    enterprise_zh: str
    enterprise_en: str
    site: str
    region: str
    device: str
    id: int
    point: str
    name_zh: str
    name_en: str
    quantity: str
    unit: str
    resolution: float
    valid_from: datetime | None
    zone: str | None
    interval: timedelta | None
    max_gap: timedelta | None
    in_use: str | None
    calibration_due: date | None
    rules: list[str]
    """Keys in the catalogue."""


async def version(connection: Connection) -> int:
    """The number that every change of the registry raises; 0: nothing is registered."""
    cursor = await connection.execute(VERSION)
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def load(connection: Connection) -> Registry:
    """The whole registry.

    The version is read first: a change that is committed meanwhile can only make the rest
    newer than it says, and then the next comparison of versions loads again.
    """
    number = await version(connection)
    cursor = await connection.execute(DEVICES)
    devices = await cursor.fetchall()
    owned = await owners.histories(connection)
    points = await _points(connection)
    return Registry(
        number,
        [
            Device(
                id=device,
                enterprise=enterprise,
                site=site,
                enterprise_code=code,
                key=key,
                region=region,
                time_zone=time_zone,
                points={
                    point.key: replace(point, handovers=handovers(owned.get(site, ())))
                    for point in points[device]
                },
                owners=owned.get(site, ()),
            )
            for device, enterprise, site, code, key, region, time_zone in devices
        ],
    )


def handovers(owned: Sequence[tuple[datetime, int]]) -> tuple[datetime, ...]:
    """When a site changed its owner; the first took over from nobody."""
    return tuple(since for since, _ in owned[1:])


async def chosen(connection: Connection, only: Sequence[int]) -> dict[int, Point]:
    """The points of these numbers, of their timelines what is seen; by number."""
    cursor = await connection.execute(HANDOVERS, (list(only),))
    owned: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
    for number, since in await cursor.fetchall():
        owned[number].append((since, 0))
    points = await _points(connection, only)
    return {
        one.id: replace(one, handovers=handovers(owned[one.id]))
        for some in points.values()
        for one in some
    }


async def _points(
    connection: Connection, only: Sequence[int] | None = None
) -> dict[int, list[Point]]:
    """All points, or `only` these, by device, in the order of their numbers."""
    values = {"only": None if only is None else list(only)}
    cursor = await connection.execute(POINTS, values)
    rows = await cursor.fetchall()
    timelines = await _timelines(connection, values)
    points: dict[int, list[Point]] = defaultdict(list)
    for device, number, key, name_zh, name_en, quantity, unit, resolution in rows:
        point = Point(
            id=number,
            device=device,
            key=key,
            name_zh=name_zh,
            name_en=name_en,
            quantity=quantity,
            unit=unit,
            resolution=resolution,
            timeline=tuple(timelines[number]),
        )
        points[device].append(point)
    return points


async def _timelines(
    connection: Connection, only: Mapping[str, Any]
) -> dict[int, list[Setting]]:
    """The settings of these points, in order of time."""
    cursor = await connection.execute(SETTINGS, only)
    timelines: dict[int, list[Setting]] = defaultdict(list)
    for point, *values in await cursor.fetchall():
        timelines[point].append(setting_of(*values))
    return timelines


async def rule_versions(
    connection: Connection, only: Iterable[str] | None = None
) -> dict[str, RuleVersion]:
    """All rule versions that were ever assigned, or `only` these, by version."""
    values = {"only": None if only is None else list(only)}
    cursor = await connection.execute(RULE_VERSIONS, values)
    return {
        number: RuleVersion(version=number, rule=rule, kind=kind, content=content)
        for number, rule, kind, content in await cursor.fetchall()
    }


async def show(connection: Connection, at: datetime | None = None) -> list[Line]:
    """Every point with the setting in force at `at`, or with its last one."""
    async with connection.cursor(row_factory=class_row(Line)) as cursor:
        await cursor.execute(SHOW, (at,))
        return await cursor.fetchall()
