"""What devices sent, and what became of it: `ledger`, `rejected`, `device_sign`, `reading`.

None of these has row-level security. They are reached through devices that the scope of
the transaction sees, and within `spans`: the intakes of the times that are its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString, NamedTuple, TypeVar

from psycopg.rows import class_row

from storage.alert_list import like
from storage.scope import Window
from storage.unit import Connection

DEVICES = """
SELECT d.id, d.key, d.name_zh, d.name_en, d.kind, d.time_zone,
       s.id AS site, s.name_zh AS site_zh, s.name_en AS site_en, s.region,
       e.id AS enterprise, e.code AS enterprise_code, e.name_zh AS enterprise_zh, e.name_en AS enterprise_en,
       (SELECT min(t.interval) FROM placed_point p
         CROSS JOIN LATERAL (SELECT interval FROM seen_setting
                              WHERE point = p.id AND valid_from <= %(now)s
                              ORDER BY valid_from DESC, intake DESC LIMIT 1) t
         WHERE p.device = d.id) AS interval
  FROM device d
  JOIN site s ON s.id = d.site
  LEFT JOIN enterprise e ON e.id = s.enterprise
 WHERE (%(id)s::int4 IS NULL OR d.id = %(id)s)
   AND (%(site)s::int4 IS NULL OR s.id = %(site)s)
   AND (%(enterprise)s::text IS NULL OR e.code = %(enterprise)s)
   AND (%(like)s::text IS NULL
        OR concat_ws(' ', d.name_zh, d.name_en, d.key, s.name_zh, s.name_en, e.name_zh, e.name_en, e.code) ILIKE %(like)s)
   AND d.id > %(after)s
 ORDER BY d.id
 LIMIT %(limit)s
"""
POINTS = """
SELECT p.id, p.device, p.key, p.name_zh, p.name_en, p.quantity, p.unit, p.resolution, t.zone, t.interval, t.in_use
  FROM placed_point p
  LEFT JOIN LATERAL (SELECT zone, interval, in_use FROM seen_setting
                      WHERE point = p.id AND valid_from <= %(now)s
                      ORDER BY valid_from DESC, intake DESC LIMIT 1) t ON true
 WHERE p.device = ANY(%(devices)s)
 ORDER BY p.id
"""
# Intakes of readings only: what is readmitted came before, when it was refused.
SPANS = """
SELECT d.device, first.id, last.id
  FROM unnest(%(devices)s::int4[], %(sites)s::int4[]) AS d (device, site)
  JOIN seen_site AS w ON w.site = d.site
 CROSS JOIN share AS s
 CROSS JOIN LATERAL (SELECT id FROM intake
                      WHERE share = s.id AND kind = 'readings' AND arrived >= greatest(w.starts, %(since)s)
                      ORDER BY arrived, id LIMIT 1) AS first
 CROSS JOIN LATERAL (SELECT id FROM intake
                      WHERE share = s.id AND kind = 'readings' AND arrived < w.stops
                      ORDER BY arrived DESC, id DESC LIMIT 1) AS last
 WHERE first.id <= last.id
"""
HEARD = """
SELECT DISTINCT ON (o.device) o.device, n.arrived AS at, n.refusing, n.will
  FROM unnest(%(devices)s::int4[], %(firsts)s::int8[], %(lasts)s::int8[]) AS o (device, first, last)
 CROSS JOIN LATERAL (
       SELECT i.arrived, l.rejected + l.unreadable > 0 AS refusing, coalesce(g.final, false) AS will
         FROM ledger AS l
         JOIN intake AS i ON i.id = l.intake
         LEFT JOIN device_sign AS g ON g.intake = l.intake AND g.device = l.device AND g.sign = 'offline'
        WHERE l.device = o.device AND l.intake BETWEEN o.first AND o.last AND i.kind = 'readings'
        ORDER BY l.intake DESC LIMIT 1) AS n
 ORDER BY o.device, n.arrived DESC
