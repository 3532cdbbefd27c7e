"""Table `site_owner`: who owned a site from when on, and a site's change of hands.

A site that never changed its owner has no row. What was measured before a change stays the
former owner's (`storage/scope.py`); devices keep their numbers and points theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from domain.errors import RegistryError
from domain.registry_models import Enterprise
from storage import point_settings, readings
from storage.evidence import SITE_OWNER
from storage.unit import Connection, Unit

EVER: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""From when the first owner owned: before all that was measured."""

HISTORY = (
    "SELECT valid_from, enterprise FROM site_owner WHERE site = %s ORDER BY valid_from"
)
HISTORIES = (
    "SELECT site, valid_from, enterprise FROM site_owner ORDER BY site, valid_from"
)
FIND = """
SELECT a.id, b.id, s.id
  FROM (VALUES (%s::text, %s::text, %s::text)) AS v (code, heir, key)
  LEFT JOIN enterprise a ON a.code = v.code
  LEFT JOIN enterprise b ON b.code = v.heir
  LEFT JOIN site s ON s.enterprise = a.id AND s.key = v.key
"""
TAKEN = """
SELECT 'site ' || key FROM site WHERE enterprise = %(heir)s AND key = %(key)s
 UNION ALL
SELECT 'device ' || key FROM device
 WHERE enterprise = %(heir)s AND key IN (SELECT key FROM device WHERE site = %(site)s)
"""
POINTS = "SELECT p.id FROM point p JOIN device d ON d.id = p.device WHERE d.site = %s"
HAND_OVER = """
WITH devices AS (UPDATE device SET enterprise = %(heir)s WHERE site = %(site)s)
UPDATE site SET enterprise = %(heir)s WHERE id = %(site)s
"""
# Sites by the names that they had with those who owned them once.
GONE = """
SELECT DISTINCT e.code, s.key, n.code
  FROM site_owner o
  JOIN site s ON s.id = o.site AND s.enterprise <> o.enterprise
  JOIN enterprise e ON e.id = o.enterprise
  JOIN enterprise n ON n.id = s.enterprise
 WHERE e.code = ANY(%s)
"""
# Where devices are whose site has a history, or is to be one with a history.
MOVED = """
SELECT v.code, v.device, h.key, v.site
  FROM unnest(%s::text[], %s::text[], %s::text[]) AS v (code, device, site)
  JOIN enterprise e ON e.code = v.code
  JOIN device d ON d.enterprise = e.id AND d.key = v.device
  JOIN site h ON h.id = d.site AND h.key <> v.site
  LEFT JOIN site s ON s.enterprise = e.id AND s.key = v.site
 WHERE EXISTS (SELECT FROM site_owner WHERE site IN (h.id, s.id))
"""


async def transfer(
    unit: Unit, code: str, key: str, heir: str, now: datetime
) -> datetime:
    """Hand site `key` of enterprise `code` over to `heir`; from when on it is its own.

    That is `now`, or just after the newest reading of its points, if a clock is ahead.
    What holds for its points is stated anew then. Raises RegistryError with every problem.
    """
    connection = unit.connection
    owner, new, site = await _found(connection, code, key, heir)
    history = await _history(connection, site)
    cursor = await connection.execute(POINTS, (site,))
    newest = await readings.newest(
        connection, [row[0] for row in await cursor.fetchall()]
    )
    known = [*newest.values(), *(time for time, _ in history)]
    since = max([now, *(time + datetime.resolution for time in known)])
    rows = [(site, since, new, unit.id)]
    if not history:
        rows.insert(0, (site, EVER, owner, unit.id))
    changes = [
        change
        for kept in (await point_settings.kept(connection, [code])).values()
        if kept.site == site
        for change in point_settings.changes(kept.handed_over(since), stated=[since])
    ]
    if problems := await point_settings.refusals(unit, changes):
        raise RegistryError([one.en for one in problems])
    await unit.write(SITE_OWNER, rows)
    await point_settings.write(unit, changes)
    await connection.execute(HAND_OVER, {"site": site, "heir": new})
    return since


async def _found(
    connection: Connection, code: str, key: str, heir: str
) -> tuple[int, int, int]:
    """Numbers of owner, new owner and site. Raises RegistryError."""
    cursor = await connection.execute(FIND, (code, heir, key))
    row = await cursor.fetchone()
    owner, new, site = row or (None, None, None)
    problems = [
        f"enterprise {name} is not registered"
        for name, number in ((code, owner), (heir, new))
        if number is None
    ]
    if code == heir:
        problems.append(f"enterprise {code} cannot take over from itself")
    if owner is not None and site is None:
        problems.append(f"enterprise {code} has no site {key}")
    if not problems:
        names = {"heir": new, "key": key, "site": site}
        cursor = await connection.execute(TAKEN, names)
        problems = [
            f"{name}: {heir} has one of that name already, and keys do not change; "
            f"register it anew there under another key instead"
            for (name,) in await cursor.fetchall()
        ]
    if problems:
        raise RegistryError(problems)
    assert owner is not None
    assert new is not None
    assert site is not None
    return owner, new, site


async def _history(connection: Connection, site: int) -> list[tuple[datetime, int]]:
    """From when on who owned a site; empty where it never changed hands."""
    cursor = await connection.execute(HISTORY, (site,))
    return [(since, owner) for since, owner in await cursor.fetchall()]


async def histories(
    connection: Connection,
) -> dict[int, tuple[tuple[datetime, int], ...]]:
    """By site that ever changed hands: from when on who owned it, in order of time."""
    cursor = await connection.execute(HISTORIES)
    found: dict[int, tuple[tuple[datetime, int], ...]] = {}
    for site, since, owner in await cursor.fetchall():
        found[site] = (*found.get(site, ()), (since, owner))
    return found


async def refusals(
    connection: Connection, enterprises: Mapping[str, Enterprise]
) -> list[str]:
    """What of a registry file would blur who owned what, before it is brought in."""
    cursor = await connection.execute(GONE, (list(enterprises),))
    gone = [
        f"site {code}/{key} went over to {heir}: say it there, and take it out here; "
        f"a new site needs a key of its own"
        for code, key, heir in await cursor.fetchall()
        if key in enterprises[code].sites
    ]
    devices = [
        (code, device, site)
        for code, enterprise in enterprises.items()
        for site, place in enterprise.sites.items()
        for device in place.devices
    ]
    columns = [list(column) for column in zip(*devices, strict=True)] or [[], [], []]
    cursor = await connection.execute(MOVED, columns)
    moved = [
        f"device {code}/{device} cannot move from site {old} to {new}: one of them changed "
        f"its owner, and the device has a past; register it anew under another key"
        for code, device, old, new in await cursor.fetchall()
    ]
    return gone + moved
