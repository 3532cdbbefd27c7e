"""Signing in and out: in a browser, by programs, and by those who mean it ill."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

import httpx
import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from playwright.async_api import Page, expect

from dashboard import passwords
from dashboard.passwords import NOBODYS, Passwords
from dashboard.security import local
from domain.people import Person, Role
from storage import people, sessions, tokens
from storage.unit import PEOPLE, Connection, unit_of_work
from tests.browser.conftest import ClientOf, Injected, NewPage, new_client
from tests.browser.world import CLINIC, WARM, Site, World, opened, serve
from tests.people import CHEAP, SECRET, add, somebody
from tests.services import Database
from tests.stored import connected

PERSON = {"Accept": "text/html"}
NEVER = "bb_" + "x" * 43


@pytest_asyncio.fixture(loop_scope="session")
async def web(database: Database, world: World) -> AsyncIterator[Connection]:
    async with connected(database, "web") as connection:
        yield connection


@pytest_asyncio.fixture(loop_scope="session")
async def liqiang(web: Connection, world: World) -> Person:
    """Somebody with a password."""
    new = somebody("liqiang", full_name="李强")
    return await add(web, new, world.clock.now(), SECRET)


@pytest_asyncio.fixture(loop_scope="session")
async def stranger(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A program that is not signed in, but says what a browser says of our own page."""
    async with new_client(site) as client:
        yield client


async def fill(page: Page, password: str, name: str = "liqiang") -> None:
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()


async def send(
    client: httpx.AsyncClient, password: str, name: str = "liqiang", **more: str
) -> httpx.Response:
    return await client.post(
        "/sign-in", data={"name": name, "password": password, **more}
    )


# In a browser -----------------------------------------------------------------------


async def test_a_password_opens_the_page_that_was_wanted_and_signing_out_closes_it(
    liqiang: Person, new_page: NewPage
) -> None:
    page = await new_page("/?region=330106", session=None)
    await expect(page).to_have_url(re.compile(r"/sign-in\?next=%2F%3Fregion%3D330106"))
    await fill(page, "not this one")
    await expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
    await expect(page.get_by_label("Name")).to_have_value("liqiang")
    await fill(page, SECRET)
    await expect(page).to_have_url(re.compile(r"/\?region=330106$"))
    await expect(page.locator(".who")).to_contain_text("李强")
    await expect(page.locator(".face-well")).to_be_visible()
    await page.locator(".who summary").click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page).to_have_url(re.compile("/sign-in$"))
    await page.go_back()
    await expect(page.get_by_label("Password")).to_be_visible()


async def test_too_many_attempts_have_to_wait_even_with_the_right_password(
    liqiang: Person, new_page: NewPage, world: World
) -> None:
    page = await new_page("/sign-in", session=None)
    for _ in range(5):
        async with page.expect_event("load"):  # the last one's answer says the same
            await fill(page, "not this one")
        await expect(page.get_by_role("alert")).to_contain_text("wrong")
    world.clock.ahead -= 60  # the second must not pass while the test looks
    await fill(page, SECRET)
    await expect(page.get_by_role("alert")).to_contain_text("Too many attempts")
    world.clock.ahead += 62
    await fill(page, SECRET)
    await expect(page.locator(".who")).to_contain_text("李强")


async def test_a_page_whose_session_is_over_goes_to_the_sign_in_and_back(
    liqiang: Person, web: Connection, world: World, new_page: NewPage
) -> None:
    secret = await sessions.begin(web, liqiang.id, world.clock.real_now())
    page = await new_page("/?region=33", session=secret)
    await expect(page.locator(".face-well")).to_be_visible()
    await sessions.end(web, secret)
    await world.send("coldroom-1", *WARM)  # the page would renew itself
    await expect(page).to_have_url(re.compile(r"/sign-in\?next=%2F%3Fregion%3D33$"))
    await fill(page, SECRET)
    await expect(page).to_have_url(re.compile(r"/\?region=33$"))
    await expect(page.locator(".alert-card")).to_contain_text("Cold room 1 temperature")


async def test_a_page_that_comes_back_to_a_refused_stream_goes_to_the_sign_in(
    database: Database, web: Connection, world: World, site: Site, new_page: NewPage
) -> None:
    page = await new_page()
    await expect(page.locator(".face-well")).to_be_visible()
    await site.stop()
    await web.execute("DELETE FROM session")
    async with serve(database, world.clock, port=site.port):
        await page.clock.fast_forward(3_000)
        await expect(page).to_have_url(re.compile("/sign-in$"))


async def test_the_sign_in_page_speaks_chinese_and_needs_no_script(
    liqiang: Person, new_page: NewPage
) -> None:
    page = await new_page(
        "/sign-in", session=None, locale="zh-CN", java_script_enabled=False
    )
    await page.get_by_label("用户名").fill(" LiQiang ")
    await page.get_by_label("密码").fill(SECRET)
    await page.get_by_role("button", name="登录").click()
    await expect(page.locator(".who")).to_contain_text("李强")


