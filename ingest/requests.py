"""Requests of people that only the one writer may carry out: registry changes, readmissions.

Each is an intake of its own, with its outcome told in the request's row.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg
import structlog

from domain.errors import InputError, RegistryError
from domain.readings import Provenance
from domain.registry_file import parse, resolved
from domain.rules import RuleVersion
from ingest.door import Message, admit
from ingest.intake import Intake
from rules import catalogue
from storage import registry as registry_table
from storage import rejected, requests
from storage.evidence import BOX_EVENT, READMISSION
from storage.requests import Request

log = structlog.get_logger()


def document(content: Mapping[str, Any]) -> str:
    """`content` as the canonical JSON that evidence holds."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def resolve(rule: str, limits: Mapping[str, Any]) -> RuleVersion:
    """A rule of the catalogue with limits, as a version."""
    return catalogue.resolve(rule, limits).to_version()


async def carry_out(intake: Intake, now: datetime) -> None:
    """Carry out every waiting request of the share, the oldest first."""
    for request in await requests.waiting(intake.connection, intake.share):
        try:
            if request.kind == "registry":
                await apply_registry(intake, request, now)
            else:
                await readmit(intake, request, now)
        except (InputError, KeyError, psycopg.DataError, psycopg.IntegrityError) as error:
            problems = error.problems if isinstance(error, RegistryError) else [str(error)]
            await requests.settle(
                intake.connection, request.id, None, {"done": False, "problems": problems}
            )
            intake.forget()
        log.info("request carried out", id=request.id, kind=request.kind)


async def apply_registry(intake: Intake, request: Request, now: datetime) -> None:
    """Bring the registry to what the request's file says. Raises RegistryError."""
    registry = resolved(parse(request.body["text"]), resolve)
    async with intake.unit("registry", now, now) as unit:
        applied = await registry_table.apply(unit, registry)
        outcome = {"done": True, "version": applied.version, "changes": applied.texts}
        told = {**outcome, "by": request.requested_by, "file": request.body["text"]}
        await unit.write(BOX_EVENT, [(unit.id, now, "registry_applied", document(told))])
        await requests.settle(unit.connection, request.id, unit.id, outcome)
    await intake.reload()


async def readmit(intake: Intake, request: Request, now: datetime) -> None:
    """Let refused messages in again, each with the time it first arrived at."""
    wanted = [bytes.fromhex(text) for text in request.body["identities"]]
    found = await rejected.listed(intake.connection, identities=wanted, limit=len(wanted))
    by_message: dict[tuple[datetime, str, bytes], list[bytes]] = defaultdict(list)
    for one in found:
        if one.raw is not None:
            by_message[one.arrived, one.topic, one.raw].append(one.identity)
    outcomes: dict[str, int] = defaultdict(int)
    outcomes["not kept raw"] = len(wanted) - sum(map(len, by_message.values()))
    for (arrived, topic, raw), identities in by_message.items():
        offer = admit(
            Message(topic=topic, payload=raw),
            intake.registry,
            arrived,
            intake.limits.horizon,
            Provenance.READMITTED,
        )
        await intake.make_room([offer])
        async with intake.unit("readmission", arrived, now) as unit:
            result = await intake.take_in(unit, [offer], now)
            stored = sum(tally.stored for tally in result.ledger.values())
            outcome = "stored" if stored else "refused again" if offer.unreadable or offer.refusals else "known already"
            rows = [(identity, unit.id, outcome) for identity in identities]
            await unit.write(READMISSION, rows)
        outcomes[outcome] += len(identities)
    told = {"done": True, "outcomes": {k: n for k, n in outcomes.items() if n}}
    await requests.settle(intake.connection, request.id, None, told)
