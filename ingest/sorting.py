"""What becomes of each offered reading: stored, duplicate or conflict. Pure.

The first value of a slot (point, time) is the reading; an equal one is a duplicate; any
other is a conflict, kept once per distinct value. Equal means equal at the point's
resolution; no value (null, bad) equals no value.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from domain.readings import Reading, judged
from domain.registry import Registry
from ingest.door import Offer
from storage.conflicts import Value
from storage.readings import Kept, Place


@dataclass(slots=True)
class Tally:
    """The ledger's row of one device: messages, and what became of offered readings."""

    messages: int = 0
    unreadable: int = 0
    offered: int = 0
    stored: int = 0
    duplicate: int = 0
    conflict: int = 0
    rejected: int = 0


@dataclass(slots=True)
class Sorted:
    """A batch, sorted out."""

    stored: list[Reading] = field(default_factory=list)
    conflicts: list[tuple[Reading, float | None, int]] = field(default_factory=list)
    """(reading, its judged value, intake of the reading that it contradicts)."""
    ledger: dict[int, Tally] = field(default_factory=lambda: defaultdict(Tally))
    """By device; 0 stands for no registered sender."""


def suspects(offers: Iterable[Offer], newest: Mapping[int, datetime]) -> list[Place]:
    """Slots that may be taken already: not later than the newest reading of their point."""
    found: dict[Place, None] = {}
    for offer in offers:
        for reading in offer.readings:
            last = newest.get(reading.point)
            if last is not None and reading.time <= last:
                found[reading.point, reading.time] = None
    return list(found)


def sort_out(
    offers: Iterable[Offer],
    registry: Registry,
    kept: Mapping[Place, Kept],
    conflicts: Iterable[Value],
    intake: int,
) -> Sorted:
    """Sort the readings of `offers`, given what stands at every suspect slot."""
    result = Sorted()
    points = registry.points
    seen = {
        slot: (old.intake, judged(old.value, old.quality, points[slot[0]].resolution))
        for slot, old in kept.items()
    }
    contradictions = set(conflicts)
    for offer in offers:
        tally = result.ledger[offer.device.id if offer.device else 0]
        tally.messages += offer.first
        tally.unreadable += offer.unreadable is not None
        tally.offered += len(offer.readings) + len(offer.refusals)
        tally.rejected += len(offer.refusals)
        for reading in offer.readings:
            point, time, value, quality, _ = reading
            slot = (point, time)
            value = judged(value, quality, points[point].resolution)
            first = seen.get(slot)
            if first is None:
                seen[slot] = (intake, value)
                result.stored.append(reading)
                tally.stored += 1
            elif first[1] == value or (point, time, value) in contradictions:
                tally.duplicate += 1
            else:
                contradictions.add((point, time, value))
                result.conflicts.append((reading, value, first[0]))
                tally.conflict += 1
    return result
