"""The dispatcher, with the real database and a real receiver of webhooks.

Run as a module, this file is a dispatcher that kills itself at a given step.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

import httpx
import pytest
import standardwebhooks
from prometheus_client import REGISTRY

from alerting.channels import Channel, TransportError
from alerting.channels.apprise import Apprise, Template
from alerting.channels.log import Log
from alerting.channels.webhook import Endpoint, Webhook
from alerting.dispatcher import Pace, dispatch, nothing
from alerting.telling.routing import Subscription
from blackbox.clock import real_now
from domain.alerts import Delivery
from storage import deliveries
from storage.deliveries import Depth, Outcome
from storage.unit import Connection
from tests.mail import mailbox, text
from tests.receiver import HANG, LOOPBACK, receiver
from tests.services import Database
from tests.stored import LONG_AGO, connected, opened

ROOT = Path(__file__).parents[2]
SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
QUICK = Pace(poll=0.02)
LEASE = Pace().lease
HOOK = Subscription(channel="webhook", recipient="county")
LOG = Subscription(channel="log", recipient="log")
MAIL = Subscription(channel="mail", recipient="li")
LI = """
WITH li AS (INSERT INTO person (name, full_name, role, language, created_at)
            VALUES ('li', '李', 'auditor', 'en', now()) RETURNING id)
INSERT INTO contact SELECT id, 'mail', 'li@example.com' FROM li
"""
FAILURES = "SELECT coalesce(sum(failures), 0) FROM channel_health"
HEALTH = """
SELECT channel, failing_since IS NOT NULL, failures, gave_up, detail
  FROM channel_health ORDER BY channel
"""
OUTCOMES = "SELECT outcome, detail FROM attempt WHERE delivery = %s ORDER BY n"
SETTLED = "SELECT count(*) FROM delivery WHERE delivered_at IS NOT NULL OR failed_at IS NOT NULL"
DELIVERED = "SELECT count(*) FROM delivery WHERE delivered_at IS NOT NULL"
ATTEMPTS = "SELECT count(*) FROM attempt"
SESSIONS = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND application_name LIKE 'blackbox-dispatch%'
"""
HANG_UP = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
 WHERE datname = current_database() AND application_name LIKE 'blackbox-dispatch%'
"""


class Clock:
    """Real time, and as much later as a test says."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return real_now() + self.ahead


