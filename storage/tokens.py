"""Table `api_token`: what programs sign in with in a person's name. All times are real.

Issuing and revoking are units of work of people, with a `box_event`. Like a session's, the
secret itself is nowhere in the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Final

from psycopg.rows import kwargs_row

from domain.errors import InputError
from domain.people import Person
from storage import people
from storage.sessions import RANDOM, digest
from storage.snapshot import select
from storage.unit import Connection, Unit

PREFIX: Final = "bb_"
"""By which people, and scanners for leaked secrets, know one."""
USUAL: Final = timedelta(days=90)
LONGEST: Final = timedelta(days=365)
LABEL: Final = 80
"""Characters at most."""

HOLDER = """
SELECT p.id, p.name, p.full_name, p.role, p.region, p.enterprise, p.language, false AS disabled
  FROM api_token AS t JOIN person AS p ON p.id = t.person
 WHERE t.token = %s AND t.revoked_at IS NULL AND t.expires_at > %s AND p.disabled_at IS NULL
"""
LISTED = """
SELECT id, label, created_at, expires_at, revoked_at FROM api_token WHERE person = %s ORDER BY id
"""
ISSUE = """
INSERT INTO api_token (token, person, label, created_at, expires_at)
VALUES (%s, %s, %s, %s, %s) RETURNING id
"""
REVOKE = """
UPDATE api_token SET revoked_at = %s
 WHERE id = %s AND person = %s AND revoked_at IS NULL RETURNING label
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A token, without its secret."""

    id: int
    label: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


async def holder(connection: Connection, token: str, now: datetime) -> Person | None:
    """In whose name `token` is good at `now`; None: in nobody's."""
    async with connection.cursor(row_factory=kwargs_row(people.person)) as cursor:
        await cursor.execute(HOLDER, (digest(token), now))
        return await cursor.fetchone()


async def listed(connection: Connection, person: Person) -> list[Token]:
    """All tokens that a person ever had, the oldest first."""
    return await select(connection, Token, LISTED, (person.id,))


async def issue(
    unit: Unit,
    person: Person,
    label: str,
    *,
    by: str,
    real_now: datetime,
    lifetime: timedelta = USUAL,
) -> str:
    """A new token, which is shown this once. Raises InputError."""
    if not (1 <= len(label) <= LABEL and label.isprintable()):
        raise InputError(
            zh=f"令牌用途须为 1–{LABEL} 个可显示的字符。",
            en=f"A token's label must be 1 to {LABEL} printable characters.",
        )
    if not timedelta(0) < lifetime <= LONGEST:
        raise InputError(
            zh=f"令牌有效期须为 1–{LONGEST.days} 天。",
            en=f"A token lasts 1 to {LONGEST.days} days.",
        )
    if person.disabled:
        raise InputError(
            zh=f"{person.name} 已停用。",
            en=f"{person.name} is disabled.",
        )
    secret = PREFIX + token_urlsafe(RANDOM)
    until = real_now + lifetime
    values = (digest(secret), person.id, label, real_now, until)
    row = await (await unit.connection.execute(ISSUE, values)).fetchone()
    assert row is not None
    facts = {"token": row[0], "label": label, "expires": until.isoformat()}
    await people.tell(unit, "token-issued", person.name, by, **facts)
    return secret


async def revoke(
    unit: Unit, person: Person, number: int, *, by: str, real_now: datetime
) -> None:
    """End a token of this person. Raises InputError for one unknown, or revoked before."""
    cursor = await unit.connection.execute(REVOKE, (real_now, number, person.id))
    row = await cursor.fetchone()
    if row is None:
        raise InputError(
            zh=f"{person.name} 没有有效的令牌 {number}。",
            en=f"{person.name} has no token {number} that could be revoked.",
        )
    facts = {"token": number, "label": row[0]}
    await people.tell(unit, "token-revoked", person.name, by, **facts)
