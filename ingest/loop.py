"""The intake loop: lease, session, gather, commit, acknowledge, receipt; again and again.

One sequential loop, so that the order of things can be read off it. Whatever is away
(database, broker, lease) is waited for with growing waits; nothing is acknowledged
before its commit, so nothing is lost meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import psycopg
import structlog

from domain.broker import Broker
from domain.documents import document
from domain.errors import LeaseLost, Unavailable
from domain.listened import Listened
from ingest import metrics, requests, topics
from ingest.door import Message
from ingest.inbox import Inbox
from ingest.intake import Committed, Intake, Limits, RegistryMovedError
from ingest.listening import Listening
from ingest.observer import Observer
from ingest.receipts import receipts
from ingest.refusals import clean
from ingest.session import Session
from storage import shares
from storage.connect import connect
from storage.evidence import BOX_EVENT
from storage.unit import Connection

log = structlog.get_logger()

BEAT = 1.0
"""Real seconds between two signs of life, and the longest wait for a message."""
LONGEST_WAIT = 10.0
DROPPED = "$SYS/broker/publish/messages/dropped"


class Clock(Protocol):
    """Time, as the composition hands it down."""

    def now(self) -> datetime:
        """The domain's time, aware, UTC."""
        ...

    def elapsed(self) -> float:
        """Real seconds, monotonic."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What one ingestor needs to know."""

    database_url: str
    broker: Broker
    share: str
    """Region levels that this ingestor takes: `33`, `33/01` …"""
    messages_cap: int = 5_000
    bytes_cap: int = 64 * 1024 * 1024
    limits: Limits = field(default_factory=Limits)
    deaf_after: float = 60.0
    """Real seconds without hearing the broker after which the box says that it is deaf; at
    least a few (`ingest/listening.py`)."""
    blind_after: float = 30.0
    """Real seconds of failing to judge time after which the box says that it is blind."""


@dataclass(slots=True)
class Waits:
    """Growing waits between tries, in real seconds."""

    next: float = 0.1

    def grow(self) -> float:
        """The wait that is due now; the following one is longer."""
        wait, self.next = self.next, min(self.next * 2, LONGEST_WAIT)
        return wait

    def reset(self) -> None:
        """Something went well: start small again."""
        self.next = 0.1


