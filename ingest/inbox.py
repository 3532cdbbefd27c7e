"""Natural batching: while one transaction runs, the next batch gathers here.

No timers. The caps bound memory: when the inbox is full the session stops reading from
the broker, and what is not acknowledged waits there.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from ingest.door import Message


class Inbox:
    """Messages that wait for the next transaction. For one event loop."""

    def __init__(
        self, *, messages: int, size: int, on_room: Callable[[], None]
    ) -> None:
        """Cap at `messages` messages or `size` bytes; call `on_room` after each `take`."""
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

    def put(self, message: Message) -> None:
        """Add a message; taken even when full, for it has been read already."""
        self._waiting.append(message)
        self._size += message.size
        self._arrived.set()

    async def take(self, patience: float) -> list[Message]:
        """All that waits; after `patience` real seconds an empty list."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._arrived.wait()
        return self.clear()

    def clear(self) -> list[Message]:
        """All that waits, at once; it is gone from here afterwards."""
        batch, self._waiting, self._size = self._waiting, [], 0
        self._arrived.clear()
        self._on_room()
        return batch
