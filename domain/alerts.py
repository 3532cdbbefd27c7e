"""Alerts: the work on excursions. Its head, its journal, and what is owed to whom about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from domain.rules import Severity

SYSTEM = "system"
"""The actor of what the box did by itself."""
Recipient: TypeAlias = tuple[str, str]
"""(channel, name): somebody, reached in one way."""


class State(StrEnum):
    """What an alert's facts amount to: its signal, then how far people have got with it."""

    ACTIVE_UNACKNOWLEDGED = "active-unacknowledged"
    ACTIVE_ACKNOWLEDGED = "active-acknowledged"
    ACTIVE_ASSIGNED = "active-assigned"
    ACTIVE_ANSWERED = "active-answered"
    RETURNED_UNACKNOWLEDGED = "returned-unacknowledged"
    RETURNED_ACKNOWLEDGED = "returned-acknowledged"
    RETURNED_ASSIGNED = "returned-assigned"
    RETURNED_ANSWERED = "returned-answered"
    RETURNED_CLOSED = "returned-closed"
    WITHDRAWN_UNACKNOWLEDGED = "withdrawn-unacknowledged"
    WITHDRAWN_ACKNOWLEDGED = "withdrawn-acknowledged"
    WITHDRAWN_ASSIGNED = "withdrawn-assigned"
    WITHDRAWN_ANSWERED = "withdrawn-answered"
    WITHDRAWN_CLOSED = "withdrawn-closed"
    MERGED_UNACKNOWLEDGED = "merged-unacknowledged"
    MERGED_ACKNOWLEDGED = "merged-acknowledged"
    MERGED_ASSIGNED = "merged-assigned"
    MERGED_ANSWERED = "merged-answered"
    MERGED_CLOSED = "merged-closed"

    @property
    def signal(self) -> str:
        """`active`, `returned`, `withdrawn` or `merged`."""
        return self.partition("-")[0]

    @property
    def work(self) -> str:
        """`unacknowledged`, `acknowledged`, `assigned`, `answered` or `closed`."""
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
    """A supervisor has seen it and takes care."""
    ASSIGNED = "assigned"
    """Somebody is to find the cause and mend it."""
    ANSWERED = "answered"
    """The enterprise has given the cause and what it has done."""
    SENT_BACK = "sent-back"
    """The answer does not do."""
    CLOSED = "closed"
    """The answer is verified; for a minor alert, a reason given."""
    SHELVED = "shelved"
    """Put aside until a time; it is judged as ever."""
    UNSHELVED = "unshelved"
    COMMENTED = "commented"
    OVERDUE = "overdue"
    """A deadline has passed without what was due."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Alert:
    """Head of an alert: facts only. Its state is derived, by `alerting.life.life_cycle.state`."""

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
    inhibited_by: int | None = None
    """The alert about its silent device that explains it: nobody is told of this one."""
    incident: int | None = None
    """That it belongs to; None: it has no site, or is older than incidents."""
    opened_at: datetime
    """When it was detected, as are the times below; domain time."""
    raised_at: datetime | None = None
    """When it last became unacknowledged: deadlines run from here."""
    returned_at: datetime | None = None
    acknowledged_at: datetime | None = None
    assigned_at: datetime | None = None
    assignee: str | None = None
    """The person's name; None: nobody, or the enterprise as such."""
    answered_at: datetime | None = None
    closed_at: datetime | None = None
    shelved_until: datetime | None = None
    """None: not shelved."""
    due_at: datetime | None = None
    """The next deadline that is neither met nor told as missed."""
    overdue_since: datetime | None = None
    """When a deadline that has passed unmet was last told; None: none was."""
    withdrawn_at: datetime | None = None
    """Since when it stands for nothing; with `merged_into`, since that one does."""
    revision: int = 0
    """Counts what a command must not run into: what people did, a rise, and any new state but
    that it returned."""
    entries: int = 0
    """Of its journal; 0: not opened yet."""

    @property
    def live(self) -> bool:
        """Whether it still stands for an excursion."""
        return self.withdrawn_at is None

    @property
    def quiet(self) -> bool:
        """Whether nobody is told of it, from its opening on."""
        return self.suppressed or self.inhibited_by is not None


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
    language: str = "zh"
    """The recipient's, `zh` or `en`, as it is when the delivery is taken up."""
    address: str | None = None
    """The recipient's in this channel, likewise; None: not known."""

    @property
    def id(self) -> str:
        """The same over all attempts and restarts: receivers tell repetitions by it."""
        return f"{self.alert}-{self.n}-{self.channel}-{self.recipient}"


@dataclass(frozen=True, kw_only=True, slots=True)
class SiteSubject:
    """A site as people know it: what a notification says of who and where."""

    site: int
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
class DeviceSubject(SiteSubject):
    """A device as people know it, and its site."""

    device: int
    device_zh: str
    device_en: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject(DeviceSubject):
    """A point as people know it, and its device."""

    point: int
    point_zh: str
    point_en: str
    quantity: str
    unit: str
    resolution: float
    stage: str
