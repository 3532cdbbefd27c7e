"""The native JSON format of `readings`. Pure.

One snapshot `{"time": …, "values": {…}, "quality": {…}}`, or `{"snapshots": […]}`, or a
bare array of snapshots; `boot` and `seq` beside them, or as MQTT 5 user properties.
Each value of a snapshot stands for itself: one that is wrong never takes others along,
and where a key stands twice among the values, both are offered.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.chain import EPOCH
from domain.readings import LARGEST, Quality
from ingest.refusals import Reason, Refusal, clean

LONGEST_BOOT = 64
LONGEST_INT = 19
"""Digits; a longer number is no measured value, time or `seq`."""
DATE = len("2026-11-22")
QUALITIES = {
    "good": Quality.GOOD,
    "uncertain": Quality.UNCERTAIN,
    "bad": Quality.BAD,
}


@dataclass(frozen=True, slots=True)
class Value:
    """One value as sent, well-formed; whether its point exists is not known here."""

    key: str
    time: datetime
    value: float | None
    quality: Quality
    field: str


@dataclass(slots=True)
class Decoded:
    """What a payload holds. `unreadable` is set where its readings cannot be counted."""

    boot: str | None = None
    seq: int | None = None
    values: list[Value] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    unreadable: Refusal | None = None


def decode(
    payload: bytes, properties: Mapping[str, str], zone: ZoneInfo | None
) -> Decoded:
    """Read a payload; never raises for what a sender wrote.

    `properties` are the MQTT 5 user properties; `zone` is that of a device that sends
    local time, else None.
    """
    decoded = Decoded()
    document: object = None
    try:
        document = parse(payload)
    except (ValueError, RecursionError) as error:
        decoded.unreadable = Refusal(
            Reason.UNREADABLE, str(error) or type(error).__name__
        )
    decoded.boot, decoded.seq = identify(document, properties)
    if decoded.unreadable is None:
        for where, snapshot in snapshots(document):
            read_snapshot(decoded, where, snapshot, zone)
    return decoded


class Repeated(dict[str, Any]):
    """An object of JSON in which a key stands twice: as a dict, it has lost a value."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        """Keep all of `pairs`."""
        super().__init__(pairs)
        self.pairs = pairs


def parse(payload: bytes) -> object:
    """The JSON document of a payload. Raises ValueError or RecursionError."""
    document: object = DECODER.decode(payload.decode())
    if isinstance(document, Repeated):
        raise ValueError("a key stands twice")  # noqa: TRY004 - JSON can be wrong in this, too
    return document


def read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON that cannot lose a value unseen."""
    result = dict(pairs)
    return result if len(result) == len(pairs) else Repeated(pairs)


def read_int(text: str) -> float:
    """An integer of JSON, however long: Python refuses to read the longest ones."""
    return int(text) if len(text) <= LONGEST_INT else float(text)


DECODER = json.JSONDecoder(object_pairs_hook=read_object, parse_int=read_int)


def identify(
    document: object, properties: Mapping[str, str]
) -> tuple[str | None, int | None]:
    """(boot, seq) of a message: from its payload, else from its user properties."""
    boot = read_boot(document, properties)
    seq = stated("seq", document, properties)
    if isinstance(seq, str) and re.fullmatch("[0-9]{1,19}", seq):
        seq = int(seq)
    if not isinstance(seq, int) or isinstance(seq, bool) or not 0 <= seq < 2**63:
        return None, None
    return (None, None) if boot is None else (boot, seq)


def read_boot(document: object, properties: Mapping[str, str]) -> str | None:
    """`boot` of a message, if it gives one that can be kept."""
    boot = stated("boot", document, properties)
    if not isinstance(boot, str) or len(boot) > LONGEST_BOOT or clean(boot) != boot:
        return None
    return boot


def stated(name: str, document: object, properties: Mapping[str, str]) -> object:
    """What a payload, else its user properties, say of `name`."""
    source: Mapping[str, Any] = document if isinstance(document, dict) else {}
    return source.get(name, properties.get(name))


