"""What can be measured, in which units, and which values are at all plausible.

The first unit of a quantity is its standard unit, taken where a registry names none. The
ranges are bounds of plausibility, not limits of quality: wide enough for every sensor of
the field (autoclave, freeze dryer), narrow enough to betray a wrong unit.
"""

from __future__ import annotations

from dataclasses import dataclass

STATE = "state"
"""The unit of quantities whose values are small integers with names."""
Range = tuple[float, float]
"""Lowest and highest plausible value, both inclusive."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """One kind of measured value."""

    name_zh: str
    name_en: str
    units: dict[str, Range]
    """Allowed units, the standard one first, each with its plausible range."""
    states: tuple[tuple[str, str], ...] = ()
    """Names (Chinese, English) of the values 0, 1, … of a quantity in `state`."""

    @property
    def unit(self) -> str:
        """The standard unit."""
        return next(iter(self.units))


def _state(name_zh: str, name_en: str, *states: tuple[str, str]) -> Quantity:
    return Quantity(name_zh, name_en, {STATE: (0, len(states) - 1)}, states)


QUANTITIES = {
    # Storage and transport
    "temperature": Quantity("温度", "Temperature", {"°C": (-200, 400)}),
    "humidity": Quantity("相对湿度", "Relative humidity", {"%RH": (0, 100)}),
    "door": _state("门", "Door", ("关", "closed"), ("开", "open")),
    "power": _state("供电", "Power", ("断电", "off"), ("供电", "on")),
    "illuminance": Quantity("照度", "Illuminance", {"lx": (0, 200_000)}),
    # Production and clean rooms
    "pressure": Quantity(
        "压力",
        "Pressure",
        {"Pa": (0, 1e8), "hPa": (0, 1e6), "kPa": (0, 1e5), "MPa": (0, 100)},
    ),
    "pressure-difference": Quantity(
        "压差", "Pressure difference", {"Pa": (-10_000, 10_000), "kPa": (-10, 10)}
    ),
    "air-velocity": Quantity("风速", "Air velocity", {"m/s": (0, 50)}),
    "particles": Quantity("悬浮粒子", "Airborne particles", {"/m³": (0, 1e9)}),
    "running": _state("运行", "Running", ("停止", "stopped"), ("运行", "running")),
    "rotation": Quantity("转速", "Rotational speed", {"rpm": (0, 100_000)}),
    "mass": Quantity("质量", "Mass", {"kg": (0, 1e6), "g": (0, 1e9), "mg": (0, 1e9)}),
    "volume": Quantity("体积", "Volume", {"mL": (0, 1e9), "L": (0, 1e6)}),
    "yield": Quantity("收率", "Yield", {"%": (0, 200)}),
    # Water and fermentation
    "conductivity": Quantity(
        "电导率", "Conductivity", {"µS/cm": (0, 1e6), "mS/cm": (0, 1000)}
    ),
    "toc": Quantity(
        "总有机碳", "Total organic carbon", {"mg/L": (0, 1000), "µg/L": (0, 1e6)}
    ),
    "flow": Quantity("流量", "Flow", {"L/min": (0, 1e5), "m³/h": (0, 1e4)}),
    "ph": Quantity("酸碱度", "pH", {"pH": (-1, 15)}),
    "dissolved-oxygen": Quantity(
        "溶解氧", "Dissolved oxygen", {"%": (0, 300), "mg/L": (0, 100)}
    ),
    # Any
    "duration": Quantity(
        "时长", "Duration", {"min": (0, 1e6), "s": (0, 1e8), "h": (0, 1e5)}
    ),
    "count": Quantity("计数", "Count", {"1": (0, 1e12)}),
}
"""By the name that registries use."""

_SPELLINGS = {
    "C": "°C", "℃": "°C", "Cel": "°C", "degC": "°C",
    "%": "%RH", "RH": "%RH", "％RH": "%RH",
    "us/cm": "µS/cm", "uS/cm": "µS/cm", "μS/cm": "µS/cm",
    "μg/L": "µg/L", "ug/L": "µg/L", "ml": "mL", "l": "L",
}  # fmt: skip


def unit_problem(quantity: str, unit: str) -> str | None:
    """What is wrong with giving `quantity`, one of QUANTITIES, in `unit`; None if nothing."""
    units = QUANTITIES[quantity].units
    if unit in units:
        return None
    meant = _SPELLINGS.get(unit)
    advice = f"write {meant}" if meant in units else f"use {' or '.join(units)}"
    return f"{quantity} is not given in {unit!r}; {advice}"
