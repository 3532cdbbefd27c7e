"""What the supervisor's page reads of the box: heartbeats, points and their counts.

Stays fast with 10,000 points: last readings are looked up one by one along the primary key,
and never farther back than `LOOK_BACK`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from psycopg.rows import dict_row

from storage.snapshot import select
from storage.unit import Connection

LOOK_BACK = timedelta(days=30)
"""A point that has been silent for longer is shown as one that never sent."""

HEARTBEATS = """
SELECT s.name AS share, h.beat_at, h.connected, h.intake_at, h.waiting
  FROM heartbeat h JOIN share s ON s.id = h.share
 ORDER BY s.id
"""

# The state of a point, worst first. A point that is not in use is judged, but is idle here;
# pending is one whose last value is beyond a limit that allows it for some time.
POINTS = """
WITH bound AS MATERIALIZED (
    SELECT v.version, (l->>'above')::numeric AS above, (l->>'below')::numeric AS below,
           coalesce((l->>'inclusive')::bool, false) AS inclusive
      FROM rule_version v, json_array_elements(v.content->'levels') l
     WHERE v.kind <> 'silence'
), violated AS (
    SELECT e.point, max(e.severity) AS severity
      FROM alert a
      JOIN alert_excursion x ON x.alert = a.id
      JOIN excursion e ON e.id = x.excursion
     WHERE a.withdrawn_at IS NULL AND a.returned_at IS NULL
       AND e.ended IS NULL AND NOT e.withdrawn
     GROUP BY e.point
), judged AS MATERIALIZED (
    SELECT p.id, p.device, p.name_zh, p.name_en, p.quantity, p.unit, p.resolution,
           d.site, s.enterprise,
           d.name_zh AS device_zh, d.name_en AS device_en, last.time, last.value, last.quality, setting.interval, setting.in_use,
           CASE WHEN coalesce(setting.in_use, '') NOT IN ('commissioned', 'loaded') THEN 'idle'
                WHEN violated.severity >= 2 THEN 'excursion'
                WHEN last.time IS NULL THEN 'empty'
                WHEN last.time < %(now)s - 2 * setting.interval THEN 'silent'
                WHEN violated.severity = 1 THEN 'warning'
                WHEN NOT EXISTS (SELECT FROM bound b WHERE b.version = ANY(setting.rules)) THEN 'recorded'
                WHEN EXISTS (SELECT FROM bound b
                              WHERE b.version = ANY(setting.rules)
                                AND (rounded.value > b.above OR rounded.value < b.below
                                     OR b.inclusive AND rounded.value IN (b.above, b.below)))
                THEN 'pending'
                ELSE 'within' END AS state,
           concat_ws(' ', p.name_zh, p.name_en, p.key, d.key, d.name_zh, d.name_en, s.name_zh,
                     s.name_en, e.name_zh, e.name_en, e.code) ILIKE %(like)s AS wanted
      FROM point p
      JOIN device d ON d.id = p.device
      JOIN site s ON s.id = d.site
      JOIN enterprise e ON e.id = s.enterprise
      LEFT JOIN violated ON violated.point = p.id
      LEFT JOIN (SELECT site, max(starts) AS starts FROM seen_site GROUP BY site) seen ON seen.site = s.id
      LEFT JOIN LATERAL (
               SELECT interval, in_use, rules
                 FROM point_setting
                WHERE point = p.id AND valid_from <= %(now)s
                ORDER BY valid_from DESC, intake DESC LIMIT 1) setting ON true
      LEFT JOIN LATERAL (
               SELECT time, value, quality
                 FROM reading
                WHERE point = p.id AND time > %(horizon)s AND time >= coalesce(seen.starts, '-infinity')
                ORDER BY time DESC LIMIT 1) last ON true
      LEFT JOIN LATERAL (
               SELECT round((last.value / p.resolution)::numeric) * p.resolution::numeric AS value
                WHERE last.quality < 2) rounded ON true
), counted AS (
    SELECT coalesce(json_object_agg(state, n), '{}') AS counts
      FROM (SELECT state, count(*) AS n FROM judged GROUP BY state) by_state
), page AS (
    SELECT j.id, j.device, j.name_zh, j.name_en, j.quantity, j.unit, j.resolution, j.site, j.enterprise,
           s.name_zh AS site_zh, s.name_en AS site_en, e.name_zh AS enterprise_zh,
           e.name_en AS enterprise_en, j.device_zh, j.device_en, j.time, j.value, j.quality, j.interval, j.in_use, j.state
      FROM judged j
      JOIN site s ON s.id = j.site
      JOIN enterprise e ON e.id = j.enterprise
     WHERE j.wanted AND (%(state)s::text IS NULL OR j.state = %(state)s)
     ORDER BY j.enterprise, j.site, j.device, j.id
     LIMIT %(limit)s
)
SELECT counted.counts, page.* FROM counted LEFT JOIN page ON true
 ORDER BY page.enterprise, page.site, page.device, page.id
"""

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


async def points(
    connection: Connection,
    *,
    now: datetime,
    search: str = "",
    state: str | None = None,
    limit: int = 300,
) -> tuple[dict[str, int], list[PointLine]]:
    """Number of points by state (of all), and the first `limit` that match.

    `search` is looked for in the names and keys of point, device, site and enterprise.
    """
    escaped = search.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    parameters = {
        "now": now,
        "horizon": now - LOOK_BACK,
        "like": f"%{escaped}%",
        "state": state,
        "limit": limit,
    }
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(POINTS, parameters)
        rows = await cursor.fetchall()
    names = [field.name for field in fields(PointLine)]
    lines = [
        PointLine(**{name: row[name] for name in names}) for row in rows if row["id"]
    ]
    return rows[0]["counts"], lines


async def example(connection: Connection) -> Example | None:
    """The first registered point; None where nothing is registered."""
    return next(iter(await select(connection, Example, EXAMPLE)), None)


async def devices(connection: Connection) -> list[Named]:
    """The first 50 devices, for the demo's card of faults."""
    return await select(connection, Named, DEVICES)
