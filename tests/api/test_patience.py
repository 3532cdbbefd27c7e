"""What takes too long is given up, and leaves nothing behind."""

from __future__ import annotations

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
