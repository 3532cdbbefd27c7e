"""What pages are to who has not loaded them yet, prints them, or does not see them."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.conftest import NewPage
from tests.browser.world import World, opened

PRINTING = "dispatchEvent(new Event('beforeprint'))"
OVER = "dispatchEvent(new Event('afterprint'))"
WIDTH = "document.querySelector('.main-svg').clientWidth"


async def test_buttons_that_waited_for_their_scripts_stay_awake(
    new_page: NewPage, world: World
) -> None:
    await opened(world)
    page = await new_page("/alerts/1")
    button = page.get_by_role("button", name="Shelve")
    await expect(button).to_be_enabled()
    await world.send("coldroom-1", (0.0, {"t1": 9.9}))
    await expect(page.locator("#journal")).to_contain_text("revised")
    await expect(button).to_be_enabled()  # after a renewal, too


async def test_paper_is_light_and_as_wide_as_its_charts(
    new_page: NewPage, world: World
) -> None:
    await opened(world)
    point = await world.point("coldroom-1", "t1")
    page = await new_page(f"/points/{point}?range=1h&theme=dark")
    await page.locator(".main-svg").first.wait_for()
    wide = await page.evaluate(WIDTH)
    await page.emulate_media(media="print")
    await page.evaluate(PRINTING)
    await expect(page.locator(".top")).to_be_hidden()
    await expect(page.locator("body")).to_have_css("color-scheme", "light")
    assert await page.evaluate(WIDTH) <= 640 < wide
    await page.emulate_media(media="screen")
    await page.evaluate(OVER)
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert await page.evaluate(WIDTH) == wide
