"""What can go wrong with a device: kinds of fault, which model can have which, and when.

Faults of the equipment act through the physics; faults of a sensor or a clock change what
is reported; the rest is about how messages travel and never changes a value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, StrEnum, auto

FAILING_TAKES = timedelta(hours=2)
"""How long a failing compressor takes from full cooling power to none, in a straight line."""
MINUTE = timedelta(minutes=1)


class FaultKind(StrEnum):
    """The kinds of fault, by the names that scenarios and live injection use."""

    DOOR_OPEN = "door-open"
    POWER_CUT = "power-cut"
    COMPRESSOR_FAILING = "compressor-failing"
    SHORT_HOLD = "short-hold"
    """The steriliser holds its temperature for some minutes less."""
    LOW_TEMPERATURE = "low-temperature"
    """The steriliser holds a temperature some degrees lower."""
    SENSOR_STUCK = "sensor-stuck"
    """One point repeats its last value."""
    SENSOR_DRIFT = "sensor-drift"
    """One point moves away from the truth, by so many units an hour."""
    CLOCK_WRONG = "clock-wrong"
    """The device's clock is some minutes behind (or ahead), and is mended in the end."""
    CONFLICTING = "conflicting"
    """One point's values are sent again, some time later, corrected by some units."""
    SILENT = "silent"
    """The device hangs: its connection stays, but it neither measures nor sends."""
    OFFLINE = "offline"
    """No connection, and so its will is heard. The backlog comes in order when it is back."""
    RADIO_GAP = "radio-gap"
    """Nothing comes through for a while. The backlog comes in bursts, scrambled."""
    SHUFFLED = "shuffled"
    """Messages are sent some at a time, in any order."""
    DUPLICATES = "duplicates"
    """Every message is sent twice."""
    CORRUPT = "corrupt"
    """Additional messages and readings that cannot be read (see `simulators/device.py`)."""


ROOM = {FaultKind.DOOR_OPEN, FaultKind.POWER_CUT, FaultKind.COMPRESSOR_FAILING}
STERILISING = {FaultKind.SHORT_HOLD, FaultKind.LOW_TEMPERATURE}
SENSING = {FaultKind.SENSOR_STUCK, FaultKind.SENSOR_DRIFT}
SENDING = frozenset(FaultKind) - ROOM - STERILISING - SENSING
APPLICABLE = {
    "cold-room": SENDING | SENSING | ROOM,
    "refrigerator": SENDING | SENSING | ROOM,
    "lorry": SENDING | SENSING | ROOM,
    "steriliser": SENDING | SENSING | STERILISING,
    "scripted": SENDING,
}
"""By model of device. What a scripted device measures is written by hand and stays so."""
OF_ONE_POINT = SENSING | {FaultKind.CONFLICTING}
SIZES = {
    FaultKind.SENSOR_DRIFT: 0.5,
    FaultKind.CLOCK_WRONG: -180.0,
    FaultKind.CONFLICTING: 0.2,
    FaultKind.SHORT_HOLD: -4.0,
    FaultKind.LOW_TEMPERATURE: -19.0,
}
"""By how much, if a fault does not say: units an hour; minutes; units; minutes; °C."""

AFTERMATH = {
    FaultKind.DOOR_OPEN: timedelta(hours=2),
    FaultKind.POWER_CUT: timedelta(hours=6),
    FaultKind.COMPRESSOR_FAILING: timedelta(hours=12),
    FaultKind.SHORT_HOLD: timedelta(hours=2),
    FaultKind.LOW_TEMPERATURE: timedelta(hours=2),
}
"""How long after its end a fault may still show in the values; otherwise not at all."""


class Reach(Enum):
    """What becomes of a device's connection."""

    REACHED = auto()
    STALLED = auto()
    """It stays, but nothing comes through."""
    CUT = auto()
    """It breaks, and the broker publishes the will."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One fault of one device. Times are offsets from the scenario's start."""

    kind: FaultKind
    device: str
    begin: timedelta
    end: timedelta
    """First moment at which the fault is gone."""
    point: str | None = None
    """Key of the point concerned; None: the device's first one."""
    by: float | None = None
    """By how much, where the kind is in SIZES; None: as said there."""

    @property
    def size(self) -> float:
        """By how much: see SIZES."""
        return SIZES[self.kind] if self.by is None else self.by

    @property
    def clock(self) -> timedelta:
        """How far the device's clock is ahead; negative: behind."""
        wrong = self.kind is FaultKind.CLOCK_WRONG
        return self.size * MINUTE if wrong else timedelta()

    def active(self, offset: timedelta) -> bool:
        """Whether the fault is there at `offset`."""
        return self.begin <= offset < self.end

    @property
    def felt_from(self) -> timedelta:
        """Offset from which values may differ from those without the fault."""
        return self.begin + min(self.clock, timedelta())

    @property
    def felt_until(self) -> timedelta:
        """Offset until which they may."""
        after = AFTERMATH.get(self.kind, timedelta())
        return self.end + max(after, self.clock)


def find(faults: Iterable[Fault], kind: FaultKind, offset: timedelta) -> Fault | None:
    """The first fault of that kind which is there at `offset`, or None."""
    return next((f for f in faults if f.kind is kind and f.active(offset)), None)


def capacity(faults: Iterable[Fault], offset: timedelta) -> float:
    """Share of the compressor's cooling power that is left at `offset`, 0 to 1."""
    failing = find(faults, FaultKind.COMPRESSOR_FAILING, offset)
    if failing is None:
        return 1.0
    return max(0.0, 1.0 - (offset - failing.begin) / FAILING_TAKES)


def reach(faults: Iterable[Fault], offset: timedelta) -> Reach:
    """What becomes of the device's connection at `offset`."""
    kinds = {fault.kind for fault in faults if fault.active(offset)}
    if FaultKind.OFFLINE in kinds:
        return Reach.CUT
    stalling = {FaultKind.RADIO_GAP, FaultKind.SILENT} & kinds
    return Reach.STALLED if stalling else Reach.REACHED
