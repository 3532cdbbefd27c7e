"""The banner: calm in one state only, and never by mistake."""

from __future__ import annotations

import asyncio

import httpx
from playwright.async_api import Page, expect

from tests.browser.conftest import NewPage
from tests.browser.world import Site, World, serve
from tests.services import Database

CALM, DEAF, QUIET, LOST = ".face-well", ".face-deaf", ".face-quiet", ".face-lost"
GREY = "grayscale(1)"


async def seen(page: Page, face: str, words: str) -> None:
    """A face of the banner says so to the eye; what is hidden in it does not count."""
    await expect(page.locator(face)).to_contain_text(words, use_inner_text=True)


async def seen_for(seconds: float, client: httpx.AsyncClient, world: World) -> None:
    """Wait until the server has seen no other heartbeat for so long."""
    while True:
        age = (await client.get("/health")).json()["box"]["age"]
        if age > world.intake_age + seconds:
            return
        await asyncio.sleep(0.1)


async def faded(page: Page) -> None:
    """What the page shows is visibly old."""
    await expect(page.locator("main")).to_have_css("filter", GREY)


async def test_calm_says_how_long_ago_the_last_intake_was(new_page: NewPage) -> None:
    page = await new_page()
    await expect(page.locator(CALM)).to_contain_text("Receiving last intake")
    await expect(page.locator(CALM)).to_contain_text("sec. ago")
    await expect(page.locator(LOST)).to_be_hidden()


async def test_a_page_without_pulses_is_lost_and_recovers(
    database: Database, world: World, site: Site, new_page: NewPage
) -> None:
    page = await new_page()
    await expect(page.locator(CALM)).to_be_visible()
    await site.stop()
    await page.clock.fast_forward(6_000)
    await seen(page, LOST, "STREAM LOST")
    await expect(page.locator(CALM)).to_be_hidden()
    await faded(page)
    await world.send("coldroom-1", (0.0, {"t1": 5.1}))
    async with serve(database, world.clock, port=site.port):
        await expect(page.locator(CALM)).to_be_visible()
        await expect(page.locator("#point-1")).to_contain_text("5.1 °C")


async def test_a_page_that_cannot_renew_itself_is_lost(
    world: World, new_page: NewPage
) -> None:
    page = await new_page()
    await expect(page.locator(CALM)).to_be_visible()
    await page.route("**/*", lambda route: route.fulfill(status=500))
    await page.clock.fast_forward(16_000)  # the page would renew itself by now
    await page.clock.fast_forward(6_000)
    await seen(page, LOST, "STREAM LOST")


async def test_an_ingestor_without_heartbeat_is_deaf(
    world: World, new_page: NewPage, client: httpx.AsyncClient
) -> None:
    page = await new_page()
    await expect(page.locator(CALM)).to_be_visible()
    world.beating = False
    await seen_for(0.5, client, world)
    world.clock.ahead += 5
    await seen(page, DEAF, "BOX DEAF the ingestor has no heartbeat")
    await faded(page)
    world.beating = True
    await expect(page.locator(CALM)).to_be_visible()


async def test_an_ingestor_without_broker_is_deaf(
    world: World, new_page: NewPage
) -> None:
    page = await new_page()
    world.connected = False
    await seen(page, DEAF, "BOX DEAF the connection to the message broker is down")
    await faded(page)


async def test_a_box_that_nobody_sends_to_is_not_calm(
    world: World, new_page: NewPage
) -> None:
    world.intake_age = 180
    page = await new_page()
    await expect(page.locator(QUIET)).to_contain_text("Nothing is coming in")
    await expect(page.locator(QUIET)).to_contain_text("3 min. ago")


async def test_a_page_whose_script_does_not_come_turns_to_lost(
    new_page: NewPage,
) -> None:
    page = await new_page(without="**/stream.js")
    await expect(page.locator(".face-connecting")).to_contain_text(
        "22 Nov 2026, 17:30:05"
    )
    await page.evaluate("document.getAnimations().forEach((one) => one.finish())")
    await expect(page.locator(LOST)).to_be_visible()
    await faded(page)


async def test_without_javascript_the_page_says_how_old_it_is(
    new_page: NewPage,
) -> None:
    page = await new_page(java_script_enabled=False)
    await seen(page, ".face-connecting", "As of 22 Nov 2026, 17:30:05 +08:00")
    await seen(page, ".face-connecting", "does not renew itself without JavaScript")
    await expect(page.locator(CALM)).to_be_hidden()
