"""Each excursion at its newest revision: in step with the evidence, and found by its end."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

from storage import excursions
from storage.excursions import Stored
from tests.database.box import Box, opened
from tests.series import at
from tests.services import Database


async def disorder(box: Box, seed: int) -> None:
    """An hour of readings that come late, twice and in contradiction, in a random order."""
    draw = random.Random(seed)
    minutes = draw.choices(range(60), k=90)
    for start in range(0, len(minutes), 9):
        for minute in minutes[start : start + 9]:
            await box.late(f"{minute}m", draw.choice(("5", "7.7", "9", "9x4")))
        await box.check()


async def everything(box: Box) -> list[Stored]:
    """What `known` should find since ever: the final excursions."""
    point = box.point()
    found = await excursions.known(
        box.connection, {point: at("0s") - timedelta(days=1)}
    )
    return found[point]


async def test_newest_revisions_follow_the_evidence_in_any_disorder(
    database: Database,
) -> None:
    async with opened(database) as box:
        await disorder(box, 1)
        revised = "SELECT count(*) FROM excursion_revision WHERE revision > 1"
        assert await box.scalar(revised) > 10
        assert await box.scalar("SELECT count(*) FROM excursion WHERE withdrawn") > 3


async def test_known_are_the_open_and_those_that_end_at_or_after_the_time(
    database: Database,
) -> None:
    async with opened(database) as box:
        await disorder(box, 2)
        point, final = box.point(), await box.excursions()
        for minute in range(61):
            since = at(f"{minute}m")
            found = await excursions.known(box.connection, {point: since, -1: since})
            assert found.pop(-1) == []
            expected = [e for e in final if e.end is None or e.end >= since]
            assert {s.excursion.identity for s in found[point]} == {
                e.identity for e in expected
            }


async def test_of_two_revisions_in_one_intake_the_newer_stands(
    database: Database,
) -> None:
    async with opened(database) as box:
        await box.feed("5 9")
        (one,) = await everything(box)
        later = replace(one, revision=3, withdrawn=True)
        async with box.intake.unit("readings", at("1h"), at("1h")) as unit:
            await excursions.write(unit, [replace(one, revision=2), later])
        assert await everything(box) == []
        await box.check_newest()
