"""What holds for every page, on a province with some days behind it.

Accessible (axe-core finds nothing serious), no wider than its window, readable without
JavaScript, in the language asked for; and nothing that the browser complains of.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page

from tests.browser.conftest import PATIENCE, complaint, foreign, new_client
from tests.browser.desk import new_desk
from tests.browser.every_page import Shot, every_page, session_of
from tests.browser.links import broken
from tests.browser.world import Site, serve
from tests.services import Database, new_database

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
ENGLISH = {"Accept": "text/html", "Accept-Language": "en"}
RUN = """
async () => (await axe.run(document, { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } })).violations
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
    "plain": {"locale": "en-GB", "java_script_enabled": False},
}


@dataclass
class Furnished:
    """A running site over a province, and how to come in."""

    site: Site
    pages: dict[str, Shot]
    sessions: dict[str, str]
    browser: Browser
    contexts: dict[tuple[str, str | None], BrowserContext] = field(default_factory=dict)
    """By dress and who is signed in: what one page has loaded, the next one need not."""

    async def context(self, dress: str, who: str | None) -> BrowserContext:
        """Somebody's browser."""
        if (dress, who) not in self.contexts:
            context = await self.browser.new_context(**DRESSES[dress])
            context.set_default_timeout(PATIENCE)
            if who:
                secret, url = self.sessions[who], self.site.address
                cookie = {"name": "session", "value": secret, "url": url}
                await context.add_cookies([cookie])  # type: ignore[list-item]
            self.contexts[dress, who] = context
        return self.contexts[dress, who]

    @asynccontextmanager
    async def opened(self, name: str, dress: str) -> AsyncIterator[Page]:
        """A page, loaded; nothing may be wrong with it."""
        shot, faults = self.pages[name], list[str]()
        context = await self.context(dress, shot.who)
        page = await context.new_page()
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("request", lambda one: faults.extend(foreign(one.url, self.site)))
        page.on("console", lambda line: faults.extend(complaint(line.type, line.text)))
        answer = await page.goto(self.site.address + shot.path)
        assert answer is not None
        expected = 404 if name == "error" else 200  # what nobody has is shown, too
        assert answer.status == expected
        yield page
        await page.close()
        assert [one for one in faults if "404" not in one] == []


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
            furnished = Furnished(site, pages, sessions, browser)
            yield furnished
            for context in furnished.contexts.values():
                await context.close()


NAMES = [
    "sign-in", "overview", "overview-enterprise", "inbox", "inbox-empty", "alert",
    "alert-enterprise", "points", "point", "point-7d", "point-compare", "enterprises",
    "enterprise", "site", "site-enterprise", "connections", "device", "device-refusing",
    "rules", "rule", "users", "settings", "demo", "error",
]  # fmt: skip


async def test_the_list_of_pages_is_complete(furnished: Furnished) -> None:
    assert list(furnished.pages) == NAMES


async def test_pages_have_titles_of_their_own_and_sections_have_names(
    furnished: Furnished,
) -> None:
    titles: dict[str, set[str]] = {}
    for shot in furnished.pages.values():
        async with new_client(
            furnished.site, shot.who and furnished.sessions[shot.who]
        ) as client:
            text = (await client.get(shot.path, headers=ENGLISH)).text
        title = re.search("<title>(.*?)</title>", text, re.DOTALL)
        assert title, shot.name
        titles.setdefault(title[1], set()).add(shot.path.partition("?")[0])
        if shot.name != "error":
            assert not re.search(r"<section(?![^>]*aria-label)[^>]*>", text), shot.name
    assert [title for title, paths in titles.items() if len(paths) > 1] == []


@pytest.mark.parametrize("dress", ["desk", "phone"])
@pytest.mark.parametrize("name", NAMES)
async def test_a_page_is_accessible_and_fits(
    furnished: Furnished, name: str, dress: str
) -> None:
    async with furnished.opened(name, dress) as page:
        if furnished.pages[name].who:
            await page.locator("body[data-live=yes]").wait_for()
        assert await page.locator("h1").count() == 1
        wide = await page.evaluate("document.documentElement.scrollWidth")
        width = DRESSES[dress]["viewport"]["width"]
        assert wide <= width
        # Whole, so that what sticks to the window's edge lies over nothing.
        height = await page.evaluate("document.documentElement.scrollHeight")
        await page.set_viewport_size({"width": width, "height": height})
        await page.evaluate(AXE)
        assert await page.evaluate(RUN) == []


@pytest.mark.parametrize("name", NAMES)
async def test_a_page_is_readable_without_javascript(
    furnished: Furnished, name: str
) -> None:
    async with furnished.opened(name, "plain") as page:
        assert await page.locator("button.script-only:enabled").count() == 0
        words = await page.locator("main").inner_text()
        assert len(words.split()) >= 6  # the sign-in has no more
        assert not re.search(r"\{[a-z_]+\}", words)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "who", ["supervisor", "enterprise", "administrator", "auditor"]
)
async def test_every_link_leads_somewhere(furnished: Furnished, who: str) -> None:
    async with new_client(furnished.site, furnished.sessions[who]) as client:
        assert await broken(client) == []
