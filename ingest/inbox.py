"""Natural batching: while one transaction runs, the next batch gathers here.

No timers. The caps bound memory: when the inbox is full the session stops reading from
the broker, and what is not acknowledged waits there.
"""

from __future__ import annotations

import asyncio
import contextlib
from bisect import bisect_left
from collections.abc import Callable
from itertools import accumulate

from ingest.door import Message

BATCH = 1024 * 1024
"""Bytes of messages from which a batch is large enough. Dense ones hold some 60,000 readings:
more in one transaction would delay everybody, and the broker's keepalive."""


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
        self._size += message.size
        self._arrived.set()

    async def take(self, patience: float) -> list[Message]:
        """What waits, up to BATCH bytes; after `patience` real seconds an empty list."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._arrived.wait()
        sizes = list(accumulate(message.size for message in self._waiting))
        return self._leave(bisect_left(sizes, BATCH) + 1)

    def clear(self) -> list[Message]:
        """All that waits, at once; it is gone from here afterwards."""
        return self._leave(len(self._waiting))

    def _leave(self, count: int) -> list[Message]:
        leaving, self._waiting = self._waiting[:count], self._waiting[count:]
        self._size -= sum(message.size for message in leaving)
        if not self._waiting:
            self._arrived.clear()
        self._on_room()
        return leaving
