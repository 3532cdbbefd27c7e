"""People change their own password, whoever else may have got hold of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from storage import sessions
from tests.api.world import API, ENGLISH, PATIENCE, Api
from tests.browser.conftest import OURS
from tests.people import SECRET, add, somebody
from tests.stored import connected

PATH = f"{API}/people/me/password"
NEW = "another one, and as long"


@pytest_asyncio.fixture(loop_scope="session")
async def browsers(api: Api) -> AsyncIterator[tuple[httpx.AsyncClient, ...]]:
    """Two of somebody's, signed in."""
    now = api.world.clock.real_now()
    async with connected(api.database, "web") as connection:
        person = await add(connection, somebody("liqiang"), now, SECRET)
        secrets = [await sessions.begin(connection, person.id, now) for _ in range(2)]
    one, other = (
        httpx.AsyncClient(
            base_url=api.site.address,
            headers={**OURS, **ENGLISH},
            cookies={"session": secret},
            timeout=PATIENCE,
        )
        for secret in secrets
    )
    async with one, other:
        yield one, other


async def change(client: httpx.AsyncClient, old: str, new: str = NEW) -> httpx.Response:
    return await client.post(PATH, json={"old": old, "password": new})


async def test_a_new_password_ends_the_other_sessions_and_opens(
    api: Api, browsers: tuple[httpx.AsyncClient, ...]
) -> None:
    one, other = browsers
    assert (await change(one, SECRET)).status_code == 204
    assert (await one.get(f"{API}/people/me")).json()["name"] == "liqiang"
    assert (await other.get(f"{API}/people/me")).status_code == 401
    for password, status in ((SECRET, 401), (NEW, 303)):
        answer = await other.post(
            "/sign-in", data={"name": "liqiang", "password": password}
        )
        assert answer.status_code == status
    kinds = await api.rows("SELECT kind, detail->>'by' FROM box_event")
    assert kinds[-1] == ("password-set", "liqiang")


async def test_it_takes_the_old_one_and_guesses_are_throttled(
    browsers: tuple[httpx.AsyncClient, ...],
) -> None:
    one, other = browsers
    found = [await change(one, "not this one") for _ in range(6)]
    assert [answer.status_code for answer in found] == [403] * 5 + [429]
    assert found[0].json()["detail"] == "The old password is wrong."
    assert (await other.get(f"{API}/people/me")).status_code == 200


@pytest.mark.parametrize("new", ["short", "liqiang", "x" * 1001, "a\0 and so on, long"])
async def test_one_that_cannot_be_is_refused(
    browsers: tuple[httpx.AsyncClient, ...], new: str
) -> None:
    assert (await change(browsers[0], SECRET, new)).status_code == 400
    assert (await change(browsers[0], SECRET)).status_code == 204


async def test_no_other_site_changes_it(
    browsers: tuple[httpx.AsyncClient, ...],
) -> None:
    browsers[0].headers["Sec-Fetch-Site"] = "cross-site"
    assert (await change(browsers[0], SECRET)).status_code == 403
