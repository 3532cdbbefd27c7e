"""The door: what of a message is let in, and what is refused and why. Pure.

A message becomes an `Offer`: the readings that the registry knows, the refusals of the
rest. Every reading that the sender offered is in exactly one of the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.brought import Sign
from domain.readings import Provenance, Reading
from domain.registry import Device, Point, Registry
from ingest import topics
from ingest.codecs.native import Value, decode
from ingest.codecs.status import decode_status
from ingest.refusals import Reason, Refusal

FUTURE = timedelta(seconds=60)
"""Measured times further ahead than this are refused."""
LATE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message as it came. `mid` and `connection` are what acknowledges it."""

    topic: str
    payload: bytes
    properties: Mapping[str, str] = field(default_factory=dict)
    mid: int = 0
    """Packet id; 0 for QoS 0, which nobody acknowledges."""
    connection: int = 0
    """Which connection to the broker it came on; a packet id means nothing on another."""

    @property
    def size(self) -> int:
        """Bytes and characters of what the sender sent."""
        texts = sum(len(key) + len(text) for key, text in self.properties.items())
        return len(self.topic) + len(self.payload) + texts


@dataclass(frozen=True, slots=True)
class Offer:
    """What one message offers, or a part of it when a batch is halved."""

    message: Message
    sender: topics.Topic | None
    device: Device | None
    boot: str | None
    seq: int | None
    readings: tuple[Reading, ...]
    refusals: tuple[Refusal, ...]
    """Each stands for one offered reading."""
    unreadable: Refusal | None
    sign: Sign | None = None
    """What a message of the kind `status` says; it offers no readings."""
    first: bool = True
    """False for the further parts of a message, so that it is counted once."""

    def halves(self) -> tuple[Offer, Offer]:
        """Two offers that together offer the same; only for several readings."""
        middle = len(self.readings) // 2
        return (
            replace(self, readings=self.readings[:middle]),
            replace(self, readings=self.readings[middle:], refusals=(), first=False),
        )

    def refused(self, detail: str) -> Offer:
        """The same with its only reading refused by the database."""
        (reading,) = self.readings
        assert self.device is not None
        key = next(p.key for p in self.device.points.values() if p.id == reading.point)
        refusal = Refusal(
            Reason.REFUSED_BY_DATABASE, detail, f"values.{key}", key, reading.time
        )
        return replace(self, readings=(), refusals=(*self.refusals, refusal))


def admit(
    message: Message,
    registry: Registry,
    arrived: datetime,
    horizon: timedelta,
    provenance: Provenance | None = None,
) -> Offer:
    """Judge a message by the registry and by when it arrived.

    Readings older than `horizon` before `arrived` are refused. `provenance` overrides
    live or late, for readmission.
    """
    sender = topics.parse(message.topic)
    device = sender and registry.device(sender.enterprise, sender.device)
    zone = ZoneInfo(device.time_zone) if device and device.time_zone else None
    if sender is not None and sender.kind == topics.STATUS:
        return admit_status(message, sender, device, zone)
    decoded = decode(message.payload, message.properties, zone)
    unreadable = refuse_sender(sender, device) or decoded.unreadable
    readings: list[Reading] = []
    refusals: list[Refusal] = []
    if unreadable is None and device is not None:
        refusals.extend(decoded.refusals)
        for value in decoded.values:
            admitted = admit_value(value, device, arrived, horizon, provenance)
            if isinstance(admitted, Reading):
                readings.append(admitted)
            else:
                refusals.append(admitted)
    return Offer(
        message, sender, device, decoded.boot, decoded.seq,
        tuple(readings), tuple(refusals), unreadable,
    )  # fmt: skip


def admit_status(
    message: Message,
    sender: topics.Topic,
    device: Device | None,
    zone: ZoneInfo | None,
) -> Offer:
    """Judge what a device says of itself."""
    said = decode_status(message.payload, message.properties, zone)
    unreadable = refuse_sender(sender, device) or said.unreadable
    sign = said.sign if unreadable is None else None
    return Offer(
        message, sender, device, said.boot, said.seq, (), (), unreadable, sign
    )  # fmt: skip


def admit_value(
    value: Value,
    device: Device,
    arrived: datetime,
    horizon: timedelta,
    provenance: Provenance | None,
) -> Reading | Refusal:
    """Judge one value."""
    point = device.points.get(value.key)
    if point is None:
        return unknown_point(value)
    refusal = refuse_time(value, arrived, horizon)
    if refusal is not None:
        return refusal
    how = came(value, point, arrived) if provenance is None else provenance
    return Reading(point.id, value.time, value.value, value.quality, how)


def refuse_sender(sender: topics.Topic | None, device: Device | None) -> Refusal | None:
    """Why nothing of this sender can be taken on this topic, if so."""
    if sender is None:
        return Refusal(Reason.UNKNOWN_TOPIC, "the topic is not of our form")
    if sender.kind not in (topics.READINGS, topics.STATUS):
        return Refusal(Reason.UNSUPPORTED_KIND, f"kind {sender.kind!r}")
    if device is None:
        text = f"{sender.enterprise}/{sender.device} is not registered"
        return Refusal(Reason.UNKNOWN_DEVICE, text)
    if device.region != sender.region:
        text = f"{sender.region} in the topic, {device.region} registered"
        return Refusal(Reason.WRONG_REGION, text)
    return None


def unknown_point(value: Value) -> Refusal:
    """The refusal of a value whose key the registry does not know."""
    text = f"{value.key!r} is no point of this device"
    return Refusal(Reason.UNKNOWN_POINT, text, value.field, value.key, value.time)


def refuse_time(value: Value, arrived: datetime, horizon: timedelta) -> Refusal | None:
    """Why a value's time is not accepted, if so."""
    if value.time > arrived + FUTURE:
        text = f"{value.time.isoformat()} is ahead of {arrived.isoformat()}"
        return Refusal(Reason.IN_FUTURE, text, value.field, value.key, value.time)
    if value.time < arrived - horizon:
        text = f"{value.time.isoformat()} is before the acceptance horizon"
        return Refusal(Reason.TOO_OLD, text, value.field, value.key, value.time)
    return None


def came(value: Value, point: Point, arrived: datetime) -> Provenance:
    """Live, or late: arrived later than measured by more than max(2 × interval, 5 min)."""
    delay = arrived - value.time
    if delay <= LATE:
        return Provenance.LIVE
    setting = point.setting(value.time)
    limit = max(LATE, 2 * setting.interval) if setting else LATE
    return Provenance.LATE if delay > limit else Provenance.LIVE
