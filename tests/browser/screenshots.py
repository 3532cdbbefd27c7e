"""Pictures of every page, in both themes and languages, for a desk and a telephone.

    make screenshots            writes screenshots/{page}-{language}-{theme}-{width}.png
    python -m tests.browser.screenshots --only inbox,alert

They are to be looked at; they are not committed, but for the one of the README.
"""

from __future__ import annotations

import argparse
import asyncio
from contextlib import AsyncExitStack
from itertools import product
from pathlib import Path

from playwright.async_api import Browser, async_playwright
from rich.progress import track

from storage.migrate import LOGINS, migrate
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.desk import new_desk
from tests.browser.every_page import Shot, every_page, session_of
from tests.browser.world import serve
from tests.services import PASSWORD, Database, embedded_postgres, new_database

TARGET = Path("screenshots")
WIDTHS = {"desk": (1440, 900), "phone": (390, 844)}
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
THEMES = ("light", "dark")


async def take(only: set[str]) -> None:
    """Furnish a desk, and take a picture of each page in each dress."""
    async with AsyncExitStack() as stack:
        server = stack.enter_context(embedded_postgres(fsync=False))
        admin = server.url(database="postgres")
        name = stack.enter_context(new_database(admin, "template0"))
        database = Database(name=name, admin=admin)
        await migrate(database.url(), dict.fromkeys(LOGINS, PASSWORD))
        print("two days of a province pass …", flush=True)
        desk = await stack.enter_async_context(new_desk(database))
        site = await stack.enter_async_context(serve(database, desk.clock, _no_fault))
        pages = [one for one in await every_page(desk) if not only or one.name in only]
        sessions = {who: await session_of(desk, database, who) for who in desk.people}
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS
        )
        dresses = list(product(pages, LOCALES, THEMES, WIDTHS))
        for page, language, theme, width in track(dresses, "screenshots"):
            await shoot(browser, site.address, sessions, page, language, theme, width)
        await browser.close()


async def shoot(
    browser: Browser,
    address: str,
    sessions: dict[str, str],
    shot: Shot,
    language: str,
    theme: str,
    width: str,
) -> None:
    """One page in one dress, to its whole length."""
    size = WIDTHS[width]
    context = await browser.new_context(
        locale=LOCALES[language],
        timezone_id="Asia/Shanghai",
        color_scheme=theme,  # type: ignore[arg-type]
        viewport={"width": size[0], "height": size[1]},
    )
    if shot.who:
        cookie = {"name": "session", "value": sessions[shot.who], "url": address}
        await context.add_cookies([cookie])  # type: ignore[list-item]
    page = await context.new_page()
    await page.goto(address + shot.path)
    await page.wait_for_timeout(500)
    for figure in await page.locator("figure[data-series]:visible").all():
        await figure.locator(".main-svg").first.wait_for()
    # As tall as the page is: what sticks to the window's edge stands at the page's.
    tall = await page.evaluate("document.documentElement.scrollHeight")
    await page.set_viewport_size({"width": size[0], "height": max(tall, size[1])})
    await page.wait_for_timeout(300)
    name = f"{shot.name}-{language}-{theme}-{width}.png"
    await page.screenshot(path=TARGET / name, full_page=True)
    wide = await page.evaluate("document.documentElement.scrollWidth")
    if wide > size[0]:
        print(f"{name}: scrolls sideways, {wide} px wide", flush=True)
    await context.close()


async def _no_fault(_device: str, _fault: str, _minutes: int) -> None:
    """Nothing simulates here."""


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="names of pages, with commas")
    asked = parser.parse_args().only
    TARGET.mkdir(exist_ok=True)
    asyncio.run(take({one for one in asked.split(",") if one}))
