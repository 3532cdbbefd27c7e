"""Times, boots and numbers that are not as they should be: what becomes of each.

The outcomes are documented in docs/messages.md.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from ingest.intake import Committed, Limits
from ingest.receipts import receipts
from storage import rejected, status
from tests.database.box import Box, message, opened, snapshot
from tests.series import at
from tests.services import Database

MICROSECOND = timedelta(microseconds=1)
NOW = at("30m")


@pytest.fixture
async def box(database: Database) -> AsyncIterator[Box]:
    """A box that takes nothing older than a day."""
    async with opened(database, limits=Limits(horizon=timedelta(days=1))) as one:
        yield one
        await one.check()


def numbered(boot: str, seq: int, minute: int, value: float = 5.0) -> Any:
    return message({**snapshot(at(f"{minute}m"), t1=value), "boot": boot, "seq": seq})


def answers(done: list[Committed]) -> list[tuple[str, Any]]:
    """(boot, kept) of the receipts for what was committed."""
    documents = [
        json.loads(payload)
        for one in done
        for _, payload in receipts(one.offers, one.intake, one.digest)
    ]
    return [(document.get("boot"), document["kept"]) for document in documents]


async def test_a_time_ahead_by_more_than_a_minute_is_refused_alone_and_kept_raw(
    box: Box,
) -> None:
    ahead = NOW + timedelta(seconds=60)
    times = (NOW, ahead, ahead + MICROSECOND)
    await box.commit([message([snapshot(time, t1=5.0) for time in times])], NOW)
    ledger = await box.ledger()
    assert (ledger["stored"], ledger["rejected"]) == (2, 1)
    (one,) = await rejected.listed(box.connection)
    assert (one.reason, one.time) == ("in_future", ahead + MICROSECOND)
    assert one.raw is not None
    ((_, device, rule, start, end),) = await status.findings(box.connection)
    assert (device, rule, start, end) == ("logger-1", "clock-ahead", NOW, None)


async def test_what_is_older_than_the_horizon_is_refused_alone_and_kept_raw(
    box: Box,
) -> None:
    oldest = NOW - timedelta(days=1)
    times = (NOW, oldest, oldest - MICROSECOND)
    await box.commit([message([snapshot(time, t1=5.0) for time in times])], NOW)
    ledger = await box.ledger()
    assert (ledger["stored"], ledger["rejected"]) == (2, 1)
    (one,) = await rejected.listed(box.connection)
    assert (one.reason, one.time) == ("too_old", oldest - MICROSECOND)
    assert one.raw is not None
    assert await status.findings(box.connection) == []


async def test_a_clock_that_goes_back_fills_free_slots_and_is_found_where_it_contradicts(
    box: Box,
) -> None:
    """Fifteen minutes, then the same fifteen minutes again with other values."""
    for minute in range(15):
        await box.commit([numbered("b", minute, minute)], at(f"{minute}m"))
    back = [numbered("b", 15 + n, n, 5.0 if n < 3 else 6.0) for n in range(15)]
    for n, one in enumerate(back):
        await box.commit([one], at(f"{15 + n}m"))
    await box.commit([message(snapshot(at("30s"), t1=9.0))], NOW)
    ledger = await box.ledger()
    assert (ledger["stored"], ledger["duplicates"], ledger["conflicts"]) == (16, 3, 12)
    ((_, _, rule, start, end),) = await status.findings(box.connection)
    assert (rule, start, end) == ("conflict", at("18m"), None)
    assert ("excursion", 0, 1) in await box.spans()


async def test_two_readings_a_microsecond_apart_are_two_readings(box: Box) -> None:
    times = (NOW, NOW + MICROSECOND, NOW + 2 * MICROSECOND)
    values = (5.0, 9.0, 5.0)
    pairs = zip(times, values, strict=True)
    await box.commit([message([snapshot(t, t1=v) for t, v in pairs])], NOW)
    assert (await box.ledger())["stored"] == 3
    (one,) = await box.excursions()
    assert (one.start, one.end) == times[1:]


async def test_a_new_boot_in_mid_flight_is_another_series_of_numbers(box: Box) -> None:
    batch = [
        numbered("one", 7, 1),
        numbered("two", 0, 2),
        numbered("one", 8, 3),
        numbered("two", 1, 4),
    ]
    assert answers(await box.commit(batch, NOW)) == [
        ("one", [[7, 8]]),
        ("two", [[0, 1]]),
    ]
    assert (await box.ledger())["stored"] == 4


async def test_a_number_that_jumps_is_answered_as_it_came(box: Box) -> None:
    """What lies between is the sender's to send again: we never had it."""
    batch = [numbered("b", seq, n) for n, seq in enumerate((1, 2, 7, 2**63 - 1))]
    assert answers(await box.commit(batch, NOW)) == [
        ("b", [[1, 2], [7, 7], [2**63 - 1, 2**63 - 1]])
    ]
    assert (await box.ledger())["stored"] == 4


async def test_a_number_that_comes_again_with_other_values_is_taken_at_its_values(
    box: Box,
) -> None:
    await box.commit([numbered("b", 1, 1)], NOW)
    again = await box.commit([numbered("b", 1, 2, 6.0)], NOW)
    assert answers(again) == [("b", [[1, 1]])]
    assert (await box.ledger())["stored"] == 2