# Cookies and redirects --------------------------------------------------------------


async def test_the_cookie_is_kept_from_scripts_and_other_sites(
    liqiang: Person, stranger: httpx.AsyncClient
) -> None:
    response = await send(stranger, SECRET)
    assert (response.status_code, response.headers["location"]) == (303, "/")
    name, *flags = response.headers["set-cookie"].split("; ")
    assert name.startswith("session=")
    assert set(flags) == {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=604800"}


async def test_by_https_the_cookie_is_for_this_host_and_https_alone(
    database: Database, world: World, liqiang: Person
) -> None:
    async with (
        serve(database, world.clock, secure=True) as site,
        new_client(site) as client,
    ):
        response = await client.post(
            "/sign-in",
            data={"name": "liqiang", "password": SECRET},
            headers={"Host": "blackbox.example"},
        )
        cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-session=")
    assert "; Secure" in cookie
    assert "Domain" not in cookie


async def test_by_http_a_password_is_taken_within_the_machine_only(
    liqiang: Person, stranger: httpx.AsyncClient
) -> None:
    data = {"name": "liqiang", "password": SECRET}
    response = await stranger.post(
        "/sign-in", data=data, headers={"Host": "blackbox.example"}
    )
    assert response.status_code == 400
    assert "https" in response.json()["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example", "/\\evil.example", "https://evil.example", "evil", "",
        "/\t/evil.example", "/a\nb", "javascript:alert(1)", "/" + "x" * 3000,
    ],
)  # fmt: skip
def test_after_signing_in_nobody_is_led_elsewhere(path: str) -> None:
    assert local(path) == "/"
    assert local("/?q=room&point=1") == "/?q=room&point=1"


async def test_signing_in_anew_ends_the_session_before(
    liqiang: Person, web: Connection, stranger: httpx.AsyncClient
) -> None:
    for _ in range(2):
        await send(stranger, SECRET)
    row = await (await web.execute("SELECT count(*) FROM session")).fetchone()
    assert row == (1,)


# What is refused --------------------------------------------------------------------


