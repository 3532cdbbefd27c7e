"""A shift from end to end: the product's own processes, broker, database, simulators, browser.

Nothing is pushed ahead here: the demo's day takes twelve minutes, and a door that is left
open for twenty minutes takes ten seconds.
"""

from __future__ import annotations

import asyncio
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from blackbox.demo import people, state
from blackbox.demo.run import run
from blackbox.demo.surroundings import Options
from blackbox.services import state_directory
from blackbox.settings import Settings
from tests.browser.test_one_alert import press
from tests.services import BINARIES, short_directory

PATIENCE = 60_000
"""Milliseconds of real time that the simulated world may take."""
DEAF_WITHIN = 10_000
"""Milliseconds of real time."""
ROOM = "Cold room 1 temperature"
SHAPES = """() => {
    const plot = document.querySelector(".plot");
    const box = plot.getBoundingClientRect();
    return [...plot.querySelectorAll(".shapelayer path")].map((path) => {
        const { type, name, opacity } = plot.layout.shapes[path.dataset.index];
        const { x, y, width, height } = path.getBoundingClientRect();
        const kind = name ? "flag" : type === "line" ? "limit" : opacity < 0.1 ? "band" : "shade";
        return { kind, box: [x - box.x, y - box.y, width, height] };
    });
}"""
COMMONEST = """async ([png, boxes]) => {
    const picture = await createImageBitmap(await (await fetch(png)).blob());
    const canvas = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
    canvas.drawImage(picture, 0, 0);
    return boxes.map(([x, y, width, height]) => {
        const right = Math.min(x + width, picture.width);
        const bottom = Math.min(y + height, picture.height);
        const { data } = canvas.getImageData(x, y, Math.max(right - x, 1), Math.max(bottom - y, 1));
        const counts = new Map();
        for (let n = 0; n < data.length; n += 4) {
            const colour = data.slice(n, n + 3).join();
            counts.set(colour, (counts.get(colour) ?? 0) + 1);
        }
        return [...counts].sort((one, other) => other[1] - one[1])[0][0];
    });
}"""
"""The colour that most pixels have in each of some boxes of a picture."""


