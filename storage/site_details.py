"""What the page of a site shows: its points with their last values, devices, days, owners.

Readings have no row-level security: they are read within the newest time of the site that the
scope sees (`seen`), and with `now` not beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from storage.overview import LOOK_BACK
from storage.scope import Window
from storage.snapshot import select
from storage.unit import Connection

SEEN = """
SELECT nullif(starts, '-infinity'), nullif(stops, 'infinity')
  FROM seen_site WHERE site = %s ORDER BY starts DESC LIMIT 1
"""
POINTS = """
SELECT p.id, p.device, p.name_zh, p.name_en, p.device_zh, p.device_en,
       p.quantity, p.unit, p.resolution, p.stage, p.zone, p.interval, p.in_use, p.calibration_due,
       p.rules, last.time, last.value, last.quality, x.severity, x.since
  FROM (SELECT p.*, t.zone, t.interval, t.in_use, t.calibration_due, t.rules
          FROM placed_point AS p
         CROSS JOIN LATERAL (
               SELECT zone, interval, in_use, calibration_due, rules FROM seen_setting
                WHERE point = p.id AND valid_from <= %(now)s
                ORDER BY valid_from DESC, intake DESC LIMIT 1) AS t
         WHERE p.site = %(site)s
         ORDER BY t.zone, p.device, p.id
         LIMIT %(limit)s) AS p
  LEFT JOIN LATERAL (
       SELECT time, value, quality FROM reading
        WHERE point = p.id AND time > %(horizon)s AND time <= %(now)s
        ORDER BY time DESC LIMIT 1) AS last ON true
 CROSS JOIN LATERAL (
       SELECT max(severity) AS severity, min(started) AS since FROM seen_excursion
        WHERE point = p.id AND ended IS NULL AND NOT withdrawn) AS x
 ORDER BY p.zone, p.device, p.id
"""
DEVICES = "SELECT id, key, name_zh, name_en, kind FROM device WHERE site = %s ORDER BY id LIMIT %s"
# Counted again is only what lies few days back: of older days, `late` says that more came since.
DAYS = """
SELECT c.day, sum(c.due)::int8 AS due, sum(c.filled)::int8 AS filled, bool_or(c.settings = 0) AS late
  FROM device AS d
  JOIN point AS p ON p.device = d.id
  JOIN completeness AS c ON c.point = p.id
 WHERE d.site = %s AND c.day >= %s
 GROUP BY c.day
 ORDER BY c.day
"""
OWNERS = """
SELECT o.valid_from AS since, e.code AS enterprise_code, e.name_zh AS enterprise_zh, e.name_en AS enterprise_en
  FROM site_owner AS o
  LEFT JOIN enterprise AS e ON e.id = o.enterprise
 WHERE o.site = %s
 ORDER BY o.valid_from
"""
MAINTENANCE = """
SELECT m.id, d.name_zh AS device_zh, d.name_en AS device_en, m.zone, m.begins, m.ends, m.actor, m.reason
  FROM maintenance AS m
  LEFT JOIN device AS d ON d.id = m.device
 WHERE m.site = %s AND m.ends > %s
 ORDER BY m.begins, m.id
 LIMIT 50
"""
# Who listens to a region, or else whoever listens.
LISTENER = """
SELECT s.name, h.watermark
  FROM heartbeat AS h JOIN share AS s ON s.id = h.share
 ORDER BY starts_with(%s, replace(s.name, '/', '')) DESC, h.beat_at DESC
 LIMIT 1
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class PointNow:
    """A point with the setting in force, its last reading and its lasting excursions."""

    id: int
    device: int
    name_zh: str
    name_en: str
    device_zh: str
    device_en: str
    quantity: str
    unit: str
    resolution: float
    stage: str
    zone: str
    interval: timedelta
    in_use: str
    calibration_due: date | None
    rules: list[str]
    """Rule versions."""
    time: datetime | None
    """None: no reading for `LOOK_BACK`."""
    value: float | None
    quality: int | None
    severity: int | None
    """Of the worst lasting excursion; None: there is none."""
    since: datetime | None
    """When the first of them began."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceName:
    """A device of a site."""

    id: int
    key: str
    name_zh: str
    name_en: str
    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """A day in +08:00: cadence slots of all points."""

    day: date
    due: int
    filled: int
    late: bool
    """Readings have come since it was counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """From when on who owned a site; of one that is not seen, None."""

    since: datetime
    enterprise_code: str | None
    enterprise_zh: str | None
    enterprise_en: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Maintained:
    """A maintenance window; without device and zone: of the whole site."""

    id: int
    device_zh: str | None
    device_en: str | None
    zone: str | None
    begins: datetime
    ends: datetime
    actor: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Listener:
    """Whose ingestor listens to a site."""

    name: str
    """Of the share."""
    watermark: datetime | None
    """Domain time up to which it has listened."""


async def seen(connection: Connection, site: int) -> Window | None:
    """The newest time of the site that the scope sees; None: it never did."""
    row = await (await connection.execute(SEEN, (site,))).fetchone()
    return Window(*row) if row else None


async def points(
    connection: Connection, site: int, window: Window, now: datetime, limit: int
) -> list[PointNow]:
    """The first `limit` points with a setting, by zone and device, as at `now`.

    `window` is what `seen` says of the site, and `now` lies within it.
    """
    horizon = now - LOOK_BACK
    if window.start:
        horizon = max(horizon, window.start)
    values = {"site": site, "now": now, "horizon": horizon, "limit": limit}
    return await select(connection, PointNow, POINTS, values)


async def devices(connection: Connection, site: int, limit: int) -> list[DeviceName]:
    """The first `limit` devices of a site."""
    return await select(connection, DeviceName, DEVICES, (site, limit))


async def days(connection: Connection, site: int, since: date) -> list[Day]:
    """The counted days from `since` on, in order."""
    return await select(connection, Day, DAYS, (site, since))


async def owners(connection: Connection, site: int) -> list[Owner]:
    """Who owned a site that ever changed its owner, as far as the scope sees it."""
    return await select(connection, Owner, OWNERS, (site,))


async def maintenance(
    connection: Connection, site: int, since: datetime
) -> list[Maintained]:
    """The windows of a site that are not over at `since`, by when they begin."""
    return await select(connection, Maintained, MAINTENANCE, (site, since))


async def listener(connection: Connection, region: str) -> Listener | None:
    """Who listens to a region; None: nobody ever listened to anything."""
    found = await select(connection, Listener, LISTENER, (region,))
    return next(iter(found), None)
