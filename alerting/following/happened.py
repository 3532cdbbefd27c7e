"""What happened to one alert in one unit, with all that there is to say about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alerting.telling.texts import BEGINS, Facts
from domain.alerts import Alert, Event, JournalEntry


@dataclass(frozen=True, kw_only=True, slots=True)
class Happened:
    """At least one entry, in order."""

    before: Alert
    """Without entries: it opened just now."""
    entries: Sequence[JournalEntry]
    facts: Facts

    @property
    def head(self) -> Alert:
        """Afterwards."""
        return self.facts.alert

    @property
    def begin(self) -> JournalEntry | None:
        """The entry by which it began, recurred or worsened; None: it did not."""
        return next((e for e in self.entries if e.event in BEGINS), None)

    @property
    def joins(self) -> bool:
        """Whether it joins an incident: it begins or recurs, at a site, and is told of."""
        begins = any(e.event in (Event.OPENED, Event.RECURRED) for e in self.entries)
        return begins and self.head.site is not None and not self.head.quiet
