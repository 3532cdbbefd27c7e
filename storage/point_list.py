"""Points as lists show them, and stretches of their readings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from storage.alert_list import like
from storage.rollups import Windows
from storage.scope import narrowed
from storage.snapshot import select
from storage.unit import Connection

PAGE = """
SELECT p.id, p.key, p.name_zh, p.name_en, p.quantity, p.unit, p.resolution, p.stage, p.factor,
       p.device, p.device_key, p.device_zh, p.device_en, p.site, p.site_zh, p.site_en, p.region,
       p.enterprise_code, p.enterprise_zh, p.enterprise_en,
       t.valid_from, t.zone, t.interval, t.max_gap, t.in_use, t.calibration_due, t.rules
  FROM (SELECT * FROM placed_point
         WHERE (%(id)s::int4 IS NULL OR id = %(id)s)
           AND (%(site)s::int4 IS NULL OR site = %(site)s)
           AND (%(enterprise)s::text IS NULL OR enterprise_code = %(enterprise)s)
           AND (%(low)s::int4 IS NULL OR area BETWEEN %(low)s AND %(high)s)
           AND (%(like)s::text IS NULL
                OR concat_ws(' ', name_zh, name_en, key, device_key, device_zh, device_en, site_zh, site_en,
                             enterprise_zh, enterprise_en, enterprise_code) ILIKE %(like)s)
           AND (%(after)s::int8 IS NULL OR id > %(after)s)
           AND (%(scope_low)s::int4 IS NULL OR area BETWEEN %(scope_low)s AND %(scope_high)s)
           AND (%(scope_sites)s::int4[] IS NULL OR site = ANY (%(scope_sites)s))
         ORDER BY id
         LIMIT %(limit)s) AS p
  LEFT JOIN LATERAL (
           SELECT * FROM seen_setting
            WHERE point = p.id AND valid_from <= %(now)s
            ORDER BY valid_from DESC, intake DESC LIMIT 1) AS t ON true
 ORDER BY p.id
"""
# Whole times only: the values that contradict each other stand side by side.
RAW = """
SELECT r.time, r.value, r.quality, r.provenance, r.conflicting
  FROM unnest(%(starts)s::timestamptz[], %(stops)s::timestamptz[]) AS w (start, stop)
 CROSS JOIN LATERAL (
       SELECT time, value, quality, provenance, false AS conflicting FROM reading
        WHERE point = %(point)s AND time >= w.start AND time < w.stop
        UNION ALL
       SELECT time, value, quality, provenance, true FROM conflict
        WHERE point = %(point)s AND time >= w.start AND time < w.stop) AS r
 ORDER BY r.time, r.conflicting
 LIMIT %(limit)s
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class PointLine:
    """A point, where it is, and the setting in force; without one, its fields are None."""

    id: int
    key: str
    name_zh: str
    name_en: str
    quantity: str
    unit: str
    resolution: float
    stage: str
    factor: str
    device: int
    device_key: str
    device_zh: str
    device_en: str
    site: int
    site_zh: str
    site_en: str
    region: str
    enterprise_code: str | None
    enterprise_zh: str | None
    enterprise_en: str | None
    valid_from: datetime | None
    zone: str | None
    interval: timedelta | None
    max_gap: timedelta | None
    in_use: str | None
    calibration_due: date | None
    rules: list[str] | None
    """Rule versions."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which points are wanted; None: whatever it is."""

    id: int | None = None
    site: int | None = None
    enterprise: str | None = None
    """统一社会信用代码."""
    regions: tuple[int | None, int | None] = (None, None)
    """First and last region code."""
    search: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """A raw reading."""

    time: datetime
    value: float | None
    quality: int
    provenance: int
    conflicting: bool
    """A further value of its time, which contradicts the first."""


async def page(
    connection: Connection,
    wanted: Filter,
    *,
    now: datetime,
    after: int | None,
    limit: int,
) -> list[PointLine]:
    """The first `limit` points after number `after`, with the settings in force at `now`."""
    parameters = {
        "id": wanted.id,
        "now": now,
        "site": wanted.site,
        "enterprise": wanted.enterprise,
        "low": wanted.regions[0],
        "high": wanted.regions[1],
        "like": None if wanted.search is None else like(wanted.search),
        "after": after,
        "limit": limit,
        **await narrowed(connection),
    }
    return await select(connection, PointLine, PAGE, parameters)


async def one(connection: Connection, point: int, now: datetime) -> PointLine | None:
    """The point with the setting in force at `now`, or None."""
    found = await page(connection, Filter(id=point), now=now, after=None, limit=1)
    return next(iter(found), None)


async def raw(
    connection: Connection, point: int, windows: Windows, limit: int
) -> list[Measured]:
    """The first `limit` readings of a point within `windows`, in order of time."""
    parameters = {
        "point": point,
        "limit": limit,
        "starts": [start for start, _ in windows],
        "stops": [stop for _, stop in windows],
    }
    return await select(connection, Measured, RAW, parameters)
