"""The intake: a batch of offers becomes one transaction, or two halves of it.

    offers → sorted out → readings · conflicts · rejected · ledger
                        → observer: excursions, alerts, journal, deliveries owed
                        → digest, commit

Whatever the database refuses for its data is halved until the culprit is alone, and
rejected; each half is an intake of its own. Nothing is remembered before the commit.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import psycopg
import structlog
from psycopg import errors

from domain.brought import Brought
from domain.chain import Row
from domain.documents import document
from domain.errors import Unavailable
from domain.listened import Listened
from domain.readings import Reading
from domain.registry import Registry
from ingest import metrics, rejections, signs
from ingest.door import Message, Offer, admit
from ingest.observer import Observer, Timed
from ingest.refusals import clean
from ingest.sorting import Sorted, Tally, sort_out, suspects
from storage import conflicts, readings, rejected, rollups
from storage import registry as registry_table
from storage.evidence import (
    BOX_EVENT,
    CONFLICT,
    DEVICE_SIGN,
    LEDGER,
    READING,
    REJECTED,
)
from storage.rollups import Level
from storage.unit import Connection, Unit, unit_of_work

log = structlog.get_logger()

DATA_ERRORS = (psycopg.DataError, psycopg.IntegrityError, errors.RaiseException)
"""What the server raises for the data itself: no number of tries will help."""


class UnjudgedError(Exception):
    """The observer could not judge what a unit holds. Ours to mend, never the sender's."""


class RegistryMovedError(Unavailable):
    """The registry has a newer version than the one that judged the batch."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What is accepted and kept."""

    horizon: timedelta = timedelta(days=5 * 366)
    """Readings older than this on arrival are refused as too old."""
    raw_bytes: int = 64 * 1024
    """Of a refused payload; larger ones are kept by digest."""
    raw_per_day: int = 1_000
    """Refused payloads kept raw per device and UTC day."""


@dataclass(frozen=True, slots=True)
class Committed:
    """One intake that is in the database."""

    offers: Sequence[Offer]
    ledger: Mapping[int, Tally]
    """By device; 0 stands for no registered sender."""
    intake: int
    digest: bytes


