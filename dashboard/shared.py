"""One answer for all who ask the same at about the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")


class Shared(Generic[Answer]):
    """Keeps answers for a moment: twenty open pages are one query, not twenty."""

    def __init__(self, elapsed: Callable[[], float], keep: float = 1.0) -> None:
        """`keep`: seconds for which an answer is good enough for the next who asks."""
        self._elapsed = elapsed
        self._keep = keep
        self._kept: dict[Hashable, tuple[float, Awaitable[Answer]]] = {}

    async def get(
        self, key: Hashable, ask: Callable[[], Coroutine[Any, Any, Answer]]
    ) -> Answer:
        """The answer to `key`: one that is kept or under way, else that of `ask`."""
        now = self._elapsed()
        self._kept = {
            known: (at, answer)
            for known, (at, answer) in self._kept.items()
            if now - at < self._keep
        }
        if key not in self._kept:
            self._kept[key] = (now, asyncio.create_task(ask()))
        return await asyncio.shield(self._kept[key][1])
