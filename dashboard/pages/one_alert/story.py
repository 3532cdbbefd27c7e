"""An alert's journal in words: who did what, and what is to say of it. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final, NamedTuple

from dashboard.api.alert_models import NAMED
from dashboard.display import Display
from dashboard.parts import limits
from dashboard.parts.alert.shown import measured
from domain.alerts import SYSTEM, Event, JournalEntry
from domain.rules import Severity
from storage.alert_details import ExcursionLine
from storage.alert_list import AlertLine

UNSAID: Final = frozenset({"command", "rule", "due", "to"})
"""What a journal's detail has for programs, or what is said with something else."""


def exact(show: Display, time: datetime) -> str:
    """A time as a paper says it, with its own offset: `22 Nov 2026, 17:30:05 +08:00`."""
    return f"{show.moment(time)} {show.local(time).isoformat()[-6:]}"


class Excursion(NamedTuple):
    """An excursion in words."""

    line: ExcursionLine
    level: str
    severity: str
    peak: str


class Fact(NamedTuple):
    """Something that an entry says."""

    name: str
    text: str
    alert: int | None = None
    """The other alert that it names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """An entry of the journal."""

    entry: JournalEntry
    actor: str
    facts: list[Fact]

    @property
    def moved(self) -> bool:
        """Whether it changed the alert's state."""
        return self.entry.old_state != self.entry.new_state

    @property
    def by_people(self) -> bool:
        """Whether somebody did it, not the box."""
        return self.entry.actor != SYSTEM

    @property
    def routine(self) -> bool:
        """Whether the box only wrote on: neither state nor severity changed."""
        wrote_on = self.entry.event in (Event.REVISED, Event.RECURRED)
        return wrote_on and not self.moved


class Run(NamedTuple):
    """Successive entries of the journal."""

    entries: Sequence[Told]
    summary: str | None
    """Of what is routine, if it is more than one entry, in one line; None: they are shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Teller:
    """Tells the journal of one alert."""

    line: AlertLine
    show: Display
    names: Mapping[str, str]
    """Full names, by name."""
    foreign: Collection[int]
    """Alerts that are not to be named."""
    when: Callable[[datetime], str]
    """Writes a time."""

    def told(self, entry: JournalEntry) -> Told:
        """The entry in words."""
        facts = [
            fact
            for key, content in sorted(entry.detail.items(), key=_place)
            if key not in UNSAID
            for fact in self._facts(entry, key, content)
        ]
        return Told(entry=entry, actor=self.who(entry.actor), facts=facts)

    def runs(self, story: Iterable[Told]) -> Iterator[Run]:
        """The story, what is routine in one run."""
        for routine, group in groupby(story, key=lambda told: told.routine):
            entries = list(group)
            fold = routine and len(entries) > 1
            yield Run(entries, self.summary(entries) if fold else None)

    def summary(self, entries: Sequence[Told]) -> str:
        """How often, how the peak went, from when to when: `revised 18 times · peak …`."""
        t = self.show.texts
        times = Counter(told.entry.event for told in entries)
        peaks = self._peaks([told.entry for told in entries])
        first, last = (self.when(entries[n].entry.at) for n in (0, -1))
        parts = [
            *(t("journal.times", event=t(f"event.{e}"), n=n) for e, n in times.items()),
            t("journal.peak", peak=" → ".join(peaks)) if peaks else "",
            t("alert.from-to", start=first, end=last),
        ]
        return " · ".join(filter(None, parts))

    def _peaks(self, entries: Iterable[JournalEntry]) -> list[str]:
        """The first and the last peak of the worst excursion, or one if they are the same."""
        told = [one for entry in entries for one in entry.detail.get("excursions", ())]
        standing = [one for one in told if not one["withdrawn"]]
        if not standing:
            return []
        worst = max(
            reversed(standing), key=lambda one: Severity[one["severity"].upper()]
        )
        own = [one for one in standing if one["excursion"] == worst["excursion"]]
        ends = (self.peak(one["level"], one["peak"]) for one in (own[0], own[-1]))
        return list(dict.fromkeys(filter(None, ends)))

    def who(self, name: str) -> str:
        """Whoever is called so: `王芳 (wangfang)`; the box itself; or the name alone."""
        if name == SYSTEM:
            return self.show.texts("journal.system")
        full = self.names.get(name)
        return f"{full} ({name})" if full else name

    def excursion(self, line: ExcursionLine) -> Excursion:
        """The excursion in words."""
        return Excursion(
            line=line,
            level=limits.level_name(self.show, line.level),
            severity=Severity(line.severity).name.lower(),
            peak=self.peak(line.level, line.peak),
        )

    def peak(self, level: str, peak: float) -> str:
        """A peak of an excursion of that level; empty: there is nothing to say."""
        of = measured(self.line)
        if self.line.content is None or of is None:
            return ""
        known = limits.rule(self.line.content).level(level)
        return limits.amount(known, self.show, peak, of) if known else ""

    def extent(self, start: str, end: str | None) -> str:
        """From when to when, of times as JSON has them."""
        began = self._moment(start)
        if end is None:
            return self.show.texts("alert.since", start=began)
        return self.show.texts("alert.from-to", start=began, end=self._moment(end))

    def _facts(self, entry: JournalEntry, key: str, content: Any) -> Iterator[Fact]:
        name = self.show.texts.known(f"journal.fact.{key}", key)
        if key == "excursions":
            yield from map(self._excursion, content)
        elif key not in NAMED:
            yield Fact(name, self._said(entry, key, content))
        elif content not in self.foreign:
            yield Fact(name, f"#{content}", content)

    def _said(self, entry: JournalEntry, key: str, content: Any) -> str:
        match key:
            case "assignee":
                return self.who(content)
            case "until" | "time" | "measured":
                return self._moment(content)
            case "missed":
                what = self.show.texts(f"deadline.{content}")
                return f"{what} {self._moment(entry.detail['due'])}"
            case "from":
                return self.extent(content, entry.detail.get("to"))
            case _:
                return self._plain(content)

    def _excursion(self, one: Mapping[str, Any]) -> Fact:
        t = self.show.texts
        peak = self.peak(one["level"], one["peak"])
        parts = [
            t("severity." + one["severity"]),
            limits.level_name(self.show, one["level"]),
            self.extent(one["start"], one["end"]),
            t("journal.peak", peak=peak) if peak else "",
            t("alert.withdrawn") if one["withdrawn"] else "",
        ]
        name = t("journal.excursion", id=one["excursion"], revision=one["revision"])
        return Fact(name, " · ".join(filter(None, parts)))

    def _moment(self, time: str) -> str:
        return self.when(datetime.fromisoformat(time))

    def _plain(self, content: Any) -> str:
        if isinstance(content, bool):
            return self.show.texts("journal.yes" if content else "journal.no")
        if isinstance(content, str | int):
            return str(content)
        return json.dumps(content, ensure_ascii=False)


def answer(story: Iterable[Told]) -> Told | None:
    """The newest answer; None: there is none."""
    answers = [told for told in story if told.entry.event is Event.ANSWERED]
    return answers[-1] if answers else None


def _place(item: tuple[str, Any]) -> bool:
    """The cause is said first, then what was done about it."""
    return item[0] != "cause"
