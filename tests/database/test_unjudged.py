"""What cannot be judged is stored all the same, takes nobody along, and is made known."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from domain.readings import Slot
from rules import engine
from rules.watch import State, Step, Watch
from storage import rejected
from storage.connect import connect
from tests.database.box import TEN, Box, message, opened, snapshot
from tests.services import Database

FATAL = 13.1
"""A value that the broken rule cannot stand."""


def broken(watch: Watch, state: State, slot: Slot) -> Step:
    if FATAL in slot.values:
        raise ZeroDivisionError("a bug\0 \ud800")
    return engine.advance(watch, state, slot)


@pytest.fixture
async def box(database: Database) -> AsyncIterator[Box]:
    """A box whose rule fails on one value."""
    async with opened(database) as sound:
        faulty = Box(sound.connection, sound.intake.share, advance=broken)
        await faulty.intake.reload()
        yield faulty


async def test_a_fault_of_ours_is_never_blamed_on_the_reading(box: Box) -> None:
    batch = [
        message(snapshot(TEN, t1=5.0)),
        message(snapshot(TEN, t2=FATAL)),
    ]
    await box.commit(batch)

    ledger = await box.ledger()
    assert (ledger["stored"], ledger["rejected"]) == (ledger["offered"], 0)
    values = await box.rows("SELECT value FROM reading WHERE value = %s", FATAL)
    assert values == [(FATAL,)]
    assert (
        await box.scalar("SELECT count(*) FROM box_event WHERE kind = 'unjudged'") == 1
    )
    assert await box.journal() == ["1 opened critical", "1 returned critical"]
    assert await box.owed() != []


async def test_others_are_judged_meanwhile(box: Box) -> None:
    hot = [message(snapshot(TEN, t1=15.0))]
    await box.commit([message(snapshot(TEN, t2=FATAL)), *hot])
    assert {e.point for e in await box.excursions()} == {box.point("t1")}


async def test_the_same_again_joins_the_alert_that_is_open(box: Box) -> None:
    for n in range(2):
        time = TEN.replace(minute=n)
        await box.commit([message(snapshot(time, t2=FATAL))], time)
    assert await box.scalar("SELECT count(*) FROM alert") == 1
    assert [line.split()[1] for line in await box.journal()] == [
        "opened", "returned", "recurred", "returned",
    ]  # fmt: skip


async def test_another_share_cannot_readmit_ours(database: Database, box: Box) -> None:
    await box.commit([message({"time": TEN.isoformat(), "values": {"t99": 1}})])
    async with await connect(database.url("ingest"), name="other") as other:
        assert await rejected.listed(other, share=box.intake.share)
        assert not await rejected.listed(other, share=box.intake.share + 1)
