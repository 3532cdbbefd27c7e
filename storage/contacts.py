"""Table `contact`: at which address a channel reaches a person.

Each change is journalled as a `box_event`, without the address: it is nobody's evidence.
"""

from __future__ import annotations

from typing import NamedTuple

from psycopg.rows import class_row

from domain.contacts import checked_address
from domain.errors import InputError
from domain.people import Person
from storage.people import tell
from storage.unit import Connection, Unit

SET = """
INSERT INTO contact (person, channel, address) VALUES (%s, %s, %s)
ON CONFLICT (person, channel) DO UPDATE SET address = excluded.address
"""
REMOVE = "DELETE FROM contact WHERE person = %s AND channel = %s"
LISTED = """
SELECT p.name AS person, c.channel, c.address
  FROM contact AS c JOIN person AS p ON p.id = c.person
 WHERE %(person)s::int4 IS NULL OR p.id = %(person)s
 ORDER BY p.name, c.channel
"""
OF = "SELECT address FROM contact WHERE person = %s AND channel = %s"


class Contact(NamedTuple):
    """Where somebody is reached."""

    person: str
    channel: str
    address: str


async def put(unit: Unit, person: Person, channel: str, address: str, by: str) -> None:
    """Reach `person` over `channel` at `address` from now on. Raises InputError."""
    values = (person.id, channel, checked_address(address))
    await unit.connection.execute(SET, values)
    await tell(unit, "contact-set", person.name, by, channel=channel)


async def remove(unit: Unit, person: Person, channel: str, by: str) -> None:
    """Reach `person` over `channel` no more. Raises InputError if there was nothing."""
    cursor = await unit.connection.execute(REMOVE, (person.id, channel))
    if not cursor.rowcount:
        raise InputError(
            zh=f"{person.name} 没有渠道 {channel} 的联系方式。",
            en=f"{person.name} has no contact on channel {channel}.",
        )
    await tell(unit, "contact-removed", person.name, by, channel=channel)


async def listed(connection: Connection, person: int | None = None) -> list[Contact]:
    """All contacts, or those of a person, by person and channel."""
    async with connection.cursor(row_factory=class_row(Contact)) as cursor:
        await cursor.execute(LISTED, {"person": person})
        return await cursor.fetchall()


async def address(connection: Connection, person: Person, channel: str) -> str | None:
    """Where `channel` reaches `person`; None: not known."""
    cursor = await connection.execute(OF, (person.id, channel))
    row = await cursor.fetchone()
    return row[0] if row else None
