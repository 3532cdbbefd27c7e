"""Order does not matter, against the real database: worlds told to a box that restarts.

The worlds of the oracles, several in one box, each of a point of its own. What comes of them
is taken in together, so that several points are judged at once; the box loses its memory,
people acknowledge, settings are only applied just before they hold. In the end every
watch has the excursions that brute force finds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from alerting.following import looking_back
from alerting.life.commands import carry_out
from domain.errors import CommandError
from domain.readings import Reading
from domain.registry import InUse, Setting
from domain.registry_file import ResolvedRegistry
from domain.registry_file import parse as read
from domain.rules import RuleVersion
from ingest.door import Message
from rules.kinds import parse
from storage import registry
from storage.connect import connect
from storage.unit import Connection
from tests.database.box import CODE, Box, message_of, opened
from tests.examples import SUPERVISOR, command
from tests.series import at
from tests.services import Database, new_database
from tests.stored import known
from tests.unit.rules.oracles import ORACLES
from tests.unit.rules.oracles.following import Fact, expected, facts
from tests.unit.rules.oracles.plain import Stretch, minutes
from tests.unit.rules.oracles.worlds import LEVELS, Intake, World, worlds

DEVICE = "shelf"
POINTS = [f"p{n}" for n in range(8)]
SHELF = read(f"""
enterprises:
  {CODE}:
    name: West Lake Pharma
    kind: wholesaler
    sites:
      store-1:
        name: Cold store
        kind: warehouse
        region: 330106
        telephone: 0571-88880000
        devices:
          {DEVICE}:
            name: Shelf
            timeline: [{{from: 2026-01-01T00:00:00Z, zone: cold, interval: 1m}}]
            points: {{{", ".join(f"{key}: {{quantity: temperature, resolution: 0.1}}" for key in POINTS)}}}