class Recorder:
    """A channel that keeps the ids it is given, and then does as told."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.ids: list[str] = []
        self.failure = failure

    async def send(self, delivery: Delivery) -> None:
        self.ids.append(delivery.id)
        if self.failure:
            raise self.failure


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[Connection]:
    async with connected(database, "owner") as connection:
        yield connection


@asynccontextmanager
async def dispatching(
    database: Database,
    channels: Mapping[str, Channel],
    *,
    clock: Callable[[], datetime] = real_now,
    pace: Pace = QUICK,
) -> AsyncIterator[None]:
    """A dispatcher at work; what it failed with, if so."""
    url = database.url("dispatch")
    task = asyncio.create_task(dispatch(url, channels, real_now=clock, pace=pace))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def hook(
    url: str, clock: Callable[[], datetime] = real_now
) -> AsyncIterator[Webhook]:
    """The webhook channel to the receiver at `url`."""
    async with httpx.AsyncClient() as client:
        endpoints = {"county": Endpoint(url=url, secret=SECRET)}
        yield Webhook(client, endpoints, clock, allowed=LOOPBACK)


def post(url: str) -> Apprise:
    """The mail channel to the server that `url` names."""
    return Apprise(Template(name="mail", url=url), allowed=LOOPBACK)


async def value(connection: Connection, query: LiteralString) -> int:
    row = await (await connection.execute(query)).fetchone()
    assert row is not None
    return row[0]


async def until(connection: Connection, query: LiteralString, count: int) -> None:
    """Wait until `query` counts `count`."""
    async with asyncio.timeout(30):
        while await value(connection, query) != count:
            await asyncio.sleep(0.01)


async def outcomes(connection: Connection, delivery: str) -> list[tuple[Any, ...]]:
    return await (await connection.execute(OUTCOMES, (delivery,))).fetchall()


async def test_each_delivery_arrives_once_signed_under_its_id(
    database: Database, owner: Connection
) -> None:
    ids = await opened(database, HOOK, count=20)
    async with (
        receiver() as server,
        hook(server.url) as channel,
        dispatching(database, {"webhook": channel}),
    ):
        await until(owner, DELIVERED, 20)
    assert server.counts == {f"{alert}-1-webhook-county": 1 for alert in ids}
    for message in server.messages:
        verified = standardwebhooks.Webhook(SECRET).verify(
            message.body, message.headers
        )
        assert f"{verified['event_id']}-webhook-county" == message.id
    assert await outcomes(owner, server.messages[0].id) == [("delivered", "")]


async def test_what_is_owed_wakes_the_dispatcher(
    database: Database, owner: Connection
) -> None:
    channel = Recorder()
    async with dispatching(database, {"log": channel}, pace=Pace(poll=3600)):
        await until(owner, SESSIONS, 2)
        await opened(database, LOG)
        await until(owner, DELIVERED, 1)
    assert channel.ids == ["1-1-log-log"]


async def test_what_nothing_woke_for_is_found_by_polling(
    database: Database, owner: Connection
) -> None:
    await opened(database, LOG, due=real_now() + timedelta(days=1))
    async with dispatching(database, {"log": Recorder()}):
        await until(owner, SESSIONS, 2)
        await owner.execute("UPDATE delivery SET due = %s", (LONG_AGO,))
        await until(owner, DELIVERED, 1)


async def test_what_is_not_due_yet_waits(database: Database, owner: Connection) -> None:
    (tomorrow,) = await opened(database, LOG, due=real_now() + timedelta(days=1))
    (now,) = await opened(database, LOG)
    channel = Recorder()
    async with dispatching(database, {"log": channel}):
        await until(owner, DELIVERED, 1)
    assert channel.ids == [f"{now}-1-log-log"]
    assert tomorrow < now


async def test_a_receiver_that_fails_is_tried_again_under_the_same_id(
    database: Database, owner: Connection
) -> None:
    await opened(database, HOOK)
    clock = Clock()
    async with (
        receiver(500, 503) as server,
        hook(server.url, clock) as channel,
        dispatching(database, {"webhook": channel}, clock=clock),
    ):
        await until(owner, ATTEMPTS, 1)
        clock.ahead += timedelta(seconds=5)
        await until(owner, ATTEMPTS, 2)
        clock.ahead += timedelta(seconds=10)
        await until(owner, DELIVERED, 1)
    assert server.counts == {"1-1-webhook-county": 3}
    assert len({message.body for message in server.messages}) == 1
    assert await outcomes(owner, "1-1-webhook-county") == [
        ("retry", "HTTP 500: answer 500; attempt 1 failed, next in 0:00:05"),
        ("retry", "HTTP 503: answer 503; attempt 2 failed, next in 0:00:10"),
        ("delivered", ""),
    ]


async def test_a_permanent_failure_is_recorded_and_not_tried_again(
    database: Database, owner: Connection
) -> None:
    await opened(database, HOOK)
    clock = Clock()
    async with (
        receiver(410) as server,
        hook(server.url, clock) as channel,
        dispatching(database, {"webhook": channel, "log": Log()}, clock=clock),
    ):
        await until(owner, SETTLED, 1)
        clock.ahead += timedelta(days=2)
        await opened(database, LOG)
        await until(owner, SETTLED, 2)
    assert len(server.messages) == 1
    assert await value(owner, DELIVERED) == 1
    assert await outcomes(owner, "1-1-webhook-county") == [
        ("failed", "HTTP 410: answer 410; permanent error")
    ]


async def test_a_hanging_channel_delays_no_other_and_holds_no_more_than_its_bound(
    database: Database, owner: Connection
) -> None:
    await opened(database, HOOK, LOG, count=20)
    pace = Pace(poll=0.02, concurrent=3)
    channel = Recorder()
    async with (
        receiver(*[HANG] * 20) as server,
        hook(server.url) as webhook,
        dispatching(database, {"webhook": webhook, "log": channel}, pace=pace),
    ):
        await until(owner, DELIVERED, 20)
        await server.arrived(3)
    assert len(set(channel.ids)) == len(channel.ids) == 20
    assert len(server.messages) == 3


async def test_a_send_that_never_ends_is_recorded_before_its_claim_ends(
    database: Database, owner: Connection
) -> None:
    await opened(database, HOOK)
    pace = Pace(poll=0.02, lease=timedelta(seconds=1))
    async with (
        receiver(HANG) as server,
        hook(server.url) as channel,
        dispatching(database, {"webhook": channel}, pace=pace),
    ):
        await until(owner, ATTEMPTS, 1)
    ((outcome, detail),) = await outcomes(owner, "1-1-webhook-county")
    assert outcome == "retry"
    assert detail.startswith("no end within half of the lease; attempt 1 failed")


async def test_a_channel_with_a_bug_is_tried_again_and_stops_nobody(
    database: Database, owner: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    await opened(database, HOOK, LOG)
    broken = Recorder(ZeroDivisionError("a\x00b"))
    async with dispatching(database, {"webhook": broken, "log": Recorder()}):
        await until(owner, ATTEMPTS, 2)
        await until(owner, DELIVERED, 1)
    ((outcome, detail),) = await outcomes(owner, "1-1-webhook-county")
    assert outcome == "retry"
    assert detail.startswith("unexpected: ZeroDivisionError(")
    assert "the channel failed" in caplog.text


async def test_what_a_receiver_says_is_kept_without_what_the_database_refuses(
    database: Database, owner: Connection
) -> None:
    await opened(database, HOOK)
    failure = TransportError("a\x00b\ud800" + "x" * 1000, permanent=True)
    async with dispatching(database, {"webhook": Recorder(failure)}):
        await until(owner, SETTLED, 1)
    ((_, detail),) = await outcomes(owner, "1-1-webhook-county")
    assert detail == "a�b?" + "x" * 496


async def test_two_dispatchers_share_the_work(
    database: Database, owner: Connection
) -> None:
    await opened(database, LOG, count=50)
    one, other = Recorder(), Recorder()
    async with (
        dispatching(database, {"log": one}),
        dispatching(database, {"log": other}),
    ):
        await until(owner, DELIVERED, 50)
    assert set(Counter([*one.ids, *other.ids]).values()) == {1}
    assert len(one.ids) + len(other.ids) == 50


async def test_a_lost_database_is_waited_for(
    database: Database, owner: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    async with dispatching(database, {"log": Recorder()}):
        await opened(database, LOG)
        await until(owner, DELIVERED, 1)
        await owner.execute("ALTER ROLE blackbox_dispatch CONNECTION LIMIT 0")
        try:
            await owner.execute(HANG_UP)
            await opened(database, LOG)
            await until(owner, SESSIONS, 0)
        finally:
            await owner.execute("ALTER ROLE blackbox_dispatch CONNECTION LIMIT -1")
        await until(owner, DELIVERED, 2)
    assert "database is away" in caplog.text


async def test_a_cancelled_dispatcher_leaves_no_session_behind(
    database: Database, owner: Connection
) -> None:
    await opened(database, HOOK)
    async with (
        receiver(HANG) as server,
        hook(server.url) as channel,
        dispatching(database, {"webhook": channel}),
    ):
        await server.arrived(1)
    await until(owner, SESSIONS, 0)
    assert await value(owner, DELIVERED) == 0


async def test_a_dispatcher_that_is_told_to_end_as_it_loses_the_database_does(
    database: Database, owner: Connection
) -> None:
    """While what it was sending still comes to its end."""
    begun, ending, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    class Slow:
        async def send(self, delivery: Delivery) -> None:
            begun.set()
            try:
                await asyncio.Future()
            finally:
                ending.set()
                await ended.wait()

    await opened(database, LOG)
    url = database.url("dispatch")
    task = asyncio.create_task(dispatch(url, {"log": Slow()}, real_now=real_now))
    async with asyncio.timeout(20):
        await begun.wait()
        await owner.execute(HANG_UP)
        await ending.wait()
    task.cancel()
    await asyncio.sleep(0)
    ended.set()
    await asyncio.wait({task}, timeout=20)
    assert task.cancelled()


@pytest.mark.parametrize(
    ("step", "arrivals"), [("before-send", 0), ("after-send", 1), ("before-record", 1)]
)
async def test_a_dispatcher_killed_at_any_step_loses_nothing(
    database: Database, owner: Connection, step: str, arrivals: int
) -> None:
    await opened(database, HOOK)
    async with receiver() as server:
        victim = ("webhook", server.url, step)
        assert await killed(database, *victim) == -signal.SIGKILL
        assert len(server.messages) == arrivals
        assert await value(owner, ATTEMPTS) == 0
        clock = Clock()
        clock.ahead = LEASE
        async with (
            hook(server.url) as channel,
            dispatching(database, {"webhook": channel}, clock=clock),
        ):
            await until(owner, DELIVERED, 1)
    assert server.counts == {"1-1-webhook-county": arrivals + 1}
    assert await outcomes(owner, "1-1-webhook-county") == [("delivered", "")]


@pytest.mark.parametrize(
    ("step", "arrivals"), [("before-send", 0), ("after-send", 1), ("before-record", 1)]
)
async def test_a_mail_arrives_whenever_the_dispatcher_is_killed_under_one_number(
    database: Database, owner: Connection, step: str, arrivals: int
) -> None:
    await opened(database, MAIL)
    await owner.execute(LI)
    async with mailbox() as box:
        assert await killed(database, "mail", box.url, step) == -signal.SIGKILL
        assert len(box.mails) == arrivals
        clock = Clock()
        clock.ahead = LEASE
        async with dispatching(database, {"mail": post(box.url)}, clock=clock):
            await until(owner, DELIVERED, 1)
    assert len(box.mails) == arrivals + 1
    assert {mail["X-Blackbox-Delivery"] for mail in box.mails} == {"1-1-mail-li"}
    assert all(text(mail).endswith("\nNumber: 1-1\n") for mail in box.mails)


async def test_a_person_is_told_in_the_language_and_at_the_address_of_now(
    database: Database, owner: Connection
) -> None:
    await opened(database, MAIL)
    await owner.execute(LI)
    now = real_now()
    async with connected(database, "dispatch") as connection:
        english = await deliveries.claim(connection, "mail", now=now, until=now)
        await owner.execute("UPDATE person SET language = 'zh'")
        await owner.execute("UPDATE contact SET address = 'wang@example.com'")
        chinese = await deliveries.claim(connection, "mail", now=now, until=now)
        await owner.execute("UPDATE person SET disabled_at = now()")
        nobody = await deliveries.claim(connection, "mail", now=now, until=now)
    assert english is not None
    assert chinese is not None
    assert nobody is not None
    assert (english.language, english.address) == ("en", "li@example.com")
    assert (chinese.language, chinese.address) == ("zh", "wang@example.com")
    assert nobody.address is None


async def test_who_cannot_be_reached_is_given_up_and_delays_nobody(
    database: Database, owner: Connection
) -> None:
    await opened(database, MAIL, Subscription(channel="mail", recipient="nobody"))
    await owner.execute(LI)
    async with (
        mailbox() as box,
        dispatching(database, {"mail": post(box.url)}),
    ):
        await until(owner, SETTLED, 2)
    assert box.recipients == [["li@example.com"]]
    ((outcome, detail),) = await outcomes(owner, "1-1-mail-nobody")
    assert outcome == "failed"
    assert detail.startswith("nobody has no contact on channel mail")
    assert await (await owner.execute(HEALTH)).fetchall() == []


async def test_one_hanging_and_one_failing_channel_delay_no_good_one(
    database: Database, owner: Connection
) -> None:
    hang = Subscription(channel="hang", recipient="li")
    await opened(database, hang, MAIL, HOOK, count=10)
    await owner.execute(LI)
    async with (
        receiver(*[HANG] * 10) as deaf,
        receiver() as good,
        mailbox() as box,
        hook(good.url) as webhook,
    ):
        box.refuses = True
        hanging = Template(name="hang", url=f"json://127.0.0.1:{deaf.port}/x?rto=60")
        channels = {
            "hang": Apprise(hanging, allowed=LOOPBACK, threads=2),
            "mail": post(box.url),
            "webhook": webhook,
        }
        async with dispatching(database, channels):
            await until(owner, DELIVERED, 10)
            await deaf.arrived(2)
            await until(owner, FAILURES, 10)
        assert len(deaf.messages) == 2
    assert set(good.counts.values()) == {1}
    health = await (await owner.execute(HEALTH)).fetchall()
    assert health == [
        (
            "mail",
            True,
            10,
            False,
            "the service did not take it (Apprise does not say why)",
        )
    ]


async def test_the_health_of_a_channel_is_written_as_it_changes(
    database: Database, owner: Connection
) -> None:
    async with (
        receiver(500, 410, 200, 200) as server,
        hook(server.url) as channel,
        dispatching(database, {"webhook": channel}),
    ):
        await opened(database, HOOK)
        await until(owner, FAILURES, 1)
        failing = await (await owner.execute(HEALTH)).fetchall()
        await opened(database, HOOK)
        await until(owner, FAILURES, 2)
        gave_up = await (await owner.execute(HEALTH)).fetchall()
        await opened(database, HOOK)
        await until(owner, FAILURES, 0)
        written = await value(owner, "SELECT xmin::text::int FROM channel_health")
        await opened(database, HOOK)
        await until(owner, DELIVERED, 2)
    assert failing == [("webhook", True, 1, False, "HTTP 500: answer 500")]
    assert gave_up == [("webhook", True, 2, True, "HTTP 410: answer 410")]
    assert await (await owner.execute(HEALTH)).fetchall() == [
        ("webhook", False, 0, False, "")
    ]
    assert await value(owner, "SELECT xmin::text::int FROM channel_health") == written


async def test_a_channel_that_is_no_longer_served_fails_no_longer(
    database: Database, owner: Connection
) -> None:
    await owner.execute(
        "INSERT INTO channel_health VALUES ('old', now(), 5, true, 'gone')"
    )
    async with dispatching(database, {"log": Recorder()}):
        await until(owner, "SELECT count(*) FROM channel_health WHERE gave_up", 0)


async def test_what_is_owed_over_a_channel_that_is_not_set_fails_and_is_not_forgotten(
    database: Database, owner: Connection
) -> None:
    await opened(database, LOG)
    async with dispatching(database, {"log": Recorder()}):
        await until(owner, DELIVERED, 1)
    await opened(database, Subscription(channel="removed", recipient="li"))
    async with dispatching(database, {"log": Recorder()}):
        await until(owner, "SELECT count(*) FROM attempt WHERE outcome = 'retry'", 1)
        failing = "SELECT count(*) FROM channel_health WHERE channel = 'removed' AND failures = 1"
        await until(owner, failing, 1)
    (detail,) = (
        await (await owner.execute("SELECT detail FROM channel_health")).fetchall()
    )[0]
    assert detail.startswith("no channel removed is set")


async def test_a_secret_gets_into_no_table_and_no_log(
    database: Database, owner: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await opened(database, MAIL, HOOK)
    await owner.execute(LI)
    urls = (
        "json://hush:hush@127.0.0.1:1/hush?x=hush",
        "http://hush:hush@127.0.0.1:1/hush",
    )
    async with hook(urls[1]) as webhook:
        channels = {"mail": post(urls[0]), "webhook": webhook}
        async with dispatching(database, channels):
            await until(owner, ATTEMPTS, 2)
            await until(owner, "SELECT count(*) FROM channel_health", 2)
    for query in ("TABLE attempt", "TABLE delivery", "TABLE channel_health"):
        cursor = await owner.execute(query)
        assert "hush" not in str(await cursor.fetchall())
    assert "hush" not in caplog.text


async def test_nobody_takes_up_a_dead_dispatchers_work_before_its_claim_has_ended(
    database: Database, owner: Connection
) -> None:
    await opened(database, HOOK)
    async with receiver() as server:
        await killed(database, "webhook", server.url, "before-send")
        async with connected(database, "dispatch") as connection:
            now = real_now()
            claim = await deliveries.claim(connection, "webhook", now=now, until=now)
    assert claim is None


async def killed(database: Database, *victim: str) -> int:
    """The exit code of a dispatcher of a channel to an address that kills itself at a step."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.database.test_dispatcher"),
        *(database.url("dispatch"), *victim),
        cwd=ROOT,
    )
    try:
        return await asyncio.wait_for(process.wait(), timeout=60)
    finally:
        if process.returncode is None:
            process.kill()


