"""The steriliser: its cycle, and how a cycle goes wrong."""

from __future__ import annotations

from itertools import pairwise

import pytest

from simulators.faults import Fault
from simulators.steriliser import saturated
from tests.unit.simulators.builders import SUMMER, device, fault, sent


def traces(*faults: Fault, length: str = "3h") -> tuple[dict[float, float], ...]:
    """Temperature and pressure by minute."""
    found: dict[str, dict[float, float]] = {"temperature": {}, "pressure": {}}
    for message in sent(device("steriliser", *faults, batch=6), length):
        for snapshot in message.snapshots:
            minute = round((snapshot.time - SUMMER).total_seconds() / 60, 3)
            for key, value in snapshot.values.items():
                found[key][minute] = float(value or 0)
    return found["temperature"], found["pressure"]


def minutes_at(temperature: dict[float, float], least: float) -> float:
    """How long the first load is at `least` °C without a break."""
    held = [m for m, v in temperature.items() if v >= least and m < 90]
    assert len(held) == round((held[-1] - held[0]) * 6) + 1, "contiguous"
    return held[-1] - held[0]


def test_saturated_steam_has_the_pressure_of_the_tables() -> None:
    assert saturated(100.0) == pytest.approx(101.3, rel=0.01)
    assert saturated(121.1) == pytest.approx(205.0, rel=0.01)
    assert saturated(134.0) == pytest.approx(304.0, rel=0.01)


def test_121_degrees_are_held_for_15_minutes_without_a_break() -> None:
    temperature, pressure = traces()
    assert 15 <= minutes_at(temperature, 121.0) <= 17.5
    hold = [m for m in temperature if 30 <= m <= 43]
    assert max(temperature[m] for m in hold) < 122.5
    assert all(200 < pressure[m] < 215 for m in hold)


def test_a_load_is_heated_held_exhausted_and_cooled_again_and_again() -> None:
    temperature, pressure = traces()
    assert temperature[4.0] == pytest.approx(30, abs=0.5)
    assert temperature[15.0] > 90
    assert temperature[70.0] < 50
    assert pressure[70.0] == pytest.approx(101.3, abs=1)
    assert temperature[36.0 + 90] == pytest.approx(temperature[36.0], abs=0.6)


def test_pressure_is_that_of_the_steam_above_100_degrees() -> None:
    temperature, pressure = traces(length="90m")
    for minute, value in temperature.items():
        if value > 105:
            assert pressure[minute] == pytest.approx(saturated(value), rel=0.03)


def test_temperature_never_jumps() -> None:
    values = list(traces()[0].values())
    steps = [abs(b - a) for a, b in pairwise(values)]
    assert max(steps) < 2.5


def test_short_hold_is_four_minutes_shorter() -> None:
    temperature, _ = traces(fault("short-hold", "0s", "10m"))
    assert 11 <= minutes_at(temperature, 121.0) <= 13.5


def test_low_temperature_is_that_of_the_case_of_2006() -> None:
    temperature, pressure = traces(fault("low-temperature", "1h30m", "1h40m"))
    assert max(v for m, v in temperature.items() if m < 90) > 121
    second = {m: v for m, v in temperature.items() if 119 <= m <= 134}
    assert all(100 <= v <= 104 for v in second.values())
    assert all(pressure[m] < 120 for m in second)


def test_fault_between_loads_harms_none() -> None:
    assert traces(fault("low-temperature", "10m", "1h30m")) == traces()
