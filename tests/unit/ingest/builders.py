"""A small registry, and short ways to say what a device sends to it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from domain.readings import Reading
from domain.registry import Device, InUse, Point, Registry, Setting
from ingest.codecs.native import Decoded, decode
from ingest.door import Message, Offer, admit
from tests.series import at

CODE = "91110000600037341L"
TOPIC = f"blackbox/v1/33/01/06/{CODE}/logger-1/readings"
NOW = at("10h")
"""18:00 in Hangzhou."""
YEAR = timedelta(days=365)


def a_point(
    number: int, key: str, resolution: float, device: int = 1, interval: str = "1"
) -> Point:
    """A point that has been in use since the first day of 2000; `interval` in minutes."""
    every = timedelta(minutes=float(interval))
    setting = Setting(
        valid_from=datetime.fromisoformat("2000-01-01T00:00Z"),
        zone="cold",
        interval=every,
        max_gap=3 * every,
        in_use=InUse.LOADED,
        rules=(),
    )
    return Point(
        id=number,
        device=device,
        key=key,
        name_zh="测点",
        name_en="point",
        quantity="temperature",
        unit="°C",
        resolution=resolution,
        timeline=(setting,),
    )


def a_device(
    number: int, key: str, *points: Point, time_zone: str | None = None
) -> Device:
    """A device in Hangzhou."""
    return Device(
        id=number,
        enterprise=1,
        site=1,
        enterprise_code=CODE,
        key=key,
        region="330106",
        time_zone=time_zone,
        points={point.key: point for point in points},
    )


T1, H1, SLOW, LOCAL = 1, 2, 3, 4
"""Points: to 0.1, to 1, recorded every 10 min; and of a device that sends local time."""
REGISTRY = Registry(
    1,
    [
        a_device(
            1,
            "logger-1",
            a_point(T1, "t1", 0.1),
            a_point(H1, "h1", 1.0),
            a_point(SLOW, "slow", 0.1, interval="10"),
        ),
        a_device(
            2, "logger-2", a_point(LOCAL, "t1", 0.1, 2), time_zone="Asia/Shanghai"
        ),
    ],
)


def payload(document: object) -> bytes:
    """JSON, as Python writes it: NaN and Infinity as well."""
    return document if isinstance(document, bytes) else json.dumps(document).encode()


def snapshot(
    time: datetime | str | float | None = None, **values: Any
) -> dict[str, Any]:
    """One snapshot, measured now unless said otherwise."""
    moment = NOW if time is None else time
    text = moment.isoformat() if isinstance(moment, datetime) else moment
    return {"time": text, "values": values}


def decoded(document: object, **properties: str) -> Decoded:
    """What the codec makes of a document, or of bytes."""
    return decode(payload(document), properties, None)


def message(document: object, topic: str = TOPIC, **properties: str) -> Message:
    return Message(topic=topic, payload=payload(document), properties=properties)


def admitted(
    document: object, topic: str = TOPIC, arrived: datetime = NOW, **properties: str
) -> Offer:
    """What the door makes of it; nothing older than a year is taken."""
    return admit(message(document, topic, **properties), REGISTRY, arrived, YEAR)


def offer_of(*readings: Reading) -> Offer:
    """An offer of these readings by the first device."""
    empty = admitted([])
    return Offer(
        empty.message, empty.sender, empty.device, None, None, readings, (), None
    )
