"""What takes too long is given up, and leaves nothing behind."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from dashboard import pool
from storage.connect import connect
from tests.api.world import API, Api
from tests.browser.world import serve

LOCK = "LOCK TABLE alert IN ACCESS EXCLUSIVE MODE"


async def test_a_statement_that_takes_too_long_ends_and_its_scope_with_it(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "LONGEST", "300ms")
    async with serve(api.database, api.world.clock) as site:

        async def ask(role: str) -> httpx.Response:
            sign_in = {"Authorization": f"Bearer {api.tokens[role]}"}
            async with httpx.AsyncClient(headers=sign_in) as client:
                return await client.get(f"{site.address}{API}/alerts/count")

        async with (
            await connect(api.database.url(), name="test") as owner,
            owner.transaction(),
        ):
            await owner.execute(LOCK)
            given_up = await ask("auditor")
        assert given_up.status_code == 503
        assert "耗时过长" in given_up.json()["detail"]
        everything = (await ask("auditor")).json()
        for _ in range(8):  # as many as there are connections
            own = (await ask("enterprise")).json()
            assert own["critical"]["alerts"] < everything["critical"]["alerts"]


async def test_who_asks_for_much_at_once_keeps_nobody_else_waiting(api: Api) -> None:
    async with serve(api.database, api.world.clock) as site:

        async def ask(client: httpx.AsyncClient, role: str) -> int:
            sign_in = {"Authorization": f"Bearer {api.tokens[role]}"}
            answer = await client.get(
                f"{site.address}{API}/alerts/count", headers=sign_in
            )
            return answer.status_code

        async with (
            await connect(api.database.url(), name="test") as owner,
            httpx.AsyncClient(timeout=20) as client,
        ):
            async with owner.transaction():
                await owner.execute(LOCK)
                greedy = [
                    asyncio.create_task(ask(client, "auditor")) for _ in range(20)
                ]
                done, _ = await asyncio.wait(
                    greedy, return_when=asyncio.FIRST_COMPLETED
                )
                assert {task.result() for task in done} == {503}  # no turn within 3 s
                other = asyncio.create_task(client.get(f"{site.address}/health"))
                assert (await other).json()["box"]
            assert await ask(client, "enterprise") == 200
            assert {*await asyncio.gather(*greedy)} == {200, 503}
