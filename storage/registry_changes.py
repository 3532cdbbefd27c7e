"""Bringing in a registry file as a whole: its things, and table `point_setting`.

Inside a unit of work of the one writer. A second application of the same file finds
nothing to do. What has been judged is not judged again yet, so nothing may change at or
before a point's newest reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from domain.durations import format_duration
from domain.errors import RegistryError
from domain.registry import InUse, Setting
from domain.registry_file import PointKey, ResolvedRegistry
from domain.rules import RuleVersion
from storage.registry_things import sync
from storage.unit import Connection, Unit

LOCK = "SELECT version FROM registry_head FOR UPDATE"
BUMP = "UPDATE registry_head SET version = version + 1"
INSERT_RULE = """
INSERT INTO rule_version (version, rule, kind, content) VALUES (%s, %s, %s, %s)
ON CONFLICT (version) DO NOTHING
"""
SETTINGS = """
SELECT DISTINCT ON (p.id, t.valid_from)
       e.code, d.key, p.key, p.id, t.intake,
       t.valid_from, t.zone, t.interval, t.max_gap, t.in_use, t.rules, t.calibration_due
  FROM enterprise e
  JOIN device d ON d.enterprise = e.id
  JOIN point p ON p.device = d.id
  LEFT JOIN point_setting t ON t.point = p.id
 WHERE e.code = ANY(%s)
 ORDER BY p.id, t.valid_from, t.intake DESC
"""
INSERT_SETTING = """
INSERT INTO point_setting
       (point, intake, valid_from, zone, interval, max_gap, in_use, rules, calibration_due)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
