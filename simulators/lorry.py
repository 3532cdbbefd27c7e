"""A refrigerated lorry on its route: stops with open doors, sun, and places without radio.

The route is a timetable of four hours, driven again and again from the scenario's start.
The cooling unit runs with the engine: not while the lorry stands. Two thermometers hang in
its body, one in the air that comes from the unit, one at the rear doors.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from random import Random
from typing import NamedTuple

from simulators.equipment import STEP, WARM_UP, Samples
from simulators.faults import Fault, FaultKind, capacity, find
from simulators.physics import Inputs, Room, State, saturation
from simulators.sensors import THERMOMETER, Gauge
from simulators.series import Sample
from simulators.weather import CHINA, weather

MINUTE = timedelta(minutes=1)
POINTS = ("t1", "t2", "door", "power")
"""Front and rear temperature; the doors; whether the cooling unit has power."""
SUN_DRIVING, SUN_STANDING = 5.0, 11.0
"""K by which the noon sun warms the skin above the air, in the wind of driving and without."""
NOON, DAYLIGHT = 12.5, 14.0
"""Hour of the highest sun, and hours from its rise to its setting."""
FRONT, REAR, DOORWAY = -0.4, 0.3, 0.12
"""K that the front is colder and the rear warmer while the unit runs; share of outside air
that reaches the rear while the doors are open."""

BODY = Room(
    air_heat=260e3,
    goods_heat=5.0e6,
    wall=42.0,
    doorway=110.0,
    coupling=210.0,
    cooling=5200.0,
    cool_above=4.9,
    cool_below=3.5,
    coil=-6.0,
    leak=2e-5,
    draught=2e-3,
    drying=2.5e-3,
)
"""A body of about 40 m³ with a curtain of strips behind its doors, and 1.6 t of goods."""

Span = tuple[int, int]
"""From which to before which minute of a leg."""
NEVER = (0, 0)


class Leg(NamedTuple):
    """One part of the route."""

    minutes: int
    driving: bool
    doors: Span = NEVER
    """When the doors are open."""
    no_radio: Span = NEVER
    """When nothing comes through: a tunnel, mountains."""


ROUTE = (
    Leg(40, driving=True, no_radio=(14, 21)),
    Leg(12, driving=False, doors=(2, 6)),
    Leg(35, driving=True, no_radio=(10, 13)),
    Leg(10, driving=False, doors=(2, 5)),
    Leg(50, driving=True, no_radio=(14, 24)),
    Leg(15, driving=False, doors=(3, 8)),
    Leg(53, driving=True),
    Leg(25, driving=False, doors=(5, 10)),
)
BEGINS = tuple(accumulate((leg.minutes for leg in ROUTE), initial=0))
LAP = BEGINS[-1]
"""min."""


def where(offset: timedelta) -> tuple[Leg, float]:
    """The leg at `offset`, and the minute of it. Before the start: loaded, the unit on."""
    minute = offset / MINUTE
    if minute < 0:
        return Leg(LAP, driving=True), 0.0
    minute %= LAP
    number = next(n for n in range(len(ROUTE)) if minute < BEGINS[n + 1])
    return ROUTE[number], minute - BEGINS[number]


def radio_gaps(device: str, length: timedelta) -> Iterator[Fault]:
    """Where nothing comes through, as faults of the lorry `device`."""
    for lap in range(math.ceil(length / (LAP * MINUTE))):
        for begin, leg in zip(BEGINS, ROUTE, strict=False):
            first, last = (
                (lap * LAP + begin + minute) * MINUTE for minute in leg.no_radio
            )
            if first < last and first < length:
                yield Fault(
                    kind=FaultKind.RADIO_GAP, device=device, begin=first, end=last
                )


class Lorry:
    """The body of a lorry with its sensors."""

    def __init__(
        self, body: Room = BODY, *, seed: int, name: str, start: datetime
    ) -> None:
        """Begin cold. `start` is the scenario's: season and hour of it."""
        self._body = body
        self._seed = seed
        self._start = start
        dice = Random(f"sensors/{seed}/{name}")  # noqa: S311 - a simulation
        self._offset = -WARM_UP
        self._state = body.at_rest(self._inputs(self._offset, ()))
        self._front = Gauge(THERMOMETER, dice, self._state.air)
        self._rear = Gauge(THERMOMETER, dice, self._state.air)
        self._advance(timedelta(), ())

    @property
    def state(self) -> State:
        """The truth behind the sensors, at the newest sample."""
        return self._state

    def sample(self, offset: timedelta, faults: Sequence[Fault]) -> Samples:
        """Simulate up to `offset`, which is never before that of the last call."""
        self._advance(offset, faults)
        inputs = self._inputs(offset, faults)
        return {
            "t1": self._front.read(),
            "t2": self._rear.read(),
            "door": Sample(float(inputs.door_open)),
            "power": Sample(float(inputs.powered)),
        }

    def _advance(self, until: timedelta, faults: Sequence[Fault]) -> None:
        while self._offset < until:
            step = min(STEP, until - self._offset)
            inputs = self._inputs(self._offset, faults)
            seconds = step.total_seconds()
            self._state = self._body.step(self._state, inputs, seconds)
            blowing = self._state.running and inputs.powered
            outside = DOORWAY * (inputs.surroundings - self._state.air)
            self._front.follow(self._state.air + blowing * FRONT, seconds)
            self._rear.follow(
                self._state.air + blowing * REAR + inputs.door_open * outside, seconds
            )
            self._offset += step

    def _inputs(self, offset: timedelta, faults: Sequence[Fault]) -> Inputs:
        leg, minute = where(offset)
        first, last = leg.doors
        time = self._start + offset
        outside = weather(self._seed, time)
        sun = height_of_sun(time) * (SUN_DRIVING if leg.driving else SUN_STANDING)
        opened = find(faults, FaultKind.DOOR_OPEN, offset) is not None
        cut = find(faults, FaultKind.POWER_CUT, offset) is not None
        return Inputs(
            surroundings=outside.temperature + sun,
            damp=outside.humidity / 100 * saturation(outside.temperature),
            door_open=opened or first <= minute < last,
            powered=leg.driving and not cut,
            capacity=capacity(faults, offset),
        )


def height_of_sun(time: datetime) -> float:
    """0 at night, 1 at noon."""
    local = time.astimezone(CHINA)
    hour = local.hour + local.minute / 60
    return max(0.0, math.cos(math.pi * (hour - NOON) / DAYLIGHT))
