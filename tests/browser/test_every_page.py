"""What holds for every page, on a province with some days behind it.

Accessible (axe-core finds nothing serious), no wider than its window, readable without
JavaScript, in the language asked for; and nothing that the browser complains of.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.browser.conftest import complaint, foreign, new_client
from tests.browser.desk import new_desk
from tests.browser.every_page import Shot, every_page, session_of
from tests.browser.links import broken
from tests.browser.world import Site, serve
from tests.services import Database, new_database

AXE = files("axe_playwright_python") / "axe.min.js"
RUN = """
async () => (await axe.run(document, { resultTypes: ["violations"] })).violations
    .filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html).join(" ; ")}`)
"""
DRESSES: dict[str, dict[str, Any]] = {
    "desk": {"locale": "en-GB", "viewport": {"width": 1280, "height": 900}},
    "phone": {
        "locale": "zh-CN",
        "viewport": {"width": 390, "height": 844},
        "color_scheme": "dark",
    },
}


@dataclass
class Furnished:
    """A running site over a province, and how to come in."""

    site: Site
    pages: dict[str, Shot]
    sessions: dict[str, str]
    browser: Browser


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def furnished(
    database_server: str, template: str, browser: Browser
) -> AsyncIterator[Furnished]:
    """One province for all that is looked at here: nothing changes in it."""
    with new_database(database_server, template) as name:
        database = Database(name=name, admin=database_server)

        async def inject(device: str, fault: str, minutes: int) -> None:
            raise AssertionError("nothing simulates here")

        async with (
            new_desk(database) as desk,
            serve(database, desk.clock, inject) as site,
        ):
            pages = {one.name: one for one in await every_page(desk)}
            sessions = {
                who: await session_of(desk, database, who) for who in desk.people
            }
            yield Furnished(site, pages, sessions, browser)


@dataclass
class Opened:
    """A page, and what was wrong with it so far."""

    page: Page
    faults: list[str]


async def opened(at: Furnished, shot: Shot, **dress: Any) -> Opened:
    """The page, loaded and renewed by its scripts."""
    context = await at.browser.new_context(**dress)
    if shot.who:
        cookie = {
            "name": "session",
            "value": at.sessions[shot.who],
            "url": at.site.address,
        }
        await context.add_cookies([cookie])  # type: ignore[list-item]
    page = await context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on("request", lambda request: faults.extend(foreign(request.url, at.site)))
    page.on("console", lambda line: faults.extend(complaint(line.type, line.text)))
    answer = await page.goto(at.site.address + shot.path)
    assert answer is not None
    expected = 404 if shot.name == "error" else 200  # what nobody has is shown, too
    assert answer.status == expected
    return Opened(page, [one for one in faults if "404" not in one])


NAMES = [
    "sign-in", "overview", "overview-enterprise", "inbox", "inbox-empty", "alert",
    "alert-enterprise", "points", "point", "point-7d", "point-compare", "enterprises",
    "enterprise", "site", "site-enterprise", "connections", "device", "device-refusing",
    "rules", "rule", "users", "settings", "demo", "error",
]  # fmt: skip


async def test_the_list_of_pages_is_complete(furnished: Furnished) -> None:
    assert list(furnished.pages) == NAMES


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize("name", NAMES)
async def test_a_page_is_accessible_and_fits(
    furnished: Furnished, name: str, dress: str
) -> None:
    one = await opened(furnished, furnished.pages[name], **DRESSES[dress])
    page = one.page
    if furnished.pages[name].who:
        await page.locator("body[data-live=yes]").wait_for()
    assert await page.locator("h1").count() == 1
    wide = await page.evaluate("document.documentElement.scrollWidth")
    assert wide <= DRESSES[dress]["viewport"]["width"]
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    assert await page.evaluate(RUN) == []
    assert [line for line in one.faults if "404" not in line] == []
    await page.context.close()


@pytest.mark.parametrize("name", NAMES)
async def test_a_page_is_readable_without_javascript(
    furnished: Furnished, name: str
) -> None:
    one = await opened(
        furnished, furnished.pages[name], java_script_enabled=False, locale="en-GB"
    )
    words = await one.page.locator("main").inner_text()
    assert len(words.split()) >= 8
    assert not re.search(r"\{[a-z_]+\}", words)
    await one.page.context.close()


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "who", ["supervisor", "enterprise", "administrator", "auditor"]
)
async def test_every_link_leads_somewhere(furnished: Furnished, who: str) -> None:
    async with new_client(furnished.site, furnished.sessions[who]) as client:
        assert await broken(client) == []
