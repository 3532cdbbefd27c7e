"""What changed excursions mean for alerts: heads, journal, deliveries owed.

Works on all changes of one intake at once, so that a power cut of a whole city costs a
handful of statements. The decisions are in `grouping.py` and `life_cycle.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from alerting.following.facts import gather
from alerting.following.happened import Happened
from alerting.following.inhibition import explained, explicable
from alerting.following.judging import Identity
from alerting.following.placing import Placing, Work, number
from alerting.following.recording import record
from alerting.following.story import after, happened
from alerting.telling.owing import Telling
from domain.alerts import Subject
from domain.registry import Registry
from rules.rule import AnyRule
from storage import alerts, excursions, findings
from storage.alerts import Copy, Standing
from storage.excursions import Stored
from storage.unit import Connection, Unit


class Alerts:
    """Draws the consequences for alerts."""

    def __init__(self, telling: Telling) -> None:
        """Let `telling` owe what must be told."""
        self._telling = telling
        self._registry = Registry(-1, [])
        self._rules: Mapping[str, AnyRule] = {}

    def install(self, registry: Registry, rules: Mapping[str, AnyRule]) -> None:
        """Go by this registry and these rule versions from now on."""
        self._registry = registry
        self._rules = rules

    async def follow(
        self, unit: Unit, changed: Sequence[Stored], now: datetime
    ) -> dict[Identity, Stored]:
        """Let alerts follow `changed`, which are written.

        All that stands of them comes back with its alert, by identity. It may have another
        number than in `changed`: where its alert is closed, it moves (`placing.py`).
        """
        works = await self._place(unit.connection, changed, now)
        await self._number(unit, works)
        moved = await self._move(unit, works, {(s.id, s.revision) for s in changed})
        await self._write(unit, works, now)
        await self.copy(unit, moved)
        return {
            s.excursion.identity: s
            for work in works
            for s in work.changed
            if not s.withdrawn
        }

    async def _place(
        self, connection: Connection, changed: Sequence[Stored], now: datetime
    ) -> list[Work]:
        """Lock the alerts concerned, and find that of every excursion."""
        groups = {(s.excursion.point, s.excursion.rule) for s in changed}
        newest = await alerts.newest(connection, groups)
        numbers = {*newest.values(), *(s.alert for s in changed if s.alert is not None)}
        heads = await alerts.lock(connection, numbers)
        until = await alerts.known_until(connection, changed)
        by_silence = await self._explained(connection, changed)
        placing = Placing(self._registry, heads, newest, until, by_silence, now)
        return placing.place(changed)

    async def _explained(
        self, connection: Connection, changed: Sequence[Stored]
    ) -> Mapping[Identity, int]:
        """Which of the new gaps are explained by an alert about their silent device."""
        gaps = [
            s.excursion
            for s in changed
            if s.alert is None and explicable(s.excursion, self._rules)
        ]
        if not gaps:
            return {}
        devices = {self._registry.device_of[gap.point].id for gap in gaps}
        silences = await findings.silences(connection, devices)
        return explained(gaps, silences, self._registry, self._rules)

    async def _number(self, unit: Unit, works: Sequence[Work]) -> None:
        """Give numbers to new alerts and to moved excursions."""
        connection = unit.connection
        fresh = sum(not work.head.entries for work in works)
        moving = sum(not s.id for work in works for s in work.changed)
        ids = await alerts.new_ids(connection, fresh)
        others = await excursions.new_ids(connection, moving)
        number(works, iter(ids), iter(others))

    async def _move(
        self, unit: Unit, works: Sequence[Work], written: Collection[tuple[int, int]]
    ) -> list[Copy]:
        """Write the moves: what is withdrawn, and what is new; the copies these need."""
        moves = [
            s
            for work in works
            for s in work.changed
            if (s.id, s.revision) not in written
        ]
        await excursions.write(unit, moves)
        return [
            Copy(s.alert, s.excursion.point, s.excursion.start, s.excursion.end)
            for s in moves
            if not s.withdrawn and s.alert is not None
        ]

    async def _write(self, unit: Unit, works: Sequence[Work], now: datetime) -> None:
        """Heads, journal, deliveries and links of all alerts that changed."""
        connection = unit.connection
        known = [work.head.id for work in works if work.head.entries]
        standing = await alerts.standing(connection, known)
        points = {work.head.point for work in works if work.head.point is not None}
        subjects = await alerts.subjects(connection, points)
        told = [self._told(work, standing, subjects, now) for work in works]
        await record(unit, told, self._telling, now)
        links = [(work.head.id, s.id) for work in works for s in work.linked]
        await alerts.link(unit, links)

    def _told(
        self,
        work: Work,
        standing: Mapping[int, Standing],
        subjects: Mapping[int, Subject],
        now: datetime,
    ) -> Happened:
        """What happened to one alert, and what there is to say about it."""
        stands = after(work, standing.get(work.head.id))
        story = happened(work, stands, now, self._rules)
        head = story.head
        assert head.point is not None
        subject, late = subjects[head.point], story.found_late
        return Happened(
            before=work.head,
            entries=story.entries,
            facts=gather(head, self._rules, subject, story.news, found_late=late),
        )

    async def copy(self, unit: Unit, copies: Sequence[Copy]) -> None:
        """Let alerts copy the readings they stand on."""
        await alerts.copy_readings(unit, copies)