READ_SINCE = """
SELECT c.number, r.time
  FROM unnest(%s::int4[], %s::timestamptz[]) WITH ORDINALITY AS c (point, since, number)
 CROSS JOIN LATERAL (SELECT time FROM reading WHERE point = c.point AND time >= c.since
                      LIMIT 1) AS r
 ORDER BY c.number
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """What an application came to; counts are of rows."""

    version: int
    """Of the registry, afterwards."""
    added: int
    changed: int
    unchanged: int
    texts: tuple[str, ...]
    """One line per change, complete: the event that keeps them is evidence of what held."""

    @property
    def text(self) -> str:
        """In one line."""
        if not self.texts:
            return f"registry version {self.version}: unchanged"
        return (
            f"registry version {self.version}: {self.added} added, "
            f"{self.changed} changed, {self.unchanged} unchanged"
        )

    @property
    def detail(self) -> dict[str, Any]:
        """For the box's event."""
        return {**asdict(self), "texts": list(self.texts)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What the database holds of a point."""

    point: int
    timeline: dict[datetime, Setting]
    intakes: dict[datetime, int]

    def in_force(self, time: datetime) -> Setting | None:
        """The setting in force at `time`, as if it were valid from then."""
        since = max((since for since in self.timeline if since <= time), default=None)
        return replace(self.timeline[since], valid_from=time) if since else None


class Change(NamedTuple):
    """A setting that the database does not have."""

    key: PointKey
    kept: Kept
    setting: Setting

    @property
    def is_new(self) -> bool:
        """Whether nothing was set from that time on until now."""
        return self.setting.valid_from not in self.kept.timeline

    @property
    def name(self) -> str:
        """As summary and problems call it."""
        return f"point {'/'.join(self.key)} from {self.setting.valid_from.isoformat()}"

    def text(self, versions: Mapping[str, RuleVersion]) -> str:
        """All that the setting says."""
        setting = self.setting
        rules = (f"{versions[version].rule} {version}" for version in setting.rules)
        return (
            f"{self.name}: zone {setting.zone}, interval {format_duration(setting.interval)}, "
            f"max_gap {format_duration(setting.max_gap)}, {setting.in_use}, "
            f"calibration due {setting.calibration_due}, rules: {', '.join(rules) or 'none'}"
        )


async def apply(unit: Unit, registry: ResolvedRegistry) -> Applied:
    """Bring the database to what `registry` says; all in the unit's transaction.

    Raises RegistryError, every problem at once, if a point would change what it measures,
    or the past of a point that has readings; then the unit must not be committed.
    """
    connection = unit.connection
    cursor = await connection.execute(LOCK)
    head = await cursor.fetchone()
    assert head is not None
    things = await sync(connection, registry.enterprises)
    changes = _changes(registry, await _kept(connection, list(registry.enterprises)))
    problems = [text for synced in things for text in synced.problems]
    problems += await _refusals(unit, changes)
    if problems:
        raise RegistryError(problems)
    await _write(unit, changes, registry.versions)
    new = [change.text(registry.versions) for change in changes if change.is_new]
    other = [change.text(registry.versions) for change in changes if not change.is_new]
    added = [text for synced in things for text in synced.added] + new
    changed = [text for synced in things for text in synced.changed] + other
    if added or changed:
        await connection.execute(BUMP)
    settings = sum(map(len, registry.timelines.values()))
    return Applied(
        version=head[0] + bool(added or changed),
        added=len(added),
        changed=len(changed),
        unchanged=sum(synced.unchanged for synced in things) + settings - len(changes),
        texts=(*added, *changed),
    )


async def _kept(connection: Connection, codes: list[str]) -> dict[PointKey, Kept]:
    """Points and timelines of the enterprises, as they are now."""
    cursor = await connection.execute(SETTINGS, (codes,))
    result: dict[PointKey, Kept] = {}
    for code, device, key, point, intake, *values in await cursor.fetchall():
        empty = Kept(point=point, timeline={}, intakes={})
        kept = result.setdefault((code, device, key), empty)
        if intake is not None:
            setting = setting_of(*values)
            kept.timeline[setting.valid_from] = setting
            kept.intakes[setting.valid_from] = intake
    return result


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


def _changes(registry: ResolvedRegistry, kept: Mapping[PointKey, Kept]) -> list[Change]:
    """The settings of the file that differ from what is in force when they begin.

    Each is compared with what is in force after those before it.
    """
    changes: list[Change] = []
    for key, timeline in registry.timelines.items():
        coming = replace(kept[key], timeline=dict(kept[key].timeline))
        for setting in timeline:
            if coming.in_force(setting.valid_from) != setting:
                coming.timeline[setting.valid_from] = setting
                changes.append(Change(key, kept[key], setting))
    return changes


async def _refusals(unit: Unit, changes: list[Change]) -> list[str]:
    """What keeps the changes from being made."""
    points = [change.kept.point for change in changes]
    times = [change.setting.valid_from for change in changes]
    cursor = await unit.connection.execute(READ_SINCE, (points, times))
    judged = [
        f"{changes[number - 1].name}: the point has readings since, such as that of "
        f"{time.isoformat()}; what was judged is not judged again, give a time to come"
        for number, time in await cursor.fetchall()
    ]
    foreign = [
        f"{change.name}: another share has set this, and its word stands; apply it there"
        for change in changes
        if change.kept.intakes.get(change.setting.valid_from, 0) > unit.id
    ]
    return judged + foreign


async def _write(
    unit: Unit, changes: list[Change], versions: Mapping[str, RuleVersion]
) -> None:
    """Insert the settings, and before them the rule versions that they name."""
    used = sorted({version for change in changes for version in change.setting.rules})
    rows = [
        (
            change.kept.point, unit.id, s.valid_from, s.zone, s.interval, s.max_gap,
            s.in_use.value, list(s.rules), s.calibration_due,
        )
        for change in changes
        for s in [change.setting]
    ]  # fmt: skip
    async with unit.connection.cursor() as cursor:
        await cursor.executemany(
            INSERT_RULE,
            [
                (v.version, v.rule, v.kind, v.content)
                for v in (versions[version] for version in used)
            ],
        )
        await cursor.executemany(INSERT_SETTING, rows)
