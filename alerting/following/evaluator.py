"""The evaluator: from what an intake brought to excursions, within its transaction.

State of rules is only ever built by folding readings from an anchor (`rules/engine.py`);
what is remembered per point between intakes is a cache of that, taken over after the
commit and dropped at any doubt. How a point is judged is in `judging.py`. What differs from
what is stored becomes revisions; what follows from these for alerts is in
`consequences.py`.

**Seam for tests.** The product hands down this class; tests hand down one that is broken
(`tests/mutants.py`). No setting does this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from alerting.following import looking_back
from alerting.following.consequences import Alerts
from alerting.following.judging import Judgement, Track, copies, move_on, settle
from alerting.following.looking_back import Case
from alerting.following.news import by_point
from domain.brought import Brought
from domain.registry import Registry
from domain.rules import RuleVersion
from rules import engine
from rules.kinds import KINDS, from_version
from rules.watch import Advance, Watch, watches
from storage import excursions
from storage.excursions import Stored
from storage.unit import Connection, Unit


class Evaluator:
    """Judges the readings that intakes bring. One per ingestor."""

    def __init__(
        self,
        alerts: Alerts,
        advance: Advance = engine.advance,
        probe: Callable[[str], None] = lambda _point: None,
    ) -> None:
        """Let `alerts` draw the consequences. `advance` and `probe` are seams for tests."""
        self._alerts = alerts
        self._advance = advance
        self._probe = probe
        self._registry = Registry(-1, [])
        self._watches: dict[int, tuple[Watch, ...]] = {}
        self._tracks: dict[int, Track] = {}
        self._fresh: dict[int, Track] = {}

    def install(self, registry: Registry, versions: Mapping[str, RuleVersion]) -> None:
        """Judge by this registry from now on; what it changes nothing of is remembered.

        A point is judged anew where its watches are others, and where its device has moved
        between regions, so perhaps to another share and back: then somebody else may have
        judged it. A version that was skipped may hide a move.
        """
        rules = {v: from_version(version) for v, version in versions.items()}
        before, watched = self._registry, self._watches
        self._registry = registry
        self._watches = {
            number: tuple(w for w in watches(point, rules) if w.kind in KINDS)
            for number, point in registry.points.items()
        }
        self._alerts.install(registry, rules)
        tracks = self._tracks if registry.version <= before.version + 1 else {}
        self.forget()
        self._tracks = {
            number: track
            for number, track in tracks.items()
            if self._watches.get(number) == watched[number]
            and region(registry, number) == region(before, number)
        }

    async def observe(self, unit: Unit, brought: Brought, now: datetime) -> None:
        """Judge what was freshly stored and write what follows."""
        judgements = await self._judge(unit.connection, brought)
        changed = await number(unit, [s for j in judgements for s in j.changed])
        placed = await self._alerts.follow(unit, changed, now) if changed else {}
        await self._alerts.copy(
            unit, [c for j in judgements for c in copies(j, placed)]
        )
        for judgement in judgements:
            if judgement.track is not None:
                settle(judgement.track, placed)

    def committed(self) -> None:
        """Take over what was judged in the unit that is now committed."""
        self._tracks |= self._fresh
        self._fresh = {}

    def forget(self) -> None:
        """Drop all that is remembered; it is rebuilt point by point."""
        self._tracks = {}
        self._fresh = {}

    async def _judge(self, connection: Connection, brought: Brought) -> list[Judgement]:
        """Judge every point that something makes a difference to."""
        judged: list[tuple[int, Judgement]] = []
        cases: list[Case] = []
        for number, news in by_point(brought).items():
            watching, track = self._watches[number], self._tracks.get(number)
            point = self._registry.points[number]
            if not watching:
                continue
            if track is None or news.first <= track.newest:
                cases.append(Case(point, watching, news, track))
            else:
                new = news.slots(point.resolution)
                judged.append((number, move_on(watching, track, new, self._advance)))
        judged += await looking_back.judge(connection, cases, self._advance)
        if any(case.track for case in cases):
            self._probe("judged-again")
        self._fresh |= {number: j.track for number, j in judged if j.track is not None}
        return [judgement for _, judgement in judged]


def region(registry: Registry, point: int) -> str:
    """Of the device of a point; it decides which share takes its readings."""
    return registry.device_of[point].region


async def number(unit: Unit, changed: Sequence[Stored]) -> list[Stored]:
    """Give new excursions their numbers, and write all revisions."""
    if not changed:
        return []
    ids = iter(
        await excursions.new_ids(unit.connection, sum(not s.id for s in changed))
    )
    numbered = [s if s.id else replace(s, id=next(ids)) for s in changed]
    await excursions.write(unit, numbered)
    return numbered
