"""The scenarios that come with us: expectations hold by small arithmetic, not by our rules.

The arithmetic here knows one thing about each level (its limits and times, as written in
`simulators/scenarios/__init__.py`) and shares no code with `rules/`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction

import pytest

from domain.registry_file import parse
from simulators.build import build_devices
from simulators.expectations import Comparison, Raised, compare
from simulators.scenario import PACKAGED, Scenario, find_scenario, load_scenario

Series = list[tuple[int, Fraction]]
"""Minute and value at the point's resolution, of readings that have one."""


@dataclass(frozen=True)
class Limit:
    low: float
    high: float
    reaching: bool
    minutes: int
    deadband: str
    gap: int = 5

    def violated(self, value: Fraction, inside: Fraction = Fraction()) -> bool:
        low, high = Fraction(str(self.low)) + inside, Fraction(str(self.high)) - inside
        if self.reaching:
            return not low < value < high
        return not low <= value <= high


WARNING = Limit(2.5, 7.5, reaching=True, minutes=0, deadband="0.2")
EXCURSION = Limit(2.0, 8.0, reaching=False, minutes=10, deadband="0.5")
HUMIDITY = Limit(35, 75, reaching=False, minutes=10, deadband="2")
HEAT = Limit(-99, 8.0, reaching=False, minutes=600, deadband="0.5", gap=15)
FREEZE = Limit(-0.5, 99, reaching=True, minutes=60, deadband="0.5", gap=15)
COLD = {
    ("gsp-cold-room", "warning"): WARNING,
    ("gsp-cold-room", "excursion"): EXCURSION,
}
LIMITS = {
    **{("scripted-1", f"s{n}"): COLD for n in (1, 2, 3, 4)},
    **{(f"coldroom-{n}", "t1"): COLD for n in (1, 2)},
    **{
        (f"coldroom-{n}", "h1"): {("gsp-humidity", "excursion"): HUMIDITY}
        for n in (1, 2)
    },
    ("refrigerator-1", "t1"): {
        ("who-refrigerator-heat", "heat"): HEAT,
        ("who-refrigerator-freeze", "freeze"): FREEZE,
    },
}


def found(limit: Limit, series: Series) -> Iterable[tuple[int, int | None]]:
    """(from, to) of every excursion: for each reading ask what begins there."""
    index = 0
    while index < len(series):
        streak = [series[index]]
        for reading in series[index + 1 :]:
            near = reading[0] - streak[-1][0] <= limit.gap
            if not (
                near and limit.violated(reading[1]) and limit.violated(streak[0][1])
            ):
                break
            streak.append(reading)
        begin, end = streak[0][0], streak[-1][0]
        if not limit.violated(streak[0][1]) or end - begin < limit.minutes:
            index += len(streak)
            continue
        inside = Fraction(limit.deadband)
        later = [
            n
            for n in range(index, len(series))
            if series[n][0] - begin >= limit.minutes
        ]
        clear = next(
            (n for n in later if not limit.violated(series[n][1], inside)), None
        )
        yield begin, None if clear is None else series[clear][0]
        index = len(series) if clear is None else clear


def measured(scenario: Scenario) -> dict[tuple[str, str, str], Series]:
    """What all devices send, by enterprise, device and point, in the order of time."""
    series: dict[tuple[str, str, str], dict[int, Fraction]] = {}
    for device in build_devices(scenario, start=scenario.start, boot="b"):
        sent = [m for at in device.offsets(scenario.length) for m in device.sample(at)]
        for message in [*sent, *device.flush()]:
            for snapshot in message.snapshots:
                minute = (snapshot.time - scenario.start) // timedelta(minutes=1)
                for key, value in snapshot.values.items():
                    name = (device.address.enterprise, device.address.device, key)
                    good = not isinstance(value, bool | str | None)
                    if good and name[1:] in LIMITS and key not in snapshot.quality:
                        unit = 1 if key == "h1" else Fraction(1, 10)
                        judged = round(Fraction(str(value)) / unit) * unit
                        series.setdefault(name, {})[minute] = Fraction(judged)
    return {name: sorted(values.items()) for name, values in series.items()}


def raised(scenario: Scenario, change: dict[str, object] | None = None) -> list[Raised]:
    minute = timedelta(minutes=1)
    return [
        Raised(
            *name,
            *rule,
            scenario.start + begin * minute,
            None if end is None else scenario.start + end * minute,
        )
        for name, series in measured(scenario).items()
        for rule, limit in LIMITS[name[1:]].items()
        for begin, end in found(replace(limit, **(change or {})), series)
    ]


def compared(name: str, **changes: object) -> Comparison:
    scenario = load_scenario(find_scenario(name)).model_copy(update=changes)
    return compare(scenario.expected, raised(scenario), start=scenario.start)


@pytest.mark.parametrize("name", ["short", "demo", "calm"])
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


@pytest.mark.parametrize("name", ["short", "demo", "calm"])
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
