"""Several tabs of one person share one stream, whichever of them is closed."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.world import Site, World

CALM = ".face-well"


def streams(page: Page) -> list[str]:
    """The streams that the page opens from now on."""
    opened: list[str] = []
    page.on(
        "request",
        lambda one: opened.append(one.url) if "/api/v1/events" in one.url else None,
    )
    return opened


async def beside(page: Page, site: Site) -> tuple[Page, list[str]]:
    """Another tab of the same browser, and the streams that it opens."""
    tab = await page.context.new_page()
    opened = streams(tab)
    await tab.goto(site.address)
    return tab, opened


async def test_a_second_tab_is_told_by_the_first(site: Site, new_page: NewPage) -> None:
    first = await new_page()
    await expect(first.locator(CALM)).to_be_visible()
    second, opened = await beside(first, site)
    await expect(second.locator(CALM)).to_be_visible()
    assert opened == []


async def test_the_next_tab_takes_over_when_the_leader_is_closed(
    world: World, site: Site, new_page: NewPage
) -> None:
    first = await new_page()
    await expect(first.locator(CALM)).to_be_visible()
    second, opened = await beside(first, site)
    await expect(second.locator(CALM)).to_be_visible()
    await first.close()
    world.intake_age = 180
    await expect(second.locator(".face-quiet")).to_be_visible()
    assert len(opened) == 1


async def test_a_tab_in_sight_does_not_wait_for_a_leader_that_sleeps(
    site: Site, new_page: NewPage
) -> None:
    first = await new_page()
    await expect(first.locator(CALM)).to_be_visible()
    second, opened = await beside(first, site)
    await expect(second.locator(CALM)).to_be_visible()
    debugger = await first.context.new_cdp_session(first)
    await debugger.send("Debugger.enable")
    await debugger.send("Debugger.pause")
    async with second.expect_request("**/api/v1/events*"):
        pass
    await expect(second.locator(CALM)).to_be_visible()
    assert len(opened) == 1
    await debugger.send("Debugger.resume")
