"""What can go wrong with a device: kinds of fault, which model can have which, and when.

Faults of the equipment (door, power, compressor) act through the physics; a stuck sensor
changes what is reported; the rest (offline, duplicates, corrupt) is about how messages
travel and never changes a value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

FAILING_TAKES = timedelta(hours=2)
"""How long a failing compressor takes from full cooling power to none, in a straight line."""


class FaultKind(StrEnum):
    """The kinds of fault, by the names that scenarios and live injection use."""

    DOOR_OPEN = "door-open"
    POWER_CUT = "power-cut"
    COMPRESSOR_FAILING = "compressor-failing"
    SENSOR_STUCK = "sensor-stuck"
    """One point repeats its last value."""
    OFFLINE = "offline"
    """No connection: the device keeps its readings and sends them when it is back."""
    DUPLICATES = "duplicates"
    """Every message is sent twice."""
    CORRUPT = "corrupt"
    """Additional messages and readings that cannot be read (see `simulators/device.py`)."""


TRAVELLING = frozenset({FaultKind.OFFLINE, FaultKind.DUPLICATES, FaultKind.CORRUPT})
APPLICABLE = {
    "cold-room": frozenset(FaultKind),
    "refrigerator": frozenset(FaultKind),
    "scripted": TRAVELLING,
}
"""By model of device. The values of a scripted device are written by hand and stay so."""

AFTERMATH = {
    FaultKind.DOOR_OPEN: timedelta(hours=2),
    FaultKind.POWER_CUT: timedelta(hours=6),
    FaultKind.COMPRESSOR_FAILING: timedelta(hours=12),
}
"""How long after its end a fault may still show in the values; otherwise not at all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One fault of one device. Times are offsets from the scenario's start."""

    kind: FaultKind
    device: str
    begin: timedelta
    end: timedelta
    """First moment at which the fault is gone."""
    point: str | None = None
    """Key of the stuck point; None: the device's first one."""

    def active(self, offset: timedelta) -> bool:
        """Whether the fault is there at `offset`."""
        return self.begin <= offset < self.end

    @property
    def felt_until(self) -> timedelta:
        """Offset until which values may differ from those without the fault."""
        return self.end + AFTERMATH.get(self.kind, timedelta())


def find(faults: Iterable[Fault], kind: FaultKind, offset: timedelta) -> Fault | None:
    """The first fault of that kind which is there at `offset`, or None."""
    return next((f for f in faults if f.kind is kind and f.active(offset)), None)


def capacity(faults: Iterable[Fault], offset: timedelta) -> float:
    """Share of the compressor's cooling power that is left at `offset`, 0 to 1."""
    failing = find(faults, FaultKind.COMPRESSOR_FAILING, offset)
    if failing is None:
        return 1.0
    return max(0.0, 1.0 - (offset - failing.begin) / FAILING_TAKES)
