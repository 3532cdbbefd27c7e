"""The people of the demo: somebody of each role, and enough who are told."""

from __future__ import annotations

from pathlib import Path

from blackbox.demo import people
from domain.gsp import PEOPLE, STAGES, ZONES
from domain.people import EVERYTHING, Role
from domain.rules import Severity
from storage import coverage
from storage import people as table
from storage.connect import connect
from tests.browser.world import NOW, REGISTRY, new_world
from tests.services import Database


async def test_of_no_site_of_the_demo_are_too_few_told(
    database: Database, tmp_path: Path
) -> None:
    owner = database.url()
    known = await people.invite(owner, tmp_path, people.authority(), NOW)
    async with new_world(database) as world:
        await world.register()
        for enough, thin in ((PEOPLE, False), (PEOPLE + 1, True)):
            found = await coverage.thin(
                world.connection,
                EVERYTHING,
                NOW,
                zones=ZONES,
                stages=STAGES,
                severity=Severity.MAJOR,
                people=enough,
            )
            assert bool(found) == thin
    text = REGISTRY.read_text(encoding="utf-8")
    employee = await people.employee(owner, text)
    everyone = await people.invite(owner, tmp_path, [employee], NOW)
    assert everyone.items() > known.items()
    assert await people.invite(owner, tmp_path, people.authority(), NOW) == everyone
    async with await connect(owner, name="test-owner") as connection:
        listed = await table.listed(connection)
    assert {one.role for one in listed} == set(Role)
    assert {one.name for one in listed} == everyone.keys()
