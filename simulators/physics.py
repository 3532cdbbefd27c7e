"""Heat and moisture in a cooled room: a cold room or a refrigerator.

Two bodies hold heat: the air (with shelves and inner walls, which follow it quickly) and
the goods. Heat comes through the walls and an open door, goes to and from the goods, and
is taken out by a compressor that a thermostat switches between two temperatures. Moisture
comes with outside air and freezes out on the coil while the compressor runs. Explicit
Euler steps; they are stable as long as a step is far shorter than the air's time constant
(minutes; `LONGEST_STEP` sees to that). The parameters are plausible defaults of ours.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

LONGEST_STEP = 30.0
"""s; longer steps are cut into pieces of this length."""


def saturation(temperature: float) -> float:
    """Water vapour that air can hold, g/m³, at a temperature in °C (Magnus formula)."""
    pressure = 611.2 * math.exp(17.62 * temperature / (243.12 + temperature))
    return 2.167 * pressure / (273.15 + temperature)


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """What a room is like at one moment."""

    air: float
    """Temperature of the air, °C."""
    goods: float
    """Temperature of the goods, °C."""
    vapour: float
    """Water in the air, g/m³."""
    running: bool
    """Whether the thermostat asks for cooling."""

    @property
    def humidity(self) -> float:
        """%RH of the air."""
        return min(100.0, 100.0 * self.vapour / saturation(self.air))


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """What acts on a room from outside during one step."""

    surroundings: float
    """Temperature around the room, °C."""
    damp: float
    """Water in the air around the room, g/m³."""
    door_open: bool = False
    powered: bool = True
    capacity: float = 1.0
    """Share of the compressor's cooling power that is left, 0 to 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """The constants of a room."""

    air_heat: float
    """Heat capacity of the air and what follows it, J/K."""
    goods_heat: float
    """Heat capacity of the goods, J/K."""
    wall: float
    """Conductance of walls and closed door, W/K."""
    doorway: float
    """Exchange with the surroundings through the open door, W/K."""
    coupling: float
    """Exchange between air and goods, W/K."""
    cooling: float
    """Cooling power of the compressor, W."""
    cool_above: float
    """The thermostat switches on above this temperature of the air, °C."""
    cool_below: float
    """… and off below this one, °C."""
    coil: float
    """Temperature of the coil when it runs, °C: air is not dried below its saturation."""
    leak: float
    """Share of the air that closed doors let in per second."""
    draught: float
    """Share of the air that the open door exchanges per second."""
    drying: float
    """Share of the air that the running coil dries per second."""

    def adapt(
        self, parameters: Mapping[str, float], besides: Iterable[str] = ()
    ) -> Room:
        """With some constants replaced. Raises ValueError for a name or value that is none.

        `besides` are names that the caller knows beside those of a room.
        """
        names = {field.name for field in fields(Room)}
        for name, value in parameters.items():
            if name not in names:
                known = ", ".join(sorted({*names, *besides}))
                raise ValueError(f"no parameter {name!r}; there are {known}")
            if value <= 0 and name.endswith(("heat", "cooling")):
                raise ValueError(f"{name} must be more than 0")
        room = replace(self, **parameters)
        if room.cool_below >= room.cool_above:
            raise ValueError("cool_below must be less than cool_above")
        return room

    def at_rest(self, inputs: Inputs) -> State:
        """A state to start from, near which the room will settle in some hours."""
        middle = (self.cool_above + self.cool_below) / 2
        vapour = min(inputs.damp, 0.55 * saturation(middle))
        return State(air=middle, goods=middle, vapour=vapour, running=False)

    def step(self, state: State, inputs: Inputs, seconds: float) -> State:
        """The state `seconds` later, with `inputs` held constant."""
        pieces = max(1, math.ceil(seconds / LONGEST_STEP))
        for _ in range(pieces):
            state = self._piece(state, inputs, seconds / pieces)
        return state

    def _piece(self, state: State, inputs: Inputs, seconds: float) -> State:
        running = self._thermostat(state)
        power = self.cooling * inputs.capacity if running and inputs.powered else 0.0
        exchange = self.wall + (self.doorway if inputs.door_open else 0.0)
        to_goods = self.coupling * (state.air - state.goods)
        to_air = exchange * (inputs.surroundings - state.air) - to_goods - power
        return replace(
            state,
            air=state.air + to_air / self.air_heat * seconds,
            goods=state.goods + to_goods / self.goods_heat * seconds,
            vapour=self._vapour(state, inputs, power / self.cooling, seconds),
            running=running,
        )

    def _thermostat(self, state: State) -> bool:
        if state.running:
            return state.air > self.cool_below
        return state.air > self.cool_above

    def _vapour(
        self, state: State, inputs: Inputs, cooling: float, seconds: float
    ) -> float:
        exchange = self.draught if inputs.door_open else self.leak
        gain = exchange * (inputs.damp - state.vapour)
        loss = cooling * self.drying * max(0.0, state.vapour - saturation(self.coil))
        return min(saturation(state.air), state.vapour + (gain - loss) * seconds)


COLD_ROOM = Room(
    air_heat=420e3,
    goods_heat=3.2e6,
    wall=36.0,
    doorway=320.0,
    coupling=170.0,
    cooling=2700.0,
    cool_above=5.2,
    cool_below=3.6,
    coil=-5.0,
    leak=5e-6,
    draught=9e-4,
    drying=2.2e-3,
)
"""About 90 m³ in panels of 10 cm, with a tonne of goods, in an unheated warehouse."""

REFRIGERATOR = Room(
    air_heat=30e3,
    goods_heat=420e3,
    wall=2.1,
    doorway=18.0,
    coupling=15.0,
    cooling=130.0,
    cool_above=5.0,
    cool_below=4.0,
    coil=-8.0,
    leak=2e-6,
    draught=1e-3,
    drying=1.5e-3,
)
"""About 150 L of vaccines behind an insulation of 7 cm, in a clinic's room."""
