"""Receipts: what the box tells a sender after the commit. Pure.

One receipt per device and intake: which of its messages are kept (as ranges of `seq`),
what was refused and why, and the intake's place in the chain, so that every sender holds
a witness of it. What is refused is kept, too; only the detail of refusals is limited, so
that every receipt passes the broker.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice

from ingest.door import Offer
from ingest.refusals import REMEDIES, Refusal, clean

KIND = "receipts"
DETAILS = 100
"""Refusals told in detail, per receipt."""


def ranges(numbers: Iterable[int]) -> list[list[int]]:
    """Sorted distinct numbers as closed ranges: 1 2 3 7 → [[1, 3], [7, 7]]."""
    result: list[list[int]] = []
    for number in sorted(set(numbers)):
        if result and result[-1][1] == number - 1:
            result[-1][1] = number
        else:
            result.append([number, number])
    return result


def receipts(
    offers: Iterable[Offer], intake: int, digest: bytes
) -> Iterator[tuple[str, bytes]]:
    """(topic, payload) of every receipt that is due for committed offers.

    A message with neither `boot`/`seq` nor anything refused asks for none.
    """
    by_sender: dict[tuple[str, str | None], list[Offer]] = defaultdict(list)
    for offer in offers:
        sender = offer.sender
        # Never answer another ingestor's receipt: it would answer, too, and so on.
        if sender is None or sender.kind == KIND:
            continue
        if offer.seq is not None or faults(offer):
            by_sender[sender.sibling(KIND), offer.boot].append(offer)
    for (topic, boot), group in by_sender.items():
        refused = (told for offer in group for told in tell(offer))
        document: dict[str, object] = {
            "kept": ranges(o.seq for o in group if o.seq is not None),
            "refused": list(islice(refused, DETAILS)),
            "refused_count": sum(len(faults(offer)) for offer in group),
            "intake": intake,
            "digest": digest.hex(),
        }
        if boot is not None:
            document["boot"] = boot
        yield topic, json.dumps(document, ensure_ascii=False).encode()


def faults(offer: Offer) -> tuple[Refusal, ...]:
    """All that was refused of an offer."""
    return offer.refusals if offer.unreadable is None else (offer.unreadable,)


def tell(offer: Offer) -> Iterator[dict[str, object]]:
    """The refusals of one message, for its sender; without `seq`, named by its SHA-256."""
    for refusal in faults(offer):
        zh, en = REMEDIES[refusal.reason]
        told: dict[str, object] = {
            "reason": refusal.reason,
            "detail": clean(refusal.detail),
            "field": clean(refusal.field) if refusal.field else None,
            "remedy": f"{zh} · {en}",
        }
        if offer.seq is None:
            told["sha256"] = hashlib.sha256(offer.message.payload).hexdigest()
        else:
            told["seq"] = offer.seq
        yield told
