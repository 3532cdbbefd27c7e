"""The outbox of a device: what it keeps until a receipt says that the box has it. Pure.

Messages leave in their order. Of the oldest `window` unsettled ones each is sent, and sent
again when no receipt has come within a wait that doubles from try to try; after a lost
connection all of them are due at once. `now` is real, monotonic time in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import islice

from simulators.messages import Message, Receipt


@dataclass(slots=True)
class _Entry:
    message: Message
    tries: int = 0
    due: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """What became of the messages of one or more devices."""

    sent: int = 0
    """Messages that were sent at least once."""
    repeated: int = 0
    """Copies that a duplicating device sent beside them."""
    resent: int = 0
    """Times that a message was sent again because no receipt had come."""
    kept: int = 0
    """Messages that the box has kept, at least in part."""
    refused: int = 0
    """Messages that the box has refused, at least in part; they may be kept as well."""
    waiting: int = 0
    """Messages without a receipt."""

    def __add__(self, other: Counts) -> Counts:
        """The counts of both."""
        return Counts(
            **{
                field.name: getattr(self, field.name) + getattr(other, field.name)
                for field in fields(Counts)
            }
        )


class Outbox:
    """The unsettled messages of one device in one boot."""

    def __init__(
        self, *, window: int = 50, first_wait: float = 2.0, longest_wait: float = 10.0
    ) -> None:
        """At most `window` messages are under way at a time. Waits in seconds."""
        self._window = window
        self._first_wait = first_wait
        self._longest_wait = longest_wait
        self._entries: dict[int, _Entry] = {}
        self._sent = self._repeated = self._resent = self._kept = self._refused = 0

    @property
    def counts(self) -> Counts:
        """What became of the messages so far."""
        return Counts(
            sent=self._sent,
            repeated=self._repeated,
            resent=self._resent,
            kept=self._kept,
            refused=self._refused,
            waiting=len(self._entries),
        )

    def put(self, message: Message) -> None:
        """Keep a message until its receipt. Its `seq` is above those before it."""
        self._entries[message.seq] = _Entry(message)

    def take(self, now: float) -> tuple[Message, int] | None:
        """The next message to send at `now`, and how many times; None if none is due."""
        entry = next((e for e in self._under_way() if e.due <= now), None)
        if entry is None:
            return None
        times = 1 if entry.tries else entry.message.copies
        if entry.tries:
            self._resent += 1
        else:
            self._sent += 1
            self._repeated += times - 1
        entry.due = now + min(self._longest_wait, self._first_wait * 2**entry.tries)
        entry.tries += 1
        return entry.message, times

    def due_at(self) -> float | None:
        """When the next message is due; None while there is none."""
        return min((entry.due for entry in self._under_way()), default=None)

    def reconnected(self) -> None:
        """Whatever was under way may be lost: all of it is due now."""
        for entry in self._under_way():
            entry.due = 0.0

    def settle(self, receipt: Receipt) -> bool:
        """Let go of what the receipt names; whether it named anything still kept."""
        settled = False
        for entry in self._under_way():
            seq, boot = entry.message.seq, entry.message.boot
            kept, refused = receipt.keeps(seq), receipt.refuses(seq)
            if receipt.boot == boot and entry.tries and (kept or refused):
                self._kept += kept
                self._refused += refused
                del self._entries[seq]
                settled = True
        return settled

    def _under_way(self) -> list[_Entry]:
        return list(islice(self._entries.values(), self._window))
