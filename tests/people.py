"""People in a real database, and their sign-ins."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from argon2 import PasswordHasher

from dashboard.passwords import Passwords
from domain.people import Person, Role
from storage import people, sessions
from storage.unit import PEOPLE, Connection, unit_of_work
from tests.services import Database
from tests.stored import connected

CHEAP: Final = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""For tests in which a password is not the matter."""
SECRET: Final = "rather long, and only for tests"


def somebody(
    name: str = "wangfang", role: Role = Role.SUPERVISOR, **more: Any
) -> Person:
    """A person who is not in the database yet: by default the province's supervisor."""
    region = "330000" if role is Role.SUPERVISOR else None
    facts: dict[str, Any] = {
        "full_name": "王芳",
        "region": region,
        "enterprise": None,
        "language": "zh",
    }
    return Person(id=0, name=name, role=role, **(facts | more))


async def add(
    connection: Connection, new: Person, now: datetime, password: str | None = None
) -> Person:
    """Add `new`, with a hash of `password`."""
    hashed = await Passwords(CHEAP).hashed(password) if password else None
    async with unit_of_work(
        connection, share=PEOPLE, kind="command", arrived=now
    ) as unit:
        return await people.add(unit, new, password=hashed, by="test")


async def signed_in(database: Database, new: Person, now: datetime) -> str:
    """Add `new` and sign in; what a browser would keep. `now` is real."""
    async with connected(database, "web") as connection:
        person = await add(connection, new, now)
        return await sessions.begin(connection, person.id, now)
