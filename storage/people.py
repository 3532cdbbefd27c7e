"""Table `person`: who may sign in, and is told. Nobody is ever removed.

Each change is a unit of work in the chain of people with a `box_event`: who did it and what
changed, never a password or what was made of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.rows import dict_row, kwargs_row

from domain.documents import document
from domain.errors import InputError
from domain.people import Person, Role, checked
from storage.alert_list import like
from storage.evidence import BOX_EVENT
from storage.unit import Connection, Unit

BY_NAME = """
SELECT id, name, full_name, role, region, enterprise, language, disabled_at IS NOT NULL AS disabled
  FROM person WHERE name = %s
"""
LISTED = """
SELECT id, name, full_name, role, region, enterprise, language, disabled_at IS NOT NULL AS disabled
  FROM person ORDER BY name
"""
# How many match stands in each row, before the limit.
SEARCHED = """
SELECT id, name, full_name, role, region, enterprise, language, disabled_at IS NOT NULL AS disabled,
       count(*) OVER () AS matching
  FROM person WHERE concat_ws(' ', name, full_name) ILIKE %(like)s ORDER BY name LIMIT %(limit)s
"""
FULL_NAMES = "SELECT name, full_name FROM person WHERE name = ANY (%s)"
# As alerting/life/commands.py checks it: who sees the alert and may work it.
ASSIGNABLE = """
SELECT p.id, p.name, p.full_name, p.role, p.region, p.enterprise, p.language, false AS disabled
  FROM person AS p JOIN alert AS a ON a.id = %s
 WHERE p.disabled_at IS NULL
   AND (p.enterprise = a.enterprise
        OR p.role = 'supervisor'
       AND CASE WHEN a.region IS NULL THEN a.enterprise IS NULL
                ELSE a.region LIKE regexp_replace(p.region, '(00){1,2}$', '') || '%%' END)
 ORDER BY p.role, p.full_name, p.name LIMIT 500
"""
CREDENTIALS = "SELECT id, password FROM person WHERE name = %s AND disabled_at IS NULL"
ENTERPRISE = "SELECT id FROM enterprise WHERE code = %s"
ADD = """
INSERT INTO person (name, full_name, role, region, enterprise, language, password, created_at)
VALUES (%(name)s, %(full_name)s, %(role)s, %(region)s, %(enterprise)s, %(language)s, %(password)s, %(now)s)
ON CONFLICT (name) DO NOTHING RETURNING id
"""
CHANGE = """
UPDATE person SET full_name = %(full_name)s, role = %(role)s, region = %(region)s,
       enterprise = %(enterprise)s, language = %(language)s
 WHERE id = %(id)s
"""
ADMINISTRATOR = """
SELECT EXISTS (SELECT FROM person WHERE role = 'administrator' AND disabled_at IS NULL AND id <> %s)
"""
DISABLE = "UPDATE person SET disabled_at = %s WHERE id = %s"
ENABLE = "UPDATE person SET disabled_at = NULL WHERE id = %s"
CHANGE_PASSWORD = "UPDATE person SET password = %s WHERE id = %s"  # noqa: S105
REHASH = "UPDATE person SET password = %s WHERE id = %s AND password = %s"
END_SESSIONS = "DELETE FROM session WHERE person = %s AND token IS DISTINCT FROM %s"
REVOKE_TOKENS = (
    "UPDATE api_token SET revoked_at = %s WHERE person = %s AND revoked_at IS NULL"
)


class Credentials(NamedTuple):
    """What a password is held against."""

    person: int
    password: str | None
    """Argon2id; None: is told, cannot sign in."""


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


async def searched(
    connection: Connection, search: str, limit: int
) -> tuple[list[Person], int]:
    """The first `limit` whose name or full name has `search`, and how many there are."""
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(SEARCHED, {"like": like(search), "limit": limit})
        found = await cursor.fetchall()
    matching = [one.pop("matching") for one in found]
    return [person(**one) for one in found], matching[0] if matching else 0


async def full_names(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """By name, of those who are people."""
    cursor = await connection.execute(FULL_NAMES, (list(names),))
    return dict(await cursor.fetchall())


async def assignable(connection: Connection, alert: int) -> list[Person]:
    """To whom an alert can be assigned: at most 500, the enterprise's own first."""
    async with connection.cursor(row_factory=kwargs_row(person)) as cursor:
        await cursor.execute(ASSIGNABLE, (alert,))
        return await cursor.fetchall()


async def credentials(connection: Connection, name: str) -> Credentials | None:
    """Of somebody who may sign in; None for a name that is unknown or disabled."""
    row = await (await connection.execute(CREDENTIALS, (name,))).fetchone()
    return Credentials(*row) if row else None


async def enterprise(connection: Connection, code: str) -> int:
    """The number of the enterprise with this 统一社会信用代码. Raises InputError."""
    row = await (await connection.execute(ENTERPRISE, (code,))).fetchone()
    if row is None:
        raise InputError(
            zh=f"没有登记企业 {code!r}。",
            en=f"No enterprise {code!r} is registered.",
        )
    return int(row[0])


