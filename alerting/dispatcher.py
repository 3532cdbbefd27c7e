"""The dispatcher: hands what is owed to the channels, at least once, under a stable id.

A delivery is claimed for the length of a lease, sent, and recorded. Who dies in between
leaves a claim that runs out, and the delivery is sent again under the same id. NOTIFY only
wakes; the table, polled, is the truth. Every channel has its own claims and its own bound
of concurrent sends, so that one which hangs delays no other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import psycopg

from alerting import metrics
from alerting.channels import Channel, TransportError, UnreachablePersonError
from alerting.retry import Retry, grown, next_attempt
from domain.alerts import Delivery
from domain.documents import storable
from domain.errors import Unavailable
from storage import channel_health, deliveries
from storage.connect import connect
from storage.deliveries import Depth, Outcome
from storage.unit import Connection

LOGGER: Final = logging.getLogger(__name__)
FIRST_WAIT: Final = timedelta(milliseconds=250)
LONGEST_WAIT: Final = timedelta(seconds=15)
MEASURED_EVERY: Final = 5.0
"""Real seconds between two measurements of the depths."""


def nothing(_name: str) -> None:
    """The product's probe: does nothing. Tests hand in one that kills."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How fast a dispatcher works, in real time."""

    lease: timedelta = timedelta(seconds=30)
    """For which a claim holds. A send may take half of it, so as to be recorded in time."""
    concurrent: int = 8
    """Sends of one channel at a time."""
    poll: float = 1.0
    """Seconds between looks at the table when nothing wakes us."""


PACE: Final = Pace()


async def dispatch(
    url: str,
    channels: Mapping[str, Channel],
    *,
    real_now: Callable[[], datetime],
    pace: Pace = PACE,
    probe: Callable[[str], None] = nothing,
) -> None:
    """Deliver over `channels`, by name, what the database at `url` owes, until cancelled.

    A database that is away is waited for. `probe` is called with "before-send",
    "after-send" and "before-record".
    """
    failures = 0
    while True:
        try:
            async with (
                await connect(url, name="blackbox-dispatch") as work,
                await connect(url, name="blackbox-dispatch-listen") as ears,
            ):
                failures = 0
                session = Session(work, ears, channels, real_now, pace, probe)
                await _until_lost(session)
        except* (Unavailable, psycopg.OperationalError) as lost:
            failures += 1
            LOGGER.warning("database is away: %s", lost.exceptions[0])
        metrics.RECONNECTIONS.inc()
        await asyncio.sleep(grown(failures, FIRST_WAIT, LONGEST_WAIT).total_seconds())


async def _until_lost(session: Session) -> None:
    """Run `session` as a task of its own.

    A TaskGroup that has lost a connection, and waits for its sends to end, tells of the loss
    only if it is cancelled meanwhile: who was told to end would begin anew.
    """
    running = asyncio.create_task(session.run())
    try:
        await asyncio.wait({running})
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    running.result()


class Unset:
    """A channel that somebody is to be told over, and that the settings do not name."""

    async def send(self, delivery: Delivery) -> None:
        """Raise TransportError: it may be set again."""
        raise TransportError(
            f"no channel {delivery.channel} is set; set it, or remove the subscriptions to it",
            permanent=False,
        )


