"""Who follows the stream: what each may see, how many there may be, who reads no more.

Whatever one does, the others do not notice: each has a bounded queue, and one that stops
reading is dropped.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Final

from domain.people import Person, Scope

QUEUE: Final = 120
"""Events that wait for a client before it is dropped: two minutes of pulses."""
PER_PERSON: Final = 12
"""Streams of one person: two browsers of six, which is all that they open."""
AT_MOST: Final = 1_000
"""Streams in all."""


class Client:
    """One open stream."""

    def __init__(self, person: Person, credential: bytes) -> None:
        """Wait for what `person` may see, who signed in with `credential` (its SHA-256)."""
        self.person = person
        self.credential = credential
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)

    def offer(self, data: bytes) -> bool:
        """Queue an event; False, and the end, where the client has stopped reading."""
        if self._queue.full():
            self.end()
            return False
        self._queue.put_nowait(data)
        return True

    def end(self) -> None:
        """Forget what waits, and end the stream."""
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def events(self) -> AsyncIterator[bytes]:
        """Events until the end."""
        while (data := await self._queue.get()) is not None:
            yield data


class Audience:
    """All open streams, by what they may see."""

    def __init__(self) -> None:
        """Nobody is there yet."""
        self._clients: defaultdict[Scope, set[Client]] = defaultdict(set)
        self._of: Counter[int] = Counter()
        """Number of streams by person."""

    def __len__(self) -> int:
        """How many there are."""
        return self._of.total()

    def refuses(self, person: Person) -> int | None:
        """The status that refuses one more stream of `person`; None: there is room."""
        if self._of[person.id] >= PER_PERSON:
            return 429
        return 503 if len(self) >= AT_MOST else None

    def join(self, client: Client) -> None:
        """Tell `client` from now on."""
        self._clients[client.person.scope].add(client)
        self._of[client.person.id] += 1

    def leave(self, client: Client) -> None:
        """Tell `client` no more; also one that has left before."""
        scope = client.person.scope
        if client not in self._clients.get(scope, ()):
            return
        self._clients[scope].remove(client)
        self._of[client.person.id] -= 1
        if not self._clients[scope]:
            del self._clients[scope]

    def scopes(self) -> list[Scope]:
        """The distinct scopes of all who are there."""
        return list(self._clients)

    def clients(self) -> list[Client]:
        """All who are there."""
        return [client for group in self._clients.values() for client in group]

    def tell(self, data: bytes, to: Iterable[Client]) -> int:
        """Offer an event; how many were dropped over it."""
        dropped = [client for client in to if not client.offer(data)]
        for client in dropped:
            self.leave(client)
        return len(dropped)

    def of(self, scope: Scope) -> list[Client]:
        """Who sees with `scope`."""
        return list(self._clients.get(scope, ()))

    def keep(self, asked: Iterable[Client], holders: Mapping[bytes, Person]) -> None:
        """End the streams of those `asked` whose credential stands for another than it did.

        A person who was given another role, region or enterprise is another, too.
        """
        for client in asked:
            if holders.get(client.credential) != client.person:
                self.leave(client)
                client.end()

    def close(self) -> None:
        """End every stream."""
        self.keep(self.clients(), {})
