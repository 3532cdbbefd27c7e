"""How far a share has listened to its broker: what whoever judges silence has to know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Deafness:
    """A stretch of time in which the share did not hear its broker. Domain time."""

    start: datetime
    end: datetime | None
    """None while it goes on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listened:
    """Where the listening of a share stands. Domain time."""

    watermark: datetime
    """All that reached the broker before is in the database."""
    since: datetime
    """Since when there was no deafness: silence before says nothing about a device."""
    unbroken: datetime
    """Since when the connection has held: an older will may come of a broker that stopped,
    and so let go of everybody."""
    deaf: Deafness | None = None
    """The deafness that goes on, or the last one of this process."""
