"""Sensors: how what they show differs from the truth."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from simulators.series import Sample


class Sensor(NamedTuple):
    """A kind of sensor."""

    lag: float
    """Time constant, s."""
    noise: float
    """Standard deviation, in the unit."""
    digits: int
    """Decimal digits of the display."""


THERMOMETER = Sensor(lag=90.0, noise=0.04, digits=1)
HYGROMETER = Sensor(lag=60.0, noise=0.6, digits=0)
PROBE = Sensor(lag=5.0, noise=0.04, digits=1)
"""A thermometer in steam."""
MANOMETER = Sensor(lag=2.0, noise=0.15, digits=1)


class Gauge:
    """One sensor and what it shows."""

    def __init__(self, sensor: Sensor, dice: Random, shown: float) -> None:
        """Show `shown`, as if it had long been so."""
        self._sensor = sensor
        self._dice = dice
        self._shown = shown

    def follow(self, truth: float, seconds: float) -> None:
        """Near the truth, which holds for some seconds."""
        self._shown += (truth - self._shown) * min(1.0, seconds / self._sensor.lag)

    def read(self) -> Sample:
        """What the display says."""
        shown = self._shown + self._dice.gauss(0.0, self._sensor.noise)
        return Sample(round(shown, self._sensor.digits) + 0.0)
