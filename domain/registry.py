"""Who may send what: enterprises, sites, devices, points, and the timeline of their settings.

The registry as the ingestor holds it: immutable, looked up by what a topic says. How a
file becomes one is in `domain/registry_file.py`, how it is kept in `storage/registry.py`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum


class InUse(StrEnum):
    """Whether what a point watches is at work. What is not is judged but alerts nobody."""

    COMMISSIONED = "commissioned"
    LOADED = "loaded"
    IN_MAINTENANCE = "in_maintenance"
    EMPTY = "empty"

    @property
    def alerts(self) -> bool:
        """True where an excursion is somebody's concern."""
        return self in (InUse.COMMISSIONED, InUse.LOADED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What holds for a point from a time on, until the next setting."""

    valid_from: datetime
    zone: str
    """cold, cool, ambient, frozen, or a name of the enterprise's own."""
    interval: timedelta
    """Recording interval: how far apart readings are expected."""
    max_gap: timedelta
    """A longer gap between readings is unobserved time. Never below `interval`."""
    in_use: InUse
    rules: tuple[str, ...]
    """Rule versions (see `RuleVersion.version`) that judge the point."""
    calibration_due: date | None = None
    """Last day on which the sensor's calibration is valid, in local time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One measured quantity at one place. Its number never changes."""

    id: int
    device: int
    key: str
    """Name of the value in messages, for instance `t1`."""
    name_zh: str
    name_en: str
    quantity: str
    unit: str
    resolution: float
    """Smallest step that means anything, in the unit; values are judged rounded to it."""
    timeline: tuple[Setting, ...]
    """Sorted by `valid_from`, ascending."""
    handovers: tuple[datetime, ...] = ()
    """When its site changed its owner, ascending; a setting begins at each."""

    def setting(self, time: datetime) -> Setting | None:
        """The setting in force at `time`; None before the first."""
        index = bisect_right(
            self.timeline, time, key=lambda setting: setting.valid_from
        )
        return self.timeline[index - 1] if index else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Device:
    """A logger, gateway or system: what has an MQTT identity."""

    id: int
    enterprise: int
    site: int
    enterprise_code: str
    """统一社会信用代码, 18 characters."""
    key: str
    region: str
    """GB/T 2260, six digits, of its site; the topic's region levels must match it."""
    time_zone: str | None
    """IANA name; declared only where the device sends local time."""
    points: dict[str, Point] = field(default_factory=dict)
    """By the key that messages use."""
    owners: tuple[tuple[datetime, int], ...] = ()
    """From when on which enterprise owned its site, ascending; empty: always `enterprise`."""

    def owner(self, time: datetime) -> int:
        """The enterprise that owned its site at `time`."""
        index = bisect_right(self.owners, time, key=lambda owner: owner[0])
        return self.owners[max(index, 1) - 1][1] if self.owners else self.enterprise


class Registry:
    """All that is registered, at one version. Immutable; a new version is a new object."""

    def __init__(self, version: int, devices: Iterable[Device]) -> None:
        """Index `devices` by sender and all their points by number."""
        self.version = version
        self.devices = {
            (device.enterprise_code, device.key): device for device in devices
        }
        self.points = {
            point.id: point
            for device in self.devices.values()
            for point in device.points.values()
        }
        self.device_of = {
            point.id: device
            for device in self.devices.values()
            for point in device.points.values()
        }

    def device(self, enterprise_code: str, key: str) -> Device | None:
        """The device that a topic names, or None."""
        return self.devices.get((enterprise_code, key))
