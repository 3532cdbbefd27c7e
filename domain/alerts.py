"""Alerts: the work on excursions. Its head, its journal, and what is owed to whom about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from domain.rules import Severity

SYSTEM = "system"
"""The actor of what the box did by itself."""


class State(StrEnum):
    """What an alert's facts amount to: its signal, then whether somebody answered for it."""

    ACTIVE_UNACKNOWLEDGED = "active-unacknowledged"
    ACTIVE_ACKNOWLEDGED = "active-acknowledged"
    RETURNED_UNACKNOWLEDGED = "returned-unacknowledged"
    RETURNED_ACKNOWLEDGED = "returned-acknowledged"
    WITHDRAWN_UNACKNOWLEDGED = "withdrawn-unacknowledged"
    WITHDRAWN_ACKNOWLEDGED = "withdrawn-acknowledged"
    MERGED_UNACKNOWLEDGED = "merged-unacknowledged"
    MERGED_ACKNOWLEDGED = "merged-acknowledged"

    @property
    def signal(self) -> str:
        """`active`, `returned`, `withdrawn` or `merged`."""
        return self.partition("-")[0]

    @property
    def answer(self) -> str:
        """`unacknowledged` or `acknowledged`."""
        return self.partition("-")[2]


class Event(StrEnum):
    """What can happen to an alert; each is one entry of its journal."""

    OPENED = "opened"
    WORSENED = "worsened"
    """Its severity rose."""
    EASED = "eased"
    """Its severity fell, because the worse excursion was withdrawn."""
    RETURNED = "returned"
    """All its excursions have ended."""
    RECURRED = "recurred"
    """A further excursion joined, or one that had ended goes on after all."""
    REVISED = "revised"
    """Times, peak or parts of an excursion changed, and nothing else."""
    WITHDRAWN = "withdrawn"
    """What was found later left it no excursion."""
    MERGED = "merged"
    """Another alert took over all that it stood for."""
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """Head of an alert: facts only. Its state is derived, by `alerting.life_cycle.state`."""

    id: int
    rule: str
    """Key of the rule in the catalogue, or the box's own: `session-lost`."""
    version: str | None
    """Rule version at the opening; None: the box's own."""
    point: int | None
    """None: the subject is a device, or the box."""
    enterprise: int | None
    site: int | None
    region: str | None
    """GB/T 2260. Enterprise, site and region are as at the opening."""
    severity: Severity
    suppressed: bool
    """Not in use at the opening: the alert exists, nobody is told."""
    predecessor: int | None = None
    """The closed alert that this one follows."""
    device: int | None = None
    """That of the point, or the subject itself; None: the subject is the box."""
    merged_into: int | None = None
    """The alert that took over all its excursions."""
    found_late: bool = False
    """What it was opened for was over before it was found."""
    opened_at: datetime
    """When it was detected, as are the times below; domain time."""
    returned_at: datetime | None = None
    acknowledged_at: datetime | None = None
    withdrawn_at: datetime | None = None
    """Since when it stands for nothing; with `merged_into`, since that one does."""
    entries: int = 0
    """Of its journal; 0: not opened yet."""

    @property
    def live(self) -> bool:
        """Whether it still stands for an excursion."""
        return self.withdrawn_at is None


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalEntry:
    """One thing that happened to an alert. Never changed."""

    alert: int
    n: int
    """1, 2, 3 … without gaps within an alert."""
    at: datetime
    actor: str
    """Who: a person's name, or `SYSTEM`."""
    event: Event
    severity: Severity
    """Of the alert, afterwards."""
    old_state: State | None
    """None before the opening."""
    new_state: State
    reason: str | None
    detail: Mapping[str, Any]
    """Facts of the event, as JSON has them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """A notification owed to one recipient over one channel."""

    alert: int
    n: int
    """The journal entry that it tells of."""
    channel: str
    recipient: str
    """A name (letters, digits, `-`, `_`) that the channel knows the address of."""
    body: Mapping[str, Any]
    attempts: int = 0
    """Made so far and recorded."""

    @property
    def id(self) -> str:
        """The same over all attempts and restarts: receivers tell repetitions by it."""
        return f"{self.alert}-{self.n}-{self.channel}-{self.recipient}"


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceSubject:
    """A device as people know it: what a notification says of who and where."""

    device: int
    device_zh: str
    device_en: str
    site_zh: str
    site_en: str
    region: str
    telephone: str
    """Of the site."""
    enterprise_code: str
    """统一社会信用代码."""
    enterprise_zh: str
    enterprise_en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject(DeviceSubject):
    """A point as people know it, and its device."""

    point: int
    point_zh: str
    point_en: str
    quantity: str
    unit: str
    resolution: float
