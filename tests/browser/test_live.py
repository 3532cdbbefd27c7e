"""The live page, in a browser."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from storage import journal
from tests.browser.conftest import Injected, NewPage
from tests.browser.world import REGISTRY, World

WARM = [(float(minute), {"t1": 9.4}) for minute in range(15, -1, -1)]
"""A quarter of an hour above 8 °C."""


async def opened(world: World) -> None:
    """Let cold room 1 have an alert."""
    await world.send("coldroom-1", *WARM)


async def acknowledge(page: Page, reason: str = "") -> None:
    """Fill the dialog in and send it."""
    await page.get_by_role("link", name="Acknowledge").click()
    await page.get_by_label("Reason").fill(reason)
    await page.get_by_role("dialog").get_by_role("button", name="Acknowledge").click()


async def test_new_alert_appears_without_a_reload(
    world: World, new_page: NewPage
) -> None:
    page = await new_page()
    await expect(page.get_by_text("No open alerts")).to_be_visible()
    await page.evaluate("globalThis.untouched = true")
    await opened(world)
    card = page.locator(".card")
    await expect(card).to_contain_text("Cold room 1 temperature")
    for words in ("Major", "Active", "Not acknowledged", "9.4 °C", "> 8 °C", "GSP"):
        await expect(card).to_contain_text(words)
    await expect(card.get_by_role("link", name="0571-00000001")).to_be_visible()
    await expect(page.locator("#toasts")).to_contain_text("Alert opened: Cold room 1")
    await expect(page).to_have_title("(1) Black box · Off-site drug supervision")
    assert await page.evaluate("globalThis.untouched")


async def test_acknowledging_changes_the_state_and_is_journalled(
    world: World, new_page: NewPage
) -> None:
    await opened(world)
    page = await new_page()
    await acknowledge(page, "door was open")
    await expect(page.locator(".card .answer")).to_have_text("Acknowledged")
    await expect(page.locator("#toasts")).to_contain_text("acknowledged by 王芳")
    entry = (await journal.entries(world.connection, 1))[-1]
    assert (entry.event, entry.actor, entry.reason) == (
        "acknowledged", "wangfang", "door was open",
    )  # fmt: skip
    await page.get_by_role("link", name="Details").click()
    await expect(page.locator(".journal")).to_contain_text("door was open")
    await expect(page.locator(".details")).to_contain_text("Readings kept")


async def test_an_acknowledgement_that_came_too_late_says_why(
    world: World, new_page: NewPage
) -> None:
    await opened(world)
    late, first = await new_page(), await new_page()
    await late.get_by_role("link", name="Acknowledge").click()
    await acknowledge(first)
    await expect(first.locator(".card .answer")).to_have_text("Acknowledged")
    await late.get_by_role("dialog").get_by_role("button", name="Acknowledge").click()
    result = late.get_by_role("dialog").locator("output")
    await expect(result).to_contain_text(
        "cannot be acknowledged now: it is active, acknow"
    )


async def test_language_is_switched_and_remembered(
    world: World, new_page: NewPage
) -> None:
    await opened(world)
    page = await new_page("/?q=room")
    await page.get_by_role("link", name="中文").click()
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await expect(page.locator(".card")).to_contain_text("一号冷库温度")
    await page.goto(page.url.split("?", maxsplit=1)[0])
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")


async def test_a_phone_needs_no_sideways_scrolling(
    world: World, new_page: NewPage
) -> None:
    await opened(world)
    phone = {"width": 390, "height": 844}
    page = await new_page("/?alert=1", viewport=phone, color_scheme="dark")
    await expect(page.locator("#chart .plot .main-svg").first).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == 390


async def test_a_name_with_markup_is_shown_as_text(
    world: World, new_page: NewPage
) -> None:
    evil = "<img src=x onerror=alert(1)>"
    text = REGISTRY.read_text(encoding="utf-8").replace(
        "en: Cold room 1 temperature", f"en: '{evil}'"
    )
    await world.register(text)
    page = await new_page("/?point=1")
    await opened(world)
    for place in (".card-title", "#chart h2", "#point-1 .name", ".toast"):
        await expect(page.locator(place)).to_contain_text(evil)
    await acknowledge(page, evil)
    await page.get_by_role("link", name="Details").click()
    await expect(page.locator(".journal q")).to_have_text(evil)
    assert await page.locator("img").count() == 0


async def test_a_click_on_a_point_shows_its_curve_with_the_limits(
    world: World, new_page: NewPage
) -> None:
    await opened(world)
    page = await new_page()
    await page.get_by_role("link", name="Cold room 1 temperature").last.click()
    plot = page.locator("#chart .plot")
    for label in ("excursion > 8", "warning ≥ 7.5", "warning ≤ 2.5", "excursion < 2"):
        await expect(plot.get_by_text(label, exact=True)).to_be_visible()
    await page.get_by_role("link", name="24 h").click()
    await expect(page).to_have_url(re.compile(r"\?point=1&hours=24$"))
    await page.go_back()
    await expect(page.locator("#range-6")).to_have_attribute("aria-current", "true")


async def test_points_show_value_time_and_state(
    world: World, new_page: NewPage
) -> None:
    await opened(world)
    await world.send("coldroom-2", (3.0, {"t1": 5.25, "h1": 61, "door": 1}))
    await world.send("coldroom-1", (0.0, {"h1": 90}))
    page = await new_page()
    row = page.locator("tr", has_text="Cold room 2 temperature")
    await expect(row).to_contain_text("5.2 °C")
    await expect(row).to_contain_text("17:27:05")
    await expect(row).to_contain_text("Silent no data for 3 min")
    await expect(page.locator("tr", has_text="Cold room 2 door")).to_contain_text(
        "open"
    )
    await expect(page.locator("#point-1")).to_contain_text("Excursion")
    await expect(page.locator("#point-2")).to_contain_text("Beyond limit, pending")
    world.clock.ahead += 1
    await page.clock.fast_forward(2_000)
    await world.send("coldroom-2", (0.0, {"t1": 5.5}))
    await expect(row).to_contain_text("In limits")


async def test_a_fault_is_injected_by_a_button(
    new_page: NewPage, injected: Injected
) -> None:
    page = await new_page()
    await page.locator("select[name=device]").select_option("coldroom-2")
    await page.get_by_role("button", name="Door open").click()
    await expect(page.locator(".demo output")).to_have_text(
        "coldroom-2: Door open for 20 min."
    )
    assert injected == [("coldroom-2", "door-open", 20)]
