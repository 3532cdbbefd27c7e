"""What the supervisor's page reads.

Stays fast with 10,000 points: last readings are looked up one by one along the primary key,
and never farther back than `LOOK_BACK`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, LiteralString, TypeVar

from psycopg.rows import class_row, dict_row

from storage.unit import Connection

LOOK_BACK = timedelta(days=30)
"""A point that has been silent for longer is shown as one that never sent."""

SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"

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
), violated AS (
    SELECT r.point, max(r.severity) AS severity
      FROM alert a
      JOIN alert_excursion x ON x.alert = a.id
      CROSS JOIN LATERAL (
               SELECT point, severity, ended, withdrawn
                 FROM excursion_revision
                WHERE excursion = x.excursion
                ORDER BY revision DESC LIMIT 1) r
     WHERE a.withdrawn_at IS NULL AND a.returned_at IS NULL
       AND r.ended IS NULL AND NOT r.withdrawn
     GROUP BY r.point
), judged AS MATERIALIZED (
    SELECT p.id, p.device, p.name_zh, p.name_en, p.quantity, p.unit, p.resolution,
           d.site, s.enterprise,
           d.name_zh AS device_zh, d.name_en AS device_en, last.time, last.value, last.quality, setting.interval, setting.in_use,
           CASE WHEN coalesce(setting.in_use, '') NOT IN ('commissioned', 'loaded') THEN 'idle'
                WHEN violated.severity >= 2 THEN 'excursion'
                WHEN last.time IS NULL THEN 'empty'
                WHEN last.time < %(now)s - 2 * setting.interval THEN 'silent'
                WHEN violated.severity = 1 THEN 'warning'
                WHEN setting.rules = '{}' THEN 'recorded'
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
      LEFT JOIN LATERAL (
               SELECT interval, in_use, rules
                 FROM point_setting
                WHERE point = p.id AND valid_from <= %(now)s
                ORDER BY valid_from DESC, intake DESC LIMIT 1) setting ON true
      LEFT JOIN LATERAL (
               SELECT time, value, quality
                 FROM reading
                WHERE point = p.id AND time > %(horizon)s
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

OPEN_ALERTS = """
SELECT id FROM alert
 WHERE withdrawn_at IS NULL AND (returned_at IS NULL OR acknowledged_at IS NULL)
 ORDER BY suppressed, severity DESC, returned_at IS NOT NULL, opened_at DESC, id DESC
 LIMIT %s
"""
COUNT_OPEN_ALERTS = """
SELECT severity, count(*) FROM alert
 WHERE withdrawn_at IS NULL AND (returned_at IS NULL OR acknowledged_at IS NULL)
   AND NOT suppressed
 GROUP BY severity
"""
PAST_ALERTS = """
SELECT id FROM alert
 WHERE withdrawn_at IS NOT NULL OR (returned_at IS NOT NULL AND acknowledged_at IS NOT NULL)
 ORDER BY opened_at DESC, id DESC
 LIMIT %s
"""
ALERTS = """
SELECT a.id, a.rule, a.version, v.content::text AS content, a.severity, a.suppressed,
       a.opened_at, a.returned_at, a.acknowledged_at, a.withdrawn_at,
       a.point, p.name_zh AS point_zh, p.name_en AS point_en, p.quantity, p.unit, p.resolution,
       e.name_zh AS enterprise_zh, e.name_en AS enterprise_en,
       s.name_zh AS site_zh, s.name_en AS site_en, s.telephone,
       d.name_zh AS device_zh, d.name_en AS device_en
  FROM alert a
  LEFT JOIN rule_version v ON v.version = a.version
  LEFT JOIN point p ON p.id = a.point
  LEFT JOIN device d ON d.id = p.device
  LEFT JOIN enterprise e ON e.id = a.enterprise
  LEFT JOIN site s ON s.id = a.site
 WHERE a.id = ANY(%s)
"""
STRETCHES = """
SELECT x.alert, r.level, r.severity, count(*) AS excursions,
       min(r.started) AS started, min(r.peak) AS lowest, max(r.peak) AS highest,
       CASE WHEN bool_and(r.ended IS NOT NULL) THEN max(r.ended) END AS ended
  FROM alert_excursion x
  CROSS JOIN LATERAL (
           SELECT level, severity, started, ended, peak, withdrawn
             FROM excursion_revision
            WHERE excursion = x.excursion
            ORDER BY revision DESC LIMIT 1) r
 WHERE x.alert = ANY(%s) AND NOT r.withdrawn
 GROUP BY x.alert, r.level, r.severity
 ORDER BY x.alert, r.severity DESC
