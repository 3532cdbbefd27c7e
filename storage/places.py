"""Sites and enterprises as lists show them, with safety codes, and the regions they are in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.alert_list import like
from storage.safety import Scored
from storage.snapshot import select
from storage.unit import Connection

SITES = """
SELECT s.id, s.key, s.name_zh, s.name_en, s.kind, s.region, s.telephone, s.area_m2, s.height_m,
       s.longitude, s.latitude, e.code AS enterprise_code, e.name_zh AS enterprise_zh, e.name_en AS enterprise_en,
       (SELECT count(*) FROM device d WHERE d.site = s.id) AS devices,
       (SELECT count(*) FROM point p JOIN device d ON d.id = p.device WHERE d.site = s.id) AS points
  FROM site s
  LEFT JOIN enterprise e ON e.id = s.enterprise
 WHERE (%(id)s::int4 IS NULL OR s.id = %(id)s)
   AND (%(enterprise)s::text IS NULL OR e.code = %(enterprise)s)
   AND (%(low)s::int4 IS NULL OR s.area BETWEEN %(low)s AND %(high)s)
   AND (%(like)s::text IS NULL OR concat_ws(' ', s.name_zh, s.name_en, s.key) ILIKE %(like)s)
   AND (%(after)s::int8 IS NULL OR s.id > %(after)s)
 ORDER BY s.id
 LIMIT %(limit)s
"""
ENTERPRISES = """
SELECT e.id, e.code, e.name_zh, e.name_en, e.kind, e.high_risk,
       f.code AS safety, f.score, f.facts, f.reasons, f.formula, f.judged_at, h.beat_at,
       ARRAY(SELECT DISTINCT s.region FROM site s WHERE s.enterprise = e.id ORDER BY 1) AS regions
  FROM enterprise e
  LEFT JOIN safety f ON f.enterprise = e.id
  LEFT JOIN heartbeat h ON h.share = (f.facts->>'share')::int2
 WHERE (%(enterprise)s::text IS NULL OR e.code = %(enterprise)s)
   AND (%(safety)s::text IS NULL OR f.code = %(safety)s)
   AND (%(low)s::int4 IS NULL OR EXISTS (SELECT FROM site s WHERE s.enterprise = e.id
                                            AND s.area BETWEEN %(low)s AND %(high)s))
   AND (%(like)s::text IS NULL OR concat_ws(' ', e.name_zh, e.name_en, e.code) ILIKE %(like)s)
   AND (%(after)s::int8 IS NULL OR e.id > %(after)s)
 ORDER BY e.id
 LIMIT %(limit)s
"""
# Each enterprise once per region that it has sites in.
PRESENCE = """
SELECT DISTINCT s.region, e.id, e.code AS enterprise_code, e.name_zh AS enterprise_zh, e.name_en AS enterprise_en,
       e.high_risk <> '{}' AS high_risk, coalesce(f.code, 'grey') AS code, f.score, h.beat_at
  FROM site s
  JOIN enterprise e ON e.id = s.enterprise
  LEFT JOIN safety f ON f.enterprise = e.id
  LEFT JOIN heartbeat h ON h.share = (f.facts->>'share')::int2
 WHERE s.area BETWEEN %(low)s AND %(high)s
 ORDER BY s.region, e.id
"""
NAMES = """
SELECT id, code AS enterprise_code, name_zh AS enterprise_zh, name_en AS enterprise_en
  FROM enterprise WHERE id = ANY(%s)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteLine:
    """A site; of its owner None, if that is not seen."""

    id: int
    key: str
    name_zh: str
    name_en: str
    kind: str
    region: str
    telephone: str
    area_m2: float | None
    height_m: float | None
    longitude: float | None
    latitude: float | None
    enterprise_code: str | None
    enterprise_zh: str | None
    enterprise_en: str | None
    devices: int
    points: int


@dataclass(frozen=True, kw_only=True, slots=True)
class EnterpriseLine:
    """An enterprise; of one that was never judged, nothing of safety."""

    id: int
    code: str
    name_zh: str
    name_en: str
    kind: str
    high_risk: list[str]
    safety: str | None
    score: float | None
    facts: Any
    reasons: Any
    formula: str | None
    judged_at: datetime | None
    beat_at: datetime | None
    """When who judges last gave a sign of life, real; None: never."""
    regions: list[str]
    """Of its sites."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EnterpriseName:
    """An enterprise, by name."""

    id: int
    enterprise_code: str
    enterprise_zh: str
    enterprise_en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Presence(Scored):
    """An enterprise in a region, with what its index is made of."""

    region: str
    enterprise_code: str
    enterprise_zh: str
    enterprise_en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Which sites or enterprises are wanted; None: whatever it is."""

    id: int | None = None
    """Of a site."""
    enterprise: str | None = None
    """统一社会信用代码 of an enterprise, or of a site's owner."""
    safety: str | None = None
    """Colour of an enterprise."""
    regions: tuple[int | None, int | None] = (None, None)
    """First and last region code."""
    search: str | None = None

    def parameters(self, after: int | None, limit: int) -> dict[str, Any]:
        """As the queries name them."""
        return {
            "id": self.id,
            "enterprise": self.enterprise,
            "safety": self.safety,
            "low": self.regions[0],
            "high": self.regions[1],
            "like": None if self.search is None else like(self.search),
            "after": after,
            "limit": limit,
        }


async def sites(
    connection: Connection, wanted: Filter, *, after: int | None, limit: int
) -> list[SiteLine]:
    """The first `limit` sites after number `after`."""
    return await select(connection, SiteLine, SITES, wanted.parameters(after, limit))


async def site(connection: Connection, number: int) -> SiteLine | None:
    """The site, or None."""
    found = await sites(connection, Filter(id=number), after=None, limit=1)
    return next(iter(found), None)


async def enterprises(
    connection: Connection, wanted: Filter, *, after: int | None, limit: int
) -> list[EnterpriseLine]:
    """The first `limit` enterprises after number `after`."""
    parameters = wanted.parameters(after, limit)
    return await select(connection, EnterpriseLine, ENTERPRISES, parameters)


async def enterprise(connection: Connection, code: str) -> EnterpriseLine | None:
    """The enterprise, or None."""
    found = await enterprises(connection, Filter(enterprise=code), after=None, limit=1)
    return next(iter(found), None)


async def presence(connection: Connection, low: int, high: int) -> list[Presence]:
    """Which enterprises have sites where, in a range of region codes."""
    return await select(connection, Presence, PRESENCE, {"low": low, "high": high})


async def names(
    connection: Connection, numbers: Iterable[int]
) -> dict[int, EnterpriseName]:
    """The enterprises of these numbers."""
    found = await select(connection, EnterpriseName, NAMES, (list(numbers),))
    return {one.id: one for one in found}
