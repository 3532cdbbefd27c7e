"""The list of points, and the page of one: its curve over any range, figures, tables."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.async_api import Page, expect

from dashboard.parts.chart import spark
from domain.people import NOTHING, Scope
from storage.scope import scoped
from tests.browser.conftest import ClientOf, NewPage
from tests.browser.world import REGISTRY, World, opened
from tests.people import somebody
from tests.services import Database
from tests.stored import connected

EN = {"Accept": "text/html", "Accept-Language": "en"}
PHONE = {"viewport": {"width": 390, "height": 844}}
FLAGS = """() => {
    const plot = document.querySelector(".plot");
    return [...plot.querySelectorAll(".shapelayer path")]
        .filter((path) => plot.layout.shapes[path.dataset.index].name === "excursion")
        .map((path) => path.getBoundingClientRect().width);
}"""

REDRAWN = "() => document.querySelector('.plot').layout !== last"
COUNT_WATCHERS = """() => {
    globalThis.watchers = 0;
    globalThis.ResizeObserver = class extends ResizeObserver {
        constructor(told) {
            super(told);
            globalThis.watchers += 1;
        }
    };
}"""


async def drawn(page: Page, since: str = "") -> None:
    """Wait for a chart from `since`: the library is large, and the machine may be busy."""
    await page.wait_for_function(
        "since => document.querySelector('.plot')?.layout?.xaxis?.range[0].startsWith(since)",
        arg=since,
        timeout=30_000,
    )


async def hours(world: World) -> None:
    """Three hours by minutes, at 9.4 °C for half an hour of them."""
    values = ((m, 9.4 if 30 < m <= 60 else 5.0) for m in range(180, -1, -1))
    await world.send("coldroom-1", *((float(m), {"t1": value}) for m, value in values))


async def test_a_range_is_chosen_dragged_and_gone_back_to(
    world: World, new_page: NewPage
) -> None:
    await hours(world)
    page = await new_page("/points", timezone_id="Asia/Shanghai")
    await page.get_by_role("link", name="Cold room 1 temperature").click()
    await page.locator("#range-6h").click()
    await expect(page).to_have_url(re.compile(r"/points/1\?range=6h$"))
    await drawn(page, "2026-11-22T11:30")
    await expect(page.locator("#high")).to_have_text("9.4 °C")
    await expect(page.locator("#mkt")).to_have_text("5.91 °C")
    await expect(page.locator("#values")).to_have_text("181")
    for label in ("excursion > 8", "warning ≥ 7.5", "warning ≤ 2.5", "excursion < 2"):
        await expect(
            page.locator(".plot").get_by_text(label, exact=True)
        ).to_be_visible()
    drag = page.locator(".plot .nsewdrag").first
    box = await drag.bounding_box()
    assert box
    await page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 50)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + 60, steps=4)
    await page.mouse.up()
    await expect(page).to_have_url(
        re.compile(r"\?from=2026-11-22T07.*&to=2026-11-22T07")
    )
    await expect(page.locator("#high")).to_have_text("5.0 °C")
    zoomed = page.url
    await page.locator("#earlier").click()
    await expect(page).not_to_have_url(zoomed)
    await page.go_back()
    await expect(page).to_have_url(zoomed)
    await page.go_back()
    await expect(page).to_have_url(re.compile(r"/points/1\?range=6h$"))
    await expect(page.locator("#range-6h")).to_have_attribute("aria-current", "true")
    await expect(page.locator("#high")).to_have_text("9.4 °C")


async def test_a_chart_is_watched_once_however_often_its_page_renews_itself(
    world: World, new_page: NewPage
) -> None:
    await hours(world)
    page = await new_page("/points/1?range=6h")
    await drawn(page)
    await page.evaluate(COUNT_WATCHERS)
    for _ in range(3):
        await page.evaluate("globalThis.last = document.querySelector('.plot').layout")
        await page.clock.fast_forward(16_000)
        await page.wait_for_function(REDRAWN)
    assert await page.evaluate("watchers") == 0


async def test_points_are_listed_with_value_time_and_state(
    world: World, new_page: NewPage
) -> None:
    await opened(world)
    await world.send("coldroom-2", (3.0, {"t1": 5.25, "h1": 61, "door": 1}))
    await world.send("coldroom-1", (0.0, {"h1": 90}))
    page = await new_page("/points", timezone_id="Asia/Shanghai")
    row = page.get_by_role("row", name="Cold room 2 temperature")
    for words in ("5.2 °C", "17:27:05", "Silent", "no data for 3 min"):
        await expect(row).to_contain_text(words)
    door = page.get_by_role("row", name="Cold room 2 door")
    await expect(door).to_contain_text("open")
    await expect(page.locator("#point-1")).to_contain_text("Excursion")
    await expect(page.locator("#point-2")).to_contain_text("Beyond limit, pending")
    await page.clock.fast_forward(3_000)  # two seconds lie between two renewals
    await world.send("coldroom-2", (0.0, {"t1": 5.5}))
    await page.clock.fast_forward(16_000)  # nothing opened: the page looks by itself
    await expect(row).to_contain_text("In limits")


async def test_a_name_with_markup_is_shown_as_text(
    world: World, new_page: NewPage
) -> None:
    evil = "<img src=x onerror=alert(1)><b>x</b>"
    text = REGISTRY.read_text(encoding="utf-8")
    name = "en: Cold room 1 temperature"
    await world.register(text.replace(name, f"en: '{evil}'"))
    await opened(world)
    page = await new_page("/points/1")
    await drawn(page)
    await expect(page.locator("h1")).to_contain_text(evil)
    assert await page.locator("main img, main .plot b").count() == 0


async def test_an_excursion_of_five_minutes_is_seen_in_a_year(
    world: World, new_page: NewPage
) -> None:
    past = 100 * 24 * 60
    values = [(m, 11.0 if 700 < m <= 705 else 5.0) for m in range(2100, 0, -1)]
    for start in range(0, len(values), 700):
        part = values[start : start + 700]
        await world.send("coldroom-1", *((float(past + m), {"t1": v}) for m, v in part))
    page = await new_page("/points/1?range=1y")
    await drawn(page)
    await expect(page.locator("figcaption")).to_contain_text("1 day")
    await expect(page.locator("#high")).to_have_text("11.0 °C")
    widths = await page.evaluate(FLAGS)
    assert len(widths) >= 1
    assert min(widths) >= 2.9
    highest = "document.querySelector('.plot').data[0].y"  # of the band
    assert 11 in await page.evaluate(highest)


async def test_points_are_compared_and_drawn_into_a_picture(
    world: World, new_page: NewPage
) -> None:
    await hours(world)
    await world.send(
        "coldroom-1", *((float(m), {"h1": 61.0}) for m in range(60, -1, -1))
    )
    page = await new_page("/points/1?range=6h")
    await page.get_by_label("Point of the same site").select_option(
        label="Cold room 1 humidity (%RH)"
    )
    await page.get_by_role("button", name="Add its curve").click()
    await expect(page).to_have_url(re.compile(r"\?range=6h&with=\d+$"))
    await expect(page.locator("#legend li")).to_have_count(2)
    await drawn(page)
    await expect(page.locator(".plot .y2title")).to_have_text("%RH")
    limit = page.locator(".plot").get_by_text("excursion > 8", exact=True)
    await expect(limit).to_be_visible()
    async with page.expect_download() as picture:
        await page.get_by_role("button", name="PNG").click()
    path = await (await picture.value).path()
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size > 20_000
    await page.get_by_role("link", name="Remove").click()
    await expect(page.locator("#legend")).to_have_count(0)


async def test_a_phone_and_a_page_without_scripts_show_all(
    world: World, new_page: NewPage
) -> None:
    await hours(world)
    for path in ("/points", "/points/1"):
        page = await new_page(path, locale="zh-CN", **PHONE)
        if path != "/points":
            await drawn(page)
        assert await page.evaluate("document.documentElement.scrollWidth") == 390
    page = await new_page("/points/1", java_script_enabled=False)
    await page.get_by_text("The chart as a table").click()
    await expect(
        page.locator("#table tbody tr").filter(has_text="9.4 °C")
    ).to_have_count(1)


async def test_a_range_from_a_form_becomes_an_address_for_everybody(
    quiet: httpx.AsyncClient,
) -> None:
    asked = {"from": "2026-11-22T08:00", "to": "2026-11-22T10:00", "with": ["2", "3"]}
    response = await quiet.get("/points/1", params=asked)
    assert response.status_code == 303
    assert response.headers["location"] == (
        "/points/1?from=2026-11-22T00%3A00%3A00Z&to=2026-11-22T02%3A00%3A00Z&with=2%2C3"
    )


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("from=2026-11-22T08:00Z&to=2026-11-21T08:00Z", "must begin before it ends"),
        ("from=1970-01-01T00:00Z", "50 years at most"),
        ("from=2027-01-01T00:00Z&to=2027-02-01T00:00Z", "lies in the future"),
        ("from=%3Cb%3E", "cannot be read"),
        ("range=9y", "no such range"),
    ],
)
async def test_a_range_that_cannot_be_shown_leads_on(
    quiet: httpx.AsyncClient, query: str, text: str
) -> None:
    page = await quiet.get(f"/points/1?{query}", headers=EN)
    assert page.status_code == 400
    assert text in page.text
    assert "Show the last 24 hours" in page.text
    for part in ("series", "readings.csv"):
        refused = await quiet.get(
            f"/points/1/{part}?{query}", headers={"Accept-Language": "en"}
        )
        assert refused.status_code == 400
        assert text in refused.json()["detail"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/points/999", 404),
        ("/points/999/series", 404),
        ("/points/999/readings.csv", 404),
        ("/points/1?with=999", 404),
        ("/points/1?with=x", 404),
        ("/points/1?with=2,3,4,5", 400),
        ("/points/0", 404),
        ("/points/99999999999", 404),
        ("/points?state=odd", 400),
        ("/points?q=%00", 400),
    ],
)
async def test_what_is_unknown_or_senseless_is_told_so(
    quiet: httpx.AsyncClient, path: str, status: int
) -> None:
    assert (await quiet.get(path)).status_code == status


async def test_every_range_of_a_point_without_readings_is_shown(
    quiet: httpx.AsyncClient,
) -> None:
    for name in ("1h", "1y", "5y"):
        assert (await quiet.get(f"/points/1?range={name}")).status_code == 200
    series = (await quiet.get("/points/1/series?from=1980-01-01T00:00Z")).json()
    assert series["curves"][0]["line"] == {"times": [], "values": []}


async def test_a_name_is_no_formula_in_a_table(
    world: World, client: httpx.AsyncClient
) -> None:
    text = REGISTRY.read_text(encoding="utf-8")
    for old, new in (
        ("en: Cold room 1 temperature}", "en: '=HYPERLINK(1)'}"),
        ("en: Cold room 1}", "en: '='}"),
    ):
        text = text.replace(old, new)
    await world.register(text)
    await world.send("coldroom-1", (2.0, {"t1": -3.5}))
    table = await client.get("/points/1/readings.csv?range=6h", headers=EN)
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.text.splitlines() == [
        "\ufefftime,point,value,unit,quality,provenance,conflicting",
        "2026-11-22 17:28:05.000+08:00,'=HYPERLINK(1),-3.5,°C,good,live,",
    ]


async def test_somebody_of_another_region_knows_of_no_point_here(
    world: World, client_of: ClientOf
) -> None:
    await hours(world)
    async with client_of(somebody("far", region="330200")) as far:
        for part in ("", "/series", "/readings.csv"):
            assert (await far.get(f"/points/1{part}")).status_code == 404
        assert "Cold room 1" not in (await far.get("/points", headers=EN)).text


async def test_small_curves_are_of_what_is_seen(
    world: World, database: Database
) -> None:
    await hours(world)
    async with connected(database, "web") as connection:
        async with scoped(connection, Scope(low=330000, high=339999)):
            seen = await spark.read(connection, [1, 2], world.clock.now())
        async with scoped(connection, NOTHING):
            unseen = await spark.read(connection, [1], world.clock.now())
    assert (seen[1].low, seen[1].high) == (5.0, 9.4)
    assert seen[2].d == unseen[1].d == ""
