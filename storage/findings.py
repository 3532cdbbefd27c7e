"""Alerts whose subject is a device, a site or the box: their heads by key, and what goes on.

From when to when a finding holds stands in the journal's detail, as `from` and `to`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import LiteralString, NamedTuple

from psycopg.rows import class_row

from domain.alerts import Alert, DeviceSubject, SiteSubject
from domain.listened import Deafness
from storage import alerts
from storage.unit import Connection, Unit

NEWEST = """
SELECT newest.id
  FROM unnest(%(devices)s::int4[], %(rules)s::text[], %(suppressed)s::bool[]) AS k (device, rule, suppressed)
 CROSS JOIN LATERAL (SELECT id FROM alert
                      WHERE point IS NULL AND device = k.device AND rule = k.rule
                        AND suppressed = k.suppressed AND withdrawn_at IS NULL
                      ORDER BY id DESC LIMIT 1) AS newest
"""
NEWEST_OF_SITE = """
SELECT newest.id
  FROM unnest(%(sites)s::int4[], %(rules)s::text[], %(suppressed)s::bool[]) AS k (site, rule, suppressed)
 CROSS JOIN LATERAL (SELECT id FROM alert
                      WHERE point IS NULL AND device IS NULL AND site = k.site AND rule = k.rule
                        AND suppressed = k.suppressed AND withdrawn_at IS NULL
                      ORDER BY id DESC LIMIT 1) AS newest
"""
# Of the box: of those that an intake of this share opened.
NEWEST_OF_BOX = """
SELECT a.id
  FROM unnest(%(rules)s::text[]) AS k (rule)
 CROSS JOIN LATERAL (SELECT alert.id FROM alert
                       JOIN journal AS j ON j.alert = alert.id AND j.n = 1
                      WHERE point IS NULL AND device IS NULL AND site IS NULL AND alert.rule = k.rule
                        AND withdrawn_at IS NULL AND j.intake >> 40 = %(share)s
                      ORDER BY alert.id DESC LIMIT 1) AS a
"""
GOING_ON = """
SELECT a.device, a.enterprise, a.rule, a.suppressed, (j.detail->>'from')::timestamptz AS start,
       coalesce((j.detail->>'will')::bool, false) AS will, j.intake
  FROM alert AS a
 CROSS JOIN LATERAL (SELECT intake, detail FROM journal
                      WHERE alert = a.id AND detail->>'from' IS NOT NULL
                      ORDER BY n DESC LIMIT 1) AS j
 WHERE a.point IS NULL AND a.device = ANY(%s)
   AND a.withdrawn_at IS NULL AND a.returned_at IS NULL
"""
DEAFNESS = """
SELECT (j.detail->>'from')::timestamptz, (j.detail->>'to')::timestamptz
  FROM alert AS a JOIN journal AS j ON j.alert = a.id
 WHERE a.point IS NULL AND a.rule = 'deaf' AND a.withdrawn_at IS NULL
   AND j.intake >> 40 = %s AND j.detail->>'from' IS NOT NULL
 ORDER BY j.intake DESC, j.n DESC LIMIT 1
"""
# Silences that were found and stand; what its journal says last of each holds.
SILENCES = """
SELECT DISTINCT ON (a.id, j.detail->>'from')
       a.device, a.id, (j.detail->>'from')::timestamptz, (j.detail->>'to')::timestamptz
  FROM alert AS a
  JOIN rule_version AS v ON v.version = a.version AND v.kind = 'silence'
  JOIN journal AS j ON j.alert = a.id AND j.detail->>'from' IS NOT NULL
 WHERE a.point IS NULL AND a.device = ANY(%s) AND a.withdrawn_at IS NULL AND NOT a.suppressed
 ORDER BY a.id, j.detail->>'from', j.n DESC
"""
SITES = """
SELECT s.id AS site, s.name_zh AS site_zh, s.name_en AS site_en, s.region, s.telephone,
       e.code AS enterprise_code, e.name_zh AS enterprise_zh, e.name_en AS enterprise_en
  FROM site AS s
  JOIN enterprise AS e ON e.id = s.enterprise
 WHERE s.id = ANY(%s)
