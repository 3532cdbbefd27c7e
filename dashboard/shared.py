"""One answer for all who ask the same at about the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from math import inf
from typing import Any, TypeVar

Answer = TypeVar("Answer")
SHARE = 20
"""An answer is kept for so many times as long as it took: a twentieth of the time is work."""
LONGEST = 10.0
"""Seconds for which an answer is kept only because it took long."""


class Shared:
    """Keeps answers for a moment: twenty open pages are one query, not twenty."""

    def __init__(self, elapsed: Callable[[], float]) -> None:
        """`elapsed`: real and monotonic, in seconds."""
        self._elapsed = elapsed
        self._kept: dict[Hashable, tuple[float, Awaitable[Any]]] = {}

    async def get(
        self,
        key: Hashable,
        ask: Callable[[], Coroutine[Any, Any, Answer]],
        keep: float = 1.0,
    ) -> Answer:
        """The answer to `key`: one that is kept or under way, else that of `ask`.

        The key says all that the answer depends on, whose scope it is for above all. `keep`:
        seconds for which an answer is good enough for the next who asks, at least.
        """
        now = self._elapsed()
        self._kept = {
            known: (until, answer)
            for known, (until, answer) in self._kept.items()
            if now < until
        }
        if key not in self._kept:
            self._kept[key] = (inf, asyncio.create_task(self._asked(key, ask, keep)))
        return await asyncio.shield(self._kept[key][1])

    async def _asked(
        self,
        key: Hashable,
        ask: Callable[[], Coroutine[Any, Any, Answer]],
        keep: float,
    ) -> Answer:
        began = self._elapsed()
        try:
            return await ask()
        finally:
            worth = min(LONGEST, SHARE * (self._elapsed() - began))
            until = began + max(keep, worth)
            self._kept[key] = (until, self._kept[key][1])