"""
COPIES = "SELECT count(*) AS readings, min(time) AS first, max(time) AS last FROM alert_reading WHERE alert = %s"

POINT = """
SELECT p.id, p.name_zh, p.name_en, p.quantity, p.unit, p.resolution,
       s.name_zh AS site_zh, s.name_en AS site_en,
       e.name_zh AS enterprise_zh, e.name_en AS enterprise_en,
       d.name_zh AS device_zh, d.name_en AS device_en
  FROM point p
  JOIN device d ON d.id = p.device
  JOIN site s ON s.id = d.site
  JOIN enterprise e ON e.id = s.enterprise
 WHERE p.id = %s
"""
# The setting in force when the range starts, and those that begin within it.
SETTINGS = """
SELECT DISTINCT ON (s.valid_from) s.valid_from, s.max_gap, s.rules
  FROM point_setting s
 WHERE s.point = %(point)s AND s.valid_from < %(until)s
   AND s.valid_from >= coalesce(
           (SELECT max(valid_from) FROM point_setting
             WHERE point = %(point)s AND valid_from <= %(start)s), '-infinity')
 ORDER BY s.valid_from, s.intake DESC
"""
RULES = "SELECT version, content::text FROM rule_version WHERE version = ANY(%s)"
# Of each bucket the lowest and the highest reading, so that no peak is lost.
SERIES = """
WITH stepped AS (
    SELECT time, value, quality, time - lag(time) OVER (ORDER BY time) AS step,
           floor(extract(epoch FROM time - %(start)s) / %(width)s)::int4 AS bucket
      FROM reading
     WHERE point = %(point)s AND time >= %(start)s AND time <= %(until)s
       AND quality < 2 AND value IS NOT NULL
)
SELECT min(time) AS first, max(time) AS last, max(step) AS step, count(*) AS readings,
       (array_agg(time ORDER BY value, time))[1] AS low_time, min(value) AS low,
       (array_agg(quality ORDER BY value, time))[1] AS low_quality,
       (array_agg(time ORDER BY value DESC, time))[1] AS high_time, max(value) AS high,
       (array_agg(quality ORDER BY value DESC, time))[1] AS high_quality
  FROM stepped GROUP BY bucket ORDER BY bucket
"""
# Of each bucket the first reading that is no value.
NO_VALUES = """
SELECT DISTINCT ON (floor(extract(epoch FROM time - %(start)s) / %(width)s)) time, value
  FROM reading
 WHERE point = %(point)s AND time >= %(start)s AND time <= %(until)s
   AND (quality = 2 OR value IS NULL)
 ORDER BY floor(extract(epoch FROM time - %(start)s) / %(width)s), time
"""
CONFLICTS = """
SELECT DISTINCT ON (floor(extract(epoch FROM time - %(start)s) / %(width)s)) time, value
  FROM conflict
 WHERE point = %(point)s AND time >= %(start)s AND time <= %(until)s
 ORDER BY floor(extract(epoch FROM time - %(start)s) / %(width)s), time
"""
EXCURSIONS = """
SELECT * FROM (
    SELECT DISTINCT ON (excursion) level, severity, started, ended, peak, withdrawn
      FROM excursion_revision
     WHERE point = %(point)s AND started <= %(until)s
     ORDER BY excursion, revision DESC) newest
 WHERE NOT withdrawn AND coalesce(ended, 'infinity') > %(start)s
 ORDER BY started DESC LIMIT 200
