"""Tables `enterprise`, `site`, `device` and `point`: the things of the registry.

Rows are found by their natural keys, and keep their numbers; what a file does not name
stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, LiteralString, NamedTuple

from psycopg.rows import dict_row

from domain.registry_models import Enterprise, Model
from storage.unit import Connection

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One of the tables of things, each row named by the keys from the enterprise down."""

    noun: str
    key: tuple[str, ...]
    fixed: frozenset[str] = frozenset()
    """Columns that cannot change once there."""
    select: LiteralString
    insert: LiteralString
    update: LiteralString

    def name(self, row: Row) -> str:
        """As the summary calls a row."""
        return f"{self.noun} {'/'.join(str(row[column]) for column in self.key)}"


ENTERPRISE = Table(
    noun="enterprise",
    key=("code",),
    select="SELECT code, name_zh, name_en, kind, high_risk FROM enterprise WHERE code = ANY(%s)",
    insert="""
INSERT INTO enterprise (code, name_zh, name_en, kind, high_risk)
VALUES (%(code)s, %(name_zh)s, %(name_en)s, %(kind)s, %(high_risk)s)
""",
    update="""
UPDATE enterprise
   SET name_zh = %(name_zh)s, name_en = %(name_en)s, kind = %(kind)s, high_risk = %(high_risk)s
 WHERE code = %(code)s
""",
)
SITE = Table(
    noun="site",
    key=("code", "site"),
    select="""
SELECT e.code, s.key AS site, s.name_zh, s.name_en, s.kind, s.region, s.telephone,
       s.area_m2, s.height_m, s.longitude, s.latitude
  FROM site s JOIN enterprise e ON e.id = s.enterprise
 WHERE e.code = ANY(%s)
""",
    insert="""
INSERT INTO site (enterprise, key, name_zh, name_en, kind, region, telephone,
                  area_m2, height_m, longitude, latitude)
VALUES ((SELECT id FROM enterprise WHERE code = %(code)s), %(site)s, %(name_zh)s,
        %(name_en)s, %(kind)s, %(region)s, %(telephone)s,
        %(area_m2)s, %(height_m)s, %(longitude)s, %(latitude)s)
""",
    update="""
UPDATE site
   SET name_zh = %(name_zh)s, name_en = %(name_en)s, kind = %(kind)s, region = %(region)s,
       telephone = %(telephone)s, area_m2 = %(area_m2)s, height_m = %(height_m)s,
       longitude = %(longitude)s, latitude = %(latitude)s
 WHERE key = %(site)s AND enterprise = (SELECT id FROM enterprise WHERE code = %(code)s)
""",
)
DEVICE = Table(
    noun="device",
    key=("code", "device"),
    select="""
SELECT e.code, d.key AS device, s.key AS site, d.name_zh, d.name_en, d.kind, d.time_zone
  FROM device d JOIN site s ON s.id = d.site JOIN enterprise e ON e.id = d.enterprise
 WHERE e.code = ANY(%s)
""",
    insert="""
WITH home AS (
    SELECT s.enterprise, s.id FROM site s JOIN enterprise e ON e.id = s.enterprise
     WHERE e.code = %(code)s AND s.key = %(site)s
)
INSERT INTO device (enterprise, site, key, name_zh, name_en, kind, time_zone)
VALUES ((SELECT enterprise FROM home), (SELECT id FROM home),
        %(device)s, %(name_zh)s, %(name_en)s, %(kind)s, %(time_zone)s)
""",
    update="""
UPDATE device d
   SET site = s.id, name_zh = %(name_zh)s, name_en = %(name_en)s, kind = %(kind)s,
       time_zone = %(time_zone)s
  FROM site s JOIN enterprise e ON e.id = s.enterprise
 WHERE d.key = %(device)s AND d.enterprise = e.id
   AND e.code = %(code)s AND s.key = %(site)s
""",
)
POINT = Table(
    noun="point",
    key=("code", "device", "point"),
    fixed=frozenset({"quantity", "unit", "resolution"}),
    select="""
SELECT e.code, d.key AS device, p.key AS point, p.name_zh, p.name_en,
       p.quantity, p.unit, p.resolution, p.stage, p.factor
  FROM point p JOIN device d ON d.id = p.device JOIN enterprise e ON e.id = d.enterprise
 WHERE e.code = ANY(%s)
""",
    insert="""
INSERT INTO point (device, key, name_zh, name_en, quantity, unit, resolution, stage, factor)
VALUES ((SELECT d.id FROM device d JOIN enterprise e ON e.id = d.enterprise
          WHERE e.code = %(code)s AND d.key = %(device)s),
        %(point)s, %(name_zh)s, %(name_en)s, %(quantity)s, %(unit)s, %(resolution)s,
        %(stage)s, %(factor)s)
""",
    update="""
UPDATE point p
   SET name_zh = %(name_zh)s, name_en = %(name_en)s, stage = %(stage)s, factor = %(factor)s
  FROM device d JOIN enterprise e ON e.id = d.enterprise
 WHERE p.key = %(point)s AND p.device = d.id
   AND e.code = %(code)s AND d.key = %(device)s
""",
)


