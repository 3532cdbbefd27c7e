"""What a device could not send: how it comes when the device is heard again. Pure, seeded."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from random import Random

from simulators.messages import SNAPSHOTS, Snapshot

PACKET, BURST = (1, 6), (0, 4)
"""Least and most snapshots in a packet of a scrambled backlog, and packets in a burst."""
DISPLACED, TWICE = 0.5, 0.25
"""Share of the packets that come in another place, and that come once more later."""

Packet = tuple[Snapshot, ...]
"""Snapshots that go into one message."""


class Backlog:
    """The backlog of one device."""

    def __init__(self, dice: Random) -> None:
        """`dice` decide how a scrambled backlog comes."""
        self._dice = dice
        self._orderly: list[Snapshot] = []
        self._torn: list[Snapshot] = []
        self._packets: deque[Packet] = deque()

    def keep(self, snapshots: Sequence[Snapshot], *, torn: bool) -> None:
        """Keep what cannot be sent now. Torn: it will come scrambled, and in bursts."""
        (self._torn if torn else self._orderly).extend(snapshots)

    def burst(self) -> list[Packet]:
        """What comes together with the newest message: all that is orderly, some packets."""
        self._tear()
        count = min(len(self._packets), self._dice.randint(*BURST))
        return [*self._in_order(), *(self._packets.popleft() for _ in range(count))]

    def rest(self) -> list[Packet]:
        """All of it."""
        self._tear()
        rest = [*self._in_order(), *self._packets]
        self._packets.clear()
        return rest

    def _in_order(self) -> list[Packet]:
        snapshots, self._orderly = self._orderly, []
        return [
            tuple(snapshots[first : first + SNAPSHOTS])
            for first in range(0, len(snapshots), SNAPSHOTS)
        ]

    def _tear(self) -> None:
        if self._torn:
            self._packets.extend(scrambled(self._torn, self._dice))
            self._torn = []


def scrambled(snapshots: Sequence[Snapshot], dice: Random) -> list[Packet]:
    """Packets that hold every snapshot: partly in another order, and partly twice."""
    packets = list(_cut(snapshots, dice))
    displaced = [n for n in range(len(packets)) if dice.random() < DISPLACED]
    order = list(range(len(packets)))
    for place, packet in zip(
        displaced, dice.sample(displaced, len(displaced)), strict=True
    ):
        order[place] = packet
    result = [packets[n] for n in order]
    for packet in [packet for packet in result if dice.random() < TWICE]:
        result.insert(dice.randint(result.index(packet) + 1, len(result)), packet)
    return result


def _cut(snapshots: Sequence[Snapshot], dice: Random) -> Iterator[Packet]:
    first = 0
    while first < len(snapshots):
        size = dice.randint(*PACKET)
        yield tuple(snapshots[first : first + size])
        first += size