"""
REFUSALS = """
SELECT o.device, sum(n.refused)
  FROM unnest(%(devices)s::int4[], %(firsts)s::int8[], %(lasts)s::int8[]) AS o (device, first, last)
 CROSS JOIN LATERAL (
       SELECT l.rejected + l.unreadable AS refused FROM ledger AS l
        WHERE l.device = o.device AND l.intake BETWEEN o.first AND o.last AND l.rejected + l.unreadable > 0
        LIMIT %(limit)s) AS n
 GROUP BY o.device
"""
RECENT = """
SELECT w.point, r.time, r.intake, i.arrived
  FROM unnest(%(points)s::int4[], %(starts)s::timestamptz[], %(stops)s::timestamptz[]) AS w (point, start, stop)
 CROSS JOIN LATERAL (SELECT time, intake FROM reading
                      WHERE point = w.point AND time >= greatest(w.start, %(since)s) AND time < coalesce(w.stop, 'infinity')
                      ORDER BY time DESC LIMIT %(each)s) AS r
  JOIN intake AS i ON i.id = r.intake
"""
MESSAGES = """
SELECT l.intake, i.arrived, l.messages, l.unreadable, l.offered, l.stored, l.duplicate, l.conflict, l.rejected,
       ARRAY(SELECT g.sign FROM device_sign AS g WHERE g.intake = l.intake AND g.device = l.device ORDER BY g.final) AS signs,
       ARRAY(SELECT DISTINCT r.reason FROM rejected AS r WHERE r.intake = l.intake AND r.device = l.device ORDER BY 1) AS reasons
  FROM unnest(%(devices)s::int4[], %(firsts)s::int8[], %(lasts)s::int8[]) AS o (device, first, last)
 CROSS JOIN LATERAL (SELECT * FROM ledger
                      WHERE device = o.device AND intake BETWEEN o.first AND o.last
                      ORDER BY intake DESC LIMIT %(limit)s) AS l
  JOIN intake AS i ON i.id = l.intake AND i.kind = 'readings'
 ORDER BY i.arrived DESC, l.intake DESC
 LIMIT %(limit)s
"""
SUMS = """
SELECT coalesce(sum(l.messages), 0)::int8 AS messages, coalesce(sum(l.unreadable), 0)::int8 AS unreadable,
       coalesce(sum(l.offered), 0)::int8 AS offered, coalesce(sum(l.stored), 0)::int8 AS stored,
       coalesce(sum(l.duplicate), 0)::int8 AS duplicate, coalesce(sum(l.conflict), 0)::int8 AS conflict,
       coalesce(sum(l.rejected), 0)::int8 AS rejected
  FROM unnest(%(devices)s::int4[], %(firsts)s::int8[], %(lasts)s::int8[]) AS o (device, first, last)
  JOIN ledger AS l ON l.device = o.device AND l.intake BETWEEN o.first AND o.last
"""
# The payload of all refusals of one message stands in one row.
REFUSED = """
SELECT i.arrived, r.topic, r.point, r.time, r.reason, r.detail, r.size,
       substring(coalesce(r.raw, (SELECT m.raw FROM rejected AS m
                                   WHERE m.intake = r.intake AND m.topic = r.topic
                                     AND m.payload_digest = r.payload_digest AND m.raw IS NOT NULL)) FOR %(cut)s) AS raw
  FROM unnest(%(devices)s::int4[], %(firsts)s::int8[], %(lasts)s::int8[]) AS o (device, first, last)
 CROSS JOIN LATERAL (SELECT * FROM rejected
                      WHERE device = o.device AND intake BETWEEN o.first AND o.last
                      ORDER BY intake DESC LIMIT %(limit)s) AS r
  JOIN intake AS i ON i.id = r.intake
 ORDER BY i.arrived DESC, r.intake DESC
 LIMIT %(limit)s
