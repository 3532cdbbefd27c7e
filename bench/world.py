"""What the benchmarks measure: cold rooms with four sensors each, one reading a minute, seeded.

Every sensor wanders about 5 °C with the time of day; about every six hours a door is left
open, so that there is something to find, and late readings have something to change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import exp, sin, tau
from random import Random
from typing import Any, NamedTuple

from domain.rules import RuleVersion
from ingest.door import Message
from rules import catalogue
from rules.kinds import parse

CODE = "91110000600037341L"
START = datetime(2026, 11, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
KEYS = ("t1", "t2", "t3", "t4")

COLD: Mapping[str, Any] = {
    "key": "cold",
    "kind": "threshold",
    "quantity": "temperature",
    "unit": "°C",
    "name": {"zh": "冷库", "en": "cold room"},
    "basis": {"zh": "测量", "en": "a measurement"},
    "levels": [
        {"name": "warning", "severity": "minor", "below": 2.5, "above": 7.5, "inclusive": True, "for": "5m", "deadband": 0.2},
        {"name": "excursion", "severity": "major", "below": 2.0, "above": 8.0, "deadband": 0.2},
        {"name": "hot", "severity": "critical", "above": 12.0, "for": "2m"},
    ],
}  # fmt: skip
SUDDEN: Mapping[str, Any] = {
    **COLD,
    "key": "sudden",
    "levels": [*COLD["levels"][:2], {"name": "hot", "severity": "critical", "above": 12.0}],
}  # fmt: skip
"""The same, but critical at once."""
RULES: Mapping[str, Sequence[str]] = {
    "threshold": ("cold",),
    "+ trend, rate, gap": (
        "cold",
        "temperature-trend",
        "temperature-rate",
        "records-storage",
    ),
}
"""By the name of a row: the rules that judge every point. The first has three levels."""


class Sent(NamedTuple):
    """A message, and when it arrives."""

    arrived: datetime
    message: Message


def version(key: str, limits: Mapping[str, Any]) -> RuleVersion:
    """The rule of this file, or that of the catalogue."""
    own = {rule["key"]: rule for rule in (COLD, SUDDEN)}
    if key in own:
        return parse(own[key]).to_version()
    return catalogue.version(key, limits)


def registry(devices: int, rules: Sequence[str]) -> str:
    """A registry file of one site with so many devices (`d1` …)."""
    points = {key: {"quantity": "temperature", "resolution": 0.1} for key in KEYS}
    setting = {"from": "2026-01-01T00:00:00Z", "zone": "cold", "interval": "1m"}
    timeline = [{**setting, "rules": list(rules)}]
    site = {
        "name": "Store",
        "kind": "warehouse",
        "region": "330106",
        "telephone": "0571-88880000",
        "devices": {
            f"d{n}": {"name": f"Logger {n}", "timeline": timeline, "points": points}
            for n in range(1, devices + 1)
        },
    }
    enterprise = {"name": "Pharma", "kind": "wholesaler", "sites": {"store": site}}
    return json.dumps({"enterprises": {CODE: enterprise}})


class Sensor:
    """One sensor's values, minute by minute."""

    def __init__(self, seed: str) -> None:
        self._dice = Random(seed)
        self._phase = self._dice.uniform(0, tau)
        self._wander = self._door = 0.0

    def read(self, time: datetime) -> float:
        """The value at the next minute, which is `time`."""
        dice = self._dice
        self._wander = 0.9 * self._wander + dice.gauss(0, 0.08)
        self._door = self._door * exp(-1 / 8) if dice.random() > 1 / 360 else 6.0
        wave = sin(tau * ((time - START) / DAY) + self._phase)
        return round(5 + wave + self._wander + self._door, 1)


def snapshots(
    device: int, minutes: int, start: datetime = START
) -> Iterator[dict[str, Any]]:
    """What a device measures, a minute apart."""
    sensors = {key: Sensor(f"{device}/{key}") for key in KEYS}
    for n in range(minutes):
        time = start + n * MINUTE
        values = {key: sensor.read(time) for key, sensor in sensors.items()}
        yield {"time": time.isoformat(), "values": values}


def message(device: int, document: object) -> Message:
    """A message as the device sends it."""
    topic = f"blackbox/v1/33/01/06/{CODE}/d{device}/readings"
    return Message(topic=topic, payload=json.dumps(document).encode())


def stream(devices: int, minutes: int, late: float, longest: timedelta) -> list[Sent]:
    """One message per device and minute in the order of arrival.

    A share `late` of them comes late, by 5 minutes to `longest`, uniformly.
    """
    dice = Random("late")
    sent: list[Sent] = []
    for device in range(1, devices + 1):
        for n, document in enumerate(snapshots(device, minutes)):
            time = START + n * MINUTE + timedelta(seconds=60 * device / devices)
            delay = dice.uniform(5 * MINUTE / longest, 1) * longest
            if dice.random() < late:
                time += delay
            sent.append(Sent(time, message(device, document)))
    return sorted(sent, key=lambda one: one.arrived)