async def test_a_claim_passes_over_what_somebody_else_is_claiming(
    database: Database,
) -> None:
    await opened(database, HOOK, count=2)
    now = real_now()
    async with (
        connected(database, "dispatch") as one,
        connected(database, "dispatch") as other,
    ):
        await other.execute("SET lock_timeout = '5s'")
        async with one.transaction():
            first = await deliveries.claim(one, "webhook", now=now, until=now + LEASE)
            second = await deliveries.claim(
                other, "webhook", now=now, until=now + LEASE
            )
    assert first is not None
    assert second is not None
    assert first.id != second.id


async def test_once_delivered_stays_delivered_whatever_a_slower_dispatcher_says(
    database: Database, owner: Connection
) -> None:
    await opened(database, HOOK)
    now = real_now()
    async with connected(database, "dispatch") as connection:
        claim = await deliveries.claim(connection, "webhook", now=now, until=now)
        assert claim is not None
        for outcome in (Outcome.DELIVERED, Outcome.RETRY, Outcome.FAILED):
            await deliveries.record(
                connection, claim, outcome, at=now, detail="", due=LONG_AGO
            )
        assert await deliveries.claim(connection, "webhook", now=now, until=now) is None
        assert await deliveries.depth(connection, now) == []
    cursor = await owner.execute(
        "SELECT attempts, delivered_at, failed_at FROM delivery"
    )
    assert await cursor.fetchone() == (3, now, None)
    assert [row[0] for row in await outcomes(owner, claim.id)] == [
        "delivered",
        "retry",
        "failed",
    ]


