"""A page that renews itself leaves alone whoever works on it, and never mixes two people."""

from __future__ import annotations

from playwright.async_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.test_one_alert import do, over, press, wang_fang
from tests.browser.world import World
from tests.people import signed_in, somebody
from tests.services import Database


async def focused(page: Page) -> str:
    return await page.evaluate("document.activeElement.id")


async def test_the_keyboard_stays_where_it_is_while_others_work(
    database: Database, world: World, new_page: NewPage
) -> None:
    await over(world)
    page = await new_page("/alerts/1")
    await page.locator("#alert-1-comment").focus()
    await do(database, world, await wang_fang(database), "acknowledge")
    await expect(page.locator("#alert-1-assign")).to_be_visible()
    assert await focused(page) == "alert-1-comment"


async def test_after_a_command_the_keyboard_goes_on_beside_it(
    world: World, new_page: NewPage
) -> None:
    await over(world)
    page = await new_page("/alerts/1")
    await press(page, "Acknowledge")
    await expect(page.locator("#alert-1-acknowledge")).to_have_count(0)
    await expect(page.locator("#alert-1-assign")).to_be_focused()


async def test_what_was_opened_stays_open(world: World, new_page: NewPage) -> None:
    await over(world)
    page = await new_page(f"/points/{await world.point('coldroom-1', 't1')}")
    await page.locator("#table summary").click()
    await page.evaluate(
        "new Promise((done) => document.addEventListener('renewed', done, { once: true }))"
    )
    await expect(page.locator("#table")).to_have_attribute("open", "")


async def test_a_tab_becomes_that_of_whoever_signs_in_in_another(
    database: Database, world: World, new_page: NewPage
) -> None:
    other = somebody("lihua", full_name="李华", region="330106")
    session = await signed_in(database, other, world.clock.real_now())
    page = await new_page("/points")
    await expect(page.locator(".who summary")).to_have_text("王芳")
    own = {"url": page.url.removesuffix("/points")}
    await page.context.add_cookies(
        [
            {"name": "session", "value": session, **own},
            {"name": "lang", "value": "zh", **own},
        ]  # type: ignore[list-item]
    )
    await over(world)
    await expect(page.locator(".who summary")).to_have_text("李华")
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
