"""Short ways to make devices and to look at what they send."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from domain.durations import parse_duration
from simulators.build import build_device
from simulators.device import Device
from simulators.faults import Fault, FaultKind
from simulators.messages import Message, Value
from simulators.scenario import DeviceSpec

CODE = "91330106MA27XY001X"
SUMMER = datetime.fromisoformat("2026-07-15T06:00:00+08:00")
WINTER = datetime.fromisoformat("2026-01-15T06:00:00+08:00")
INTERVAL = {"refrigerator": "5m", "steriliser": "10s"}


def fault(
    kind: str,
    begin: str,
    end: str,
    point: str | None = None,
    by: float | None = None,
) -> Fault:
    return Fault(
        kind=FaultKind(kind),
        device="device-1",
        begin=parse_duration(begin),
        end=parse_duration(end),
        point=point,
        by=by,
    )


def spec(model: str = "cold-room", **fields: Any) -> DeviceSpec:
    return DeviceSpec.model_validate(
        {
            "region": "330106",
            "enterprise": CODE,
            "device": "device-1",
            "model": model,
            "interval": INTERVAL.get(model, "1m"),
            **fields,
        }
    )


def device(
    model: str = "cold-room",
    *faults: Fault,
    seed: int = 1,
    weather: datetime = SUMMER,
    start: datetime = SUMMER,
    **fields: Any,
) -> Device:
    return build_device(
        spec(model, **fields),
        seed=seed,
        weather_from=weather,
        start=start,
        boot="b",
        faults=list(faults),
    )


def scripted(series: str, *faults: Fault, batch: int = 1, **points: str) -> Device:
    return device("scripted", *faults, batch=batch, points={"s1": series, **points})


def sent(device: Device, length: str) -> list[Message]:
    """All messages until `length`, without what is still held back."""
    offsets = device.offsets(parse_duration(length))
    return [message for offset in offsets for message in device.sample(offset)]


def curve(device: Device, length: str, point: str = "t1") -> dict[float, float]:
    """The numbers of one point that a device sends until `length`, by minute."""
    values: dict[float, float] = {}
    for message in sent(device, length):
        for snapshot in message.snapshots:
            value: Value = snapshot.values.get(point)
            if isinstance(value, int | float) and not isinstance(value, bool):
                minute = (snapshot.time - SUMMER) / timedelta(minutes=1)
                values[minute] = value
    return values


def when(values: dict[float, float], begin: float, above: float) -> float:
    """The first minute from `begin` on at which the value is above a limit."""
    return next(m for m, v in values.items() if m >= begin and v > above)


def until(values: dict[float, float], begin: float, below: float) -> float:
    """The first minute from `begin` on at which the value is below a limit."""
    return next(m for m, v in values.items() if m >= begin and v < below)
