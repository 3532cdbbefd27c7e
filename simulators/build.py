"""From a scenario to its devices, ready to be sampled."""

from __future__ import annotations

from datetime import datetime

from simulators.device import Device
from simulators.equipment import PREMISES, Chamber, Model, Script
from simulators.faults import Fault
from simulators.lorry import BODY, Lorry, radio_gaps
from simulators.scenario import DeviceSpec, Scenario
from simulators.steriliser import Steriliser


def build_devices(scenario: Scenario, *, start: datetime, boot: str) -> list[Device]:
    """All devices of a scenario whose offset 0 is `start` in domain time."""
    return [
        build_device(
            spec,
            seed=scenario.seed,
            weather_from=scenario.start,
            start=start,
            boot=boot,
            faults=faults_of(scenario, spec),
        )
        for spec in scenario.devices
    ]


def faults_of(scenario: Scenario, spec: DeviceSpec) -> list[Fault]:
    """The scheduled faults of a device, and the places where a lorry has no radio."""
    faults = scenario.faults_of(spec.device)
    if spec.model == "lorry":
        faults.extend(radio_gaps(spec.device, scenario.length))
    return faults


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
    model = _model(spec, seed, weather_from)
    return Device(spec, model, start=start, boot=boot, seed=seed, faults=faults)


def _model(spec: DeviceSpec, seed: int, weather_from: datetime) -> Model:
    name = f"{spec.enterprise}/{spec.device}"
    if spec.model == "scripted":
        return Script(spec.points, spec.interval)
    if spec.model == "steriliser":
        return Steriliser(seed=seed, name=name)
    if spec.model == "lorry":
        body = BODY.adapt(spec.parameters)
        return Lorry(body, seed=seed, name=name, start=weather_from)
    premises = PREMISES[spec.model].adapt(spec.parameters)
    return Chamber(premises, seed=seed, name=name, start=weather_from)