"""
SUBJECTS = """
SELECT d.id AS device, d.name_zh AS device_zh, d.name_en AS device_en, s.id AS site, s.name_zh AS site_zh,
       s.name_en AS site_en, s.region, s.telephone, e.code AS enterprise_code,
       e.name_zh AS enterprise_zh, e.name_en AS enterprise_en
  FROM device AS d
  JOIN site AS s ON s.id = d.site
  JOIN enterprise AS e ON e.id = s.enterprise
 WHERE d.id = ANY(%s)
"""


class Site(NamedTuple):
    """A site, whose it is, and where."""

    site: int
    enterprise: int
    region: str
    """GB/T 2260."""


class Key(NamedTuple):
    """What names a finding: of these, the newest alert takes what is new."""

    device: int | None
    """None: a site, or the box."""
    rule: str
    suppressed: bool
    site: int | None = None
    """None: a device, or the box."""

    @classmethod
    def of(cls, head: Alert) -> Key:
        """What names the finding that an alert is about."""
        site = head.site if head.device is None else None
        return cls(head.device, head.rule, head.suppressed, site)


class Silence(NamedTuple):
    """A silence of a device that was found. Domain times, of arrival."""

    device: int
    alert: int
    start: datetime
    end: datetime | None
    """None while it goes on."""


class GoingOn(NamedTuple):
    """A finding of a device that has not ended."""

    device: int
    enterprise: int
    """That it was told to."""
    rule: str
    suppressed: bool
    start: datetime
    will: bool
    """The last message before was a will."""
    intake: int
    """In which it began, or began again."""


async def lock(unit: Unit, keys: Sequence[Key]) -> dict[Key, Alert]:
    """The newest live alert of each key, locked until the transaction ends."""
    found: list[int] = []
    of_devices = [key for key in keys if key.device is not None]
    of_sites = [key for key in keys if key.site is not None]
    of_box = [key.rule for key in keys if key.device is None and key.site is None]
    connection = unit.connection
    if of_devices:
        found += await _newest(connection, NEWEST, of_devices)
    if of_sites:
        found += await _newest(connection, NEWEST_OF_SITE, of_sites)
    if of_box:
        values = {"rules": of_box, "share": unit.share}
        cursor = await connection.execute(NEWEST_OF_BOX, values)
        found += [row[0] for row in await cursor.fetchall()]
    heads = await alerts.lock(connection, found)
    return {Key.of(head): head for head in heads.values()}


async def _newest(
    connection: Connection, query: LiteralString, keys: Sequence[Key]
) -> list[int]:
    values = {
        "devices": [key.device for key in keys],
        "sites": [key.site for key in keys],
        "rules": [key.rule for key in keys],
        "suppressed": [key.suppressed for key in keys],
    }
    cursor = await connection.execute(query, values)
    return [row[0] for row in await cursor.fetchall()]


async def going_on(connection: Connection, devices: Iterable[int]) -> list[GoingOn]:
    """The findings of `devices` that have not ended."""
    cursor = await connection.execute(GOING_ON, (list(devices),))
    return [GoingOn(*row) for row in await cursor.fetchall()]


async def silences(connection: Connection, devices: Iterable[int]) -> list[Silence]:
    """All silences of `devices` that an alert stands for."""
    cursor = await connection.execute(SILENCES, (list(devices),))
    return [Silence(*row) for row in await cursor.fetchall()]


async def deafness(connection: Connection, share: int) -> Deafness | None:
    """The newest deafness of a share that was raised."""
    cursor = await connection.execute(DEAFNESS, (share,))
    row = await cursor.fetchone()
    return Deafness(start=row[0], end=row[1]) if row else None


async def subjects(
    connection: Connection, devices: Iterable[int]
) -> dict[int, DeviceSubject]:
    """What notifications say of `devices`, by their numbers."""
    async with connection.cursor(row_factory=class_row(DeviceSubject)) as cursor:
        await cursor.execute(SUBJECTS, (list(devices),))
        return {subject.device: subject for subject in await cursor.fetchall()}


async def sites(connection: Connection, sites: Iterable[int]) -> dict[int, SiteSubject]:
    """What notifications say of `sites`, by their numbers."""
    async with connection.cursor(row_factory=class_row(SiteSubject)) as cursor:
        await cursor.execute(SITES, (list(sites),))
        return {subject.site: subject for subject in await cursor.fetchall()}
