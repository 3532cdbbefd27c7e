"""The native JSON format of `readings`. Pure.

One snapshot `{"time": …, "values": {…}, "quality": {…}}`, or `{"snapshots": […]}`, or a
bare array of snapshots; `boot` and `seq` beside them, or as MQTT 5 user properties.
Each value of a snapshot stands for itself: one that is wrong never takes others along.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from domain.chain import EPOCH
from domain.readings import LARGEST, Quality
from ingest.refusals import Reason, Refusal

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
    document: Any = None
    try:
        document = json.loads(payload.decode(), object_pairs_hook=no_key_twice)
    except (ValueError, RecursionError) as error:
        decoded.unreadable = Refusal(Reason.UNREADABLE, str(error) or type(error).__name__)
    decoded.boot, decoded.seq = identify(document, properties)
    if decoded.unreadable is None:
        for where, snapshot in snapshots(document):
            read_snapshot(decoded, where, snapshot, zone)
    return decoded


def no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, refused where a key stands twice: one of the values would vanish."""
    result = dict(pairs)
    if len(result) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"key {twice!r} stands twice")
    return result


def identify(
    document: object, properties: Mapping[str, str]
) -> tuple[str | None, int | None]:
    """(boot, seq) of a message: from its payload, else from its user properties."""
    source: Mapping[str, Any] = document if isinstance(document, dict) else {}
    boot = source.get("boot", properties.get("boot"))
    seq = source.get("seq", properties.get("seq"))
    if isinstance(seq, str) and seq.isascii() and seq.isdigit():
        seq = int(seq[:19])
    usable = isinstance(seq, int) and not isinstance(seq, bool) and 0 <= seq < 2**63
    named = isinstance(boot, str) and len(boot) <= 64
    return (boot, seq) if usable and named else (None, None)


def snapshots(document: object) -> Iterator[tuple[str, object]]:
    """Every snapshot of a document, with its path."""
    if isinstance(document, dict) and "snapshots" in document:
        inner, prefix = document["snapshots"], "snapshots"
        if isinstance(inner, list):
            yield from ((f"{prefix}[{n}]", item) for n, item in enumerate(inner))
        else:
            yield prefix, inner
    elif isinstance(document, list):
        yield from ((f"[{n}]", item) for n, item in enumerate(document))
    else:
        yield "", document


def read_snapshot(
    decoded: Decoded, where: str, snapshot: object, zone: ZoneInfo | None
) -> None:
    """Add what one snapshot holds. A snapshot without values counts as one refused reading."""
    prefix = f"{where}." if where else ""
    values = snapshot.get("values") if isinstance(snapshot, dict) else None
    if not isinstance(snapshot, dict) or not isinstance(values, dict) or not values:
        decoded.refusals.append(
            Refusal(Reason.WRONG_SHAPE, "no values in the snapshot", where or None)
        )
        return
    qualities = snapshot.get("quality") or {}
    time = read_time(snapshot.get("time"), zone)
    for key, value in values.items():
        place = f"{prefix}values.{key}"
        if isinstance(time, str):
            decoded.refusals.append(
                Refusal(Reason.BAD_TIME, time, f"{prefix}time", point=key)
            )
        elif (number := read_number(value)) is NOT_A_NUMBER:
            text = f"{key} = {value!r}"
            decoded.refusals.append(
                Refusal(Reason.NOT_A_NUMBER, text, place, key, time)
            )
        elif (quality := read_quality(qualities, key)) is None:
            text = f"quality of {key} is not known"
            place = f"{prefix}quality.{key}"
            decoded.refusals.append(Refusal(Reason.BAD_QUALITY, text, place, key, time))
        else:
            decoded.values.append(Value(key, time, number, quality, place))


NOT_A_NUMBER = math.nan
"""What `read_number` answers for what is none; JSON has no NaN of its own."""


def read_number(value: object) -> float | None:
    """The value as a float; None for null; `NOT_A_NUMBER` (by identity) for anything else."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return NOT_A_NUMBER
    try:
        number = float(value)
    except OverflowError:
        return NOT_A_NUMBER
    return number if abs(number) < LARGEST else NOT_A_NUMBER


def read_quality(qualities: object, key: str) -> Quality | None:
    """The quality given for `key`, GOOD where none is given, None where it is not known."""
    if not isinstance(qualities, dict):
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
        return "no time" if value is None else f"{value!r} is no time"
    try:
        time = datetime.fromisoformat(value)
        if time.tzinfo is None:
            if zone is None:
                return f"{value!r} has no offset, and the device no registered zone"
            time = time.replace(tzinfo=zone)
        return time.astimezone(UTC)
    except (ValueError, OverflowError):
        return f"{value!r} is no RFC 3339 time"