"""
# Of whom no device is known, the region is what the topic says, if it says any.
UNREGISTERED = """
SELECT i.arrived, r.topic, r.point, r.time, r.reason, r.detail, r.size, substring(r.raw FOR %(cut)s) AS raw
  FROM (SELECT *, split_part(topic, '/', 3) || split_part(topic, '/', 4) || split_part(topic, '/', 5) AS region
          FROM rejected
         WHERE device = 0 AND left(split_part(topic, '/', 6), 18) = %(code)s
         ORDER BY intake DESC LIMIT %(limit)s) AS r
  JOIN enterprise AS e ON e.code = %(code)s
  JOIN intake AS i ON i.id = r.intake
 WHERE in_scope(CASE WHEN r.region ~ '^[0-9]{6}$' THEN r.region::int4 END, e.id,
                scope_low(), scope_high(), scope_enterprise(), false)
 ORDER BY r.intake DESC
"""
SIGNS = """
SELECT DISTINCT ON (g.sign) g.sign, i.arrived AS at, g.boot
  FROM unnest(%(devices)s::int4[], %(firsts)s::int8[], %(lasts)s::int8[]) AS o (device, first, last)
 CROSS JOIN unnest(ARRAY['online', 'alive', 'offline']) AS k (sign)
 CROSS JOIN LATERAL (SELECT * FROM device_sign
                      WHERE device = o.device AND sign = k.sign AND intake BETWEEN o.first AND o.last
                      ORDER BY intake DESC LIMIT 1) AS g
  JOIN intake AS i ON i.id = g.intake
 ORDER BY g.sign, i.arrived DESC
