"""Order does not matter: for every kind of rule, whatever comes, in whatever way.

Worlds of readings in any order, repeated, in conflict, in batches, with restarts and changing
timelines are judged as the evaluator judges, and compared with brute force.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import count

import pytest
from hypothesis import Phase

from alerting.following import looking_back
from alerting.following.judging import Judgement, Track, move_on
from alerting.following.looking_back import Case
from alerting.following.news import News
from domain.excursions import Excursion
from domain.readings import Reading, judged, slots
from rules import engine
from rules.kinds import parse
from rules.watch import Advance, Period, Watch
from storage.excursions import Stored
from tests.mutants import MUTANTS
from tests.unit.rules.builders import a_point
from tests.unit.rules.oracles import ORACLES
from tests.unit.rules.oracles.following import Event, Shares, prove
from tests.unit.rules.oracles.plain import Stretch, plain_period
from tests.unit.rules.oracles.worlds import World

RULE = {
    "key": "r",
    "quantity": "temperature",
    "unit": "°C",
    "name": {"zh": "规则", "en": "rule"},
    "basis": {"zh": "测试", "en": "a test"},
}
NEVER_MERGED = ("gap", "no-value")
"""Values are only ever added: what is missing is filled and split by that, never joined."""
AHEAD = 0.05
"""So little is looked at first when a point is judged again."""


def a_watch(kind: str, number: int, stretches: Sequence[Stretch], origin: str) -> Watch:
    """The product's watch, from the words of a world."""
    return Watch(
        point=1,
        resolution=0.1,
        rule="r",
        kind=kind,
        level=f"level-{number}",
        periods=tuple(
            a_period(kind, f"level-{number}", stretch, origin) for stretch in stretches
        ),
    )


def a_period(kind: str, name: str, stretch: Stretch, origin: str) -> Period:
    plain, level = plain_period(stretch, origin), None
    if stretch.level is not None:
        words = {**stretch.level, "name": name}
        level = parse({**RULE, "kind": kind, "levels": [words]}).levels[0]
    return Period(
        valid_from=plain.valid_from,
        version=plain.version,
        level=level,
        max_gap=plain.max_gap,
        alerts=plain.alerts,
        loaded_since=plain.loaded_since,
    )


def newest(times: Iterable[datetime]) -> datetime | None:
    return max(times, default=None)


class Judge:
    """Judges as the evaluator does; what it has stored is in lists."""

    def __init__(self, world: World, advance: Advance = engine.advance) -> None:
        self.advance = advance
        self.watches = tuple(
            a_watch(world.kind, n, stretches, world.origin)
            for n, stretches in enumerate(world.watches)
        )
        self.readings: list[Reading] = []
        self.kept: dict[datetime, set[float | None]] = {}
        self.stored: dict[int, Stored] = {}
        self.track: Track | None = None

    def restart(self) -> None:
        self.track = None

    def judge(self, readings: Sequence[Reading]) -> list[list[Excursion]]:
        news = self.sort_out(readings)
        for judgement in self.judgements(news) if news else ():
            self.take(judgement)
        return [
            [s.excursion for s in self.of(watch) if not s.withdrawn]
            for watch in self.watches
        ]

    def sort_out(self, readings: Sequence[Reading]) -> News:
        """Keep what is new of a slot, and what is in conflict; as the intake does."""
        news = News()
        for reading in readings:
            value = judged(reading.value, reading.quality, 0.1)
            values = self.kept.setdefault(reading.time, set())
            if value not in values:
                (news.conflicts if values else news.stored).append(reading)
                values.add(value)
                self.readings.append(reading)
        return news

    def judgements(self, news: News) -> list[Judgement]:
        """As the evaluator, with what the database would be asked for and no more."""
        if self.track is not None and news.first > self.track.newest:
            return [move_on(self.watches, self.track, news.slots(0.1), self.advance)]
        series = slots(self.readings, 0.1)
        case = Case(a_point(), self.watches, news, self.track)
        before = newest(slot.time for slot in series if slot.time < news.first)
        horizon = min(case.floors(before))
        stored = [
            s for watch in self.watches for s in self.of(watch) if not s.withdrawn
        ]
        known = [s for s in stored if (s.excursion.end or horizon) >= horizon]
        end = self.track.newest if self.track else series[-1].time
        past = looking_back.past(case, before, end, known)
        start = newest(slot.time for slot in series if slot.time <= past.start)
        for ahead in (AHEAD * looking_back.GROWTH**n for n in count()):
            _, _, stop = past.span(ahead)
            needed = [s for s in series if (start or past.start) <= s.time <= stop]
            whole = stop == looking_back.END
            found = past.judge(needed, self.advance, whole=whole)
            if found is not None:
                return found
        raise AssertionError("the whole is always enough")

    def of(self, watch: Watch) -> list[Stored]:
        return sorted(
            (s for s in self.stored.values() if s.excursion.level == watch.level),
            key=lambda s: s.excursion.start,
        )

    def take(self, judgement: Judgement) -> None:
        """Store what changed; the track knows excursions by their numbers."""
        for s in judgement.changed:
            number = s.id or len(self.stored) + 1
            self.stored[number] = Stored(
                id=number,
                revision=s.revision,
                withdrawn=s.withdrawn,
                alert=1,
                excursion=s.excursion,
            )
        if judgement.track is not None:
            self.track = judgement.track
            numbered = {s.excursion.identity: s for s in self.stored.values()}
            for identity in self.track.open:
                self.track.open[identity] = numbered[identity]


@pytest.mark.parametrize(
    ("name", "kind"),
    [*(("gap ignored", kind) for kind in ORACLES), ("slope sign flipped", "trend")],
)
def test_brute_force_finds_what_is_broken_in_each_kind(name: str, kind: str) -> None:
    with pytest.raises(AssertionError):
        prove([kind], 300, lambda world: Judge(world, MUTANTS[name]), [Phase.generate])


def follow_worlds(examples: int, tell: Callable[[str, object], None]) -> None:
    """So many worlds of each kind; in one of twenty happens each thing that can happen."""
    total, merging = Shares(), Shares()
    for kind in ORACLES:
        counted = prove([kind], examples, Judge)
        tell("figures", f"{kind}: {counted}")
        total.add(counted)
        if kind not in NEVER_MERGED:
            merging.add(counted)
    tell("figures", f"all: {total}; of those that can merge: {merging}")
    assert merging[Event.MERGE] >= 0.05
    assert all(total[event] >= 0.05 for event in Event if event is not Event.MERGE)


def test_excursions_are_those_of_the_set_whatever_the_order(
    record_property: Callable[[str, object], None],
) -> None:
    follow_worlds(120, record_property)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_a_hundred_thousand_worlds(
    record_property: Callable[[str, object], None],
) -> None:
    follow_worlds(-(-100_000 // len(ORACLES)), record_property)
