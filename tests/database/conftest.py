"""Fixtures that several tests of the database share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.database.box import Box, opened
from tests.services import Database


@pytest.fixture
async def box(database: Database) -> AsyncIterator[Box]:
    """A box in which, after every test, all that must hold at any time holds."""
    async with opened(database) as one:
        yield one
        await one.check()