class Intake:
    """Writes batches. One transaction at a time, on the writer's connection."""

    def __init__(
        self,
        connection: Connection,
        share: int,
        observer: Observer,
        *,
        limits: Limits,
        probe: Callable[[str], None],
    ) -> None:
        """Write for `share` on `connection`, which holds its lease."""
        self.connection = connection
        self.share = share
        self.limits = limits
        self.registry = Registry(-1, [])
        self._observer = observer
        self._probe = probe
        self._newest: dict[int, datetime] = {}
        self._raw: dict[date, dict[int, int]] = {}
        """Payloads kept raw, by UTC day (only one) and device."""
        self._ready: set[tuple[int, int]] = set()
        """Months (UTC) that the reading table has room for."""

    async def reload(self) -> None:
        """Take up the registry as it stands now. Due after every RegistryMovedError."""
        self.registry = await registry_table.load(self.connection)
        versions = await registry_table.rule_versions(self.connection)
        self._observer.install(self.registry, versions)

    async def commit(
        self, messages: Iterable[Message], now: datetime
    ) -> list[Committed]:
        """Take in a batch; all of it is in the database afterwards.

        Raises Unavailable (database away, registry moved): then try the whole batch again;
        what was committed before shows as duplicates.
        """
        done: list[Committed] = []
        offers = [admit(m, self.registry, now, self.limits.horizon) for m in messages]
        try:
            await self.make_room(offers)
            await self.commit_offers(offers, now, done)
        except RegistryMovedError:
            raise  # before its unit judged or wrote anything: what is remembered holds
        except BaseException as error:
            self.forget()
            if isinstance(error, psycopg.Error):
                raise Unavailable(f"database: {error}") from error
            raise
        return done

    async def commit_offers(
        self,
        offers: Sequence[Offer],
        now: datetime,
        done: list[Committed],
        *,
        again: bool = False,
    ) -> None:
        """One intake of `offers`, or two of their halves if they cannot be taken in whole.

        A single reading that the database refuses is rejected. One that cannot be judged
        is stored all the same, and the box raises an alert about itself.
        """
        try:
            async with self.unit("readings", now, now) as unit:
                result = await self.take_in(unit, offers, now)
        except (*DATA_ERRORS, UnjudgedError) as error:
            self.forget()
            if isinstance(error, psycopg.IntegrityError | UnjudgedError) and not again:
                # Perhaps only what we remembered was wrong: once more without it.
                await self.commit_offers(offers, now, done, again=True)
            elif parts := halves(offers):
                for part in parts:
                    await self.commit_offers(part, now, done)
            elif isinstance(error, UnjudgedError):
                done.append(await self.commit_unjudged(offers, now, error))
            else:
                await self.commit_offers(refused(offers, error), now, done)
        else:
            done.append(Committed(offers, result.ledger, unit.id, unit.digest))

    async def commit_unjudged(
        self, offers: Sequence[Offer], now: datetime, error: UnjudgedError
    ) -> Committed:
        """Store what the observer failed on, and let everybody know."""
        detail = {
            "error": clean(repr(error.__cause__), 500),
            "topic": clean(offers[0].message.topic, 1000),
        }
        log.error("stored unjudged", exc_info=error.__cause__, **detail)
        metrics.FAILURES.labels("evaluation").inc()
        async with self.unit("readings", now, now) as unit:
            result = await self.take_in(unit, offers, now, judge=False)
            await unit.write(BOX_EVENT, [(unit.id, now, "unjudged", document(detail))])
            await self._observer.about_the_box(unit, "unjudged", detail, now)
        self.forget()
        return Committed(offers, result.ledger, unit.id, unit.digest)

    async def tick(self, listened: Listened, now: datetime) -> None:
        """Let the observer write what time alone has brought, each sort in a unit of its own.

        One that fails keeps none of the others back. Raises RegistryMovedError, or what
        failed first, once all had their turn.
        """
        failures = [
            failure
            for timed in self._observer.timed
            if (failure := await self._failure(timed, listened, now))
        ]
        if failures:
            raise failures[0]

    async def _failure(
        self, timed: Timed, listened: Listened, now: datetime
    ) -> Exception | None:
        """Let `timed` write what it finds; what is wrong with it, if anything."""
        try:
            if await timed.due(self.connection, self.share, listened, now):
                async with self.unit("tick", now, now) as unit:
                    await self.same_registry(unit.connection)
                    await timed.tick(unit, now)
        except RegistryMovedError:
            raise  # see `commit`
        except (Unavailable, psycopg.OperationalError):
            self.forget()
            raise
        except Exception as error:
            timed.forget()
            log.exception("time not judged")
            return error
        return None

    async def same_registry(self, connection: Connection) -> None:
        """Raise RegistryMovedError unless the registry is still the one that judges."""
        if await registry_table.version(connection) != self.registry.version:
            raise RegistryMovedError("the registry has changed")

    @asynccontextmanager
    async def unit(
        self, kind: str, arrived: datetime, now: datetime
    ) -> AsyncIterator[Unit]:
        """A unit of work of this share, with its probes, and its memory after the commit."""
        async with unit_of_work(
            self.connection, share=self.share, kind=kind, arrived=arrived
        ) as unit:
            yield unit
            self._probe("before-commit")
        self._probe("after-commit")
        self._observer.committed()

    def forget(self) -> None:
        """Remember nothing of what may not be in the database."""
        self._newest.clear()
        self._raw.clear()
        self._observer.forget()

    async def take_in(
        self,
        unit: Unit,
        offers: Sequence[Offer],
        now: datetime,
        *,
        judge: bool = True,
    ) -> Sorted:
        """Write everything that follows from `offers` into `unit`.

        Raises UnjudgedError where the observer fails, unless it is not to `judge`.
        """
        await self.same_registry(unit.connection)
        result = await self.sort(unit, offers)
        unit.messages += sum(offer.first for offer in offers)
        started = time.perf_counter()
        await unit.write(
            READING,
            ((p, t, unit.id, v, int(q), int(h)) for p, t, v, q, h in result.stored),
        )
        await unit.write(CONFLICT, conflict_rows(unit, result))
        await unit.write(REJECTED, await self.rejected_rows(unit, offers))
        await unit.write(LEDGER, ledger_rows(unit, result))
        await unit.write(DEVICE_SIGN, signs.rows(unit.id, offers))
        await rollups.touch(unit.connection, touched(result))
        self._probe("after-copy")
        copied = time.perf_counter()
        if judge:
            await self.observe(unit, brought(unit, offers, result), now)
        self._probe("after-rules")
        metrics.COPY_SECONDS.observe(copied - started)
        metrics.EVALUATION_SECONDS.observe(time.perf_counter() - copied)
        for point, moment, *_ in result.stored:
            self._newest[point] = max(moment, self._newest[point])
        return result

    async def observe(self, unit: Unit, brought: Brought, now: datetime) -> None:
        """Let the observer judge; its failures are told from those of the data."""
        try:
            await self._observer.observe(unit, brought, now)
        except (Unavailable, psycopg.OperationalError):
            raise
        except Exception as error:
            raise UnjudgedError(str(error)) from error

    async def sort(self, unit: Unit, offers: Sequence[Offer]) -> Sorted:
        """Look up the slots that may be taken, and sort the batch out.

        A reading later than the newest of its point cannot be there yet: only the others
        are looked up, and everything new goes into one COPY (ADR 0002).
        """
        offered = [reading for offer in offers for reading in offer.readings]
        await self.learn_newest(unit.connection, offered)
        doubtful = suspects(offers, self._newest)
        kept = await readings.at(unit.connection, doubtful)
        contradictions = await conflicts.at(unit.connection, list(kept))
        if doubtful:
            self._probe("lookup")
        return sort_out(offers, self.registry, kept, contradictions, unit.id)

    async def learn_newest(
        self, connection: Connection, offered: Sequence[Reading]
    ) -> None:
        """Fetch the newest time of points not seen since the last doubt."""
        unseen = {reading.point for reading in offered} - self._newest.keys()
        if unseen:
            known = await readings.newest(connection, unseen)
            self._newest |= dict.fromkeys(unseen, NEVER) | known

    async def make_room(self, offers: Iterable[Offer]) -> None:
        """Have partitions for all offered times; before the transaction, on its own."""
        times = [reading.time for offer in offers for reading in offer.readings]
        months = {(time.year, time.month): time for time in times}
        for month in months.keys() - self._ready:
            await readings.ensure_range(self.connection, months[month], months[month])
            self._ready.add(month)

    async def rejected_rows(self, unit: Unit, offers: Iterable[Offer]) -> list[Row]:
        """Rows for refusals not in the table yet; raw payloads as far as the limits go."""
        found = rejections.distinct(offers)
        if not found:
            return []
        known = await rejected.known(unit.connection, list(found))
        new = [one for identity, one in found.items() if identity not in known]
        kept = await self.learn_raw(unit, {one.device for one in new})
        self._probe("rejection")
        return rejections.rows(
            unit.id,
            new,
            kept,
            raw_bytes=self.limits.raw_bytes,
            raw_per_day=self.limits.raw_per_day,
        )

    async def learn_raw(self, unit: Unit, devices: set[int]) -> dict[int, int]:
        """Payloads kept raw on the day of `unit`, by device; counted once per day and device."""
        day = unit.arrived.astimezone(UTC).date()
        if day not in self._raw:
            self._raw = {day: {}}
        kept = self._raw[day]
        unseen = devices - kept.keys()
        if unseen:
            found = await rejected.raw_of_day(unit.connection, unseen, unit.arrived)
            kept |= dict.fromkeys(unseen, 0) | found
        return kept


