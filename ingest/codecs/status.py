"""The native JSON format of `status`: birth, heartbeat and will of a device. Pure.

`{"status": "online" | "alive" | "offline"}`, with `boot` and `time` where the device likes.
The time is the device's own word; what counts is when the message arrived.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from domain.brought import Sign
from ingest.codecs.native import identify, parse, read_boot, read_time, shown
from ingest.refusals import Reason, Refusal

SIGNS = {sign.value: sign for sign in Sign}


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """What a payload says. Of `sign` and `unreadable` one is set."""

    boot: str | None = None
    seq: int | None = None
    sign: Sign | None = None
    unreadable: Refusal | None = None


def decode_status(
    payload: bytes, properties: Mapping[str, str], zone: ZoneInfo | None
) -> Status:
    """Read a payload; never raises for what a sender wrote. Arguments as of `native.decode`."""
    try:
        document = parse(payload)
    except (ValueError, RecursionError) as error:
        document = None
        read = Refusal(Reason.UNREADABLE, str(error) or type(error).__name__)
    else:
        read = read_sign(document, zone)
    boot, seq = read_boot(document, properties), identify(document, properties)[1]
    if isinstance(read, Sign):
        return Status(boot=boot, seq=seq, sign=read)
    return Status(boot=boot, seq=seq, unreadable=read)


def read_sign(document: object, zone: ZoneInfo | None) -> Sign | Refusal:
    """The sign that a document gives, or why it gives none."""
    if not isinstance(document, dict):
        return Refusal(Reason.BAD_STATUS, f"{shown(document)} is no status")
    named = document.get("status")
    sign = SIGNS.get(named) if isinstance(named, str) else None
    if sign is None:
        return Refusal(Reason.BAD_STATUS, f"status is {shown(named)}", "status")
    if "time" in document:
        time = read_time(document["time"], zone)
        if isinstance(time, str):
            return Refusal(Reason.BAD_TIME, time, "time")
    return sign
