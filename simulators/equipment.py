"""Models of equipment: what the sensors of a device show at a time of the scenario.

A model is asked for samples in ascending order of time and simulates from one to the next.
All chance is seeded by the scenario and the device, and scenario time alone drives it: a
scenario gives the same values whenever it is played.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Protocol

from simulators.faults import Fault, FaultKind, capacity, find
from simulators.physics import COLD_ROOM, REFRIGERATOR, Inputs, Room, State, saturation
from simulators.sensors import HYGROMETER, THERMOMETER, Gauge
from simulators.series import Sample, Series, at
from simulators.weather import CHINA, weather

STEP = timedelta(seconds=15)
"""Step of the physics, and how finely faults begin and end."""
WARM_UP = timedelta(hours=12)
"""Simulated before the scenario's start, so that a room begins in its usual cycle."""
INDOORS = 22.0
"""°C inside a heated and cooled building."""
WORKING_HOURS = range(8, 18)
ENTRY = (20.0, 45.0)
"""How long staff holds the door open, shortest and longest, s."""

Samples = dict[str, Sample]
"""By point key; a point without a reading is missing."""


class Model(Protocol):
    """Anything that can be sampled."""

    def sample(self, offset: timedelta, faults: Sequence[Fault]) -> Samples:
        """What the sensors show at `offset`, given the device's faults."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Premises:
    """A room and where it stands."""

    room: Room
    shelter: float
    """0: surrounded by the weather; 1: by a building at `INDOORS` °C."""
    entries_per_hour: float
    """How often staff opens the door in working hours."""
    humidity: bool
    """Whether there is a hygrometer, `h1`."""

    @property
    def points(self) -> tuple[str, ...]:
        """Keys of the points, the thermometer first."""
        return (
            ("t1", "h1", "door", "power") if self.humidity else ("t1", "door", "power")
        )

    def adapt(self, parameters: Mapping[str, float]) -> Premises:
        """With some constants replaced. Raises ValueError for a name or value that is none."""
        own = {"shelter": self.shelter, "entries_per_hour": self.entries_per_hour}
        of_room = {k: v for k, v in parameters.items() if k not in own}
        room = self.room.adapt(of_room, besides=own)
        changed = {k: v for k, v in parameters.items() if k in own}
        return replace(self, room=room, **changed)


PREMISES = {
    "cold-room": Premises(
        room=COLD_ROOM, shelter=0.4, entries_per_hour=2.0, humidity=True
    ),
    "refrigerator": Premises(
        room=REFRIGERATOR, shelter=0.6, entries_per_hour=1.0, humidity=False
    ),
}
"""By name of the model."""


class Chamber:
    """A cold room or refrigerator with its sensors."""

    def __init__(
        self, premises: Premises, *, seed: int, name: str, start: datetime
    ) -> None:
        """Settle into the usual cycle. `start` is the scenario's: season and hour of it."""
        self._premises = premises
        self._seed = seed
        self._name = name
        self._start = start
        dice = Random(f"sensors/{seed}/{name}")  # noqa: S311
        self._offset = -WARM_UP
        self._state = premises.room.at_rest(self._inputs(self._offset, ()))
        self._thermometer = Gauge(THERMOMETER, dice, self._state.air)
        self._hygrometer = Gauge(HYGROMETER, dice, self._state.humidity)
        self._advance(timedelta(), ())

    @property
    def state(self) -> State:
        """The truth behind the sensors, at the newest sample."""
        return self._state

    def sample(self, offset: timedelta, faults: Sequence[Fault]) -> Samples:
        """Simulate up to `offset`, which is never before that of the last call."""
        self._advance(offset, faults)
        samples = {
            "t1": self._thermometer.read(),
            "h1": self._hygrometer.read(),
            "door": Sample(float(self._door_open(offset, faults))),
            "power": Sample(float(not find(faults, FaultKind.POWER_CUT, offset))),
        }
        return {key: samples[key] for key in self._premises.points}

    def _advance(self, until: timedelta, faults: Sequence[Fault]) -> None:
        while self._offset < until:
            step = min(STEP, until - self._offset)
            inputs = self._inputs(self._offset, faults)
            seconds = step.total_seconds()
            self._state = self._premises.room.step(self._state, inputs, seconds)
            self._thermometer.follow(self._state.air, seconds)
            self._hygrometer.follow(self._state.humidity, seconds)
            self._offset += step

    def _inputs(self, offset: timedelta, faults: Sequence[Fault]) -> Inputs:
        outside = weather(self._seed, self._start + offset)
        shelter = self._premises.shelter
        return Inputs(
            surroundings=shelter * INDOORS + (1 - shelter) * outside.temperature,
            damp=outside.humidity / 100 * saturation(outside.temperature),
            door_open=self._door_open(offset, faults),
            powered=not find(faults, FaultKind.POWER_CUT, offset),
            capacity=capacity(faults, offset),
        )

    def _door_open(self, offset: timedelta, faults: Iterable[Fault]) -> bool:
        if find(faults, FaultKind.DOOR_OPEN, offset):
            return True
        local = (self._start + offset).astimezone(CHINA)
        second = local.minute * 60 + local.second
        entries = _entries(
            f"{self._seed}/{self._name}/{local:%Y%m%d%H}",
            self._premises.entries_per_hour if local.hour in WORKING_HOURS else 0.0,
        )
        return any(begin <= second < end for begin, end in entries)


class Script:
    """A device whose values are written by hand."""

    def __init__(self, points: Mapping[str, Series], interval: timedelta) -> None:
        """Play one entry of each series per `interval`."""
        self._points = points
        self._interval = interval

    def sample(self, offset: timedelta, faults: Sequence[Fault]) -> Samples:
        """The entries of the interval that begins at or before `offset`."""
        index = offset // self._interval
        entries = {key: at(series, index) for key, series in self._points.items()}
        return {key: sample for key, sample in entries.items() if sample is not None}


@lru_cache(maxsize=64)
def _entries(name: str, mean: float) -> tuple[tuple[float, float], ...]:
    """When staff holds the door open in one hour, in seconds of that hour."""
    dice = Random(f"entries/{name}")  # noqa: S311
    count = int(mean) + (dice.random() < mean % 1)
    begins = [dice.uniform(0, 3600) for _ in range(count)]
    return tuple((begin, begin + dice.uniform(*ENTRY)) for begin in begins)
