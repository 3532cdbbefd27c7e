"""The scenarios that come with us: expectations hold by small arithmetic, not by our rules."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.registry_file import parse
from simulators.expectations import Comparison, compare
from simulators.scenario import PACKAGED, find_scenario, load_scenario
from tests.unit.simulators.arithmetic import measured, raised

NAMES = ["short", "order", "demo", "calm"]


def compared(name: str, **changes: object) -> Comparison:
    scenario = load_scenario(find_scenario(name)).model_copy(update=changes)
    return compare(scenario.expected, raised(scenario), start=scenario.start)


@pytest.mark.parametrize("name", NAMES)
def test_expectations_agree_with_the_arithmetic(name: str) -> None:
    result = compared(name)
    assert (result.missed, result.unexpected) == ((), ())


@pytest.mark.parametrize("seed", [1, 2])
def test_tolerances_of_the_demo_hold_for_other_chances_too(seed: int) -> None:
    """The times of the physical points; the humidity of a power cut may differ."""
    result = compared("demo", seed=seed)
    assert result.missed == ()
    assert [r for r in result.unexpected if r.point != "h1"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"reaching": False},
        {"reaching": True},
        {"deadband": "0"},
        {"gap": 10**6},
        {"gap": 4},
        {"minutes": 0},
        {"minutes": 9},
        {"minutes": 11},
    ],
    ids=lambda change: " ".join(f"{k}={v}" for k, v in change.items()),
)
def test_broken_rule_changes_what_is_found_at_scripted_points(
    change: dict[str, object],
) -> None:
    scenario = load_scenario(find_scenario("short"))
    result = compare(scenario.expected, raised(scenario, change), start=scenario.start)
    assert result.missed or result.unexpected


@pytest.mark.parametrize("name", NAMES)
def test_registry_of_the_demo_world_knows_every_device(name: str) -> None:
    text = (PACKAGED / "demo.registry.yaml").read_text(encoding="utf-8")
    registry = parse(text)
    region = {
        (code, key): registry.enterprises[code].sites[str(path[3])].region
        for path, code, key, _ in registry.devices()
    }
    devices = {(code, key): device for _, code, key, device in registry.devices()}
    for spec in load_scenario(find_scenario(name)).devices:
        sender = (spec.enterprise, spec.device)
        assert region[sender] == spec.region
        assert set(devices[sender].points) == set(spec.point_keys)
        for key in spec.point_keys:
            stretches = devices[sender].stretches(key)
            assert {stretch.interval for stretch in stretches} == {spec.interval}


def test_short_scenario_is_scripted_and_three_hours_long() -> None:
    scenario = load_scenario(find_scenario("short"))
    assert {spec.model for spec in scenario.devices} == {"scripted"}
    assert scenario.length == timedelta(hours=3)
    assert all(e.start is not None and e.end is not None for e in scenario.expected)


def test_every_series_starts_clear_of_all_limits() -> None:
    scenario = load_scenario(find_scenario("short"))
    for series in scenario.devices[0].points.values():
        assert series[0] is not None
        assert series[0].value == 5.0


def test_demo_shows_every_kind_of_fault() -> None:
    scenario = load_scenario(find_scenario("demo"))
    assert {spec.fault.value for spec in scenario.faults} == {
        "door-open",
        "power-cut",
        "compressor-failing",
        "sensor-stuck",
        "offline",
        "duplicates",
        "corrupt",
    }
