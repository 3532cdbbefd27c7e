"""Table `point_setting`: what is kept of points, and writing what holds from then on.

Beside what holds, a row has what the registry said of `in_use`, so that maintenance windows
can be told from it (`domain/timelines.py`). What has been judged is not judged again, so
nothing may change at or before a point's newest reading.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from domain.registry import InUse, Setting
from domain.registry_file import PointKey
from domain.text import Text
from domain.timelines import Window, held, in_force
from storage.unit import Connection, Unit

SETTINGS = """
SELECT DISTINCT ON (p.id, t.valid_from)
       e.code, d.key, p.key, p.id, d.site, t.intake, t.said,
       t.valid_from, t.zone, t.interval, t.max_gap, t.in_use, t.rules, t.calibration_due
  FROM enterprise e
  JOIN device d ON d.enterprise = e.id
  JOIN point p ON p.device = d.id
  LEFT JOIN point_setting t ON t.point = p.id
 WHERE e.code = ANY(%s)
 ORDER BY p.id, t.valid_from, t.intake DESC
"""
WINDOWS = """
SELECT t.point, m.begins, m.ends
  FROM maintenance m JOIN point_setting t ON t.intake = m.intake AND t.valid_from = m.begins
 WHERE t.point = ANY(%s)
"""
# The first owner took over from nobody.
HANDOVERS = """
SELECT o.site, o.valid_from FROM site_owner o
 WHERE o.site = ANY(%s) AND EXISTS (SELECT FROM site_owner b
                                     WHERE b.site = o.site AND b.valid_from < o.valid_from)
"""
INSERT = """
INSERT INTO point_setting (point, intake, valid_from, zone, interval, max_gap, in_use, said,
                           rules, calibration_due)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
READ_SINCE = """
SELECT c.number, r.time
  FROM unnest(%s::int4[], %s::timestamptz[]) WITH ORDINALITY AS c (point, since, number)
 CROSS JOIN LATERAL (SELECT time FROM reading WHERE point = c.point AND time >= c.since
                      LIMIT 1) AS r
 ORDER BY c.number
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What the database holds of a point."""

    key: PointKey
    point: int
    site: int
    timeline: dict[datetime, Setting] = field(default_factory=dict)
    """What holds."""
    entries: dict[datetime, Setting] = field(default_factory=dict)
    """What the registry says, but for maintenance windows."""
    intakes: dict[datetime, int] = field(default_factory=dict)
    windows: list[Window] = field(default_factory=list)
    handovers: list[datetime] = field(default_factory=list)

    def handed_over(self, since: datetime) -> Kept:
        """With one more handover."""
        return replace(self, handovers=[*self.handovers, since])

    def maintained(self, window: Window) -> Kept:
        """With one more maintenance window."""
        return replace(self, windows=[*self.windows, window])


class Change(NamedTuple):
    """A setting that the database does not have."""

    kept: Kept
    setting: Setting
    said: InUse | None

    @property
    def is_new(self) -> bool:
        """Whether nothing was set from that time on until now."""
        return self.setting.valid_from not in self.kept.timeline

    @property
    def name(self) -> str:
        """As summary and problems call it."""
        since = self.setting.valid_from.isoformat()
        return f"point {'/'.join(self.kept.key)} from {since}"


async def kept(connection: Connection, codes: Sequence[str]) -> dict[PointKey, Kept]:
    """Points and timelines of the enterprises, as they are now."""
    cursor = await connection.execute(SETTINGS, (list(codes),))
    result: dict[PointKey, Kept] = {}
    for row in await cursor.fetchall():
        code, device, key, point, site, intake, said, *values = row
        name = (code, device, key)
        one = result.setdefault(name, Kept(key=name, point=point, site=site))
        if intake is not None:
            setting = setting_of(*values)
            one.timeline[setting.valid_from] = setting
            one.intakes[setting.valid_from] = intake
            if said is not None:
                one.entries[setting.valid_from] = replace(setting, in_use=InUse(said))
    await _learn_borders(connection, list(result.values()))
    return result


async def _learn_borders(connection: Connection, found: Sequence[Kept]) -> None:
    """Fill in windows and handovers."""
    points = {one.point: one for one in found}
    cursor = await connection.execute(WINDOWS, (list(points),))
    for point, *window in await cursor.fetchall():
        points[point].windows.append(Window(*window))
    cursor = await connection.execute(HANDOVERS, ([one.site for one in found],))
    handovers: dict[int, list[datetime]] = defaultdict(list)
    for site, time in await cursor.fetchall():
        handovers[site].append(time)
    for one in found:
        one.handovers.extend(handovers[one.site])


def setting_of(*values: Any) -> Setting:
    """A setting from its columns, in the order of `Setting`'s fields in SETTINGS."""
    valid_from, zone, interval, max_gap, in_use, rules, calibration_due = values
    return Setting(
        valid_from=valid_from,
        zone=zone,
        interval=interval,
        max_gap=max_gap,
        in_use=InUse(in_use),
        rules=tuple(rules),
        calibration_due=calibration_due,
    )


def changes(
    kept: Kept, entries: Iterable[Setting] = (), stated: Iterable[datetime] = ()
) -> list[Change]:
    """What has to be written so that further `entries` hold, under windows and handovers.

    Each setting is compared with what is in force after those before it; at the times
    `stated`, which are borders, what holds is written in any case.
    """
    own, coming, due = dict(kept.entries), dict(kept.timeline), set(stated)
    for entry in sorted(entries, key=lambda entry: entry.valid_from):
        if in_force(own, entry.valid_from) != entry:
            own[entry.valid_from] = entry
            due.add(entry.valid_from)
    found: list[Change] = []
    for setting, said in held(own, kept.windows, kept.handovers):
        time = setting.valid_from
        if time in due or in_force(coming, time) != setting:
            coming[time] = setting
            found.append(Change(kept, setting, said))
    return found


async def refusals(unit: Unit, changes: Sequence[Change]) -> list[Text]:
    """What keeps the changes from being made."""
    points = [change.kept.point for change in changes]
    times = [change.setting.valid_from for change in changes]
    cursor = await unit.connection.execute(READ_SINCE, (points, times))
    judged = [
        Text(
            f"{changes[number - 1].name}：此后已有读数，如 {time.isoformat()}；"
            "已判定的不再重判，请给出将来的时间",
            f"{changes[number - 1].name}: the point has readings since, such as that of "
            f"{time.isoformat()}; what was judged is not judged again, give a time to come",
        )
        for number, time in await cursor.fetchall()
    ]
    foreign = [
        Text(
            f"{change.name}：已由另一分片设定，以其为准；请在该处执行",
            f"{change.name}: another share has set this, and its word stands; apply it there",
        )
        for change in changes
        if change.kept.intakes.get(change.setting.valid_from, 0) > unit.id
    ]
    return judged + foreign


async def write(unit: Unit, changes: Iterable[Change]) -> None:
    """Insert the settings. The rule versions that they name are there."""
    rows = [
        (
            kept.point, unit.id, s.valid_from, s.zone, s.interval, s.max_gap,
            s.in_use.value, said and said.value, list(s.rules), s.calibration_due,
        )
        for kept, s, said in changes
    ]  # fmt: skip
    async with unit.connection.cursor() as cursor:
        await cursor.executemany(INSERT, rows)
