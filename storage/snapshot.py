"""How the supervisor's page reads: in one view of the database, rows as dataclasses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, LiteralString, TypeVar

from psycopg.rows import class_row

from storage.unit import Connection

SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"

Row = TypeVar("Row")


@asynccontextmanager
async def snapshot(connection: Connection) -> AsyncIterator[None]:
    """One consistent, read-only view for all queries inside."""
    async with connection.transaction():
        await connection.execute(SNAPSHOT)
        yield


async def select(
    connection: Connection, row: type[Row], query: LiteralString, parameters: Any = None
) -> list[Row]:
    """The rows of a literal query; its columns are named like the fields of `row`."""
    async with connection.cursor(row_factory=class_row(row)) as cursor:
        await cursor.execute(query, parameters)
        return await cursor.fetchall()
