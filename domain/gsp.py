"""What GSP asks of the monitoring of temperature at a site, and whether it is met. Pure.

《药品经营质量管理规范》附录3《温湿度自动监测》 (GSP, Appendix 3) counts measuring endpoints by
room and area: two for a store of up to 300 m², one more for each further 300 m² begun; by
100 m² where it is cold; twice or three times as many in racks above 4.5 and 8 m. A vehicle has
two, and one more for each 20 m³ begun beyond the first.

The registry knows the zones of a site, not its rooms, and area and height of the whole. So a
zone is taken for one room, and what is asked of it lies between two numbers: what falls short
of the lesser is not met, what reaches the greater is met, and between them nobody can say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from math import ceil
from typing import Final

ZONES: Final = ("cold", "cool", "ambient", "frozen")
STAGES: Final = ("storage", "transport")
"""What GSP is about; medicines are made under other rules."""
PEOPLE: Final = 3
"""Whom an alarm must reach, at least."""
COLD: Final = frozenset({"cold", "frozen"})
STORE, COLD_STORE, VEHICLE = 300.0, 100.0, 20.0
"""For so much (m², m², m³) two endpoints are enough; each further one begun takes one more."""
FLAT, LOW_RACKS = 4.5, 8.0
"""Height in m up to which racks ask for nothing more; and up to which they ask for twice as much."""
RACKS: Final = 3
"""Times as many endpoints as in a flat store, in the highest racks."""
CALIBRATED_FOR: Final = timedelta(days=366)
"""A sensor is calibrated once a year, at least."""


class Verdict(StrEnum):
    """Whether a demand is met."""

    MET = "met"
    SHORT = "short"
    UNKNOWN = "unknown"
    """What is registered does not tell."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sensor:
    """A point in a GSP zone that measures temperature."""

    zone: str
    calibration_due: date | None
    """Last day on which its calibration is valid; None: not registered."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Space:
    """A site, as far as the demands depend on it; None: not registered."""

    vehicle: bool = False
    area: float | None = None
    """m²."""
    height: float | None = None
    """m."""

    @property
    def volume(self) -> float | None:
        """m³."""
        return None if None in (self.area, self.height) else self.area * self.height  # type: ignore[operator]


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """A demand, held against what there is."""

    key: str
    """`store`, `cold-store`, `vehicle` (endpoints of a zone), `calibration`, `people`."""
    verdict: Verdict
    present: int
    """Endpoints, sensors in order, or people."""
    least: int
    """So many are needed at least."""
    most: int | None = None
    """And at most; None: that cannot be said."""
    zone: str | None = None
    missing: tuple[str, ...] = field(default=())
    """What the registry would have to tell: `area`, `height`, `zones` (which has what area)."""


def checks(
    space: Space, sensors: Collection[Sensor], told: int | None, today: date
) -> list[Check]:
    """All demands on a site with these sensors; none where there is no GSP zone.

    `told`: how many people an alarm would reach; None: not known. `today` is local.
    """
    if not sensors:
        return []
    zones = sorted({sensor.zone for sensor in sensors}, key=ZONES.index)
    found = [
        endpoints(space, zone, len(zones), sum(one.zone == zone for one in sensors))
        for zone in zones
    ]
    return [*found, calibration(sensors, today), people(told)]


def endpoints(space: Space, zone: str, zones: int, present: int) -> Check:
    """Whether a zone, one of `zones` at its site, has sensors enough."""
    if space.vehicle:
        key, size, unit, racks = "vehicle", space.volume, VEHICLE, 1
    else:
        key, unit = ("cold-store", COLD_STORE) if zone in COLD else ("store", STORE)
        size, racks = space.area, _racks(space.height)
    least = needed(size if size and zones == 1 else 0, unit)
    most = None if size is None else racks * needed(size, unit)
    verdict = Verdict.MET if most is not None and present >= most else Verdict.UNKNOWN
    verdict = Verdict.SHORT if present < least else verdict
    missing = {
        "area": space.area is None,
        "height": space.height is None,
        "zones": zones > 1,
        "racks": racks > 1 and space.height is not None,
    }
    return Check(
        key=key,
        verdict=verdict,
        present=present,
        least=least,
        most=most,
        zone=zone,
        missing=tuple(name for name, holds in missing.items() if holds),
    )


def needed(size: float, unit: float) -> int:
    """Endpoints for a room of `size`: two for one `unit`, one more for each further one begun."""
    return 2 + max(0, ceil(size / unit) - 1)


def _racks(height: float | None) -> int:
    """How many times as many endpoints racks may ask for under a roof of that height."""
    if height is None or height > LOW_RACKS:
        return RACKS
    return 1 if height <= FLAT else 2


def calibration(sensors: Iterable[Sensor], today: date) -> Check:
    """Whether every sensor was calibrated within a year."""
    days = [sensor.calibration_due for sensor in sensors]
    dated = [day for day in days if day is not None]
    valid = sum(today <= day <= today + CALIBRATED_FOR for day in dated)
    verdict = Verdict.MET if valid == len(days) else Verdict.UNKNOWN
    return Check(
        key="calibration",
        verdict=verdict if valid == len(dated) else Verdict.SHORT,
        present=valid,
        least=len(days),
        most=len(days),
        missing=("calibration",) if len(dated) < len(days) else (),
    )


def people(told: int | None) -> Check:
    """Whether an alarm would reach people enough."""
    verdict = Verdict.UNKNOWN if told is None else Verdict.SHORT
    return Check(
        key="people",
        verdict=Verdict.MET if (told or 0) >= PEOPLE else verdict,
        present=told or 0,
        least=PEOPLE,
        most=PEOPLE,
    )
