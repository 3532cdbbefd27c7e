"""A box with something of everybody's, and its API as each of four people sees it.

Ours are an enterprise of Hangzhou, its sites and alerts; foreign is a clinic of Ningbo. The
supervisor is Hangzhou's, the enterprise's user ours; administrator and auditor see all.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, LiteralString
from uuid import uuid4

import httpx

from domain.people import EVERYTHING, Person, Role
from ingest.door import Message
from storage import people, tokens
from storage.connect import connect
from storage.scope import enter
from storage.unit import PEOPLE, Unit, unit_of_work
from tests.browser.world import NOW, Site, World, new_world, serve
from tests.services import Database

OURS = "91330106MA27XY001X"
FOREIGN = "91330203MA28XY002D"
MARKS = (
    FOREIGN,
    "示例社区",
    "示例接种",
    "Community Clinic",
    "clinic-1",
    "冰箱门",
    "0574-",
)
"""What only foreign things are called."""
API = "/api/v1"
ENGLISH = {"Accept-Language": "en"}
PATIENCE = 30.0
"""Seconds that an answer may take on a busy machine."""
ROLES = ("administrator", "supervisor", "enterprise", "auditor")
SCOPED = ("supervisor", "enterprise")
INCIDENTS = """
INSERT INTO incident (id, site, enterprise, area, opened_at, newest_at, window_until, severity, alerts, active)
SELECT nextval('incident_id'), s.id, s.enterprise, s.area, %(now)s, %(now)s, %(now)s, 2, 1, 1
  FROM site s ORDER BY s.id
"""
JOIN = "UPDATE alert a SET incident = i.id FROM incident i WHERE i.site = a.site"
SAFETY = """
INSERT INTO safety (enterprise, code, score, facts, reasons, formula, judged_at, changes)
SELECT id, 'yellow', 80, '{}', '[]', 'none', %(now)s, 1 FROM enterprise
"""


@dataclass
class Api:
    """The API, and what is behind it."""

    world: World
    site: Site
    database: Database
    clients: dict[str, httpx.AsyncClient]
    """By role: signed in by a token."""
    tokens: dict[str, str]
    """By name of the person, who is called like the role."""

    async def get(self, path: str, role: str = "supervisor", **query: Any) -> Any:
        """The JSON answer, which is a good one."""
        answer = await self.clients[role].get(API + path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def command(
        self, alert: int, name: str, role: str = "supervisor", **fields: Any
    ) -> httpx.Response:
        """A command with an id of its own, unless one is given."""
        asked = {"id": str(uuid4()), "name": name, **fields}
        return await self.clients[role].post(
            f"{API}/alerts/{alert}/commands", json=asked
        )

    async def rows(self, query: LiteralString, **values: Any) -> list[Any]:
        """What the owner, who sees all, reads or does."""
        async with await connect(self.database.url(), name="test") as connection:
            cursor = await connection.execute(query, values)
            return await cursor.fetchall() if cursor.description else []

    async def scalar(self, query: LiteralString, **values: Any) -> Any:
        ((value,),) = await self.rows(query, **values)
        return value


def somebody(role: Role, enterprise: int) -> Person:
    """The person who is called like the role."""
    return Person(
        id=0,
        name=role.value,
        full_name=role.value.title(),
        role=role,
        region="330100" if role is Role.SUPERVISOR else None,
        enterprise=enterprise if role is Role.ENTERPRISE else None,
        language="zh",
    )


async def known(database: Database, world: World) -> dict[str, str]:
    """Add one person per role, each with a token; the tokens by name."""
    found: dict[str, str] = {}
    now = world.clock.real_now()
    async with await connect(database.url("web"), name="test-web") as connection:

        def unit() -> AbstractAsyncContextManager[Unit]:
            return unit_of_work(connection, share=PEOPLE, kind="command", arrived=NOW)

        for role in Role:
            async with unit() as one:
                await enter(connection, EVERYTHING)
                number = await people.enterprise(connection, OURS)
                person = await people.add(one, somebody(role, number), by="test")
            async with unit() as one:
                found[role.value] = await tokens.issue(
                    one, person, "test", by="test", real_now=now
                )
    return found


async def send(
    world: World,
    enterprise: str,
    device: str,
    region: str,
    snapshots: Mapping[float, Mapping[str, float]],
) -> None:
    """Take in what a device of an enterprise measured so many minutes before now."""
    payload = {
        "snapshots": [
            {"time": world.at(minutes).isoformat(), "values": values}
            for minutes, values in snapshots.items()
        ]
    }
    topic = f"blackbox/v1/{region}/{enterprise}/{device}/readings"
    message = Message(topic=topic, payload=json.dumps(payload).encode())
    await world.intake.commit([message], world.clock.now())


async def happened(world: World) -> None:
    """Two alerts of ours, one foreign, one of the box itself."""
    warm = {float(minute): {"t1": 9.4} for minute in range(30, -1, -1)}
    for device in ("coldroom-1", "coldroom-2"):
        await send(world, OURS, device, "33/01/06", warm)
    frozen = {float(minute): {"t1": -2.0} for minute in range(120, -1, -5)}
    await send(world, FOREIGN, "refrigerator-1", "33/02/03", frozen)


@asynccontextmanager
async def new_api(database: Database) -> AsyncIterator[Api]:
    """The API of a box in which all that has happened."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(new_world(database))
        await world.register()
        world.clock.time = NOW + timedelta(minutes=5)
        await happened(world)
        site = await stack.enter_async_context(serve(database, world.clock))
        given = await known(database, world)
        clients = {
            name: await stack.enter_async_context(
                httpx.AsyncClient(
                    base_url=site.address,
                    headers={"Authorization": f"Bearer {token}", **ENGLISH},
                    timeout=PATIENCE,
                )
            )
            for name, token in given.items()
        }
        api = Api(world, site, database, clients, given)
        for query in (INCIDENTS, SAFETY):
            await api.rows(query, now=NOW)
        await api.rows(JOIN)
        yield api
