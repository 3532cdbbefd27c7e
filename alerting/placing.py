"""Placing: the changed excursions of one intake, each with its alert. Pure.

Which alert takes which excursion is decided in `grouping.py`; here they are found, and
opened under negative numbers until the database gives them theirs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from alerting import grouping
from domain.alerts import Alert
from domain.excursions import Excursion
from domain.registry import Registry
from domain.rules import Severity
from storage.excursions import Stored

Group: TypeAlias = tuple[int, str, bool]
"""(point, rule, suppressed): of each, the newest live alert may take what is new."""


@dataclass(slots=True)
class Work:
    """One alert in one intake."""

    head: Alert
    """As it was before; without entries if it is new."""
    changed: list[Stored] = field(default_factory=list)
    joined: Severity | None = None
    """Highest severity of the excursions that are new to it and take no other's place."""


class Placing:
    """Where the placing of one intake stands."""

    def __init__(
        self,
        registry: Registry,
        heads: Mapping[int, Alert],
        newest: Mapping[Group, int],
        now: datetime,
    ) -> None:
        """`heads` are those of all alerts that `newest` or a changed excursion names."""
        self._registry = registry
        self._works = {number: Work(head) for number, head in heads.items()}
        self._newest = dict(newest)
        self._now = now

    def place(self, changed: Iterable[Stored]) -> list[Work]:
        """Find the alert of every excursion; the alerts that have any."""
        points: dict[int, list[Stored]] = defaultdict(list)
        for stored in changed:
            points[stored.excursion.point].append(stored)
        for own in points.values():
            self._place(own)
        return [work for work in self._works.values() if work.changed]

    def _place(self, own: Sequence[Stored]) -> None:
        """Find the alerts of all that changed at one point."""
        withdrawn = [
            (s.excursion, self._works[s.alert].head)
            for s in own
            if s.withdrawn and s.alert is not None
        ]
        for s in sorted(own, key=lambda s: (s.excursion.start, s.excursion.level)):
            if s.alert is None:
                self._find(s.excursion, withdrawn).changed.append(s)
            else:
                self._works[s.alert].changed.append(s)

    def _find(
        self, excursion: Excursion, withdrawn: Sequence[tuple[Excursion, Alert]]
    ) -> Work:
        """The alert of a new excursion."""
        setting = self._registry.points[excursion.point].setting(excursion.start)
        in_use = setting is not None and setting.in_use.alerts
        heir = grouping.place_of(excursion, withdrawn, in_use=in_use)
        if heir is not None:
            return self._works[heir.id]
        group = (excursion.point, excursion.rule, not in_use)
        last = self._works[self._newest[group]] if group in self._newest else None
        if last is None or not grouping.takes(last.head, excursion):
            head = self._opened(excursion, last and last.head, suppressed=not in_use)
            last = self._works[head.id] = Work(head)
            self._newest[group] = head.id
        last.joined = max(last.joined or excursion.severity, excursion.severity)
        return last

    def _opened(
        self, excursion: Excursion, predecessor: Alert | None, *, suppressed: bool
    ) -> Alert:
        """The head of a new alert, before its first journal entry."""
        device = self._registry.device_of[excursion.point]
        return Alert(
            id=-1 - len(self._works),
            rule=excursion.rule,
            version=excursion.version,
            point=excursion.point,
            device=device.id,
            enterprise=device.enterprise,
            site=device.site,
            region=device.region,
            severity=excursion.severity,
            suppressed=suppressed,
            predecessor=predecessor.id if predecessor else None,
            opened_at=self._now,
        )


def number(works: Sequence[Work], ids: Iterator[int]) -> list[Alert]:
    """Give the new alerts among `works` their numbers, and every excursion its alert's."""
    new: list[Alert] = []
    for work in works:
        if not work.head.entries:
            work.head = replace(work.head, id=next(ids))
            new.append(work.head)
        work.changed = [replace(s, alert=work.head.id) for s in work.changed]
    return new
