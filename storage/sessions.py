"""Table `session`: who is signed in. All times are real.

The database holds the SHA-256 of what the browser has: whoever reads a backup cannot sign in.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Final

from psycopg.rows import kwargs_row

from domain.people import Person
from storage.people import person
from storage.unit import Connection

IDLE: Final = timedelta(hours=12)
"""A session ends that was not used for so long,"""
LONGEST: Final = timedelta(days=7)
"""or at this age."""
RANDOM: Final = 32
"""Bytes."""

BEGIN = """
WITH over AS (DELETE FROM session WHERE person = %(person)s AND (expires_at <= %(now)s OR seen_at <= %(idle)s))
INSERT INTO session (token, person, created_at, seen_at, expires_at)
VALUES (%(token)s, %(person)s, %(now)s, %(now)s, %(expires)s)
"""
HOLDER = """
WITH used AS (
    UPDATE session SET seen_at = %(now)s
     WHERE token = %(token)s AND expires_at > %(now)s AND seen_at > %(idle)s AND seen_at < %(minute)s
)
SELECT p.id, p.name, p.full_name, p.role, p.region, p.enterprise, p.language, false AS disabled
  FROM session AS s JOIN person AS p ON p.id = s.person
 WHERE s.token = %(token)s AND s.expires_at > %(now)s AND s.seen_at > %(idle)s AND p.disabled_at IS NULL
"""
END = "DELETE FROM session WHERE token = %s"
END_OTHERS = "DELETE FROM session WHERE person = %s AND token <> %s"


async def begin(connection: Connection, person: int, now: datetime) -> str:
    """Sign a person in; the secret that the browser keeps. The person's old sessions go."""
    secret = token_urlsafe(RANDOM)
    values = {"token": digest(secret), "person": person, "now": now}
    until = {"expires": now + LONGEST, "idle": now - IDLE}
    await connection.execute(BEGIN, values | until)
    return secret


async def holder(connection: Connection, secret: str, now: datetime) -> Person | None:
    """Who is signed in with `secret`; None where that is over. Noted once a minute."""
    values = {"token": digest(secret), "now": now, "idle": now - IDLE}
    async with connection.cursor(row_factory=kwargs_row(person)) as cursor:
        await cursor.execute(HOLDER, values | {"minute": now - timedelta(minutes=1)})
        return await cursor.fetchone()


async def end(connection: Connection, secret: str) -> None:
    """Sign out."""
    await connection.execute(END, (digest(secret),))


async def end_others(connection: Connection, person: int, keep: bytes) -> int:
    """Sign a person out of all sessions but that of the digest `keep`; how many they were."""
    return (await connection.execute(END_OTHERS, (person, keep))).rowcount


def digest(secret: str) -> bytes:
    """What the database keeps of a secret that is random enough to need no more than this."""
    return sha256(secret.encode()).digest()
