"""What one intake has brought: handed to whoever judges, within the intake's transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.readings import Reading


class Sign(StrEnum):
    """What a device's message on the topic `status` says of it."""

    ONLINE = "online"
    """Its birth: it has just connected."""
    ALIVE = "alive"
    """A heartbeat, for devices whose broker has no wills."""
    OFFLINE = "offline"
    """Its will: the broker lost it; or it says so itself before it leaves."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Brought:
    """Freshly stored readings and conflicts, and the devices that gave a sign of life."""

    stored: Sequence[Reading] = ()
    """Readings of slots (point, time) that were free."""
    conflicts: Sequence[Reading] = ()
    """Further values, unequal at the point's resolution, of slots that are taken."""
    heard: Mapping[int, Sign] = field(default_factory=dict)
    """By device: the last sign of each in this intake; any message but a will is `ALIVE`."""
    ahead: Mapping[int, datetime] = field(default_factory=dict)
    """By device: the latest measured time that was refused as lying in the future."""
