"""What the supervisor's page reads of the box: heartbeats, points and their counts.

Stays fast with 100,000 points: last readings are looked up one by one along the primary key,
and never farther back than `LOOK_BACK`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.alert_list import like
from storage.scope import narrowed
from storage.snapshot import select
from storage.unit import Connection

LOOK_BACK = timedelta(days=30)
"""A point that has been silent for longer is shown as one that never sent."""

LOOKED_THROUGH = 2_000
"""Points that match a search, of which those in a state are looked for."""

HEARTBEATS = """
SELECT s.name AS share, h.beat_at, h.connected, h.intake_at, h.waiting
  FROM heartbeat h JOIN share s ON s.id = h.share
 ORDER BY s.id
"""

# The state of a point, worst first. A point that is not in use is judged, but is idle here;
# pending is one whose last value is beyond a limit that allows it for some time. Of a
# site that went over to another owner, the former one is shown nothing, and the new one no
# older reading.
BOUNDS = """
WITH bound AS MATERIALIZED (
    SELECT v.version, (l->>'above')::numeric AS above, (l->>'below')::numeric AS below,
           coalesce((l->>'inclusive')::bool, false) AS inclusive
      FROM rule_version v, json_array_elements(v.content->'levels') l
     WHERE v.kind <> 'silence'
)"""
# `held`: the points, each with its setting, its worst lasting excursion and since when it is seen.
JUDGED = """
limits AS MATERIALIZED (
    SELECT t.rules, min(b.above) AS above, min(b.above) FILTER (WHERE b.inclusive) AS from_above,
           max(b.below) AS below, max(b.below) FILTER (WHERE b.inclusive) AS from_below
      FROM (SELECT DISTINCT rules FROM held) AS t JOIN bound AS b ON b.version = ANY (t.rules)
     GROUP BY t.rules
), judged AS (
    SELECT p.*, last.time, last.value, last.quality,
           CASE WHEN coalesce(p.in_use, '') NOT IN ('commissioned', 'loaded') THEN 'idle'
                WHEN p.severity >= 2 THEN 'excursion'
                WHEN last.time IS NULL THEN 'empty'
                WHEN last.time < %(now)s - 2 * p.interval THEN 'silent'
                WHEN p.severity = 1 THEN 'warning'
                WHEN limits.rules IS NULL THEN 'recorded'
                WHEN rounded.value > limits.above OR rounded.value >= limits.from_above
                     OR rounded.value < limits.below OR rounded.value <= limits.from_below THEN 'pending'
                ELSE 'within' END AS state
      FROM held AS p
      LEFT JOIN limits ON limits.rules = p.rules
      LEFT JOIN LATERAL (
               SELECT time, value, quality
                 FROM reading
                WHERE point = p.id AND time > %(horizon)s AND time >= coalesce(p.starts, '-infinity')
                ORDER BY time DESC LIMIT 1) last ON true
      LEFT JOIN LATERAL (
               SELECT round((last.value / p.resolution)::numeric) * p.resolution::numeric AS value
                WHERE last.quality < 2) rounded ON true
)"""
# Of all points that are seen: one pass over each table, but for the readings. Of each state
# the points that stand first, so that they need not be looked for again.
STATES = (
    BOUNDS  # noqa: S608
    + """, chosen AS MATERIALIZED (
    SELECT id, device, site, enterprise, resolution FROM placed_point
     WHERE enterprise IS NOT NULL
       AND (%(scope_low)s::int4 IS NULL OR area BETWEEN %(scope_low)s AND %(scope_high)s)
       AND (%(scope_sites)s::int4[] IS NULL OR site = ANY (%(scope_sites)s))
), setting AS MATERIALIZED (
    SELECT DISTINCT ON (point) point, interval, in_use, rules FROM seen_setting
     WHERE valid_from <= %(now)s
       AND (%(scope_low)s::int4 IS NULL OR area BETWEEN %(scope_low)s AND %(scope_high)s)
       AND (%(scope_sites)s::int4[] IS NULL OR site = ANY (%(scope_sites)s))
     ORDER BY point, valid_from DESC, intake DESC
), violated AS MATERIALIZED (
    SELECT point, max(severity) AS severity FROM seen_excursion
     WHERE ended IS NULL AND NOT withdrawn
       AND (%(scope_low)s::int4 IS NULL OR area BETWEEN %(scope_low)s AND %(scope_high)s)
       AND (%(scope_sites)s::int4[] IS NULL OR site = ANY (%(scope_sites)s))
     GROUP BY point
), held AS (
    SELECT p.*, t.interval, t.in_use, t.rules, x.severity, seen.starts
      FROM chosen AS p
      LEFT JOIN setting AS t ON t.point = p.id
      LEFT JOIN violated AS x ON x.point = p.id
      LEFT JOIN (SELECT site, max(starts) AS starts FROM seen_site GROUP BY site) AS seen ON seen.site = p.site
), """
    + JUDGED
    + """
SELECT state, count(*) AS points,
       (array_agg(id ORDER BY enterprise, site, device, id))[1:%(limit)s] AS first
  FROM judged GROUP BY state
