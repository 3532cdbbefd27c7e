"""Signs of life: what the messages of a batch say of the devices themselves. Pure.

Any message that can be read is a sign of life, whatever is refused of it, and however late
its readings are; only a will says that the device is gone. The order of messages counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from domain.brought import Sign
from domain.chain import Row
from ingest.door import Offer
from ingest.refusals import Reason


def heard(offers: Iterable[Offer]) -> dict[int, Sign]:
    """The last sign of each device."""
    return {
        offer.device.id: offer.sign or Sign.ALIVE
        for offer in offers
        if offer.device is not None and offer.unreadable is None
    }


def ahead(offers: Iterable[Offer]) -> dict[int, datetime]:
    """By device, the latest time that was refused as lying in the future."""
    latest: dict[int, datetime] = {}
    for offer in offers:
        for refusal in offer.refusals:
            if refusal.reason is Reason.IN_FUTURE and offer.device and refusal.time:
                time = latest.get(offer.device.id, refusal.time)
                latest[offer.device.id] = max(time, refusal.time)
    return latest


def rows(intake: int, offers: Iterable[Offer]) -> list[Row]:
    """The rows of `device_sign`: one for each device and sign."""
    offers = list(offers)
    last, counts, boots = heard(offers), dict[tuple[int, Sign], int](), {}
    for offer in offers:
        if offer.sign is not None and offer.device is not None:
            key = (offer.device.id, offer.sign)
            counts[key] = counts.get(key, 0) + offer.first
            boots[key] = offer.boot
    return [
        (intake, device, sign.value, count, boots[device, sign], last[device] == sign)
        for (device, sign), count in counts.items()
    ]
