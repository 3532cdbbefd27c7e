"""Users and settings: plain forms, secrets shown once, errors that say what to do."""

from __future__ import annotations

import re

import httpx
import pytest

from domain.people import Role
from tests.browser.conftest import NewPage, new_client
from tests.browser.world import Site, World
from tests.people import SECRET, add, signed_in, somebody
from tests.services import Database
from tests.stored import connected

PERSON = {"Accept": "text/html", "Accept-Language": "en"}
NEW = {"name": "liqiang", "full_name": "李强", "role": "supervisor", "region": "330100"}


@pytest.fixture
async def administrator(database: Database, world: World) -> str:
    """The session of 赵敏."""
    who = somebody("zhaomin", Role.ADMINISTRATOR, full_name="赵敏")
    return await signed_in(database, who, world.clock.real_now())


async def test_somebody_is_added_told_and_signs_in_with_the_password_shown_once(
    new_page: NewPage, administrator: str, site: Site
) -> None:
    page = await new_page("/users?lang=en", session=administrator)
    for field, value in (("name", "Liqiang"), ("full_name", "<b>=1+1</b>")):
        await page.fill(f"#add [name={field}]", value)
    await page.click("#add .primary")
    await page.locator("#add .result.failed", has_text="has a region").wait_for()
    await page.fill("#add [name=region]", "330100")
    await page.click("#add .primary")
    said = await page.locator("#add .result.done").inner_text()
    async with page.expect_event("load"):  # its forms are sent by a script
        await page.locator("#users a", has_text="<b>=1+1</b>").click()
    await page.fill("form[action$='/contacts'] [name=address]", "li@example.cn")
    await page.click("form[action$='/contacts'] button")
    await page.locator("#contacts td", has_text="li@example.cn").wait_for()
    await page.fill("[name=hours]", "25:00")
    await page.click("form[action$='/subscriptions'] button")
    await page.locator(".result.failed", has_text="08:00-18:00").wait_for()
    await page.fill("[name=hours]", "22:00-06:00")
    await page.click("form[action$='/subscriptions'] button")
    await page.locator("#subscriptions td", has_text="Hangzhou").wait_for()
    password = said.rsplit(": ", 1)[1]
    async with new_client(site) as client:
        form = {"name": "liqiang", "password": password}
        assert (await client.post("/sign-in", data=form)).status_code == 303


async def test_without_a_script_a_password_is_a_page_of_its_own(
    administrator: str, site: Site
) -> None:
    async with new_client(site, administrator) as client:
        answer = await client.post("/users", data=NEW, headers=PERSON)
        assert answer.headers["location"] == "/users/liqiang"
        answer = await client.post("/users/liqiang/password", headers=PERSON)
        assert re.search(r'id="secret">[\w-]{16}<', answer.text)
        assert answer.headers["cache-control"] == "no-store"
        for said in ("true", "true", "false"):
            sent = {"disabled": said}
            answer = await client.post("/users/liqiang/disabled", data=sent)
            assert answer.status_code == 200
        about = {**NEW, "role": "auditor", "language": "en", "region": ""}
        await client.post("/users/liqiang", data=about)
        assert "auditor" in (await client.get("/users/liqiang", headers=PERSON)).text


WRONG = [
    ("/users", {**NEW, "name": "A B"}, "is no user name"),
    ("/users", {**NEW, "name": "zhaomin"}, "is taken"),
    ("/users", {**NEW, "region": "990000"}, "six digits"),
    ("/users", {**NEW, "role": "enterprise", "region": ""}, "has an enterprise"),
    ("/users", {**NEW, "role": "king"}, "Role: must be one of"),
    ("/users", {**NEW, "full_name": "a\x00b"}, "cannot be shown"),
    ("/users/zhaomin", {**NEW, "language": "zh"}, "only administrator"),
    ("/users/zhaomin/disabled", {"disabled": "true"}, "only administrator"),
    ("/users/zhaomin/contacts", {"channel": "fax", "address": "1"}, "no such"),
    ("/users/zhaomin/contacts", {"channel": "log", "address": "a b"}, "address"),
    ("/users/zhaomin/contacts/remove", {"channel": "log"}, "no contact"),
    ("/users/zhaomin/subscriptions", {"channel": "log", "region": "x"}, "six"),
    ("/users/zhaomin/subscriptions/remove", {"number": "7"}, "no subscription"),
    ("/settings/tokens", {"label": "x" * 81}, "80"),
    ("/settings/tokens", {"label": "x", "days": "9999"}, "Days: must be 365"),
    ("/settings/tokens/revoke", {"number": "7"}, "no token"),
    ("/settings/password", {"old": SECRET, "password": "a", "again": "b"}, "differ"),
]


async def test_what_cannot_be_is_told(administrator: str, site: Site) -> None:
    async with new_client(site, administrator) as client:
        for path, form, complaint in WRONG:
            english = {"Accept-Language": "en"}
            answer = await client.post(path, data=form, headers=english)
            assert answer.status_code == 400, path
            assert complaint in answer.json()["detail"], path


async def test_users_are_for_administrators(
    client: httpx.AsyncClient, administrator: str, site: Site
) -> None:
    for path in ("/users", "/users/zhaomin"):
        answer = await client.get(path, headers=PERSON)
        assert answer.status_code == 403
        assert "administrator" in answer.text
    assert (await client.post("/users", data=NEW)).status_code == 403
    assert (await client.post("/users/zhaomin/password")).status_code == 403
    async with new_client(site, administrator) as known:
        assert (await known.get("/users/nobody")).status_code == 404
        answer = await known.post("/users/nobody/password")
        assert answer.status_code == 404


async def test_ones_own_password_token_and_sessions(
    database: Database, world: World, new_page: NewPage, site: Site
) -> None:
    async with connected(database, "web") as connection:
        await add(connection, somebody("me"), world.clock.real_now(), SECRET)
    async with new_client(site) as client:
        form = {"name": "me", "password": SECRET}
        await client.post("/sign-in", data=form)
        mine = client.cookies["session"]
        page = await new_page("/settings?lang=en", session=mine)
        assert "Zhejiang" in await page.inner_text("main")
        await page.fill("#token [name=label]", "report")
        await page.click("#token button")
        said = await page.locator("#token .result.done").inner_text()
        assert said.split(" ")[-1].startswith("bb_")
        token = {"Authorization": f"Bearer {said.split(' ')[-1]}"}
        async with httpx.AsyncClient(base_url=site.address, headers=token) as program:
            assert (await program.get("/api/v1/people/me")).json()["name"] == "me"
            await page.click("#tokens tbody button")
            await page.locator("#tokens p", has_text="No token").wait_for()
            assert (await program.get("/api/v1/people/me")).status_code == 401
        await client.post("/sign-in", data=form)
        page = await new_page("/settings?lang=en", session=client.cookies["session"])
        await page.click("#others button")
        await page.locator("#others .result.done").wait_for()
        fill = (
            ("old", SECRET),
            ("password", "another secret"),
            ("again", "another secret"),
        )
        for field, value in fill:
            await page.fill(f"#password [name={field}]", value)
        await page.click("#password button")
        await page.locator("#password .result.done").wait_for()
        assert (await client.get("/settings")).status_code == 200
        client.cookies.clear()
        assert (await client.post("/sign-in", data=form)).status_code == 401
