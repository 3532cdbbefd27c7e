"""From a scenario to its devices, ready to be sampled."""

from __future__ import annotations

from datetime import datetime

from simulators.device import Device
from simulators.equipment import PREMISES, Chamber, Model, Script
from simulators.faults import Fault
from simulators.scenario import DeviceSpec, Scenario


def build_devices(scenario: Scenario, *, start: datetime, boot: str) -> list[Device]:
    """All devices of a scenario whose offset 0 is `start` in domain time."""
    return [
        build_device(
            spec,
            seed=scenario.seed,
            weather_from=scenario.start,
            start=start,
            boot=boot,
            faults=scenario.faults_of(spec.device),
        )
        for spec in scenario.devices
    ]


def build_device(
    spec: DeviceSpec,
    *,
    seed: int,
    weather_from: datetime,
    start: datetime,
    boot: str,
    faults: list[Fault],
) -> Device:
    """One device; its weather is that of `weather_from`, its messages say `start`."""
    return Device(
        spec.address,
        _model(spec, seed, weather_from),
        start=start,
        boot=boot,
        points=spec.point_keys,
        interval=spec.interval,
        faults=faults,
    )


def _model(spec: DeviceSpec, seed: int, weather_from: datetime) -> Model:
    if spec.model == "scripted":
        return Script(spec.points, spec.interval)
    premises = PREMISES[spec.model].adapt(spec.parameters)
    name = f"{spec.enterprise}/{spec.device}"
    return Chamber(premises, seed=seed, name=name, start=weather_from)