class Demo:
    """A running demo, and who looks at it."""

    def __init__(self, browser: Browser, directory: Path) -> None:
        self._browser = browser
        self.address = state.find(directory).page
        self.passwords = people.remembered(directory)
        self.faults: list[str] = []

    async def sign_in(self, name: str) -> Page:
        """A browser of its own, by the form."""
        context = await self._browser.new_context(
            base_url=self.address,
            locale="en-GB",
            timezone_id="Asia/Shanghai",
            viewport={"width": 1280, "height": 900},
        )
        context.set_default_timeout(PATIENCE)
        context.on("weberror", lambda one: self.faults.append(f"error: {one.error}"))
        context.on("request", lambda one: self._check_own(one.url))
        context.on("console", lambda one: self._check_calm(one.type, one.text))
        page = await context.new_page()
        await page.goto("/")
        await page.get_by_label("Name").fill(name)
        await page.get_by_label("Password").fill(self.passwords[name])
        await page.get_by_role("button", name="Sign in").click()
        return page

    def _check_own(self, url: str) -> None:
        if not url.startswith(self.address):
            self.faults.append(f"foreign request: {url}")

    def _check_calm(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.faults.append(f"{kind}: {text}")


@pytest_asyncio.fixture(loop_scope="session")
async def demo(browser: Browser) -> AsyncIterator[Demo]:
    """`blackbox demo`, on a state directory of its own."""
    said: list[str] = []
    with short_directory(in_memory=True) as base:
        settings = Settings(postgres_bin=BINARIES, state_dir=base)
        running = asyncio.create_task(run(settings, Options(say=said.append)))
        try:
            while not any("Ctrl-C" in line for line in said):
                assert not running.done(), running.exception()
                await asyncio.sleep(0.1)
            yield Demo(browser, state_directory("demo", base))
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def ingestor() -> psutil.Process:
    """The one that this process has started."""
    (found,) = [
        one for one in psutil.Process().children() if one.cmdline()[-1] == "ingest"
    ]
    return found


async def colours(page: Page, *boxes: list[float]) -> list[str]:
    """What is seen at `boxes` of the chart, on a page that no policy binds."""
    png = b64encode(await page.locator(".plot").screenshot()).decode()
    assert page.context.browser
    blank = await page.context.browser.new_page()
    found = await blank.evaluate(COMMONEST, [f"data:image/png;base64,{png}", boxes])
    await blank.close()
    return found


async def live(page: Page) -> None:
    """Before its scripts have come, nothing would come of a click."""
    await expect(page.locator("body")).to_have_attribute("data-live", "yes")


async def fits_a_phone(page: Page) -> None:
    wide = page.viewport_size
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.wait_for_function("document.documentElement.scrollWidth <= 390")
    assert wide
    await page.set_viewport_size(wide)


async def opens_a_door(page: Page) -> None:
    await page.goto("/demo")
    await live(page)
    await page.get_by_label("Device").select_option("coldroom-1")
    await page.get_by_role("button", name="Door open").click()
    await expect(page.locator("output")).to_contain_text("coldroom-1: Door open")


async def appears(overview: Page, inbox: Page) -> str:
    """The alert, without a reload; its number."""
    for page in (overview, inbox):
        assert not await page.get_by_text(ROOM).count()
        await page.evaluate("globalThis.untouched = true")
    await opens_a_door(await overview.context.new_page())
    card = overview.locator("#newest article", has_text=ROOM)
    await expect(card).to_be_visible(timeout=PATIENCE)
    row = inbox.locator("#alerts > li.major", has_text=ROOM)
    await expect(row).to_be_visible(timeout=PATIENCE)
    for page in (overview, inbox):
        assert await page.evaluate("globalThis.untouched")
    return (await row.get_attribute("id") or "").removeprefix("alert-")


async def acknowledges_by_keyboard(inbox: Page, number: str) -> None:
    cursor = inbox.locator("#alerts > .cursor")
    for key in "j" * 40 + "k" * 40:  # others may come in between
        await inbox.keyboard.press(key)
        if await cursor.get_attribute("id") == f"alert-{number}":
            break
    await expect(cursor).to_have_id(f"alert-{number}")
    await inbox.keyboard.press("a")
    await expect(inbox.locator("#work output")).to_have_text("1 alert acknowledged.")
    await expect(cursor.locator(".work")).to_have_text("Acknowledged")


async def answers(theirs: Page, number: str) -> None:
    await theirs.locator("#nav-inbox").click()
    await expect(theirs).to_have_url(re.compile(r"/alerts$"))  # cards have that id, too
    await theirs.locator(f"#alert-{number}").get_by_role("link", name=ROOM).click()
    await expect(theirs).to_have_url(re.compile(rf"/alerts/{number}$"))
    await live(theirs)
    await press(theirs, "Answer", Cause="The door was left open", Action="Closed it")
    await expect(theirs.locator("#answer")).to_contain_text("The door was left open")


async def closes(page: Page, number: str) -> None:
    """Once the room has cooled down."""
    await expect(page).to_have_url(re.compile(rf"/alerts/{number}$"))
    await live(page)
    await expect(page.locator("#answer")).to_contain_text("The door was left open")
    await press(page, "Close")
    await expect(page.locator("#alert-summary .work")).to_have_text("Closed")
    await expect(page.locator("#journal b").first).to_have_text("closed")


async def shows_bands_and_shading(page: Page) -> None:
    await page.wait_for_function("document.querySelector('.plot')?.layout?.shapes")
    boxes = {one["kind"]: one["box"] for one in await page.evaluate(SHAPES)}
    assert set(boxes) == {"band", "limit", "shade", "flag"}
    whole = [0.0, 0.0, 9_999.0, 9_999.0]
    seen = await colours(page, whole, boxes["band"], boxes["shade"], boxes["flag"])
    assert len(set(seen)) == 4, seen


@pytest.mark.timeout(170)
async def test_a_shift_is_worked(demo: Demo) -> None:
    overview = await demo.sign_in("supervisor")
    await expect(overview.locator(".face-well")).to_be_visible(timeout=PATIENCE)
    inbox = await overview.context.new_page()
    await inbox.goto("/alerts")
    await live(inbox)
    number = await appears(overview, inbox)
    await inbox.bring_to_front()
    await acknowledges_by_keyboard(inbox, number)
    await fits_a_phone(inbox)

    theirs = await demo.sign_in("enterprise")
    await answers(theirs, number)
    await inbox.keyboard.press("Enter")
    await closes(inbox, number)
    await expect(theirs.locator("#alert-summary .work")).to_have_text("Closed")
    await shows_bands_and_shading(inbox)
    await fits_a_phone(inbox)
    await inbox.get_by_role("link", name="中文").click()
    await expect(inbox.get_by_role("heading", level=1)).to_have_text("一号冷库温度")
    await expect(inbox.locator("#alert-summary .work")).to_have_text("已关闭")

    ingestor().kill()
    deaf = overview.locator(".face-deaf")
    await expect(deaf).to_be_visible(timeout=DEAF_WITHIN)
    await expect(deaf).to_contain_text("黑匣子失聪")  # its language is all tabs'
    await expect(theirs.locator(".face-deaf")).to_contain_text("BOX DEAF")
    assert demo.faults == []
