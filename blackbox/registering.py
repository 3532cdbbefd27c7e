"""Asking the running ingestor for what only it may do, and waiting for its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from domain.errors import RegistryError, Unavailable
from domain.registry_file import parse, resolved
from rules import catalogue
from storage import requests, shares
from storage.requests import Kind
from storage.unit import Connection

LOOK = 0.2
"""Real seconds between two looks for an answer."""
PATIENCE = 30.0


def check(text: str) -> None:
    """Check a registry file as a whole. Raises RegistryError."""
    resolved(parse(text), catalogue.version)


async def register(
    connection: Connection, share: str, text: str, who: str, patience: float = PATIENCE
) -> Mapping[str, Any]:
    """Apply a registry file: check it here, let the share's ingestor carry it out.

    Raises RegistryError with every problem; Unavailable if no ingestor answered, then
    the request stands and is carried out by the next one.
    """
    check(text)
    return await ask(connection, share, "registry", {"text": text}, who, patience)


async def ask(
    connection: Connection,
    share: str,
    kind: Kind,
    body: Mapping[str, Any],
    who: str,
    patience: float = PATIENCE,
) -> Mapping[str, Any]:
    """Submit a request and wait for its outcome."""
    for _ in range(round(patience / LOOK)):
        number = await shares.find(connection, share)
        if number is not None:
            break
        await asyncio.sleep(LOOK)
    else:
        raise Unavailable(
            f"share {share} has never been ingested: start `blackbox ingest`"
        )
    request = await requests.submit(connection, number, kind, body, who)
    for _ in range(round(patience / LOOK)):
        outcome = await requests.outcome(connection, request)
        if outcome is not None:
            return answered(outcome)
        await asyncio.sleep(LOOK)
    raise Unavailable(
        f"请求 {request} 已提交，等待 blackbox ingest 执行"
        f" · request {request} waits for the ingestor of share {share}"
    )


def answered(outcome: Mapping[str, Any]) -> Mapping[str, Any]:
    """The outcome of what was done. Raises RegistryError if it was not."""
    if outcome["done"]:
        return outcome
    raise RegistryError(list(outcome["problems"]))
