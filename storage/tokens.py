"""Table `api_token`: what programs sign in with in a person's name. All times are real."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from psycopg.rows import kwargs_row

from domain.people import Person
from storage.people import person
from storage.sessions import digest
from storage.unit import Connection

PREFIX: Final = "bb_"
"""By which people, and scanners of leaked secrets, know one."""

HOLDER = """
SELECT p.id, p.name, p.full_name, p.role, p.region, p.enterprise, p.language, false AS disabled
  FROM api_token AS t JOIN person AS p ON p.id = t.person
 WHERE t.token = %s AND t.revoked_at IS NULL AND t.expires_at > %s AND p.disabled_at IS NULL
"""


async def holder(connection: Connection, token: str, now: datetime) -> Person | None:
    """In whose name `token` is good at `now`; None: in nobody's."""
    async with connection.cursor(row_factory=kwargs_row(person)) as cursor:
        await cursor.execute(HOLDER, (digest(token), now))
        return await cursor.fetchone()