class Session:
    """What a dispatcher does while its two connections live."""

    def __init__(
        self,
        work: Connection,
        ears: Connection,
        channels: Mapping[str, Channel],
        real_now: Callable[[], datetime],
        pace: Pace,
        probe: Callable[[str], None],
    ) -> None:
        """Claim and record over `work`, listen on `ears`."""
        self._work = work
        self._ears = ears
        self._channels = dict(channels)
        self._real_now = real_now
        self._pace = pace
        self._probe = probe
        self._wakes = {name: asyncio.Event() for name in channels}
        self._failing: set[str] = set()
        """Channels that table `channel_health` says are failing."""

    async def run(self) -> None:
        """Serve all channels until cancelled or a connection is lost."""
        await channel_health.keep(self._work, self._channels)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._measure(tasks))
            for name in self._channels:
                tasks.create_task(self._serve(name))

    async def _listen(self) -> None:
        await self._ears.execute(deliveries.LISTEN)
        async for _ in self._ears.notifies():
            for wake in self._wakes.values():
                wake.set()

    async def _measure(self, tasks: asyncio.TaskGroup) -> None:
        """Look how much is owed; what is owed over a channel that is not set, fails as others do."""
        while True:
            self._failing = await channel_health.failing(self._work)
            found = await deliveries.depth(self._work, self._real_now())
            empty = [Depth(name, 0, 0) for name in self._channels]
            for depth in [*empty, *found]:
                metrics.OWED.labels(depth.channel).set(depth.owed)
                metrics.DUE.labels(depth.channel).set(depth.due)
            for name in {depth.channel for depth in found} - self._channels.keys():
                self._channels[name], self._wakes[name] = Unset(), asyncio.Event()
                tasks.create_task(self._serve(name))
            await asyncio.sleep(MEASURED_EVERY)

    async def _serve(self, channel: str) -> None:
        slots = asyncio.Semaphore(self._pace.concurrent)
        async with asyncio.TaskGroup() as sends:
            while True:
                await slots.acquire()
                delivery = await self._claimed(channel)
                task = sends.create_task(self._attempt(delivery))
                task.add_done_callback(lambda _: slots.release())

    async def _claimed(self, channel: str) -> Delivery:
        """The next delivery of `channel`, as soon as one is due."""
        wake = self._wakes[channel]
        while True:
            wake.clear()
            now = self._real_now()
            until = now + self._pace.lease
            delivery = await deliveries.claim(self._work, channel, now=now, until=until)
            if delivery is not None:
                return delivery
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pace.poll):
                    await wake.wait()

    async def _attempt(self, delivery: Delivery) -> None:
        self._probe("before-send")
        with metrics.SECONDS.labels(delivery.channel).time():
            failure = await self._sent(delivery)
        self._probe("after-send")
        now = self._real_now()
        result = judge(delivery, failure, now)
        self._probe("before-record")
        await deliveries.record(
            self._work,
            delivery,
            result.outcome,
            at=now,
            detail=result.detail,
            due=result.due,
        )
        await self._note(delivery.channel, failure, result, now)
        metrics.ATTEMPTS.labels(delivery.channel, result.outcome.value).inc()
        LOGGER.log(
            result.level, "%s: %s (%s)", delivery.id, result.outcome, result.detail
        )

    async def _note(
        self, channel: str, failure: TransportError | None, result: Result, at: datetime
    ) -> None:
        """Keep the health of `channel`: what fails is written, what works once it works again."""
        if isinstance(failure, UnreachablePersonError):
            return  # says nothing of the channel
        if failure is not None:
            self._failing.add(channel)
            await channel_health.failed(
                self._work,
                channel,
                at=at,
                gave_up=result.outcome is Outcome.FAILED,
                detail=storable(str(failure)),
            )
        elif channel in self._failing:
            self._failing.discard(channel)
            await channel_health.works(self._work, channel)

    async def _sent(self, delivery: Delivery) -> TransportError | None:
        """Send once, for no longer than half of the claim; what went wrong."""
        try:
            async with asyncio.timeout(self._pace.lease.total_seconds() / 2):
                await self._channels[delivery.channel].send(delivery)
        except TransportError as failure:
            return failure
        except TimeoutError:
            return TransportError("no end within half of the lease", permanent=False)
        except Exception as error:  # a channel's bug must not stop the others
            LOGGER.exception("%s: the channel failed", delivery.id)
            return TransportError(f"unexpected: {error!r}", permanent=False)
        return None


class Result(NamedTuple):
    """What an attempt comes to."""

    outcome: Outcome
    detail: str
    due: datetime | None
    """When to try again."""
    level: int
    """Of its line in the log."""


def judge(delivery: Delivery, failure: TransportError | None, now: datetime) -> Result:
    """What the attempt at `delivery` that ended at `now` comes to."""
    if failure is None:
        return Result(Outcome.DELIVERED, "", None, logging.INFO)
    decision = next_attempt(delivery.attempts + 1, now, permanent=failure.permanent)
    detail = storable(f"{failure}; {decision.reason}")
    if isinstance(decision, Retry):
        return Result(Outcome.RETRY, detail, decision.at, logging.WARNING)
    return Result(Outcome.FAILED, detail, None, logging.ERROR)
