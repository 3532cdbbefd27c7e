"""The scenarios that come with us: expectations hold by small arithmetic, not by our rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest

from domain.registry_file import parse
from simulators.expectations import Comparison, compare
from simulators.faults import FaultKind
from simulators.scenario import PACKAGED, find_scenario, load_scenario
from tests.unit.simulators.arithmetic import (
    DRIFT,
    RULES,
    Arrival,
    arrivals,
    judged,
    raised,
    trend,
)

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
    assert [r for r in result.unexpected if "h1" not in r] == []


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


def first(arrived: list[Arrival]) -> list[Arrival]:
    """The first value of each slot."""
    return list({a[:2]: a for a in reversed(arrived)}.values())


def newest(arrived: list[Arrival]) -> list[Arrival]:
    return list({a[:2]: a for a in arrived}.values())


def in_time(arrived: list[Arrival]) -> list[Arrival]:
    return [a for a in arrived if a.arrived - a.time <= 5]


def without_a_gap(arrived: list[Arrival]) -> list[Arrival]:
    """The order of arrival taken for the order of time."""
    return [a._replace(time=a.arrived) for a in arrived]


@pytest.mark.parametrize("broken", [first, newest, in_time, without_a_gap])
def test_box_that_takes_in_readings_wrongly_is_found_out(
    broken: Callable[[list[Arrival]], list[Arrival]],
) -> None:
    scenario = load_scenario(find_scenario("order"))
    found = raised(scenario, taken=broken(list(arrivals(scenario))))
    result = compare(scenario.expected, found, start=scenario.start)
    assert result.missed or result.unexpected


@pytest.mark.parametrize("change", [{"gap": 10**6}, {"minutes": 0}])
def test_broken_rule_is_found_out_in_disorder_too(change: dict[str, object]) -> None:
    scenario = load_scenario(find_scenario("order"))
    result = compare(scenario.expected, raised(scenario, change), start=scenario.start)
    assert result.missed or result.unexpected


def test_trend_with_the_wrong_sign_is_found_out() -> None:
    scenario = load_scenario(find_scenario("order"))
    wrong = judged(trend, DRIFT, 60, (2.0, 8.0), 120, -1)
    points = ("r1", "f1", "u1")
    flipped = {
        ("scripted-kinds", p): {("temperature-trend", "drift"): wrong} for p in points
    }
    found = raised(scenario, rules=RULES | flipped)
    result = compare(scenario.expected, found, start=scenario.start)
    assert result.missed
    assert {r.device for r in result.missed} == {"scripted-kinds"}


def test_order_of_messages_does_not_change_what_is_expected() -> None:
    scenario = load_scenario(find_scenario("order"))
    mixed = list(arrivals(scenario))
    Random(1).shuffle(mixed)
    assert raised(scenario, taken=mixed + mixed[::3]) != []
    result = compare(
        scenario.expected, raised(scenario, taken=mixed), start=scenario.start
    )
    assert (result.missed, result.unexpected) == ((), ())


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


def test_every_series_of_disorder_starts_clear_and_ends_at_rest() -> None:
    """So that nothing reaches into another run, nor changes after the three hours."""
    scenario = load_scenario(find_scenario("order"))
    for spec in scenario.devices:
        for series in spec.points.values():
            values = [sample.value for sample in series if sample is not None]
            assert values[0] is not None
            assert 2.5 < values[0] < 7.5
            assert len(series) <= 180


def test_every_registered_rule_of_disorder_is_expected_to_find_something() -> None:
    scenario = load_scenario(find_scenario("order"))
    text = (PACKAGED / "demo.registry.yaml").read_text(encoding="utf-8")
    named = {expected.names[-2] for expected in scenario.expected}
    named |= {finding.rule for finding in scenario.findings}
    built_in = {"conflict", "clock-ahead"}
    elsewhere = {"gsp-humidity", "who-refrigerator-heat", "who-refrigerator-freeze"}
    lorry = {"records-transport"}
    assert named - built_in == set(parse(text).limits) - elsewhere - lorry


def test_demo_shows_every_kind_of_fault() -> None:
    scenario = load_scenario(find_scenario("demo"))
    assert {spec.fault for spec in scenario.faults} == set(FaultKind) - {
        FaultKind.SHORT_HOLD
    }