class Ingestor:
    """The one writer of its share, for as long as it holds the lease."""

    def __init__(
        self,
        settings: Settings,
        observer: Observer,
        clock: Clock,
        *,
        real_now: Callable[[], datetime],
        probe: Callable[[str], None],
    ) -> None:
        """Compose inbox and session; nothing is opened before `run`.

        `real_now` is the time on people's clocks, for the sign of life.
        """
        self.settings = settings
        self._observer = observer
        self._clock = clock
        self._real_now = real_now
        self._probe = probe
        self._inbox = Inbox(
            messages=settings.messages_cap,
            size=settings.bytes_cap,
            on_room=self._resume_reading,
        )
        self._session = Session(
            settings.broker,
            client_id=f"blackbox-{settings.share.replace('/', '-')}",
            receive_maximum=settings.messages_cap,
            deliver=self._deliver,
            full=lambda: self._inbox.full,
            probe=probe,
        )
        self._connection: Connection | None = None
        self._intake: Intake | None = None
        self._batch: list[Message] = []
        self._batch_at = clock.now()
        self._drained_at: datetime | None = None
        """When the newest batch emptied the inbox; None: it did not."""
        self._listening: Listening | None = None
        self._intake_at: datetime | None = None
        self._beat_due = 0.0
        self._tick_due = 0.0
        self._failing_since: float | None = None
        """Since when every tick has failed; None: the last one did not."""
        self._blind = False
        """Whether that was told."""
        self._broker_waits = Waits()
        self._broker_due = 0.0

    async def run(self) -> None:
        """Ingest until cancelled."""
        waits = Waits()
        tending = asyncio.create_task(self._tend())
        try:
            while True:
                try:
                    await self.round()
                    waits.reset()
                except RegistryMovedError:
                    log.info("registry moved")
                    await self._reload()
                except LeaseLost as error:
                    await self._stand_aside(str(error))
                except (Unavailable, psycopg.Error) as error:
                    metrics.FAILURES.labels("database").inc()
                    wait = waits.grow()
                    log.warning("database away", error=str(error), wait_s=wait)
                    await self._drop_database()
                    await asyncio.sleep(wait)
                except Exception:
                    # A fault of ours: loud, and nothing is acknowledged; the banner turns red.
                    metrics.FAILURES.labels("internal").inc()
                    log.exception("round failed")
                    await self._drop_database()
                    await asyncio.sleep(waits.grow())
        finally:
            tending.cancel()
            self._session.close()
            await self._drop_database()

    async def round(self) -> None:
        """One turn: everything that is due, in order."""
        intake = self._intake or await self._open_database()
        connected = self._session.connected
        await self._open_session(intake)
        if not self._batch:
            self._batch = await self._inbox.take(BEAT)
            self._batch_at = self._clock.now()
            self._drained_at = None if len(self._inbox) else self._batch_at
        if self._batch:
            await self._commit(intake, self._batch)
            self._batch = []
        await requests.carry_out(intake, self._clock.now())
        listened = self._listen(connected=connected)
        await self._tick(intake, listened)
        await self._beat(intake, listened)

    # The database -----------------------------------------------------------------

    async def _open_database(self) -> Intake:
        """Connect, take the lease, read the registry."""
        self._connection = await connect(
            self.settings.database_url, name=f"blackbox ingest {self.settings.share}"
        )
        share = await shares.take_lease(self._connection, self.settings.share)
        intake = Intake(
            self._connection,
            share,
            self._observer,
            limits=self.settings.limits,
            probe=self._probe,
        )
        intake.forget()
        await intake.reload()
        self._listening = await self._go_on_listening(self._connection, share)
        self._intake = intake
        log.info(
            "lease taken", share=self.settings.share, registry=intake.registry.version
        )
        return intake

    async def _drop_database(self) -> None:
        """Close the connection; the lease goes with it."""
        connection, self._connection, self._intake = self._connection, None, None
        self._observer.forget()
        if connection is not None:
            with contextlib.suppress(psycopg.Error):
                await connection.close()

    async def _reload(self) -> None:
        """Take up a newer registry; if that fails, begin at the beginning."""
        try:
            if self._intake is not None:
                await self._intake.reload()
        except psycopg.Error:
            await self._drop_database()

    async def _stand_aside(self, reason: str) -> None:
        """Another process ingests our share: stay off the broker, and be ready."""
        log.info("standing by", reason=reason)
        self._session.close()
        self._inbox.clear()
        self._batch = []
        await self._drop_database()
        await asyncio.sleep(BEAT)

    async def _beat(self, intake: Intake, listened: Listened) -> None:
        """Say that we live, about once a second."""
        metrics.WAITING.set(len(self._inbox))
        metrics.CONNECTED.set(self._session.connected)
        if self._clock.elapsed() < self._beat_due:
            return
        await shares.beat(
            intake.connection,
            intake.share,
            beat_at=self._real_now(),
            connected=self._session.connected,
            intake_at=self._intake_at,
            waiting=len(self._inbox),
            watermark=listened.watermark,
        )
        self._beat_due = self._clock.elapsed() + BEAT
        await intake.same_registry(intake.connection)

    # Time -------------------------------------------------------------------------

    async def _go_on_listening(self, connection: Connection, share: int) -> Listening:
        """Where the share's last ingestor left off, however long ago that was."""
        now, elapsed = self._clock.now(), self._clock.elapsed()
        left = await shares.listened(connection, share)
        limit = self.settings.deaf_after
        if left is None:
            start = Listened(watermark=now, since=now, unbroken=now)
            return Listening(start, limit=limit, elapsed=elapsed)
        listened = Listened(
            watermark=left.watermark, since=left.since, unbroken=left.watermark
        )
        behind = (self._real_now() - left.beat_at).total_seconds()
        return Listening(listened, limit=limit, elapsed=elapsed, behind=behind)

    def _listen(self, *, connected: bool) -> Listened:
        """Note how far this round has listened, which began `connected` or not."""
        assert self._listening is not None
        return self._listening.after_round(
            connected=connected and self._session.connected,
            waiting=self._inbox.fullness,
            drained_at=self._drained_at,
            now=self._clock.now(),
            elapsed=self._clock.elapsed(),
        )

    async def _tick(self, intake: Intake, listened: Listened) -> None:
        """Let time be judged. A fault of ours in that must not stop the intake."""
        if self._clock.elapsed() < self._tick_due:
            return
        try:
            await intake.tick(listened, self._clock.now())
            self._failing_since, self._blind = None, False
        except (Unavailable, psycopg.OperationalError):
            raise
        except Exception as error:
            metrics.FAILURES.labels("tick").inc()
            log.exception("tick failed")
            self._tick_due = self._clock.elapsed() + BEAT
            await self._tell_blindness(intake, error)

    async def _tell_blindness(self, intake: Intake, error: Exception) -> None:
        """Let people know, once, that ticks have failed for too long."""
        elapsed = self._clock.elapsed()
        if self._failing_since is None:
            self._failing_since = elapsed
        failing = elapsed - self._failing_since
        if self._blind or failing < self.settings.blind_after:
            return
        now = self._clock.now()
        detail = {
            "share": self.settings.share,
            "error": clean(repr(error), 500),
            "failing_real_s": round(failing),
        }
        try:
            async with intake.unit("tick", now, now) as unit:
                await self._observer.about_the_box(unit, "blind", detail, now)
            self._blind = True
        except (Unavailable, psycopg.OperationalError):
            raise
        except Exception:
            intake.forget()
            log.exception("blindness not told")

    # The broker -------------------------------------------------------------------

    async def _open_session(self, intake: Intake) -> None:
        """Connect and subscribe, if we are not and a try is due."""
        if self._session.connected or self._clock.elapsed() < self._broker_due:
            return
        # What waits came on a connection that is gone: the broker sends it again.
        self._inbox.clear()
        try:
            await self._resume_session(intake)
            self._broker_waits.reset()
        except Unavailable as error:
            metrics.FAILURES.labels("broker").inc()
            wait = self._broker_waits.grow()
            log.warning("broker away", error=str(error), wait_s=wait)
            self._session.close()
            self._broker_due = self._clock.elapsed() + wait
        except BaseException:
            # Connected, but not recorded or not subscribed: as good as not connected.
            self._session.close()
            raise

    async def _resume_session(self, intake: Intake) -> None:
        """Connect; record what became of our session before anything else is done.

        The attempt is noted first: should we die between the broker's answer and its
        record, the next start finds the note and says that it cannot tell.
        """
        before = await shares.session(intake.connection, intake.share)
        attempt = "opening" if before in ("none", "opening") else "resuming"
        await shares.set_session(intake.connection, intake.share, attempt)
        try:
            present = await self._session.connect()
        except Unavailable:
            await shares.set_session(intake.connection, intake.share, before)
            raise
        uncertain = before == "resuming"
        if attempt == "opening":
            await self._record_session(intake, "session_opened", lost=False)
        elif not present or uncertain:
            await self._record_session(intake, "session_lost", lost=True)
        else:
            await shares.set_session(intake.connection, intake.share, "established")
        own = topics.subscription(self.settings.share)
        await self._session.subscribe(own, DROPPED)
        log.info("broker connected", session_present=present, before=before)

    async def _record_session(self, intake: Intake, kind: str, *, lost: bool) -> None:
        """An intake that says what became of the session, and raises a loss."""
        now = self._clock.now()
        last = self._intake_at.isoformat() if self._intake_at else None
        detail = {"share": self.settings.share, "last_intake_real": last}
        async with intake.unit("session", now, now) as unit:
            await unit.write(BOX_EVENT, [(unit.id, now, kind, document(detail))])
            if lost:
                await self._observer.about_the_box(unit, "session-lost", detail, now)
            await shares.set_session(unit.connection, intake.share, "established")

    def _resume_reading(self) -> None:
        self._session.resume()

    def _deliver(self, message: Message) -> None:
        if message.topic == DROPPED:
            with contextlib.suppress(ValueError):
                metrics.BROKER_DROPPED.set(int(message.payload))
        else:
            self._inbox.put(message)

    async def _tend(self) -> None:
        """Keep the connection to the broker alive, also while the database is away."""
        while True:
            await asyncio.sleep(BEAT)
            self._session.tend()

    # A batch ----------------------------------------------------------------------

    async def _commit(self, intake: Intake, batch: Sequence[Message]) -> None:
        """Commit, then acknowledge and publish the receipts."""
        started = self._clock.elapsed()
        done = await intake.commit(batch, self._batch_at)
        self._intake_at = self._real_now()
        self._session.acknowledge(self._inbox.answer(batch))
        self._probe("after-pubacks")
        for committed in done:
            for topic, payload in receipts(
                committed.offers, committed.intake, committed.digest
            ):
                self._session.publish(topic, payload)
        metrics.BATCH.observe(len(batch))
        metrics.COMMIT_SECONDS.observe(self._clock.elapsed() - started)
        count(done, self._clock.now())


def count(done: Iterable[Committed], now: datetime) -> None:
    """Tell the metrics what was committed."""
    for committed in done:
        for tally in committed.ledger.values():
            for outcome in ("stored", "duplicate", "conflict", "rejected"):
                metrics.READINGS.labels(outcome).inc(getattr(tally, outcome))
        oldest = None
        for offer in committed.offers:
            outcome = "unreadable" if offer.unreadable else "taken"
            metrics.MESSAGES.labels(outcome).inc(offer.first)
            times = [reading.time for reading in offer.readings]
            oldest = min([*times, oldest] if oldest else times, default=oldest)
        if oldest is not None:
            metrics.DELAY_SECONDS.observe((now - oldest).total_seconds())
