"""Requests of people that only the one writer may carry out: registry changes, readmissions.

Each is an intake of its own, with its outcome told in the request's row. A request that
cannot be carried out is settled with what is wrong, whatever it was: it must not come back
at every start.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import psycopg
import structlog

from domain.documents import document
from domain.errors import RegistryError, Unavailable
from domain.readings import Provenance
from domain.registry_file import parse, resolved
from ingest import rejections
from ingest.door import Message, Offer, admit
from ingest.intake import Intake
from ingest.sorting import Sorted
from rules import catalogue
from storage import registry as registry_table
from storage import rejected, requests
from storage.evidence import BOX_EVENT, READMISSION
from storage.rejected import Rejected
from storage.requests import Request

log = structlog.get_logger()


async def carry_out(intake: Intake, now: datetime) -> None:
    """Carry out every waiting request of the share, the oldest first."""
    for request in await requests.waiting(intake.connection, intake.share):
        try:
            if request.kind == "registry":
                await apply_registry(intake, request, now)
            else:
                await readmit(intake, request, now)
        except (Unavailable, psycopg.OperationalError):
            raise  # passes; the request waits
        except Exception as error:  # noqa: BLE001 (whatever a request holds)
            await refuse(intake, request, error)
        log.info("request settled", id=request.id, kind=request.kind)


async def refuse(intake: Intake, request: Request, error: Exception) -> None:
    """Settle a request that cannot be carried out."""
    intake.forget()
    log.warning("request refused", id=request.id, error=repr(error))
    problems = [f"{type(error).__name__}: {error}"]
    if isinstance(error, RegistryError):
        problems = error.problems
    outcome = {"done": False, "problems": problems}
    await requests.settle(intake.connection, request.id, None, outcome)


async def apply_registry(intake: Intake, request: Request, now: datetime) -> None:
    """Bring the registry to what the request's file says. Raises RegistryError."""
    registry = resolved(parse(request.body["text"]), catalogue.version)
    async with intake.unit("registry", now, now) as unit:
        applied = await registry_table.apply(unit, registry)
        outcome = {"done": True, "version": applied.version, "changes": applied.texts}
        told = {**outcome, "by": request.requested_by, "file": request.body["text"]}
        event = (unit.id, now, "registry_applied", document(told))
        await unit.write(BOX_EVENT, [event])
        await requests.settle(unit.connection, request.id, unit.id, outcome)
    await intake.reload()


async def readmit(intake: Intake, request: Request, now: datetime) -> None:
    """Let refused messages in again, each with the time it first arrived at."""
    wanted = {bytes.fromhex(text) for text in request.body["identities"]}
    found = await rejected.listed(
        intake.connection,
        identities=list(wanted),
        share=intake.share,
        limit=len(wanted),
    )
    outcomes: dict[str, int] = defaultdict(int)
    outcomes["not kept raw"] = len(wanted)
    for (arrived, topic, raw), ones in by_message(found).items():
        message = Message(topic=topic, payload=raw)
        for came in await readmit_message(intake, arrived, message, ones, now):
            outcomes[came] += 1
            outcomes["not kept raw"] -= 1
    counts = {outcome: number for outcome, number in outcomes.items() if number}
    outcome = {"done": True, "outcomes": counts}
    await requests.settle(intake.connection, request.id, None, outcome)


def by_message(
    found: Iterable[Rejected],
) -> Mapping[tuple[datetime, str, bytes], list[Rejected]]:
    """Rejections by the message that they are of, where it is kept raw."""
    result: dict[tuple[datetime, str, bytes], list[Rejected]] = defaultdict(list)
    for one in found:
        if one.raw is not None:
            result[one.arrived, one.topic, one.raw].append(one)
    return result


async def readmit_message(
    intake: Intake,
    arrived: datetime,
    message: Message,
    ones: Sequence[Rejected],
    now: datetime,
) -> list[str]:
    """One intake with what a message holds; what became of each of its rejections."""
    registry, horizon = intake.registry, intake.limits.horizon
    offer = admit(message, registry, arrived, horizon, Provenance.READMITTED)
    await intake.make_room([offer])
    async with intake.unit("readmission", arrived, now) as unit:
        result = await intake.take_in(unit, [offer], now)
        outcomes = [became(one, offer, result) for one in ones]
        await unit.write(
            READMISSION,
            [
                (o.identity, unit.id, came)
                for o, came in zip(ones, outcomes, strict=True)
            ],
        )
    return outcomes


def became(one: Rejected, offer: Offer, result: Sorted) -> str:
    """What became of one rejection of a message that was offered again."""
    if one.identity in rejections.distinct([offer]):
        return "refused again"
    stored, conflicts = result.stored, [reading for reading, *_ in result.conflicts]
    if offer.device is not None and one.point in offer.device.points:
        slot = (offer.device.points[one.point].id, one.time)
        stored = [reading for reading in stored if reading[:2] == slot]
        conflicts = [reading for reading in conflicts if reading[:2] == slot]
    if stored:
        return "stored"
    return "conflict" if conflicts else "known already"
