"""Requests: whatever they hold, they are settled, and the ingestor lives on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from ingest.requests import carry_out
from storage import requests
from tests.database.box import TEN, WORLD, Box, message, opened, snapshot
from tests.services import Database

WRONG = WORLD.replace("resolution: 0.1}", "resolution: 0.5}")
"""The world, but for what its points measure."""


@pytest.fixture
async def box(database: Database) -> AsyncIterator[Box]:
    async with opened(database) as one:
        yield one


async def asked(box: Box, kind: Any, body: Any) -> Any:
    number = await requests.submit(box.connection, box.intake.share, kind, body, "test")
    await carry_out(box.intake, TEN)
    return await requests.outcome(box.connection, number)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("readmission", {"identities": ["zz"]}),
        ("readmission", {"identities": 5}),
        ("readmission", "text"),
        ("registry", {"text": 5}),
        ("registry", {}),
        ("registry", {"text": "enterprises: {"}),
    ],
)
async def test_a_malformed_request_is_refused_once(
    box: Box, kind: str, body: Any
) -> None:
    outcome = await asked(box, kind, body)
    assert outcome["done"] is False
    assert outcome["problems"]
    assert await requests.waiting(box.connection, box.intake.share) == []


@pytest.mark.parametrize("kind", ["registry", "transfer", "maintenance"])
async def test_a_refused_change_of_the_registry_makes_nothing_forgotten(
    box: Box, kind: Any
) -> None:
    forgets = box.observer.forget
    forgotten: list[str] = []

    def forget() -> None:
        forgotten.append(kind)
        forgets()

    box.observer.forget = forget
    assert not (await asked(box, kind, {"text": WRONG}))["done"]
    assert forgotten == []
    await box.feed("5 8.1 5")
    await box.check()


async def test_each_refusal_of_a_message_has_its_own_outcome(box: Box) -> None:
    await box.commit([message(snapshot(TEN, t8=1.0, t9=2.0))])
    rows = await box.rows("SELECT encode(identity, 'hex') FROM rejected")
    identities = [identity for (identity,) in rows]
    point = box.intake.registry.device_of[box.point()].points
    point["t9"] = point["t1"]  # as if it had been registered meanwhile
    outcome = await asked(box, "readmission", {"identities": identities})
    assert outcome == {"done": True, "outcomes": {"refused again": 1, "stored": 1}}
    known = await asked(box, "readmission", {"identities": identities})
    assert known["outcomes"] == {"refused again": 1, "known already": 1}


async def test_what_is_not_known_is_said(box: Box) -> None:
    outcome = await asked(box, "readmission", {"identities": ["00" * 32]})
    assert outcome == {"done": True, "outcomes": {"not kept raw": 1}}