"""
CODE = "SELECT code FROM enterprise WHERE id = %s"
Row = TypeVar("Row")
COUNTED: Final = 1000
"""Refusing intakes of a device that are counted at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceLine:
    """A device; of a site's owner None, if that is not seen."""

    id: int
    key: str
    name_zh: str
    name_en: str
    kind: str
    time_zone: str | None
    site: int
    site_zh: str
    site_en: str
    region: str
    enterprise: int | None
    enterprise_code: str | None
    enterprise_zh: str | None
    enterprise_en: str | None
    interval: timedelta | None
    """The shortest recording interval of its points; None: it has none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PointLine:
    """A point of a device, with what is expected of it; None where no setting holds yet."""

    id: int
    device: int
    key: str
    name_zh: str
    name_en: str
    quantity: str
    unit: str
    resolution: float
    zone: str | None
    interval: timedelta | None
    in_use: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """The newest message of a device, with those that were taken in together with it."""

    device: int
    at: datetime
    """When it arrived."""
    refusing: bool
    """Something of it was refused."""
    will: bool
    """It says that the device is gone."""


class Measured(NamedTuple):
    """When a reading was measured, and when it arrived."""

    point: int
    time: datetime
    intake: int
    arrived: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Sums:
    """The ledger, added up: messages, and what became of the readings in them."""

    messages: int
    unreadable: int
    offered: int
    stored: int
    duplicate: int
    conflict: int
    rejected: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken(Sums):
    """What one intake took of a device."""

    intake: int
    arrived: datetime
    signs: list[str]
    """What it said of itself, the last one at the end."""
    reasons: list[str]
    """Why something was refused; empty where it was refused before, just like this."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """One refusal; `raw` is the beginning of the payload, if that was kept."""

    arrived: datetime
    topic: str
    point: str | None
    time: datetime | None
    reason: str
    detail: str
    size: int
    raw: bytes | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sign:
    """The newest sign of its kind: online, alive, offline."""

    sign: str
    at: datetime
    boot: str | None


class Span(NamedTuple):
    """Intakes of one share, from first to last, in which a device is one's own to look at."""

    device: int
    first: int
    last: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which devices are wanted; None: whatever it is."""

    id: int | None = None
    site: int | None = None
    enterprise: str | None = None
    """统一社会信用代码."""
    search: str | None = None


async def devices(
    connection: Connection, wanted: Filter, *, now: datetime, after: int, limit: int
) -> list[DeviceLine]:
    """The first `limit` devices after number `after`."""
    parameters = {
        "id": wanted.id,
        "site": wanted.site,
        "enterprise": wanted.enterprise,
        "like": like(wanted.search) if wanted.search else None,
        "now": now,
        "after": after,
        "limit": limit,
    }
    return await _rows(connection, DeviceLine, DEVICES, parameters)


async def points(
    connection: Connection, devices: Iterable[int], now: datetime
) -> list[PointLine]:
    """The points of `devices`, with the settings in force at `now`."""
    parameters = {"devices": list(devices), "now": now}
    return await _rows(connection, PointLine, POINTS, parameters)


async def spans(
    connection: Connection, sites: Mapping[int, int], since: datetime | None = None
) -> list[Span]:
    """The intakes that the scope sees of devices, from `since` on; `sites` by device."""
    parameters = {
        "devices": list(sites),
        "sites": list(sites.values()),
        "since": since,
    }
    cursor = await connection.execute(SPANS, parameters, prepare=False)
    return [Span(*row) for row in await cursor.fetchall()]


async def heard(connection: Connection, within: Sequence[Span]) -> dict[int, Heard]:
    """The newest message of each device; those never heard are left out."""
    found = await _rows(connection, Heard, HEARD, _of(within))
    return {one.device: one for one in found}


async def refusals(connection: Connection, within: Sequence[Span]) -> dict[int, int]:
    """How much of each device was refused: readings, and unreadable messages.

    Counted in at most `COUNTED` intakes of a device; where nothing was, it is left out.
    """
    parameters = {**_of(within), "limit": COUNTED}
    cursor = await connection.execute(REFUSALS, parameters, prepare=False)
    return dict(await cursor.fetchall())


async def recent(
    connection: Connection,
    windows: Mapping[int, Iterable[Window]],
    *,
    since: datetime,
    each: int,
) -> list[Measured]:
    """The newest `each` readings of every point within its windows, none before `since`."""
    parts = [(point, *window) for point, those in windows.items() for window in those]
    parameters = {
        "points": [point for point, _, _ in parts],
        "starts": [start for _, start, _ in parts],
        "stops": [stop for _, _, stop in parts],
        "since": since,
        "each": each,
    }
    cursor = await connection.execute(RECENT, parameters, prepare=False)
    return [Measured(*row) for row in await cursor.fetchall()]


async def messages(
    connection: Connection, within: Sequence[Span], limit: int
) -> list[Taken]:
    """The newest intakes of a device, the newest first."""
    parameters = {**_of(within), "limit": limit}
    return await _rows(connection, Taken, MESSAGES, parameters)


async def sums(connection: Connection, within: Sequence[Span]) -> Sums:
    """The ledger of a device, added up."""
    return (await _rows(connection, Sums, SUMS, _of(within)))[0]


async def refused(
    connection: Connection, within: Sequence[Span], *, limit: int, cut: int
) -> list[Refused]:
    """The newest refusals of a device, the newest first, with `cut` bytes of each payload."""
    parameters = {**_of(within), "limit": limit, "cut": cut}
    return await _rows(connection, Refused, REFUSED, parameters)


async def unregistered(
    connection: Connection, code: str, *, limit: int, cut: int
) -> list[Refused]:
    """Refusals of senders that nobody registered, under the code of an enterprise."""
    parameters = {"code": code, "limit": limit, "cut": cut}
    return await _rows(connection, Refused, UNREGISTERED, parameters)


async def signs(connection: Connection, within: Sequence[Span]) -> list[Sign]:
    """The newest sign of life of each kind."""
    return await _rows(connection, Sign, SIGNS, _of(within))


async def code(connection: Connection, enterprise: int) -> str | None:
    """统一社会信用代码 of an enterprise, if it is seen."""
    row = await (await connection.execute(CODE, (enterprise,))).fetchone()
    return row[0] if row else None


async def _rows(
    connection: Connection, row: type[Row], query: LiteralString, parameters: Any
) -> list[Row]:
    """Never prepared: a plan for any values knows neither filters, nor how many, nor times."""
    async with connection.cursor(row_factory=class_row(row)) as cursor:
        await cursor.execute(query, parameters, prepare=False)
        return await cursor.fetchall()


def _of(within: Sequence[Span]) -> dict[str, Any]:
    return {
        "devices": [span.device for span in within],
        "firsts": [span.first for span in within],
        "lasts": [span.last for span in within],
    }