"""
)
# Of a few, about each of which everything is looked up.
LINES = (
    BOUNDS  # noqa: S608
    + """, chosen AS MATERIALIZED (
    SELECT * FROM placed_point
     WHERE enterprise IS NOT NULL
       AND (%(ids)s::int4[] IS NULL OR id = ANY (%(ids)s))
       AND (%(like)s::text IS NULL
            OR concat_ws(' ', name_zh, name_en, key, device_key, device_zh, device_en, site_zh, site_en,
                         enterprise_zh, enterprise_en, enterprise_code) ILIKE %(like)s)
       AND (%(scope_low)s::int4 IS NULL OR area BETWEEN %(scope_low)s AND %(scope_high)s)
       AND (%(scope_sites)s::int4[] IS NULL OR site = ANY (%(scope_sites)s))
     ORDER BY enterprise, site, device, id
     LIMIT CASE WHEN %(state)s::text IS NULL THEN %(limit)s ELSE %(through)s END
), held AS (
    SELECT p.*, t.interval, t.in_use, t.rules, x.severity,
           (SELECT max(starts) FROM seen_site WHERE site = p.site) AS starts
      FROM chosen AS p
      LEFT JOIN LATERAL (
           SELECT interval, in_use, rules FROM seen_setting
            WHERE point = p.id AND valid_from <= %(now)s
            ORDER BY valid_from DESC, intake DESC LIMIT 1) AS t ON true
     CROSS JOIN LATERAL (
           SELECT max(severity) AS severity FROM seen_excursion
            WHERE point = p.id AND ended IS NULL AND NOT withdrawn) AS x
), """
    + JUDGED
    + """
SELECT id, device, name_zh, name_en, quantity, unit, resolution, site, enterprise,
       site_zh, site_en, enterprise_zh, enterprise_en, device_zh, device_en,
       time, value, quality, interval, in_use, state
  FROM judged
 WHERE %(state)s::text IS NULL OR state = %(state)s
 ORDER BY enterprise, site, device, id
 LIMIT %(limit)s
"""
)

EXAMPLE = """
SELECT s.region, e.code AS enterprise, d.key AS device, p.key AS point
  FROM point p
  JOIN device d ON d.id = p.device
  JOIN site s ON s.id = d.site
  JOIN enterprise e ON e.id = s.enterprise
 ORDER BY p.id LIMIT 1
"""

DEVICES = "SELECT key, name_zh, name_en FROM device ORDER BY id LIMIT 50"


@dataclass(frozen=True, kw_only=True, slots=True)
class Heartbeat:
    """What an ingestor last said of itself; times are real, by its own clock."""

    share: str
    beat_at: datetime
    connected: bool
    intake_at: datetime | None
    waiting: int


@dataclass(frozen=True, kw_only=True, slots=True)
class PointLine:
    """A point with its last reading, its setting in force and its state."""

    id: int
    device: int
    name_zh: str
    name_en: str
    quantity: str
    unit: str
    resolution: float
    site: int
    enterprise: int
    site_zh: str
    site_en: str
    enterprise_zh: str
    enterprise_en: str
    device_zh: str
    device_en: str
    time: datetime | None
    value: float | None
    quality: int | None
    interval: timedelta | None
    in_use: str | None
    state: str
    """idle (not in use), excursion, empty, silent, warning, recorded (no limits), pending
    (beyond a limit, not for long enough), within."""


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """The points in a state."""

    state: str
    points: int
    first: list[int]
    """Numbers of those that stand first in a list."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """A device of the demo's card."""

    key: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """Where the first registered point would be sent: parts of topic and payload."""

    region: str
    enterprise: str
    device: str
    point: str


async def heartbeats(connection: Connection) -> list[Heartbeat]:
    """The last heartbeat of every share that ever had an ingestor."""
    return await select(connection, Heartbeat, HEARTBEATS)


async def states(
    connection: Connection, *, now: datetime, limit: int
) -> dict[str, State]:
    """All points that are seen, by state; of each state the numbers of the first `limit`.

    Takes about a second for 100,000 points.
    """
    parameters = {
        "now": now,
        "horizon": now - LOOK_BACK,
        "limit": limit,
        **await narrowed(connection),
    }
    found = await select(connection, State, STATES, parameters)
    return {one.state: one for one in found}


async def points(
    connection: Connection,
    *,
    now: datetime,
    search: str = "",
    state: str | None = None,
    ids: Sequence[int] | None = None,
    limit: int = 300,
) -> list[PointLine]:
    """The first `limit` points that match, by enterprise, site and device.

    `search` is looked for in the names and keys of point, device, site and enterprise; a `state` then
    among the first `LOOKED_THROUGH` points only. `ids`: only of these.
    """
    parameters = {
        "now": now,
        "horizon": now - LOOK_BACK,
        "ids": None if ids is None else list(ids),
        "like": like(search) if search else None,
        "state": state,
        "limit": limit,
        "through": LOOKED_THROUGH,
        **await narrowed(connection),
    }
    return await select(connection, PointLine, LINES, parameters)


async def example(connection: Connection) -> Example | None:
    """The first registered point; None where nothing is registered."""
    return next(iter(await select(connection, Example, EXAMPLE)), None)


async def devices(connection: Connection) -> list[Named]:
    """The first 50 devices, for the demo's card of faults."""
    return await select(connection, Named, DEVICES)