class Synced(NamedTuple):
    """What bringing in some rows came to."""

    added: list[str]
    """One line per new row, with all it says."""
    changed: list[str]
    """One line per changed row, with old and new values."""
    unchanged: int
    problems: list[str]
    """What cannot change so. Then the transaction must not be committed."""


async def sync(
    connection: Connection, enterprises: Mapping[str, Enterprise]
) -> list[Synced]:
    """Insert what is missing and update what differs, table by table."""
    codes = list(enterprises)
    return [
        await _sync(connection, table, codes, rows)
        for table, rows in _rows(enterprises).items()
    ]


def _rows(enterprises: Mapping[str, Enterprise]) -> dict[Table, list[Row]]:
    """What the tables of things should hold, in the order in which they refer."""
    tables: dict[Table, list[Row]] = {ENTERPRISE: [], SITE: [], DEVICE: [], POINT: []}
    for code, enterprise in enterprises.items():
        tables[ENTERPRISE].append({"code": code, **_columns(enterprise)})
        for site, place in enterprise.sites.items():
            tables[SITE].append({"code": code, "site": site, **_columns(place)})
            for device, sender in place.devices.items():
                home = {"code": code, "device": device}
                tables[DEVICE].append({**home, "site": site, **_columns(sender)})
                tables[POINT].extend(
                    {**home, "point": key, **_columns(point)}
                    for key, point in sender.points.items()
                )
    return tables


def _columns(model: Model) -> Row:
    """The plain fields of a model as columns; names and positions are taken apart."""
    row = model.model_dump(exclude={"sites", "devices", "points", "timeline"})
    name = row.pop("name")
    row |= {"name_zh": name["zh"], "name_en": name["en"]}
    if "position" in row:
        row |= row.pop("position") or {"longitude": None, "latitude": None}
    if "high_risk" in row:
        row["high_risk"] = list(row["high_risk"])
    return row


async def _sync(
    connection: Connection, table: Table, codes: list[str], rows: list[Row]
) -> Synced:
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(table.select, (codes,))
        kept = {table.name(row): row for row in await cursor.fetchall()}
    added = [row for row in rows if table.name(row) not in kept]
    changed = [row for row in rows if kept.get(table.name(row), row) != row]
    async with connection.cursor() as cursor:
        await cursor.executemany(table.insert, added)
        await cursor.executemany(table.update, changed)
    pairs = [(kept[table.name(row)], row) for row in changed]
    return Synced(
        added=[_new(table, row) for row in added],
        changed=[_changed(table, old, row) for old, row in pairs],
        unchanged=len(rows) - len(added) - len(changed),
        problems=[text for old, row in pairs for text in _fixed(table, old, row)],
    )


def _new(table: Table, row: Row) -> str:
    values = (f"{column} {row[column]!r}" for column in row if column not in table.key)
    return f"{table.name(row)}: new, {', '.join(values)}"


def _changed(table: Table, old: Row, row: Row) -> str:
    values = (
        f"{column} {old[column]!r} → {row[column]!r}"
        for column in row
        if row[column] != old[column]
    )
    return f"{table.name(row)}: {', '.join(values)}"


def _fixed(table: Table, old: Row, row: Row) -> Iterator[str]:
    for column in sorted(table.fixed):
        if row[column] != old[column]:
            yield (
                f"{table.name(row)}: its {column} is {old[column]} and cannot change to "
                f"{row[column]}; register a new {table.noun} under another key"
            )
