"""What a device has to send, ready to be copied. Pure."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from string import Template
from typing import Final, NamedTuple

from domain.broker import Broker
from domain.readings import decimals
from ingest.receipts import KIND
from ingest.topics import READINGS, STATUS, Topic, parse
from storage.connections import DeviceLine, PointLine

UNKNOWN: Final = Broker(host="HOST", port=1883)
"""Stands for the broker's address, which its operator tells."""
SENDER: Final = Template(
    (Path(__file__).parent / "sender.txt").read_text(encoding="utf-8")
)
NOW: Final = "    return datetime.now(timezone.utc)"
DEMO: Final = Template("""\
    # A demo has a clock of its own. Your device's is set by NTP: return datetime.now(timezone.utc)
    since = datetime.now(timezone.utc) - datetime.fromisoformat("$real")
    return datetime.fromisoformat("$shown") + $speed * since""")
ENTRY: Final = Template("""\
          $key:
            name: {zh: 设备名称, en: Name of the device}
            timeline: [{from: ${day}T00:00:00+08:00, zone: cold, interval: 1m}]
            points:
              t1: {quantity: temperature, resolution: 0.1}
              h1: {quantity: humidity, resolution: 1}
""")
"""Of a registry file: below the `devices` of a site."""
MOST: Final = 20
"""Points in the example."""
STATES: Final = {"door": 0, "power": 1, "running": 1}
ZONES: Final = {"cold": 5.0, "cool": 12.0, "ambient": 22.0, "frozen": -25.0}
TYPICAL: Final = {
    "°C": 5.0, "%RH": 55, "lx": 300, "Pa": 15, "hPa": 1013, "kPa": 10, "MPa": 0.2,
    "m/s": 0.45, "/m³": 1200, "rpm": 60, "kg": 12.5, "g": 250, "mg": 500, "mL": 500, "L": 20,
    "%": 98, "µS/cm": 0.8, "mS/cm": 1.2, "mg/L": 0.2, "µg/L": 200, "L/min": 40, "m³/h": 2.4,
    "pH": 7.0, "min": 30, "s": 30, "h": 1, "1": 10,
}  # fmt: skip
"""A usual value, by unit."""


class Ticking(NamedTuple):
    """The clock of a demo: what it shows at a real time, and how fast it runs."""

    shown: datetime
    real: datetime
    speed: float
    """Domain seconds per real second."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """Texts to copy."""

    host: str | None
    """Stands for the broker's; None: the texts have its own."""
    topic: str
    status: str
    receipts: str
    payload: str
    """JSON over several lines; `publish` has the same in one."""
    publish: str
    listen: str
    sender: str
    """A program in Python."""
    left_out: int
    """Points that the example does not show."""


def recipe(
    device: DeviceLine,
    points: Sequence[PointLine],
    now: datetime,
    told: Broker | None,
    clock: Ticking | None = None,
) -> Recipe | None:
    """What `device` has to send at `now` to the broker, whose login is not told.

    `clock`: of a demo, whose time the program must keep; None: devices' clocks are right.
    None where its owner is not seen, or it has no points.
    """
    broker = told or UNKNOWN
    if device.enterprise_code is None or not points:
        return None
    sender = Topic(device.region, device.enterprise_code, device.key, READINGS)
    topic, receipts = sender.sibling(READINGS), sender.sibling(KIND)
    values = {point.key: example(point) for point in points[:MOST]}
    time = now.isoformat(timespec="milliseconds")
    message = {"boot": now.isoformat(timespec="seconds"), "seq": 1}
    message |= {"time": time, "values": values}
    client = ["-h", broker.host, "-p", str(broker.port), "-q", "1", "-t"]
    if broker.tls:
        client.insert(0, "--tls-use-os-certs")
    text = json.dumps(message, ensure_ascii=False)
    pause = device.interval.total_seconds() if device.interval else 60
    return Recipe(
        host=None if told else broker.host,
        topic=topic,
        status=sender.sibling(STATUS),
        receipts=receipts,
        payload=json.dumps(message, ensure_ascii=False, indent=2),
        publish=shlex.join(["mosquitto_pub", *client, topic, "-m", text]),
        listen=shlex.join(["mosquitto_sub", *client, receipts, "-v"]),
        sender=SENDER.substitute(
            topic=topic.removesuffix(f"/{READINGS}"),
            host=json.dumps(broker.host),
            port=broker.port,
            tls="" if broker.tls else "# ",
            values=json.dumps(values),
            now=NOW if clock is None else DEMO.substitute(clock._asdict()),
            seconds=f"{pause / (clock.speed if clock else 1):g}",
        ),
        left_out=max(0, len(points) - MOST),
    )


def example(point: PointLine) -> float:
    """A usual value of the point, at its resolution."""
    if point.quantity in STATES:
        return STATES[point.quantity]
    value = TYPICAL.get(point.unit, 1.0)
    if point.quantity == "temperature":
        value = ZONES.get(point.zone or "", value)
    digits = decimals(point.resolution)
    return round(value, digits) if digits else round(value)


def entry(topics: Iterable[str], day: date) -> str | None:
    """What to register for the first sender among `topics` that can be; None: none can."""
    senders = filter(None, map(parse, topics))
    key = next((sender.device for sender in senders), None)
    return key and ENTRY.substitute(key=key, day=day.isoformat())
