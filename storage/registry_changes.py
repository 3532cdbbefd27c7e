"""Bringing in a registry file as a whole: its things, and table `point_setting`.

Inside a unit of work of the one writer. A second application of the same file finds
nothing to do. What may change of settings is in `storage/point_settings.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from domain.durations import format_duration
from domain.errors import RegistryError
from domain.registry_file import ResolvedRegistry
from domain.rules import RuleVersion
from storage import owners, point_settings
from storage.point_settings import Change
from storage.registry_things import sync
from storage.unit import Connection, Unit

LOCK = "SELECT version FROM registry_head FOR UPDATE"
BUMP = "UPDATE registry_head SET version = version + 1 RETURNING version"
INSERT_RULE = """
INSERT INTO rule_version (version, rule, kind, content) VALUES (%s, %s, %s, %s)
ON CONFLICT (version) DO NOTHING
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


async def apply(unit: Unit, registry: ResolvedRegistry) -> Applied:
    """Bring the database to what `registry` says; all in the unit's transaction.

    Raises RegistryError, every problem at once, if a point would change what it measures,
    or the past of a point that has readings; then the unit must not be committed.
    """
    connection = unit.connection
    version = await lock(connection)
    problems = await owners.refusals(connection, registry.enterprises)
    things = await sync(connection, registry.enterprises)
    changes = await _changes(connection, registry)
    problems += [text for synced in things for text in synced.problems]
    problems += [one.en for one in await point_settings.refusals(unit, changes)]
    if problems:
        raise RegistryError(problems)
    await _write(unit, changes, registry.versions)
    new = [_text(change, registry.versions) for change in changes if change.is_new]
    other = [
        _text(change, registry.versions) for change in changes if not change.is_new
    ]
    added = [text for synced in things for text in synced.added] + new
    changed = [text for synced in things for text in synced.changed] + other
    if added or changed:
        version = await bump(connection)
    settings = sum(map(len, registry.timelines.values()))
    entries = sum(change.said is not None for change in changes)
    return Applied(
        version=version,
        added=len(added),
        changed=len(changed),
        unchanged=sum(synced.unchanged for synced in things) + settings - entries,
        texts=(*added, *changed),
    )


async def lock(connection: Connection) -> int:
    """The registry's version; nobody else changes it until the transaction ends."""
    cursor = await connection.execute(LOCK)
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def bump(connection: Connection) -> int:
    """The registry's new version, by which ingestors learn of a change."""
    cursor = await connection.execute(BUMP)
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def _changes(connection: Connection, registry: ResolvedRegistry) -> list[Change]:
    """The settings that the file changes."""
    kept = await point_settings.kept(connection, list(registry.enterprises))
    return [
        change
        for key, timeline in registry.timelines.items()
        for change in point_settings.changes(kept[key], timeline)
    ]


def _text(change: Change, versions: Mapping[str, RuleVersion]) -> str:
    """All that a changed setting says."""
    setting = change.setting
    rules = (
        f"{versions[version].rule} {version}" if version in versions else version
        for version in setting.rules
    )
    return (
        f"{change.name}: zone {setting.zone}, interval {format_duration(setting.interval)}, "
        f"max_gap {format_duration(setting.max_gap)}, {setting.in_use}, "
        f"calibration due {setting.calibration_due}, rules: {', '.join(rules) or 'none'}"
    )


async def _write(
    unit: Unit, changes: list[Change], versions: Mapping[str, RuleVersion]
) -> None:
    """Insert the settings, and before them the rule versions that are new with them."""
    used = {version for change in changes for version in change.setting.rules}
    async with unit.connection.cursor() as cursor:
        await cursor.executemany(
            INSERT_RULE,
            [
                (v.version, v.rule, v.kind, v.content)
                for v in (
                    versions[version] for version in sorted(used & versions.keys())
                )
            ],
        )
    await point_settings.write(unit, changes)