NEVER = datetime.min.replace(tzinfo=UTC)
"""The newest time of a point without readings."""


def halves(offers: Sequence[Offer]) -> list[Sequence[Offer]]:
    """Two parts of `offers`, or nothing where only one reading or none is left."""
    if len(offers) > 1:
        middle = len(offers) // 2
        return [offers[:middle], offers[middle:]]
    (offer,) = offers
    if len(offer.readings) > 1:
        first, second = offer.halves()
        return [[first], [second]]
    return []


def refused(offers: Sequence[Offer], error: Exception) -> list[Offer]:
    """The one offer that is left, its reading refused; raises `error` if it has none."""
    (offer,) = offers
    if not offer.readings:
        raise error
    log.error("refused by the database", topic=offer.message.topic, error=str(error))
    metrics.FAILURES.labels("refused by database").inc()
    return [offer.refused(str(error))]


def brought(unit: Unit, offers: Sequence[Offer], result: Sorted) -> Brought:
    """What there is to judge. What is readmitted says nothing of how a device is now."""
    found = Brought(
        stored=result.stored, conflicts=[reading for reading, *_ in result.conflicts]
    )
    if unit.kind == "readmission":
        return found
    return replace(found, heard=signs.heard(offers), ahead=signs.ahead(offers))


def conflict_rows(unit: Unit, result: Sorted) -> Iterable[Row]:
    """The rows of new conflicts."""
    for (point, moment, value, quality, how), judged, against in result.conflicts:
        yield (
            point, moment, conflicts.stored(judged), unit.id, against,
            value, int(quality), int(how),
        )  # fmt: skip


def touched(result: Sorted) -> Mapping[datetime, set[int]]:
    """Points with something new, by the five minutes that it was measured in."""
    found: dict[datetime, set[int]] = defaultdict(set)
    new = [*result.stored, *(reading for reading, *_ in result.conflicts)]
    for point, moment, *_ in new:
        found[Level.FIVE_MINUTES.floor(moment)].add(point)
    return found


def ledger_rows(unit: Unit, result: Sorted) -> Iterable[Row]:
    """The ledger of this intake, one row per device."""
    for device, t in result.ledger.items():
        yield (
            unit.id, device, t.messages, t.unreadable, t.offered, t.stored,
            t.duplicate, t.conflict, t.rejected,
        )  # fmt: skip
