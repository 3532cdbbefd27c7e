"""Rejections: what is kept of a refusal, once per distinct refusal. Pure.

Distinct are topic, payload, point and time (where one reading was refused), and reason: so
that a message which is sent again leaves nothing new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from domain.chain import Row, encode
from ingest.door import Offer
from ingest.receipts import faults
from ingest.refusals import Refusal, clean

LONGEST_TOPIC = 1000


class Rejection(NamedTuple):
    """A refusal with the message that it is of."""

    identity: bytes
    """SHA-256 of what makes it distinct."""
    device: int
    """0: no registered sender."""
    topic: str
    payload: bytes
    payload_digest: bytes
    """SHA-256."""
    point: str | None
    refusal: Refusal

    def row(self, intake: int, *, raw: bool) -> Row:
        """The row of the table, with or without the payload itself."""
        return (
            self.identity,
            intake,
            self.device,
            self.topic,
            self.payload_digest,
            len(self.payload),
            self.point,
            self.refusal.time,
            self.refusal.reason.value,
            clean(self.refusal.detail),
            self.payload if raw else None,
        )


def distinct(offers: Iterable[Offer]) -> dict[bytes, Rejection]:
    """All that was refused of `offers`, by identity."""
    return {one.identity: one for offer in offers for one in rejections(offer)}


def rejections(offer: Offer) -> Iterator[Rejection]:
    """All that was refused of one message."""
    refusals = faults(offer)
    if not refusals:
        return
    device = offer.device.id if offer.device else 0
    topic, payload = clean(offer.message.topic, LONGEST_TOPIC), offer.message.payload
    digest = hashlib.sha256(payload).digest()
    for refusal in refusals:
        point = None if refusal.point is None else clean(refusal.point)
        fields = (topic, digest, point, refusal.time, refusal.reason.value)
        identity = hashlib.sha256(b"".join(map(encode, fields))).digest()
        yield Rejection(identity, device, topic, payload, digest, point, refusal)


def rows(
    intake: int,
    new: Iterable[Rejection],
    kept: dict[int, int],
    *,
    raw_bytes: int,
    raw_per_day: int,
) -> list[Row]:
    """The rows of `new` rejections.

    `kept` counts the payloads kept raw today, by device, and is brought up to date. Of the
    rejections of one message, the first has the payload for all of them.
    """
    result: list[Row] = []
    has_raw: set[tuple[str, bytes]] = set()
    for one in new:
        message = (one.topic, one.payload_digest)
        room = kept.get(one.device, 0) < raw_per_day and len(one.payload) <= raw_bytes
        raw = room and message not in has_raw
        if raw:
            has_raw.add(message)
            kept[one.device] = kept.get(one.device, 0) + 1
        result.append(one.row(intake, raw=raw))
    return result
