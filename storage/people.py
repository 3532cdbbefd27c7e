"""Table `person`: who may sign in, and is told. Nobody is ever removed.

Each change is a unit of work in the chain of people with a `box_event`: who did it and what
changed, never a password or what became of it.
"""

from __future__ import annotations

from typing import Any

from psycopg.rows import kwargs_row

from domain.people import Person, Role
from storage.unit import Connection

BY_NAME = """
SELECT id, name, full_name, role, region, enterprise, language, disabled_at IS NOT NULL AS disabled
  FROM person WHERE name = %s
"""
LISTED = """
SELECT id, name, full_name, role, region, enterprise, language, disabled_at IS NOT NULL AS disabled
  FROM person ORDER BY name
"""


async def by_name(connection: Connection, name: str) -> Person | None:
    """The person called so, disabled or not; None: there is none."""
    async with connection.cursor(row_factory=kwargs_row(person)) as cursor:
        await cursor.execute(BY_NAME, (name,))
        return await cursor.fetchone()


async def listed(connection: Connection) -> list[Person]:
    """Everybody, by name; the disabled too."""
    async with connection.cursor(row_factory=kwargs_row(person)) as cursor:
        await cursor.execute(LISTED)
        return await cursor.fetchall()


def person(*, role: str, **rest: Any) -> Person:
    """A person from the columns of a row."""
    return Person(role=Role(role), **rest)
