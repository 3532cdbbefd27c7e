"""Long work that people ask for: one piece for each person, in slices that take turns."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Who works on what. Who begins something new gives up what they began before."""

    def __init__(self) -> None:
        """Nobody works."""
        self.slice = asyncio.Semaphore(1)
        """Held for a slice of work that keeps a core busy."""
        self._newest: dict[int, object] = {}

    @contextmanager
    def begun(self, person: int) -> Iterator[Turn]:
        """Work of `person`, until it ends."""
        mine = Turn(self._newest, person)
        self._newest[person] = mine
        try:
            yield mine
        finally:
            if not mine.given_up:
                del self._newest[person]


class Turn:
    """One piece of work."""

    def __init__(self, newest: dict[int, object], person: int) -> None:
        """Of `person`; `newest` has what each began last."""
        self._newest, self._person = newest, person

    @property
    def given_up(self) -> bool:
        """Whether the person has begun another since."""
        return self._newest.get(self._person) is not self
