"""Placing: the changed excursions of one intake, each with its alert. Pure.

Which alert takes which excursion is decided in `grouping.py`; here they are found, and
opened under negative numbers until the database gives them theirs.

A link of an alert with an excursion is evidence, and stays. So an excursion whose alert is
closed, and which goes on after all or is worse, moves: what is stored is withdrawn, and the
same is stored under a new number, linked to the alert that takes it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from alerting.following import grouping
from alerting.following.grouping import Known
from alerting.following.judging import Identity
from domain.alerts import Alert
from domain.excursions import Excursion
from domain.registry import Registry
from storage.excursions import Stored

Group: TypeAlias = tuple[int, str, bool]
"""(point, rule, suppressed): of each, the newest live alert may take what is new."""


@dataclass(slots=True, eq=False)
class Work:
    """One alert in one intake."""

    head: Alert
    """As it was before; without entries if it is new."""
    changed: list[Stored] = field(default_factory=list)
    joined: list[Excursion] = field(default_factory=list)
    """Those that are new to it and take no other's place."""
    heirs: list[Work] = field(default_factory=list)
    """The alerts in which something took the place of what this one stood for."""

    @property
    def linked(self) -> list[Stored]:
        """Those that it is to be linked with: each excursion, at its first revision."""
        return [stored for stored in self.changed if stored.revision == 1]


class Placing:
    """Where the placing of one intake stands."""

    def __init__(
        self,
        registry: Registry,
        heads: Mapping[int, Alert],
        newest: Mapping[Group, int],
        until: Mapping[int, datetime],
        explained: Mapping[Identity, int],
        now: datetime,
    ) -> None:
        """`heads` are those of all alerts that `newest` or a changed excursion names.

        `until` says of changed excursions that were stored, by number, up to when people
        knew them; `explained`, by which alert about a silent device one is explained.
        """
        self._registry = registry
        self._works = {number: Work(head) for number, head in heads.items()}
        self._newest = dict(newest)
        self._until = until
        self._explained = explained
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
        known = [self._known(s) for s in own if s.alert is not None]
        for s in sorted(own, key=lambda s: (s.excursion.start, s.excursion.level)):
            if not s.withdrawn:
                self._settle(s, [k for k in known if k.gives_way_to(s.excursion)])
            elif s.alert is not None:
                self._works[s.alert].changed.append(s)

    def _known(self, stored: Stored) -> Known:
        assert stored.alert is not None
        head = self._works[stored.alert].head
        until = self._until[stored.id]
        return Known(excursion=stored.excursion, until=until, alert=head)

    def _settle(self, stored: Stored, replaced: Sequence[Known]) -> None:
        """Bring what stands into its alert; it takes the place of `replaced`."""
        excursion = stored.excursion
        own = None if stored.alert is None else self._works[stored.alert]
        setting = self._registry.points[excursion.point].setting(excursion.start)
        in_use = setting is not None and setting.in_use.alerts
        heir = grouping.place_of(excursion, own and own.head, replaced, in_use=in_use)
        work = self._works[heir.id] if heir else self._join(excursion, in_use=in_use)
        for former in {k.alert.id: self._works[k.alert.id] for k in replaced}.values():
            if former is not work:
                former.heirs.append(work)
        if own is not None and own is not work:
            own.changed.append(
                replace(stored, revision=stored.revision + 1, withdrawn=True)
            )
            stored = Stored(id=0, revision=1, excursion=excursion)
        work.changed.append(stored)

    def _join(self, excursion: Excursion, *, in_use: bool) -> Work:
        """The alert that takes a further excursion, opened if need be."""
        group = (excursion.point, excursion.rule, not in_use)
        last = self._works[self._newest[group]] if group in self._newest else None
        device = self._registry.device_of[excursion.point]
        if last and last.head.enterprise != device.owner(excursion.start):
            last = None  # another owner's: nobody else goes on with it
        silence = self._explained.get(excursion.identity)
        explained = silence is not None
        if last is None or not grouping.takes(
            last.head, excursion, explained=explained
        ):
            closed = (
                last is not None and last.head.entries and grouping.closed(last.head)
            )
            former = last.head if last and closed else None
            head = self._opened(excursion, former, silence, suppressed=not in_use)
            last = self._works[head.id] = Work(head)
            self._newest[group] = head.id
        last.joined.append(excursion)
        return last

    def _opened(
        self,
        excursion: Excursion,
        predecessor: Alert | None,
        silence: int | None,
        *,
        suppressed: bool,
    ) -> Alert:
        """The head of a new alert, before its first journal entry."""
        device = self._registry.device_of[excursion.point]
        return Alert(
            id=-1 - len(self._works),
            rule=excursion.rule,
            version=excursion.version,
            point=excursion.point,
            device=device.id,
            enterprise=device.owner(excursion.start),
            site=device.site,
            region=device.region,
            severity=excursion.severity,
            suppressed=suppressed,
            predecessor=predecessor.id if predecessor else None,
            inhibited_by=silence,
            opened_at=self._now,
        )


def number(
    works: Sequence[Work], alerts: Iterator[int], excursions: Iterator[int]
) -> None:
    """Give new alerts and moved excursions their numbers, and every excursion its alert's."""
    for work in works:
        if not work.head.entries:
            work.head = replace(work.head, id=next(alerts))
        work.changed = [
            replace(s, id=s.id or next(excursions), alert=work.head.id)
            for s in work.changed
        ]
