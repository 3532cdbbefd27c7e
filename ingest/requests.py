"""Requests of people that only the one writer may carry out.

They change the registry (by a file, a change of owner, a maintenance window) or let in again
what was refused. Each is an intake of its own, with its outcome told in the request's row. A request that
cannot be carried out is settled with what is wrong, whatever it was: it must not come back
at every start.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import psycopg
import structlog

from domain.documents import document
from domain.errors import FileError, InputError, Unavailable
from domain.readings import Provenance
from domain.registry_file import parse, resolved
from ingest import rejections
from ingest.asked import Maintenance, Transfer
from ingest.door import Message, Offer, admit
from ingest.intake import Intake
from ingest.sorting import Sorted
from rules import catalogue
from storage import maintenance, owners, rejected, requests
from storage import registry as registry_table
from storage.evidence import BOX_EVENT, READMISSION
from storage.rejected import Rejected
from storage.requests import Request
from storage.unit import Unit

log = structlog.get_logger()


async def carry_out(intake: Intake, now: datetime) -> None:
    """Carry out every waiting request of the share, the oldest first."""
    for request in await requests.waiting(intake.connection, intake.share):
        try:
            await CARRIED_OUT[request.kind](intake, request, now)
        except (Unavailable, psycopg.OperationalError):
            raise  # passes; the request waits
        except Exception as error:  # noqa: BLE001 (whatever a request holds)
            await refuse(intake, request, error)
        log.info("request settled", id=request.id, kind=request.kind)


async def refuse(intake: Intake, request: Request, error: Exception) -> None:
    """Settle a request that cannot be carried out."""
    log.warning("request refused", id=request.id, error=repr(error))
    outcome: dict[str, Any] = {"done": False}
    match error:
        case FileError():
            outcome["problems"] = error.problems
        case InputError():  # told on pages, too
            outcome |= {"problems": error.en.splitlines()}
            outcome |= {"zh": error.zh, "en": error.en}
        case _:
            outcome["problems"] = [f"{type(error).__name__}: {error}"]
    await requests.settle(intake.connection, request.id, None, outcome)


async def apply_registry(intake: Intake, request: Request, now: datetime) -> None:
    """Bring the registry to what the request's file says. Raises RegistryError."""
    registry = resolved(parse(request.body["text"]), catalogue.version)
    async with intake.unit("registry", now, now) as unit:
        applied = await registry_table.apply(unit, registry)
        outcome = {"done": True, "version": applied.version, "changes": applied.texts}
        told = {"file": request.body["text"]}
        await conclude(unit, request, "registry_applied", outcome, told)
    await intake.reload()


async def transfer(intake: Intake, request: Request, now: datetime) -> None:
    """Hand a site over to another enterprise, from now on. Raises RegistryError."""
    asked = Transfer.model_validate(request.body)
    async with intake.unit("registry", now, now) as unit:
        await registry_table.lock(unit.connection)
        since = await owners.transfer(unit, asked.code, asked.site, asked.to, now)
        version = await registry_table.bump(unit.connection)
        outcome = {"done": True, "version": version, "since": since.isoformat()}
        await conclude(unit, request, "site_transferred", outcome, request.body)
    await intake.reload()


async def maintain(intake: Intake, request: Request, now: datetime) -> None:
    """Let a maintenance window hold. Raises InputError."""
    order = Maintenance.model_validate(request.body).order(request.requested_by)
    async with intake.unit("registry", now, now) as unit:
        await registry_table.lock(unit.connection)
        points = await maintenance.add(unit, order, now)
        version = await registry_table.bump(unit.connection)
        outcome = {"done": True, "version": version, "points": points}
        await conclude(unit, request, "maintenance_set", outcome, request.body)
    await intake.reload()


async def conclude(
    unit: Unit,
    request: Request,
    kind: str,
    outcome: Mapping[str, Any],
    told: Mapping[str, Any],
) -> None:
    """Settle a request that changed the registry, with an event that keeps all of it."""
    detail = document({**outcome, "by": request.requested_by, **told})
    await unit.write(BOX_EVENT, [(unit.id, unit.arrived, kind, detail)])
    await requests.settle(unit.connection, request.id, unit.id, outcome)


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
    try:
        async with intake.unit("readmission", arrived, now) as unit:
            result = await intake.take_in(unit, [offer], now)
            outcomes = [became(one, offer, result) for one in ones]
            rows = zip(ones, outcomes, strict=True)
            await unit.write(READMISSION, ((o.identity, unit.id, c) for o, c in rows))
    except BaseException:
        intake.forget()  # what was remembered of it is not in the database
        raise
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


CARRIED_OUT: Final = {
    "registry": apply_registry,
    "readmission": readmit,
    "transfer": transfer,
    "maintenance": maintain,
}
"""By kind of request."""
