"""People and their subscriptions in a real database, for tests of who is told of what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from storage import subscriptions
from storage.connect import connect
from storage.subscriptions import Wish
from tests.services import Database

ADD = """
INSERT INTO person (name, full_name, role, region, enterprise, language, created_at)
VALUES (%s, %s, %s, %s, %s, 'zh', '2026-01-01Z') RETURNING id
"""
CONTACT = "INSERT INTO contact VALUES (%s, %s, 'somewhere') ON CONFLICT DO NOTHING"


@dataclass(frozen=True)
class People:
    """Adds people as the owner and the web login do."""

    database: Database

    async def add(
        self,
        name: str,
        *channels: str,
        region: str | None = None,
        enterprise: int | None = None,
        **wish: Any,
    ) -> int:
        """Somebody with a subscription over each of `channels`; the number."""
        role = "auditor"
        if region or enterprise:
            role = "supervisor" if region else "enterprise"
        async with await connect(self.database.url(), name="test owner") as owner:
            cursor = await owner.execute(ADD, (name, name, role, region, enterprise))
            row = await cursor.fetchone()
            assert row is not None
        for channel in channels:
            await self.subscribe(row[0], channel, **wish)
        return row[0]

    async def subscribe(self, person: int, channel: str, **wish: Any) -> int | None:
        async with await connect(self.database.url("web"), name="test web") as web:
            await web.execute(CONTACT, (person, channel))
            wanted = Wish(person=person, channel=channel, **wish)
            return await subscriptions.add(web, wanted)

    async def execute(self, query: Any, *values: object) -> None:
        """As the owner."""
        async with await connect(self.database.url(), name="test owner") as owner:
            await owner.execute(query, values)
