"""The life of alerts: people, late data, time and restarts, mixed at random.

A machine of Hypothesis drives a real box and several people, each with a connection of the
web login, and keeps a model that knows nothing but the grids of the unit tests: it follows
every journal entry by entry, foretells what comes of every command, and reckons by itself
who is overdue. In the end the box is checked as a whole.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from alerting.findings.finding import Step
from alerting.life.commands import Outcome, carry_out
from alerting.life.deadline_watch import DeadlineWatch
from alerting.life.forms import Command
from alerting.life.life_cycle import state
from domain.alerts import SYSTEM, Alert, Event, JournalEntry
from domain.errors import (
    CommandError,
    ForbiddenError,
    InputError,
    StaleError,
    UnknownAlertError,
)
from domain.people import Person
from domain.rules import Severity
from storage import alerts, journal
from storage.unit import Unit
from tests.database.box import Box, message, opened, snapshot
from tests.examples import (
    AUDITOR,
    COLLEAGUE,
    ENTERPRISE,
    LEAVER,
    PEOPLE,
    STRANGER,
    SUPERVISOR,
    command,
)
from tests.series import at
from tests.services import Database, new_database
from tests.stored import connected, known
from tests.unit.alerting import test_commands, test_life_cycle

T = TypeVar("T")
MINUTE = timedelta(minutes=1)
START = at("3h")
EVENTS = {(old, event): new for old, event, new in test_life_cycle.cases()}
"""From a state, by an event, to the next; `.`: cannot be."""
ALLOWED = {(r, old, name): cell for r, old, name, cell in test_commands.cases()}
"""What comes of a command in a state: the next, `.` or `!`."""
NAMES = sorted({name for _, _, name in ALLOWED})
STRAIGHT = ("close", "answer", "acknowledge")
SHORT = {long: short for short, long in test_life_cycle.SHORT.items()}
DEADLINES = {
    Severity.CRITICAL: {"U": 15, "N": 24 * 60, "C": 7 * 24 * 60},
    Severity.MAJOR: {"U": 60, "N": 72 * 60, "C": 15 * 24 * 60},
    Severity.MINOR: {"U": 24 * 60, "C": 30 * 24 * 60},
}
"""In minutes: to be acknowledged, answered, closed."""
HISTORIES: dict[str, tuple[float | None, ...]] = {
    "refuted": (5.0, 7.6, None, 7.6, 7.6, 5.0),
    "rejoined": (5.0, 8.5, 8.5, 5.0),
    "worsened": (8.5, 12.5, None, 12.5, 12.5),
    "over": (5.0, 8.5, 8.5, 5.0),
}
POINTS = ("t1", "t2", "t3")
UNSEEN = (STRANGER, LEAVER)
ACTING = (SUPERVISOR, SUPERVISOR, COLLEAGUE, ENTERPRISE, ENTERPRISE, AUDITOR, *UNSEEN)
LOOKS: list[tuple[float | None, ...]] = [
    (5.0,),
    (5.0, 8.5, 8.5, 5.0),
    (5.0, 12.5, 12.5, 12.5, 5.0),
    (7.6, None, 7.6, 7.6, 5.0),
    (8.5, 12.5, None, 12.5, 5.0),
    (8.5, None, 8.5),
    (7.6, 7.6, 7.6, 7.6),
    (None,),
]
"""Values of one a minute; None: nothing is sent, so that something can be late."""


@dataclass
class Model:
    """An alert as its journal tells."""

    state: str = "--"
    severity: Severity = Severity.MINOR
    shelved: bool = False
    revision: int = 0
    entries: int = 0
    raised_at: datetime = START

    @property
    def unanswered(self) -> bool:
        """Whether it can be closed without an answer: the grids are of what is major."""
        return self.severity is Severity.MINOR and self.state in ("RK", "RS")

    def follow(self, entry: JournalEntry) -> None:
        """One more entry. It must be the next, and what the grid says."""
        old, event = self.state, entry.event
        new = "RC" if event == "closed" and self.unanswered else EVENTS[old, event]
        assert new != ".", f"{entry.alert}-{entry.n}: no {event} in {old}"
        rise = old != "--" and entry.severity > self.severity
        if rise and new[0] in "AR" and new[1] != "C":
            new = f"{new[0]}U"
        assert entry.n == self.entries + 1
        assert (SHORT[entry.old_state], SHORT[entry.new_state]) == (old, new)
        if rise or old == "--" or (new[1] == "U" and old[1] != "U"):
            self.raised_at = entry.at
        self.revision += (
            rise
            or (new != old and event != "returned")
            or event in ("assigned", "answered", "shelved")
            or (event == "unshelved" and entry.actor != SYSTEM)
        )
        if event in ("shelved", "unshelved"):
            self.shelved = event == "shelved"
        self.shelved &= not rise and new[0] in "AR" and new[1] != "C"
        self.state, self.severity, self.entries = new, entry.severity, entry.n

    def foretell(self, person: Person, wish: Command) -> type[Exception] | None:
        """What comes of a well-formed command; None: it is done."""
        if person in UNSEEN:
            return UnknownAlertError
        cell = ALLOWED[person.role, self.state, wish.name]
        if cell == "!":
            return ForbiddenError
        if wish.revision not in (None, self.revision):
            return StaleError
        if wish.name == "close" and self.unanswered:
            return None
        if wish.name == "unshelve" and not self.shelved:
            return CommandError
        return CommandError if cell == "." else None

    def late(self, now: datetime) -> bool:
        """Whether something should have been done by `now`."""
        signal, work = self.state
        limits = DEADLINES[self.severity]
        done = "U" * (work != "U") + "N" * (work == "N")
        return (
            signal in "AR"
            and work != "C"
            and any(
                self.raised_at + limit * MINUTE <= now
                for name, limit in limits.items()
                if name not in done
            )
        )


@dataclass
class World:
    """A real box and people at it."""

    stack: AsyncExitStack
    database: Database
    now: datetime = START
    told: list[JournalEntry] = field(default_factory=list)
    ids: int = 0

    async def open(self) -> None:
        enter = self.stack.enter_async_context
        self.box: Box = await enter(opened(self.database))
        self.web = [await enter(connected(self.database, "web")) for _ in range(2)]
        await known(self.database, *PEOPLE)
        self.watch = DeadlineWatch(self.tell, self.tick_by_tick, region="33")
        self.ticks = 0

    def tick_by_tick(self) -> float:
        self.ticks += 1
        return self.ticks

    async def tell(self, _unit: Unit, steps: Sequence[Step]) -> None:
        self.told += [entry for _, entry in steps]

    async def take(
        self, point: str, slots: Sequence[tuple[datetime, float | None]]
    ) -> None:
        """Readings of `point`, in one batch."""
        sent = [
            message(snapshot(time, "good", **{point: value})) for time, value in slots
        ]
        await self.box.commit(sent, self.now)

    async def tick(self) -> None:
        """Rounds of the ingest loop, until nothing is due."""
        box = self.box
        while await self.watch.due(box.connection, box.intake.share, self.now):
            async with box.intake.unit("tick", self.now, self.now) as unit:
                await self.watch.tick(unit, self.now)

    async def give(self, person: Person, wish: Command, web: int = 0) -> Outcome:
        connection = self.web[web]
        return await carry_out(connection, person, wish, self.now, tell=self.tell)

    async def heads(self) -> dict[int, Alert]:
        rows = await self.box.rows("SELECT id FROM alert")
        async with self.box.connection.transaction():
            return await alerts.lock(self.box.connection, [row[0] for row in rows])

    async def ends(self) -> list[tuple[str, datetime]]:
        """Points, and when excursions ended that were followed by another."""
        keys = {self.box.point(key): key for key in POINTS}
        rows = await self.box.rows(
            "SELECT e.point, e.ended FROM excursion e JOIN excursion f USING (point, level)"
            " WHERE NOT e.withdrawn AND NOT f.withdrawn AND f.started > e.ended"
            " ORDER BY e.ended"
        )
        return [(keys[point], ended) for point, ended in rows]

    async def journal(self, alert: int) -> list[JournalEntry]:
        return await journal.entries(self.box.connection, alert)


class Life(RuleBasedStateMachine):
    """What can happen. The class is made for a server by `machine`."""

    server: ClassVar[str]
    template: ClassVar[str]
    seen: ClassVar[Counter[str]]
    """What has happened, over all runs."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.cloned = new_database(self.server, self.template)
        database = Database(name=self.cloned.__enter__(), admin=self.server)
        self.world = World(AsyncExitStack(), database)
        self.run(self.world.open())
        self.slots: list[tuple[str, datetime]] = []
        self.holes: list[tuple[str, datetime]] = []
        self.models: dict[int, Model] = {}
        self.done: dict[UUID, tuple[Person, Command, JournalEntry]] = {}

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(what)

    # What happens -----------------------------------------------------------------

    @initialize(how=st.sampled_from(["refuted", "rejoined", "worsened", "over"]))
    def something_happens_that_late_data_change(self, how: str) -> None:
        """So that each run begins with alerts, and some with what chance seldom brings."""
        self.readings_come("t1", [HISTORIES[how]])
        self.catch_up()
        if how == "rejoined":
            self.ask(SUPERVISOR, command("acknowledge", max(self.models), 1_000_000))
            self.readings_come("t1", [(8.5, 8.5)])
            self.late_readings_come("contradicting", 1, 12.5)
        else:
            self.late_readings_come("missing", 1, 5.0)
        if how == "worsened":
            until = self.world.now + MINUTE
            shelve = command("shelve", max(self.models), 1_000_001, until=until)
            self.catch_up()
            self.ask(SUPERVISOR, shelve)
            self.time_passes(2)
        if how == "over":
            for n, name in enumerate(("acknowledge", "answer", "close"), 1_000_002):
                self.catch_up()
                person = ENTERPRISE if name == "answer" else SUPERVISOR
                self.ask(person, command(name, max(self.models), n))

    @rule(
        point=st.sampled_from(POINTS),
        looks=st.lists(st.sampled_from(LOOKS), min_size=1, max_size=3),
    )
    def readings_come(self, point: str, looks: list[tuple[float | None, ...]]) -> None:
        values = list(chain.from_iterable(looks))
        times = [self.world.now + n * MINUTE for n in range(len(values))]
        self.world.now = times[-1] + MINUTE
        self.slots += [(point, time) for time in times]
        slots = zip(times, values, strict=True)
        sent = [(time, value) for time, value in slots if value is not None]
        self.holes += [(point, time) for time in times if time not in dict(sent)]
        self.run(self.world.take(point, sent))

    @precondition(lambda self: self.slots)
    @rule(
        how=st.sampled_from(["missing", "contradicting", "any"]),
        back=st.integers(1, 20),
        value=st.sampled_from([5.0, 5.0, 8.5, 12.5]),
    )
    def late_readings_come(self, how: str, back: int, value: float) -> None:
        """What was missing: some excursions had not held for long enough, or had ended
        before. What contradicts an end: it goes on, perhaps into what came next."""
        slots = [self.slots[-min(back, len(self.slots))]]
        if how == "missing":
            slots, self.holes = self.holes[-2:], self.holes[:-2]
        if how == "contradicting":
            slots, value = self.run(self.world.ends())[-1:], 12.5
        for point, time in slots:
            self.run(self.world.take(point, [(time, value)]))

    @rule(
        minutes=st.sampled_from([2, 5, 20, 60, 300, 24 * 60, 4 * 24 * 60, 16 * 24 * 60])
    )
    def time_passes(self, minutes: int) -> None:
        self.world.now += minutes * MINUTE
        self.run(self.world.tick())
        self.catch_up()
        for number, head in self.run(self.world.heads()).items():
            model = self.models[number]
            late = model.late(self.world.now) and not head.suppressed
            assert (head.overdue_since is not None) == late, (model, head)
            assert head.shelved_until is None or head.shelved_until > self.world.now

    @rule()
    def the_ingestor_restarts(self) -> None:
        self.world.box.observer.forget()
        self.world.watch.forget()

    # What people do ---------------------------------------------------------------

    def wish(self, data: st.DataObject, name: str, alert: int) -> Command:
        fields: dict[str, Any] = {}
        if name == "close":
            fields["reason"] = "已复核"
        if name == "shelve":
            hours = data.draw(st.sampled_from([1, 48, 720]))
            fields["until"] = self.world.now + timedelta(hours=hours)
        self.world.ids += 1
        return command(name, alert, self.world.ids, **fields)

    def an_alert(self, data: st.DataObject) -> int:
        return data.draw(st.sampled_from(sorted(self.models)))

    @precondition(lambda self: self.models)
    @rule(
        data=st.data(),
        person=st.sampled_from(ACTING),
        stale=st.sampled_from([None, 0, 0, 1]),
    )
    def somebody_asks_for_anything(
        self, data: st.DataObject, person: Person, stale: int | None
    ) -> None:
        alert = self.an_alert(data)
        wish = self.wish(data, data.draw(st.sampled_from(NAMES)), alert)
        if stale is not None:
            revision = self.models[alert].revision - stale
            wish = replace(wish, revision=revision)
        self.ask(person, wish)

    @precondition(lambda self: self.models)
    @rule(data=st.data(), steps=st.integers(1, 4), straight=st.booleans())
    def somebody_works(
        self, data: st.DataObject, steps: int, *, straight: bool
    ) -> None:
        """One thing after the other, or straight to the end; all possible, none in vain."""
        alert = self.an_alert(data)
        for _ in range(steps):
            old = self.models[alert].state
            todo = [
                (person, name)
                for name in (STRAIGHT if straight else NAMES)
                for person in (SUPERVISOR, COLLEAGUE, ENTERPRISE)
                if ALLOWED[person.role, old, name] not in (".", "!", old)
            ]
            if todo:
                person, name = todo[0] if straight else data.draw(st.sampled_from(todo))
                self.ask(person, self.wish(data, name, alert))
                self.catch_up()

    def ask(self, person: Person, wish: Command) -> None:
        """Give a command, of which the model has foretold what comes."""
        error = self.models[wish.alert].foretell(person, wish)
        before = {n: model.entries for n, model in self.models.items()}
        if error is None:
            outcome = self.run(self.world.give(person, wish))
            self.was_done(person, wish, outcome)
            return
        with pytest.raises(InputError) as refused:
            self.run(self.world.give(person, wish))
        assert type(refused.value) is error, self.models[wish.alert]
        self.seen[error.__name__] += 1
        self.catch_up()
        assert before == {n: model.entries for n, model in self.models.items()}

    def was_done(self, person: Person, wish: Command, outcome: Outcome) -> None:
        assert not outcome.repeated
        self.done[wish.id] = (person, wish, outcome.entry)

    @precondition(lambda self: self.done)
    @rule(data=st.data())
    def somebody_sends_a_command_again(self, data: st.DataObject) -> None:
        person, wish, entry = data.draw(st.sampled_from(list(self.done.values())))
        outcome = self.run(self.world.give(person, wish))
        assert outcome.repeated
        assert outcome.entry == entry
        with pytest.raises(InputError, match="was used for another"):
            self.run(self.world.give(person, replace(wish, revision=10**6)))

    @precondition(lambda self: self.models)
    @rule(data=st.data())
    def two_race(self, data: st.DataObject) -> None:
        alert = self.an_alert(data)
        model = self.models[alert]
        todo = [
            name
            for name in ("acknowledge", "assign", "shelve", "send-back")
            if model.foretell(SUPERVISOR, command(name, alert)) is None
        ]
        name = data.draw(st.sampled_from(todo or ["acknowledge"]))
        asked = [
            (person, replace(self.wish(data, name, alert), revision=model.revision))
            for person in (SUPERVISOR, COLLEAGUE)
        ]
        error = model.foretell(*asked[0])

        async def race() -> list[Outcome | BaseException]:
            gives = [self.world.give(*one, n) for n, one in enumerate(asked)]
            return await asyncio.gather(*gives, return_exceptions=True)

        results = self.run(race())
        found = Counter(type(result) for result in results)
        assert found == (
            Counter([Outcome, StaleError]) if error is None else {error: 2}
        )
        self.note(asked, results)

    @precondition(lambda self: self.models)
    @rule(data=st.data(), value=st.sampled_from([5.0, 8.5, 12.5]))
    def somebody_acts_while_readings_come(
        self, data: st.DataObject, value: float
    ) -> None:
        alert = self.an_alert(data)
        name = data.draw(st.sampled_from(["acknowledge", "comment", "close", "shelve"]))
        wish = replace(
            self.wish(data, name, alert), revision=self.models[alert].revision
        )
        slots = [(self.world.now + n * MINUTE, value) for n in range(3)]
        self.slots += [("t1", time) for time, _ in slots]
        self.world.now += 3 * MINUTE

        async def race() -> tuple[Outcome | BaseException, BaseException | None]:
            return await asyncio.gather(
                self.world.give(SUPERVISOR, wish),
                self.world.take("t1", slots),
                return_exceptions=True,
            )

        result, taken = self.run(race())
        assert taken is None
        self.note([(SUPERVISOR, wish)], [result])

    def note(
        self, asked: Sequence[tuple[Person, Command]], results: Sequence[object]
    ) -> None:
        """Which of those that raced were done; the others were told why not."""
        for (person, wish), result in zip(asked, results, strict=True):
            if isinstance(result, Outcome):
                self.was_done(person, wish, result)
            else:
                assert isinstance(result, CommandError), result
                self.seen["lost a race"] += 1

    # What holds at any time -------------------------------------------------------

    @invariant()
    def catch_up(self) -> None:
        """Let the models follow the journals, and compare them with the heads."""
        for number, head in self.run(self.world.heads()).items():
            model = self.models.setdefault(number, Model())
            if model.entries < head.entries:
                for entry in self.run(self.world.journal(number))[model.entries :]:
                    model.follow(entry)
                    self.seen[entry.event] += 1
            assert model.entries == head.entries
            assert SHORT[state(head)] == model.state
            assert (head.severity, head.revision) == (model.severity, model.revision)
            assert (head.shelved_until is not None) == model.shelved
            assert (head.raised_at or head.opened_at) == model.raised_at

    def teardown(self) -> None:
        try:
            self.run(self.everything_holds())
        finally:
            self.run(self.world.stack.aclose())
            self.runner.close()
            self.cloned.__exit__(None, None, None)

    async def everything_holds(self) -> None:
        """No command is lost or done twice, everybody is told once, the box is sound."""
        await self.world.box.check()
        entries = [e for n in self.models for e in await self.world.journal(n)]
        by_people = [e for e in entries if e.actor != SYSTEM]
        assert {e.detail["command"] for e in by_people} == {
            str(one) for one in self.done
        }
        assert len(by_people) == len(self.done)
        for person, wish, entry in self.done.values():
            assert entry in by_people
            assert (entry.actor, entry.alert) == (person.name, wish.alert)
        told = Counter((e.alert, e.n) for e in self.world.told)
        assert told == Counter(
            (e.alert, e.n)
            for e in entries
            if e.actor != SYSTEM
            or e.event == "overdue"
            or (e.event == "unshelved" and e.new_state.signal == "active")
        )


def live(server: str, template: str, runs: int, steps: int) -> Counter[str]:
    """Let so many lives be led; what has happened, and how often."""
    seen = Counter[str]()
    names = {"server": server, "template": template, "seen": seen}
    run_state_machine_as_test(
        type("Life", (Life,), names),
        settings=settings(
            derandomize=True,
            database=None,
            deadline=None,
            max_examples=runs,
            stateful_step_count=steps,
            phases=[Phase.generate],
            suppress_health_check=[
                HealthCheck.too_slow,
                HealthCheck.data_too_large,
                HealthCheck.filter_too_much,
            ],
        ),
    )
    return seen


def test_alerts_lead_legal_lives_and_no_command_is_lost(
    database_server: str, template: str
) -> None:
    seen = live(database_server, template, runs=20, steps=40)
    print(seen)
    assert {event for event in Event if not seen[event]} == set()


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_many_alerts_lead_long_legal_lives(database_server: str, template: str) -> None:
    seen = live(database_server, template, runs=150, steps=80)
    print(seen)
    assert {event for event in Event if not seen[event]} == set()