# Changes, each within a unit of the share PEOPLE; `by` is the name of who asks for it.


async def add(
    unit: Unit, new: Person, *, password: str | None = None, by: str
) -> Person:
    """Add `new`, whose id is of no matter; the person with its id.

    `password` is argon2id's, or None for somebody who is told and cannot sign in. Raises
    InputError for a name that is taken, and for a person that cannot be.
    """
    values = asdict(checked(new)) | {"password": password, "now": unit.arrived}
    row = await (await unit.connection.execute(ADD, values)).fetchone()
    if row is None:
        raise InputError(
            zh=f"用户名 {new.name} 已被使用（包括已停用者）。",
            en=f"The name {new.name} is taken, if by somebody disabled.",
        )
    facts = {key: value for key, value in asdict(new).items() if key not in KEPT}
    await tell(unit, "person-added", new.name, by, **facts)
    return replace(new, id=row[0])


async def change(unit: Unit, after: Person, *, by: str) -> Person:
    """Let the person be as `after` says, but for name, password and being disabled.

    Raises InputError for an unknown name, for a person that cannot be, and for the only
    administrator, who stays one.
    """
    before = await known(unit.connection, after.name)
    if after.role is not before.role:
        await _check_another(unit.connection, before)
    after = replace(checked(after), id=before.id, disabled=before.disabled)
    await unit.connection.execute(CHANGE, asdict(after))
    old, new = asdict(before), asdict(after)
    changes = {key: [old[key], new[key]] for key in new if old[key] != new[key]}
    await tell(unit, "person-changed", after.name, by, changes=changes)
    return after


async def disable(unit: Unit, name: str, *, by: str, real_now: datetime) -> None:
    """Keep somebody out: sessions end, tokens are revoked. Raises InputError."""
    found = await known(unit.connection, name)
    if found.disabled:
        raise InputError(
            zh=f"{name} 已停用。",
            en=f"{name} is disabled already.",
        )
    await _check_another(unit.connection, found)
    await unit.connection.execute(DISABLE, (unit.arrived, found.id))
    await unit.connection.execute(END_SESSIONS, (found.id, None))
    await unit.connection.execute(REVOKE_TOKENS, (real_now, found.id))
    await tell(unit, "person-disabled", name, by)


async def _check_another(connection: Connection, leaving: Person) -> None:
    """Raise InputError if nobody would be left to manage users."""
    if leaving.role is not Role.ADMINISTRATOR or leaving.disabled:
        return
    row = await (await connection.execute(ADMINISTRATOR, (leaving.id,))).fetchone()
    if not (row and row[0]):
        raise InputError(
            zh=f"{leaving.name} 是唯一的管理员；请先增加另一名管理员。",
            en=f"{leaving.name} is the only administrator; add another one first.",
        )


async def enable(unit: Unit, name: str, *, by: str) -> None:
    """Let somebody in again; revoked tokens stay so. Raises InputError."""
    found = await known(unit.connection, name)
    if not found.disabled:
        raise InputError(
            zh=f"{name} 未停用。",
            en=f"{name} is not disabled.",
        )
    await unit.connection.execute(ENABLE, (found.id,))
    await tell(unit, "person-enabled", name, by)


async def set_password(
    unit: Unit, name: str, password: str, *, by: str, keep: bytes | None = None
) -> None:
    """Set argon2id's `password`, and end all sessions but `keep` (the SHA-256 of its secret).

    Raises InputError for an unknown name.
    """
    found = await known(unit.connection, name)
    await unit.connection.execute(CHANGE_PASSWORD, (password, found.id))
    await unit.connection.execute(END_SESSIONS, (found.id, keep))
    await tell(unit, "password-set", name, by)


async def rehash(connection: Connection, old: Credentials, password: str) -> None:
    """Keep the same password by newer parameters; no change that people made."""
    await connection.execute(REHASH, (password, old.person, old.password))


KEPT = frozenset({"id", "name", "disabled"})
"""What of a new person needs no saying."""


async def tell(unit: Unit, kind: str, name: str, by: str, **facts: object) -> None:
    """Journal a change of the person called `name`."""
    detail: Mapping[str, Any] = {"by": by, "name": name, **facts}
    event = (unit.id, unit.arrived, kind, document(detail))
    await unit.write(BOX_EVENT, [event])


async def known(connection: Connection, name: str) -> Person:
    """The person called so. Raises InputError."""
    found = await by_name(connection, name)
    if found is None:
        raise InputError(
            zh=f"没有用户 {name!r}。",
            en=f"There is no user {name!r}.",
        )
    return found


def person(*, role: str, **rest: Any) -> Person:
    """A person from the columns of a row."""
    return Person(role=Role(role), **rest)