def snapshots(document: object) -> Iterator[tuple[str, object]]:
    """Every snapshot of a document, with its path."""
    if isinstance(document, dict) and "snapshots" in document:
        if "values" in document:
            yield "", document
        yield from listed("snapshots", document["snapshots"])
    else:
        yield from listed("", document)


def listed(path: str, value: object) -> Iterator[tuple[str, object]]:
    """The items of a list, or the one that stands in its place."""
    if isinstance(value, list):
        yield from ((f"{path}[{n}]", item) for n, item in enumerate(value))
    else:
        yield path, value


def read_snapshot(
    decoded: Decoded, where: str, snapshot: object, zone: ZoneInfo | None
) -> None:
    """Add what one snapshot holds. One of a wrong shape counts as one refused reading."""
    values = snapshot.get("values") if isinstance(snapshot, dict) else None
    if not isinstance(snapshot, dict) or not isinstance(values, dict) or not values:
        text = "no values in the snapshot"
        decoded.refusals.append(Refusal(Reason.WRONG_SHAPE, text, where or None))
        return
    if isinstance(snapshot, Repeated):
        text = "a key of the snapshot stands twice"
        decoded.refusals.append(Refusal(Reason.WRONG_SHAPE, text, where or None))
        return
    prefix = f"{where}." if where else ""
    time, qualities = read_time(snapshot.get("time"), zone), snapshot.get("quality")
    for key, value in values.pairs if isinstance(values, Repeated) else values.items():
        read = read_value(prefix, key, value, time, qualities)
        if isinstance(read, Value):
            decoded.values.append(read)
        else:
            decoded.refusals.append(read)


def read_value(
    prefix: str, key: str, value: object, time: datetime | str, qualities: object
) -> Value | Refusal:
    """One value of a snapshot, or why it is refused; `time` may be what is wrong with it."""
    if isinstance(time, str):
        return Refusal(Reason.BAD_TIME, time, f"{prefix}time", key)
    place = f"{prefix}values.{key}"
    number = read_number(value)
    if number is NOT_A_NUMBER:
        text = f"{key} = {shown(value)}"
        return Refusal(Reason.NOT_A_NUMBER, text, place, key, time)
    quality = read_quality(qualities, key)
    if quality is None:
        text = f"quality of {key} is not known"
        return Refusal(Reason.BAD_QUALITY, text, f"{prefix}quality.{key}", key, time)
    return Value(key, time, number, quality, place)


NOT_A_NUMBER = math.nan
"""What `read_number` answers for what is none; JSON has no NaN of its own."""


def read_number(value: object) -> float | None:
    """The value as a float; None for null; `NOT_A_NUMBER` (by identity) for anything else."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return NOT_A_NUMBER
    return float(value) if abs(value) < LARGEST else NOT_A_NUMBER


def read_quality(qualities: object, key: str) -> Quality | None:
    """The quality given for `key`, GOOD where none is given, None where it is not known."""
    if qualities is None:
        return Quality.GOOD
    if not isinstance(qualities, dict) or isinstance(qualities, Repeated):
        return None
    name = qualities.get(key, "good")
    return QUALITIES.get(name) if isinstance(name, str) else None


def read_time(value: object, zone: ZoneInfo | None) -> datetime | str:
    """The measured time in UTC, or what is wrong with it."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return EPOCH + timedelta(milliseconds=value)
        except (OverflowError, ValueError):
            return f"{value!r} is no epoch time in milliseconds"
    if not isinstance(value, str):
        return "no time" if value is None else f"{shown(value)} is no time"
    try:
        time = datetime.fromisoformat(value.upper())
        if time.tzinfo is None:
            if zone is None:
                return (
                    f"{shown(value)} has no offset, and the device no registered zone"
                )
            time = time.replace(tzinfo=zone)
        if len(value) > DATE:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    return f"{shown(value)} is no RFC 3339 time"


def shown(value: object) -> str:
    """A wrong value as a refusal tells it: shortened, and what holds others by its kind only."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    return clean(repr(value), 80)
