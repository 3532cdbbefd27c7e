"""Messages as a device sends them: native JSON, numbered per boot, and the receipts for them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from simulators.weather import CHINA

SNAPSHOTS = 50
"""Most snapshots that a device puts into one message of its backlog."""

Value = float | str | bool | None
"""What stands for a value in JSON. Text and truth values are corrupt on purpose."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where a device stands in the tree of topics."""

    region: str
    """GB/T 2260, six digits."""
    enterprise: str
    """统一社会信用代码."""
    device: str

    def topic(self, kind: str) -> str:
        """The topic of one kind of message: `readings`, `status` up, `receipts` down."""
        levels = f"{self.region[:2]}/{self.region[2:4]}/{self.region[4:]}"
        return f"blackbox/v1/{levels}/{self.enterprise}/{self.device}/{kind}"

    @property
    def client_id(self) -> str:
        """The stable MQTT client id."""
        return f"{self.enterprise}/{self.device}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """What a device measured at one time."""

    time: datetime
    values: Mapping[str, Value]
    quality: Mapping[str, str] = field(default_factory=dict)
    """Only of points whose quality is not good."""

    def document(self) -> dict[str, Any]:
        """The JSON object."""
        document: dict[str, Any] = {
            "time": written(self.time),
            "values": dict(self.values),
        }
        return document | ({"quality": dict(self.quality)} if self.quality else {})


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message on the topic `readings`, known by its boot and number."""

    boot: str
    seq: int
    """1, 2, 3 … per boot and device."""
    snapshots: tuple[Snapshot, ...]
    copies: int = 1
    """How often it is sent where a device sends duplicates."""
    raw: bytes | None = None
    """The payload, where it is not what `snapshots` say: unreadable on purpose."""

    def payload(self) -> bytes:
        """The bytes to send."""
        return encode(self) if self.raw is None else self.raw


def encode(message: Message) -> bytes:
    """The native JSON of a message: one snapshot flat, several as a list."""
    documents = [snapshot.document() for snapshot in message.snapshots]
    body = documents[0] if len(documents) == 1 else {"snapshots": documents}
    header: dict[str, Any] = {"boot": message.boot, "seq": message.seq}
    return json.dumps(header | body, separators=(",", ":")).encode()


def status(word: str, boot: str, time: datetime | None = None) -> bytes:
    """A message of the kind `status`: `online` at birth, `offline` as will or good-bye.

    A will is written before its time is known, and so has none.
    """
    document = {"status": word, "boot": boot}
    if time is not None:
        document["time"] = written(time)
    return json.dumps(document, separators=(",", ":")).encode()


def written(time: datetime) -> str:
    """RFC 3339 at +08:00 and in milliseconds."""
    return time.astimezone(CHINA).isoformat(timespec="milliseconds")


class Refusal(BaseModel):
    """Why a message, or a part of it, was not taken."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    seq: int | None = None
    """None where the box could not read the number; `sha256` then names the payload."""
    reason: str = ""


class Receipt(BaseModel):
    """What the box says that it has kept. A message may be kept in part and refused in part."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    boot: str | None = None
    kept: tuple[tuple[int, int], ...] = ()
    """Ranges of numbers, both ends included."""
    refused: tuple[Refusal, ...] = ()

    def keeps(self, seq: int) -> bool:
        """Whether the message of that number is kept, at least in part."""
        return any(first <= seq <= last for first, last in self.kept)

    def refuses(self, seq: int) -> bool:
        """Whether the message of that number is refused, at least in part."""
        return any(refusal.seq == seq for refusal in self.refused)
