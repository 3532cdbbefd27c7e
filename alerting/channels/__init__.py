"""Channels that notifications leave by: one file each."""

from __future__ import annotations

from typing import Protocol

from domain.alerts import Delivery
from domain.errors import BlackboxError


class TransportError(BlackboxError):
    """A channel could not hand a delivery over. Theirs or the network's fault."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        """Say what happened, and whether trying again cannot help (`permanent`)."""
        super().__init__(message)
        self.permanent = permanent


class UnreachablePersonError(TransportError):
    """One person cannot be told over a channel that works: permanent, and no fault of its."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class Channel(Protocol):
    """Hands deliveries to their recipients."""

    async def send(self, delivery: Delivery) -> None:
        """Return once the receiver has it, within a bounded time. Raises TransportError."""
        ...
