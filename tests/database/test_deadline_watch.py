"""What time alone brings to alerts, with the real ingest login."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from alerting.findings.finding import Step
from alerting.life import deadline_watch
from alerting.life.commands import carry_out
from alerting.life.deadline_watch import PAUSE, DeadlineWatch
from domain.alerts import SYSTEM, Alert, JournalEntry
from domain.rules import Severity
from storage import alerts, journal, shares
from storage.deadlines import COME
from storage.unit import Connection, Unit, unit_of_work
from tests.examples import OPENED, SUPERVISOR, command, minutes
from tests.services import Database
from tests.stored import UNREGISTERED, acknowledge, connected, known, opened

HOUR = timedelta(hours=1)


@dataclass
class Watched:
    """The watch of one share, and whom it told of what."""

    connection: Connection
    share: int
    region: str = "33"
    told: list[JournalEntry] = field(default_factory=list)
    elapsed: float = 0

    def __post_init__(self) -> None:
        self.watch = DeadlineWatch(self.tell, lambda: self.elapsed, region=self.region)

    async def tell(self, _unit: Unit, steps: Sequence[Step]) -> None:
        self.told += [entry for _, entry in steps]

    async def due(self, now: datetime) -> bool:
        self.elapsed += PAUSE
        return await self.watch.due(self.connection, self.share, now)

    async def round(self, now: datetime) -> int:
        """One round of the ingest loop; how many were told."""
        if not await self.due(now):
            return 0
        before = len(self.told)
        async with unit_of_work(
            self.connection, share=self.share, kind="tick", arrived=now
        ) as unit:
            await self.watch.tick(unit, now)
        return len(self.told) - before

    async def journal(self, alert: int) -> list[JournalEntry]:
        return await journal.entries(self.connection, alert)

    async def head(self, alert: int) -> Alert:
        async with self.connection.transaction():
            return (await alerts.lock(self.connection, [alert]))[alert]


@asynccontextmanager
async def watching(database: Database, share: str) -> AsyncIterator[Watched]:
    async with connected(database, "ingest") as connection:
        number = await shares.take_lease(connection, share)
        yield Watched(connection, number, share.replace("/", ""))


@pytest.fixture
async def watch(database: Database) -> AsyncIterator[Watched]:
    async with watching(database, "33") as one:
        yield one


@pytest.fixture
async def alert(database: Database) -> int:
    """Major, opened at 17:30: to be acknowledged within an hour, closed within 15 days."""
    return (await opened(database))[0]


async def shelve(database: Database, alert: int, until: datetime) -> None:
    await known(database, SUPERVISOR)
    async with connected(database, "web") as web:
        wish = command("shelve", alert, until=until)
        await carry_out(web, SUPERVISOR, wish, minutes(1))


async def test_a_missed_deadline_is_journalled_and_told_once(
    watch: Watched, alert: int
) -> None:
    assert await watch.round(OPENED + HOUR - timedelta(microseconds=1)) == 0
    assert await watch.round(OPENED + HOUR) == 1
    for hours in (1, 2, 24 * 14):
        assert await watch.round(OPENED + hours * HOUR) == 0
    (entry,) = watch.told
    assert entry == (await watch.journal(alert))[-1]
    assert (entry.event, entry.actor, entry.at) == ("overdue", SYSTEM, OPENED + HOUR)
    due = (OPENED + HOUR).isoformat()
    assert entry.detail == {"missed": "acknowledge", "due": due}
    assert (await watch.head(alert)).overdue_since == OPENED + HOUR


async def test_each_deadline_is_told(watch: Watched, alert: int) -> None:
    await watch.round(OPENED + HOUR)
    await watch.round(OPENED + 15 * 24 * HOUR)
    assert [entry.detail["missed"] for entry in watch.told] == ["acknowledge", "close"]
    assert (await watch.head(alert)).due_at is None


async def test_of_deadlines_that_passed_while_nobody_watched_the_latest_is_told(
    watch: Watched, alert: int
) -> None:
    assert await watch.round(OPENED + 100 * 24 * HOUR) == 1
    assert watch.told[0].detail["missed"] == "close"
    assert len(await watch.journal(alert)) == 2


async def test_what_was_done_in_time_is_not_told(
    database: Database, watch: Watched, alert: int
) -> None:
    await acknowledge(database, alert, OPENED + HOUR / 2)
    assert await watch.round(OPENED + 3 * HOUR) == 0


async def test_what_was_done_late_is_overdue_no_more(
    database: Database, watch: Watched, alert: int
) -> None:
    await watch.round(OPENED + HOUR)
    await acknowledge(database, alert, OPENED + 2 * HOUR)
    head = await watch.head(alert)
    assert head.overdue_since is None
    assert head.due_at == OPENED + 15 * 24 * HOUR


async def test_a_shelving_that_ends_on_an_active_alert_is_told_once(
    database: Database, watch: Watched, alert: int
) -> None:
    await shelve(database, alert, minutes(30))
    assert await watch.round(minutes(30) - timedelta(seconds=1)) == 0
    assert await watch.round(minutes(30)) == 1
    assert await watch.round(minutes(31)) == 0
    (entry,) = watch.told
    assert (entry.event, entry.actor) == ("unshelved", SYSTEM)
    assert entry.detail == {"until": minutes(30).isoformat()}
    assert (await watch.head(alert)).shelved_until is None


async def test_a_shelving_that_ends_on_a_returned_alert_is_journalled_and_not_told(
    database: Database, watch: Watched, alert: int
) -> None:
    await shelve(database, alert, minutes(30))
    async with watch.connection.transaction():
        head = (await alerts.lock(watch.connection, [alert]))[alert]
        await alerts.update(watch.connection, [replace(head, returned_at=minutes(5))])
    assert await watch.round(minutes(30)) == 0
    assert (await watch.journal(alert))[-1].event == "unshelved"


async def test_a_deadline_and_a_shelving_that_pass_together_are_two_entries(
    database: Database, watch: Watched, alert: int
) -> None:
    await shelve(database, alert, minutes(30))
    assert await watch.round(OPENED + HOUR) == 2
    events = [entry.event for entry in await watch.journal(alert)]
    assert events == ["opened", "shelved", "unshelved", "overdue"]


async def test_shelving_is_no_way_around_a_deadline(
    database: Database, watch: Watched, alert: int
) -> None:
    await shelve(database, alert, OPENED + 10 * HOUR)
    assert await watch.round(OPENED + HOUR) == 1
    assert watch.told[0].event == "overdue"


async def test_nobody_is_told_of_what_is_suppressed(
    database: Database, watch: Watched
) -> None:
    await opened(database, like=replace(UNREGISTERED, suppressed=True))
    assert await watch.round(OPENED + 100 * 24 * HOUR) == 0


# Shares


@pytest.mark.parametrize(
    ("share", "region", "theirs"),
    [
        ("33", "330106", True),
        ("33/01", "330106", True),
        ("33/01/06", "330106", True),
        ("33/01/07", "330106", False),
        ("33/02", "330106", False),
        ("32", "330106", False),
        ("33", "340000", False),
        ("33", "329999", False),
    ],
)
async def test_a_share_watches_the_alerts_of_its_regions(
    database: Database, share: str, region: str, *, theirs: bool
) -> None:
    await opened(database, like=replace(UNREGISTERED, region=region))
    async with watching(database, share) as watch:
        assert await watch.due(OPENED + HOUR) is theirs
        assert await watch.round(OPENED + HOUR) == theirs


async def test_an_alert_of_the_box_is_watched_by_the_share_that_opened_it(
    database: Database, watch: Watched
) -> None:
    of_the_box = replace(UNREGISTERED, region=None)
    async with watching(database, "32") as other:
        await opened(database, like=of_the_box, share=other.share)
        assert await watch.round(OPENED + HOUR) == 0
        assert await other.round(OPENED + HOUR) == 1


async def test_nothing_is_told_twice_though_two_watched_the_same(
    database: Database, watch: Watched
) -> None:
    """Leases forbid it; a share that has lost its lease may not know that yet."""
    ids = await opened(database, count=50)
    async with watching(database, "32") as another:
        other = replace(another, region="33", told=[])
        for _ in range(3):
            await asyncio.gather(watch.round(OPENED + HOUR), other.round(OPENED + HOUR))
        assert sorted(e.alert for e in watch.told + other.told) == sorted(ids)


# How


async def test_the_database_is_asked_once_a_second(watch: Watched, alert: int) -> None:
    del alert
    now = OPENED + HOUR
    assert await watch.due(now)
    assert not await watch.watch.due(watch.connection, watch.share, now)
    watch.watch.forget()
    assert await watch.watch.due(watch.connection, watch.share, now)


async def test_a_flood_is_told_in_pieces(
    database: Database, watch: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadline_watch, "PIECE", 4)
    ids = await opened(database, count=10)
    rounds = [await watch.round(OPENED + HOUR) for _ in range(4)]
    assert rounds == [4, 4, 2, 0]
    assert sorted(entry.alert for entry in watch.told) == sorted(ids)


async def test_an_alert_that_somebody_works_on_waits_for_the_next_round(
    database: Database, watch: Watched, alert: int
) -> None:
    async with connected(database, "ingest") as busy, busy.transaction():
        await alerts.lock(busy, [alert])
        assert await watch.round(OPENED + HOUR) == 0
    assert await watch.round(OPENED + HOUR) == 1


async def test_a_deadline_that_was_reckoned_by_other_limits_is_reckoned_again(
    watch: Watched, alert: int
) -> None:
    async with watch.connection.transaction():
        head = (await alerts.lock(watch.connection, [alert]))[alert]
        eased = replace(head, severity=Severity.MINOR)
        await alerts.update(watch.connection, [eased])
    assert await watch.round(OPENED + 2 * HOUR) == 0
    assert not await watch.due(OPENED + 3 * HOUR)
    assert (await watch.head(alert)).due_at == OPENED + 24 * HOUR


async def test_what_has_not_come_is_not_read_however_many_alerts_are_open(
    database: Database, watch: Watched
) -> None:
    await opened(database, count=3)
    async with connected(database, "owner") as owner:
        await owner.execute(
            "INSERT INTO alert (id, rule, region, severity, suppressed, opened_at, due_at,"
            " shelved_until, entries) SELECT n, 'cold', '330106', 2, false, %(at)s,"
            " %(at)s + n * interval '1 s', %(at)s + n * interval '1 s', 1"
            " FROM generate_series(10000, 40000) AS n",
            {"at": OPENED},
        )
        await owner.execute("ANALYZE alert")
    for _ in range(8):  # long enough to plan for any time
        assert not await watch.due(OPENED)
    assert await buffers(watch.connection) < 100


async def buffers(connection: Connection) -> int:
    """Pages that the question reads."""
    values = {"share": 1, "low": 0, "high": 999_999, "now": OPENED, "limit": 1}
    cursor = await connection.execute(
        "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + COME, values
    )
    row = await cursor.fetchone()
    assert row is not None
    plan = row[0][0]["Plan"]
    return plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