"""


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
class AlertLine:
    """An alert with the names of its subject; `content` is its rule's, as judged."""

    id: int
    rule: str
    version: str | None
    content: str | None
    severity: int
    suppressed: bool
    opened_at: datetime
    returned_at: datetime | None
    acknowledged_at: datetime | None
    withdrawn_at: datetime | None
    point: int | None
    point_zh: str | None
    point_en: str | None
    quantity: str | None
    unit: str | None
    resolution: float | None
    enterprise_zh: str | None
    enterprise_en: str | None
    site_zh: str | None
    site_en: str | None
    telephone: str | None
    device_zh: str | None
    device_en: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """All excursions of one alert at one level, taken together."""

    alert: int
    level: str
    severity: int
    excursions: int
    started: datetime
    ended: datetime | None
    """None while one of them is open."""
    lowest: float
    """Lowest and highest of their peaks, in the point's unit."""
    highest: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Copies:
    """How many readings an alert keeps as its own copy, and from when to when."""

    readings: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PointName:
    """What heads a chart."""

    id: int
    name_zh: str
    name_en: str
    quantity: str
    unit: str
    resolution: float
    site_zh: str
    site_en: str
    enterprise_zh: str
    enterprise_en: str
    device_zh: str
    device_en: str


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What the chart needs of a point's setting."""

    valid_from: datetime
    max_gap: timedelta
    rules: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Bucket:
    """The readings of one slice of a chart: extremes, ends and the longest step to any."""

    first: datetime
    last: datetime
    step: timedelta | None
    readings: int
    low_time: datetime
    low: float
    low_quality: int
    high_time: datetime
    high: float
    high_quality: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A reading that the line leaves out: no value, or a contradicting one."""

    time: datetime
    value: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Shade:
    """An excursion of the charted point."""

    level: str
    severity: int
    started: datetime
    ended: datetime | None
    peak: float
    withdrawn: bool


Row = TypeVar("Row")


@asynccontextmanager
async def snapshot(connection: Connection) -> AsyncIterator[None]:
    """One consistent, read-only view for all queries inside."""
    async with connection.transaction():
        await connection.execute(SNAPSHOT)
        yield


async def _all(
    connection: Connection, row: type[Row], query: LiteralString, parameters: Any = None
) -> list[Row]:
    async with connection.cursor(row_factory=class_row(row)) as cursor:
        await cursor.execute(query, parameters)
        return await cursor.fetchall()


async def heartbeats(connection: Connection) -> list[Heartbeat]:
    """The last heartbeat of every share that ever had an ingestor."""
    return await _all(connection, Heartbeat, HEARTBEATS)


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
    return next(iter(await _all(connection, Example, EXAMPLE)), None)


async def devices(connection: Connection) -> list[Named]:
    """The first 50 devices, for the demo's card of faults."""
    return await _all(connection, Named, DEVICES)


async def open_alerts(connection: Connection, limit: int) -> list[int]:
    """Alerts that still ask for something, the most severe and newest first."""
    cursor = await connection.execute(OPEN_ALERTS, (limit,))
    return [row[0] for row in await cursor.fetchall()]


async def count_open_alerts(connection: Connection) -> dict[int, int]:
    """Number of open alerts that concern somebody, by severity."""
    cursor = await connection.execute(COUNT_OPEN_ALERTS)
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def past_alerts(connection: Connection, limit: int) -> list[int]:
    """Alerts that ask for nothing any more, the newest first."""
    cursor = await connection.execute(PAST_ALERTS, (limit,))
    return [row[0] for row in await cursor.fetchall()]


async def alerts(connection: Connection, ids: Sequence[int]) -> list[AlertLine]:
    """The alerts of these ids; an unknown one is left out."""
    return await _all(connection, AlertLine, ALERTS, (list(ids),))


async def stretches(connection: Connection, ids: Sequence[int]) -> list[Stretch]:
    """Per alert and level what its excursions come to, the most severe level first."""
    return await _all(connection, Stretch, STRETCHES, (list(ids),))


async def copies(connection: Connection, alert: int) -> Copies:
    """What the alert keeps of the readings that were judged."""
    return (await _all(connection, Copies, COPIES, (alert,)))[0]


async def point(connection: Connection, number: int) -> PointName | None:
    """The point with its site and enterprise, or None."""
    return next(iter(await _all(connection, PointName, POINT, (number,))), None)


async def settings(
    connection: Connection, number: int, start: datetime, until: datetime
) -> list[Setting]:
    """Settings of the point that hold somewhere in the range, in order of time."""
    parameters = {"point": number, "start": start, "until": until}
    return await _all(connection, Setting, SETTINGS, parameters)


async def rules(connection: Connection, versions: Sequence[str]) -> dict[str, str]:
    """Content (JSON) of the rule versions."""
    cursor = await connection.execute(RULES, (list(versions),))
    return {row[0]: row[1] for row in await cursor.fetchall()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Slices:
    """A range of one point's readings, cut into slices of `width` seconds."""

    point: int
    start: datetime
    until: datetime
    width: float

    @property
    def parameters(self) -> dict[str, Any]:
        """As the queries name them."""
        return {
            "point": self.point,
            "start": self.start,
            "until": self.until,
            "width": self.width,
        }


async def series(connection: Connection, slices: Slices) -> list[Bucket]:
    """Readings with a value, at most one bucket per slice, in order of time."""
    return await _all(connection, Bucket, SERIES, slices.parameters)


async def no_values(connection: Connection, slices: Slices) -> list[Mark]:
    """Readings that are no value (bad or null), at most one per slice."""
    return await _all(connection, Mark, NO_VALUES, slices.parameters)


async def conflicts(connection: Connection, slices: Slices) -> list[Mark]:
    """Contradicting values, at most one per slice."""
    return await _all(connection, Mark, CONFLICTS, slices.parameters)


async def excursions(connection: Connection, slices: Slices) -> list[Shade]:
    """The newest 200 excursions that reach into the range."""
    return await _all(connection, Shade, EXCURSIONS, slices.parameters)