async def test_depths_are_counted_per_channel(database: Database) -> None:
    now = real_now()
    await opened(database, HOOK, LOG)
    await opened(database, HOOK, due=now + timedelta(hours=1))
    async with connected(database, "dispatch") as connection:
        found = await deliveries.depth(connection, now)
    assert found == [Depth("log", owed=1, due=1), Depth("webhook", owed=2, due=1)]


async def test_attempts_and_depths_are_measured(
    database: Database, owner: Connection
) -> None:
    def count(outcome: str) -> float:
        labels = {"channel": "measured", "outcome": outcome}
        name = "blackbox_delivery_attempts_total"
        return REGISTRY.get_sample_value(name, labels) or 0.0

    before = count("delivered")
    await opened(database, Subscription(channel="measured", recipient="x"), count=3)
    await opened(database, Subscription(channel="unserved", recipient="x"))
    async with dispatching(database, {"measured": Recorder()}):
        await until(owner, DELIVERED, 3)
    assert count("delivered") == before + 3
    owed = {"channel": "unserved"}
    assert REGISTRY.get_sample_value("blackbox_deliveries_owed", owed) == 1


def test_the_probe_of_the_product_does_nothing() -> None:
    nothing("before-send")


async def victim(url: str, name: str, target: str, step: str) -> None:
    """A dispatcher that kills itself at `step`, as a power cut would."""

    def kill(name: str) -> None:
        if name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    if name == "mail":
        await dispatch(url, {name: post(target)}, real_now=real_now, probe=kill)
    async with hook(target) as channel:
        await dispatch(url, {name: channel}, real_now=real_now, probe=kill)


if __name__ == "__main__":
    logging.disable()
    asyncio.run(victim(*sys.argv[1:]))
