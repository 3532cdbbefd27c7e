"""Fixtures: a browser, the page and the world behind it.

Everything here runs in the session's loop, for the browser outlives a test.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from domain.people import Person
from tests.browser.world import Site, World, new_world, serve
from tests.people import signed_in, somebody
from tests.services import Database, new_database

CHROMIUM = Path("/usr/bin/chromium")
PRESENT = CHROMIUM.exists()
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 20_000
"""Milliseconds of real time that a page may take to show something, on a busy machine too."""
expect.set_options(timeout=PATIENCE)

NewPage: TypeAlias = Callable[..., Awaitable[Page]]
ClientOf: TypeAlias = Callable[[Person], AbstractAsyncContextManager[httpx.AsyncClient]]
OURS = {"Sec-Fetch-Site": "same-origin"}
"""What a browser says of what our own page sends."""
Injected: TypeAlias = list[tuple[str, str, int]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what is here in one loop, and mark what needs a browser."""
    here = Path(__file__).parent
    for item in items:
        if here not in item.path.parents or not pytest_asyncio.is_async_test(item):
            continue
        item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium; without it the tests are skipped, and say so."""
    if not PRESENT:
        pytest.skip(f"no browser at {CHROMIUM}: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def world(database: Database) -> AsyncIterator[World]:
    """The demo's registry, and an ingestor's heartbeat."""
    async with new_world(database) as world:
        await world.register()
        yield world


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def quiet(
    database_server: str, template: str
) -> AsyncIterator[httpx.AsyncClient]:
    """Asks a page that nothing happens to: registered points, no readings, no alerts."""
    with new_database(database_server, template) as name:
        database = Database(name=name, admin=database_server)
        async with new_world(database) as world, serve(database, world.clock) as site:
            await world.register()
            secret = await signed_in(database, somebody(), world.clock.real_now())
            async with new_client(site, secret) as client:
                yield client


def new_client(site: Site, secret: str | None = None) -> httpx.AsyncClient:
    """A program with a browser's session; without one, with nothing but its origin."""
    return httpx.AsyncClient(
        base_url=site.address,
        headers=OURS,
        cookies={"session": secret} if secret else None,
        timeout=PATIENCE / 1000,
    )


@pytest_asyncio.fixture(loop_scope="session")
async def injected() -> Injected:
    """The faults that the demo's card asked for."""
    return []


@pytest_asyncio.fixture(loop_scope="session")
async def site(
    database: Database, world: World, injected: Injected
) -> AsyncIterator[Site]:
    """The web process, as in the demo."""

    async def inject(device: str, fault: str, minutes: int) -> None:
        injected.append((device, fault, minutes))

    async with serve(database, world.clock, inject) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session")
async def secret(database: Database, world: World) -> str:
    """The session of a supervisor of the whole province, 王芳."""
    return await signed_in(database, somebody(), world.clock.real_now())


@pytest_asyncio.fixture(loop_scope="session")
async def client(site: Site, secret: str) -> AsyncIterator[httpx.AsyncClient]:
    """A program that asks the web process, signed in."""
    async with new_client(site, secret) as client:
        yield client


@pytest_asyncio.fixture(loop_scope="session")
async def client_of(database: Database, world: World, site: Site) -> ClientOf:
    """Signs somebody new in, and gives the program that asks for them."""

    @asynccontextmanager
    async def sign_in(new: Person) -> AsyncIterator[httpx.AsyncClient]:
        secret = await signed_in(database, new, world.clock.real_now())
        async with new_client(site, secret) as client:
            yield client

    return sign_in


@pytest_asyncio.fixture(loop_scope="session")
async def new_page(browser: Browser, site: Site, secret: str) -> AsyncIterator[NewPage]:
    """Opens pages, signed in: no error and no foreign request may come of any.

    Takes the address, a file that shall not come, another session, and options of the
    browser's context.
    """
    faults: list[str] = []
    contexts = []

    async def open_page(
        address: str = "/",
        *,
        without: str = "",
        session: str | None = secret,
        **options: object,
    ) -> Page:
        settings = {"locale": "en-US", "viewport": {"width": 1280, "height": 900}}
        context = await browser.new_context(**{**settings, **options})  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        if session:
            cookie = {"name": "session", "value": session, "url": site.address}
            await context.add_cookies([cookie])  # type: ignore[list-item]
        page = await context.new_page()
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("request", lambda request: faults.extend(foreign(request.url, site)))
        page.on("console", lambda line: faults.extend(complaint(line.type, line.text)))
        await page.clock.install()
        if without:
            await page.route(
                without,
                lambda route: route.fulfill(body="", content_type="text/javascript"),
            )
        await page.goto(site.address + address)
        return page

    yield open_page
    for context in contexts:
        await context.close()
    print("\n".join(faults))
    assert faults == []


def foreign(url: str, site: Site) -> list[str]:
    """A request to anywhere but our own server."""
    own = url.removeprefix("blob:").startswith(site.address)
    return [] if own else [f"foreign request: {url}"]


def complaint(kind: str, text: str) -> list[str]:
    """What the browser complains of, but for answers that a test has asked for."""
    expected = (
        "ERR_CONNECTION_REFUSED",
        "ERR_INCOMPLETE_CHUNKED",
        "400 (",
        "401 (",
        "409 (",
        "429 (",
        "500 (",
    )
    ours = any(one in text for one in expected) or kind not in ("error", "warning")
    return [] if ours else [f"{kind}: {text}"]
