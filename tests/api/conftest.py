"""Fixtures: the API of a small world, as four people see it. All run in the session's loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.api.world import Api, new_api
from tests.services import Database, new_database


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what is here in one loop."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(loop_scope="session")
async def api(database: Database) -> AsyncIterator[Api]:
    """The real application, database and login, with something of everybody's."""
    async with new_api(database) as api:
        yield api


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def calm(database_server: str, template: str) -> AsyncIterator[Api]:
    """The same, shared by tests that change nothing."""
    with new_database(database_server, template) as name:
        async with new_api(Database(name=name, admin=database_server)) as api:
            yield api
