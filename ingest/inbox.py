"""Natural batching: while one transaction runs, the next batch gathers here.

No timers. The caps bound memory: when the inbox is full the session stops reading from
the broker, and what is not acknowledged waits there.

Whoever sends a backlog waits for it alone: of one device no more than a share goes into a
batch. So messages may be committed in another order than they arrived in, but for those of
one device; acknowledged they are in the order of arrival, as MQTT demands (MQTT 5, 4.6).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import takewhile

from ingest.door import Message

BATCH = 1024 * 1024
"""Bytes of messages from which a batch is large enough. Dense ones hold some 60,000 readings:
more in one transaction would delay everybody, and the broker's keepalive."""
SHARE = 64 * 1024
"""Bytes of one device from which it has enough in a batch: some 2,500 readings as devices
keep them, a third of a day of a lorry (docs/performance.md)."""


class Inbox:
    """Messages that wait for the next transaction. For one event loop."""

    def __init__(
        self, *, messages: int, size: int, on_room: Callable[[], None]
    ) -> None:
        """Cap at `messages` messages or `size` bytes; call `on_room` when some have left."""
        self.messages_cap = messages
        self.size_cap = size
        self._on_room = on_room
        self._waiting: list[Message] = []
        self._unanswered: dict[int, Message] = {}
        """By identity, in the order of arrival: what is not acknowledged yet."""
        self._committed: set[int] = set()
        """Those of them that could be, were it their turn."""
        self._size = 0
        self._arrived = asyncio.Event()

    def __len__(self) -> int:
        """How many messages wait."""
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """True where nothing more should be read.

        At QoS 1 the receive maximum keeps the number at the cap: reading goes on, for the
        broker's answers come the same way. More than that can only be QoS 0.
        """
        return len(self._waiting) > self.messages_cap or self._size >= self.size_cap

    @property
    def fullness(self) -> float:
        """How much of a cap is taken, from 0 up."""
        return max(len(self._waiting) / self.messages_cap, self._size / self.size_cap)

    def put(self, message: Message) -> None:
        """Add a message; taken even when full, for it has been read already."""
        self._waiting.append(message)
        if message.mid:
            self._unanswered[id(message)] = message
        self._size += message.size
        self._arrived.set()

    async def take(self, patience: float) -> list[Message]:
        """What waits, up to BATCH bytes, SHARE of a device; after `patience` real seconds an empty list."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._arrived.wait()
        return self._leave(*fair(self._waiting))

    def answer(self, batch: Iterable[Message]) -> list[Message]:
        """What can be acknowledged now that `batch` is committed, in the order of arrival."""
        self._committed.update(id(m) for m in batch if id(m) in self._unanswered)
        ready = list(takewhile(self._committed.__contains__, self._unanswered))
        self._committed.difference_update(ready)
        return [self._unanswered.pop(number) for number in ready]

    def clear(self) -> list[Message]:
        """All that waits, at once; it is gone from here afterwards, and never answered."""
        self._unanswered.clear()
        self._committed.clear()
        return self._leave(self._waiting, [])

    def _leave(self, leaving: list[Message], staying: list[Message]) -> list[Message]:
        self._waiting = staying
        self._size -= sum(message.size for message in leaving)
        if not self._waiting:
            self._arrived.clear()
        self._on_room()
        return leaving


def fair(waiting: Iterable[Message]) -> tuple[list[Message], list[Message]]:
    """What goes into the next batch and what stays, each in the order of arrival.

    Of a device what follows on a message that stays, stays too.
    """
    leaving, staying, sizes, total = list[Message](), list[Message](), Counter[str](), 0
    for message in waiting:
        device = message.topic.rpartition("/")[0]
        if total < BATCH and sizes[device] < SHARE:
            leaving.append(message)
            total += message.size
        else:
            staying.append(message)
        sizes[device] += message.size
    return leaving, staying
