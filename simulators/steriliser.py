"""A moist-heat steriliser: cycle after cycle, temperature and absolute pressure of its steam.

    idle ─▶ heat up ─▶ hold (121 °C, 15 min) ─▶ exhaust ─▶ cool down ─▶ idle …

A load begins every 90 minutes. The steam is saturated: above 100 °C the pressure follows
the temperature, and in the exhaust the temperature follows the pressure. A fault that is
there when a load begins holds for all of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import timedelta
from random import Random

from simulators.equipment import Samples
from simulators.faults import Fault, FaultKind, find
from simulators.sensors import MANOMETER, PROBE, Gauge

POINTS = ("temperature", "pressure")
"""°C and kPa, absolute."""
CYCLE, IDLE = 90.0, 5.0
"""min: from load to load, and how long the first one waits."""
HEAT_UP, HOLD, EXHAUST = 24.0, 15.0, 8.0
"""min. Cooling takes what is left of the cycle."""
SET, ABOVE_SET, SWAY = 121.0, 0.6, 0.15
"""°C: to be held; how far above it the controller aims, and how far it sways around that."""
SWAYS = 4.0
"""min that one sway takes."""
LOADED, BOILING, COOLING = 30.0, 100.0, 11.0
"""°C of a new load; °C when the chamber is at the pressure outside; min, a time constant."""
WARMING = 9.0
"""min: time constant of the heating."""
OUTSIDE = 101.3
"""kPa."""
STEP = 5.0
"""s, at most, between two looks of the sensors."""


def saturated(temperature: float) -> float:
    """Pressure of saturated steam, kPa, at 60 to 150 °C (Antoine equation; 121 °C: 205)."""
    return 10 ** (8.14019 - 1810.94 / (244.485 + temperature)) * 0.133322


def truth(minute: float, hold: float, held: float) -> tuple[float, float]:
    """°C and kPa in a cycle that holds the temperature `held` for `hold` minutes."""
    temperature = _temperature(minute, hold, held)
    return temperature, max(OUTSIDE, saturated(temperature))


def _temperature(minute: float, hold: float, held: float) -> float:
    if minute < HEAT_UP:
        # Reaches `held` exactly: the heating aims beyond it and is throttled there.
        rise = (1 - math.exp(-minute / WARMING)) / (1 - math.exp(-HEAT_UP / WARMING))
        return LOADED + (held - LOADED) * rise
    minute -= HEAT_UP
    if minute < hold:
        return held + SWAY * math.sin(math.tau * minute / SWAYS)
    minute -= hold
    if minute < EXHAUST:
        return held - (held - BOILING) * minute / EXHAUST
    return LOADED + (BOILING - LOADED) * math.exp(-(minute - EXHAUST) / COOLING)


class Steriliser:
    """The chamber with its two sensors."""

    def __init__(self, *, seed: int, name: str) -> None:
        """Begin idle, with a chamber that is cool."""
        dice = Random(f"sensors/{seed}/{name}")  # noqa: S311 - a simulation
        self._probe = Gauge(PROBE, dice, LOADED)
        self._manometer = Gauge(MANOMETER, dice, OUTSIDE)
        self._offset = timedelta()

    def sample(self, offset: timedelta, faults: Sequence[Fault]) -> Samples:
        """Simulate up to `offset`, which is never before that of the last call."""
        while self._offset < offset:
            step = min(timedelta(seconds=STEP), offset - self._offset)
            self._offset += step
            temperature, pressure = state(self._offset, faults)
            self._probe.follow(temperature, step.total_seconds())
            self._manometer.follow(pressure, step.total_seconds())
        return {"temperature": self._probe.read(), "pressure": self._manometer.read()}


def state(offset: timedelta, faults: Iterable[Fault]) -> tuple[float, float]:
    """°C and kPa in the chamber."""
    since = offset / timedelta(minutes=1) - IDLE
    if since < 0:
        return LOADED, OUTSIDE
    begin = timedelta(minutes=IDLE + since // CYCLE * CYCLE)
    short = find(faults, FaultKind.SHORT_HOLD, begin)
    low = find(faults, FaultKind.LOW_TEMPERATURE, begin)
    hold = max(0.0, HOLD + (short.size if short else 0.0))
    held = SET + ABOVE_SET + (low.size if low else 0.0)
    return truth(since % CYCLE, hold, held)