""")
"""Its timeline is only written: each world has its own."""


# A world's timeline, as the registry has it


def a_version(kind: str, watch: int, stretch: Stretch) -> RuleVersion | None:
    """What holds of the rule of a watch; the same words under two names are two versions."""
    name = stretch.version
    if name is None:
        return None
    level = stretch.level or {**LEVELS[kind][0], "name": "other"}
    return parse(
        {
            "key": f"r{watch}",
            "kind": kind,
            "quantity": "temperature",
            "unit": "°C",
            "name": {"zh": name, "en": name},
            "basis": {"zh": "测试", "en": "a test"},
            "levels": [level],
        }
    ).to_version()


@dataclass
class Told:
    """A world, and how far it has been told."""

    key: str
    """Of its point."""
    world: World
    in_flight: bool
    """Whether settings are applied only when the first readings are due that they judge."""
    names: dict[str, str] = field(default_factory=dict)
    """By version of a rule, what the world calls it."""
    versions: dict[str, RuleVersion] = field(default_factory=dict)
    timeline: list[Setting] = field(default_factory=list)
    applied: int = field(init=False)
    """So many settings of the timeline."""

    def __post_init__(self) -> None:
        self.intakes = iter(self.world.intakes)
        self.left = len(self.world.intakes)
        for stretches in zip(*self.world.watches, strict=True):
            self.timeline.append(self.setting(stretches))
        self.applied = 0 if self.in_flight else len(self.timeline)

    def setting(self, stretches: Sequence[Stretch]) -> Setting:
        """What holds for the point, `stretches` being those of its watches."""
        first, rules = stretches[0], list[str]()
        for watch, stretch in enumerate(stretches):
            version = a_version(self.world.kind, watch, stretch)
            if version is not None:
                self.versions[version.version] = version
                self.names[version.version] = stretch.version or ""
                rules.append(version.version)
        in_use = InUse.COMMISSIONED if first.alerts else InUse.EMPTY
        return Setting(
            valid_from=minutes(first.since, self.world.origin),
            zone="cold",
            interval=timedelta(minutes=1),
            max_gap=timedelta(minutes=first.max_gap),
            in_use=in_use if first.loaded_since is None else InUse.LOADED,
            rules=tuple(rules),
        )

    def comes_to(self, readings: Sequence[Reading]) -> bool:
        """Whether there are settings to apply before `readings` come."""
        newest = max(reading.time for reading in readings)
        before = self.applied
        reached = sum(setting.valid_from <= newest for setting in self.timeline)
        self.applied = max(before, reached)
        return self.applied > before

    def next(self) -> Intake:
        self.left -= 1
        return next(self.intakes)

    def messages(self, intake: Intake) -> Iterator[Message]:
        for reading in intake.readings:
            yield message_of(reading, self.key, DEVICE)


# A box that is told


class Shelf:
    """A box that is told of worlds, at random."""

    def __init__(self, box: Box, web: Connection, told: list[Told], seed: int) -> None:
        self.box = box
        self.web = web
        self.told = told
        self.random = Random(seed)
        self.now = at("0s")

    async def run(self) -> None:
        """Tell all, in whatever way."""
        while left := [one for one in self.told if one.left]:
            some = self.random.sample(left, min(len(left), self.random.randint(1, 4)))
            await self.take(some)
            if self.random.random() < 0.2:
                await self.answer()
                await self.box.check_alerts()

    async def take(self, some: Sequence[Told]) -> None:
        """Take in what comes next of `some`, at once."""
        intakes = [(one, one.next()) for one in some]
        readings = [reading for _, intake in intakes for reading in intake.readings]
        self.now = max(self.now, *(reading.time for reading in readings))
        if any(intake.restarted for _, intake in intakes):
            await self.restart()
        if [one for one, intake in intakes if one.comes_to(intake.readings)]:
            await self.apply()
        await self.box.commit(
            [m for one, intake in intakes for m in one.messages(intake)], self.now
        )

    async def restart(self) -> None:
        """Another process: what was only in memory is lost."""
        self.box = Box(self.box.connection, self.box.intake.share)
        await self.box.intake.reload()

    async def apply(self) -> None:
        """Bring in the settings whose time has come, as `blackbox registry apply` does."""
        file = ResolvedRegistry(
            enterprises=SHELF.enterprises,
            timelines={
                (CODE, DEVICE, one.key): tuple(one.timeline[: one.applied])
                for one in self.told
            },
            versions={v: content for one in self.told for v, content in one.versions.items()},
        )  # fmt: skip
        async with self.box.intake.unit("registry", self.now, self.now) as unit:
            await registry.apply(unit, file)
        await self.box.intake.reload()

    async def answer(self) -> None:
        """Somebody acknowledges one of the alerts, if its state allows that."""
        rows = await self.box.rows("SELECT id FROM alert ORDER BY id")
        if rows:
            ((number,),) = self.random.sample(rows, 1)
            with suppress(CommandError):
                await carry_out(
                    self.web, SUPERVISOR, command("acknowledge", number), self.now
                )

    async def found(self, one: Told) -> list[list[Fact]]:
        """What is stored in the end, of each watch."""
        point = self.box.point(one.key, DEVICE)
        stored = [
            replace(e, version=one.names[e.version])
            for e in await self.box.excursions()
            if e.point == point and e.level != "other"
        ]
        return [
            facts(e for e in stored if e.rule == f"r{watch}")
            for watch in range(len(one.world.watches))
        ]


async def tell(
    database: Database, some: Sequence[World], seed: int, *, in_flight: bool
) -> int:
    """Tell some worlds to a box and hold what it found against the oracles; its revisions.

    In every second world, or none, settings are applied `in_flight`.
    """
    told = [
        Told(key, world, in_flight and n % 2 == 0)
        for n, (key, world) in enumerate(zip(POINTS, some, strict=False))
    ]
    async with (
        opened(database) as box,
        await connect(database.url("web"), name="test web") as web,
    ):
        await known(database, SUPERVISOR)
        shelf = Shelf(box, web, told, seed)
        await shelf.apply()
        await shelf.run()
        for one in told:
            assert await shelf.found(one) == expected(one.world), one
        await shelf.box.check()
        return await box.scalar(
            "SELECT count(*) FROM excursion_revision WHERE revision > 1"
        )


@cache
def drawn(kind: str, count: int) -> list[World]:
    """So many worlds; the same every time. Of three drawn in a row, which are alike, one."""
    found: list[World] = []

    @settings(
        derandomize=True,
        deadline=None,
        database=None,
        max_examples=3 * count,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(worlds(kind))
    def take(world: World) -> None:
        found.append(world)

    take()
    return found[2::3]


class Way(NamedTuple):
    """How points are judged again, and when settings are applied."""

    ahead: float
    """How far is looked ahead of a change."""
    growth: int
    """So many times as far next."""
    points: int
    """Of so many at once."""
    in_flight: bool


WAYS = [
    Way(looking_back.AHEAD, looking_back.GROWTH, looking_back.POINTS, in_flight=False),
    Way(0.01, 2, 1, in_flight=True),
    Way(0.3, 2, 3, in_flight=False),
]


@pytest.fixture(params=WAYS, ids=["as it is", "settings in flight", "few at a time"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Way:
    chosen: Way = request.param
    monkeypatch.setattr(looking_back, "AHEAD", chosen.ahead)
    monkeypatch.setattr(looking_back, "GROWTH", chosen.growth)
    monkeypatch.setattr(looking_back, "POINTS", chosen.points)
    return chosen


def prove(server: str, template: str, kind: str, count: int, way: Way) -> None:
    """Tell so many worlds a way, others each, a shelf of them at a time."""
    some = drawn(kind, count * len(WAYS))[WAYS.index(way) :: len(WAYS)]
    revisions = 0
    for n in range(0, count, len(POINTS)):
        with new_database(server, template) as name:
            database, shelf = (
                Database(name=name, admin=server),
                some[n : n + len(POINTS)],
            )
            revisions += asyncio.run(tell(database, shelf, n, in_flight=way.in_flight))
    assert revisions, "something was found, and followed"


@pytest.mark.parametrize("kind", ORACLES)
def test_stored_excursions_are_those_of_the_set_whatever_the_order(
    database_server: str, template: str, kind: str, way: Way
) -> None:
    prove(database_server, template, kind, 8, way)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ORACLES)
def test_two_hundred_worlds_against_the_database(
    database_server: str, template: str, kind: str, way: Way
) -> None:
    prove(database_server, template, kind, 72, way)