@dataclass
class Counting(PasswordHasher):
    """Notes what it was asked to verify."""

    verified: list[str | bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002
        self.verified.append(hash)
        return super().verify(hash, password)


async def test_unknown_disabled_and_wrong_cost_the_same_and_are_answered_the_same(
    liqiang: Person,
    web: Connection,
    world: World,
    site: Site,
    stranger: httpx.AsyncClient,
) -> None:
    await add(web, somebody("told"), world.clock.now())
    await add(web, somebody("gone"), world.clock.now(), SECRET)
    async with unit_of_work(
        web, share=PEOPLE, kind="command", arrived=world.clock.now()
    ) as unit:
        await people.disable(unit, "gone", by="root", real_now=world.clock.real_now())
    counting = Counting()
    here = site.server.config.app.state.house  # type: ignore[union-attr]
    here.passwords.hasher = counting
    names = ["liqiang", "told", "gone", "nobody"]
    answers = [await send(stranger, "not this one", name) for name in names]
    assert len({(one.status_code, one.text) for one in answers}) == 1
    assert answers[0].status_code == 401
    assert len(counting.verified) == 4
    assert counting.verified[1:] == [NOBODYS] * 3


async def test_what_is_throttled_costs_no_hash_and_says_when_to_come_back(
    liqiang: Person, site: Site, stranger: httpx.AsyncClient, world: World
) -> None:
    for _ in range(5):
        await send(stranger, "not this one")
    counting = Counting()
    here = site.server.config.app.state.house  # type: ignore[union-attr]
    here.passwords.hasher = counting
    response = await send(stranger, SECRET)
    assert response.status_code == 429
    assert response.headers["retry-after"] == "1"
    assert counting.verified == []


OTHERS: list[dict[str, str]] = [
    {},
    {"Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.example"},
]


async def test_no_other_site_signs_anybody_in_or_out(
    liqiang: Person, site: Site
) -> None:
    form = {"name": "liqiang", "password": SECRET}
    async with httpx.AsyncClient(base_url=site.address) as client:
        for path, headers in product(("/sign-in", "/sign-out"), OTHERS):
            response = await client.post(path, data=form, headers=headers)
            assert response.status_code == 403, (path, headers)
            assert "set-cookie" not in response.headers


NONSENSE: list[dict[str, str | bytes]] = [
    {},
    {"name": "a\x00b", "password": "x"},
    {"name": "x" * 10_000, "password": "y" * 50_000},
    {"name": "\ud800".encode("utf-8", "surrogatepass"), "password": b"\xff"},
]


async def test_nonsense_is_a_wrong_password(stranger: httpx.AsyncClient) -> None:
    for fields in NONSENSE:
        response = await stranger.post("/sign-in", data=fields)
        assert response.status_code == 401, fields


async def test_nothing_is_shown_to_a_stranger(stranger: httpx.AsyncClient) -> None:
    for path in ("/", "/points", "/?region=x", "/demo"):
        program = await stranger.get(path)
        person = await stranger.get(path, headers=PERSON)
        assert program.status_code == 401, path
        assert program.headers["content-type"] == "application/problem+json"
        assert program.headers["www-authenticate"].startswith("Bearer")
        assert person.status_code == 303, path
        assert person.headers["location"].startswith("/sign-in")
    assert (await stranger.post("/demo/faults")).status_code == 401


# Tokens -----------------------------------------------------------------------------


async def test_a_token_signs_a_program_in_and_needs_no_proof_of_origin(
    liqiang: Person, web: Connection, world: World, site: Site
) -> None:
    real = world.clock.real_now()
    async with unit_of_work(
        web, share=PEOPLE, kind="command", arrived=world.clock.now()
    ) as unit:
        token = await tokens.issue(unit, liqiang, "crm", by="root", real_now=real)
    async with httpx.AsyncClient(base_url=site.address) as client:
        for given, status in [
            (f"Bearer {token}", 404), (f"bearer  {token}", 404), (f"Bearer {NEVER}", 401),
            (f"Basic {token}", 401), ("Bearer", 401), ("bb_x", 401), (f"Bearer {token}x", 401),
            ("Bearer bb_" + "x" * 9000, 401),
        ]:  # fmt: skip
            headers = {"Authorization": given}
            response = await client.get("/?region=11", headers=headers)
            assert response.status_code == status, given
        world.clock.ahead += 90 * 86_400
        headers = {"Authorization": f"Bearer {token}"}
        assert (await client.get("/", headers=headers)).status_code == 401


# Roles and scope --------------------------------------------------------------------


async def test_each_sees_theirs_and_what_is_foreign_is_unknown(
    world: World, client_of: ClientOf
) -> None:
    await opened(world)
    number = await world.enterprise(CLINIC)
    ningbo = somebody("ningbo", region="330200")
    other = somebody("other", Role.ENTERPRISE, enterprise=number)
    for new in (ningbo, other):
        async with client_of(new) as client:
            text = (await client.get("/", headers=PERSON)).text
            assert "示例一号仓库" not in text
            assert "一号冷库" not in text
            foreign = await client.get("/?region=330106")
            unknown = await client.get("/?region=330299")
            assert foreign.status_code == unknown.status_code == 404
            assert foreign.text == unknown.text
    hangzhou = somebody("hangzhou", region="330100")
    async with client_of(hangzhou) as client:
        assert "一号冷库" in (await client.get("/", headers=PERSON)).text


async def test_faults_are_injected_by_supervisors_and_administrators_only(
    injected: Injected, client_of: ClientOf
) -> None:
    fields = {"device": "coldroom-1", "fault": "door-open"}
    for role, status in [(Role.AUDITOR, 403), (Role.ADMINISTRATOR, 200)]:
        async with client_of(somebody(role, role)) as client:
            shown = 'href="/demo"' in (await client.get("/", headers=PERSON)).text
            assert shown == (status == 200)
            page = await client.get("/demo", headers=PERSON)
            assert page.status_code == status
            response = await client.post("/demo/faults", data=fields)
            assert response.status_code == status
    assert len(injected) == 1


# Passwords --------------------------------------------------------------------------


async def test_a_password_of_older_parameters_is_hashed_anew(
    liqiang: Person, web: Connection, stranger: httpx.AsyncClient
) -> None:
    before = await people.credentials(web, "liqiang")
    assert (await send(stranger, SECRET)).status_code == 303
    after = await people.credentials(web, "liqiang")
    assert before
    assert after
    assert before.password != after.password
    assert after.password
    assert not PasswordHasher().check_needs_rehash(after.password)
    assert (await send(stranger, SECRET)).status_code == 303


def test_nobodys_hash_costs_as_much_as_anybodys() -> None:
    assert not PasswordHasher().check_needs_rehash(NOBODYS)


async def test_a_password_is_the_same_from_every_keyboard_and_no_longer_than_its_end() -> (
    None
):
    made = Passwords(CHEAP)
    stored = await made.hashed("Ａ-caf\u0065\u0301-long")
    assert (await made.compare(stored, "A-café-long")).right
    longest = "x" * passwords.LONGEST
    stored = await made.hashed(longest)
    assert (await made.compare(stored, longest)).right
    assert not (await made.compare(stored, longest + "y")).right
    assert not (await made.compare("no hash", "x")).right


@pytest.mark.parametrize("wrong", ["short", "x" * 1001, "supervisor", "SuperVisor"])
def test_a_password_is_long_enough_and_not_the_name(wrong: str) -> None:
    with pytest.raises(passwords.InputError):
        passwords.checked(wrong, "supervisor")
    assert passwords.checked("x" * 10, "supervisor") == "x" * 10
