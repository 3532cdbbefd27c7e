"""The pages of enterprises and sites, in a browser."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from playwright.async_api import expect

from alerting.safety.facts import Facts
from domain.people import Role
from ingest.requests import carry_out
from storage.connect import connect
from storage.maintenance import listed
from tests.browser.conftest import NewPage, new_client
from tests.browser.world import (
    CLINIC,
    ENTERPRISE,
    NOW,
    REGISTRY,
    WARM,
    Site,
    World,
    opened,
)
from tests.people import signed_in, somebody
from tests.services import Database

JUDGED = """
INSERT INTO safety (enterprise, code, score, facts, reasons, formula, judged_at, changes)
SELECT id, 'red', 50, '{"share": 1}', '[{"colour": "red", "key": "x", "zh": "原因", "en": "Some reason", "link": {"alerts": {"severity": ["critical"]}}}]',
       '0', '2026-11-22T09:00Z', 1
  FROM enterprise WHERE code = '91330106MA27XY001X'
"""
OVERDUE = """
UPDATE alert SET overdue_since = opened_at
 WHERE id = (SELECT id FROM alert WHERE severity = 1 AND returned_at IS NULL ORDER BY id LIMIT 1)
"""
WAITS = "UPDATE alert SET acknowledged_at = opened_at"
WINDOW = {
    "begins": "2026-11-23T08:00",
    "ends": "2026-11-23T10:00",
    "reason": "compressor",
    "device": "coldroom-1",
}


@asynccontextmanager
async def ingesting(world: World) -> AsyncIterator[None]:
    """The ingestor carries out what is asked of it."""

    async def run() -> None:
        while True:
            await carry_out(world.intake, world.clock.now())
            await asyncio.sleep(0.05)

    task = asyncio.create_task(run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def of(database: Database, world: World, role: Role, **more: object) -> str:
    """The session of somebody of that role."""
    one = somebody(f"a-{role}", role, **more)
    return await signed_in(database, one, world.clock.real_now())


async def test_from_the_list_to_a_code_with_reasons_and_on_to_a_live_site(
    world: World, new_page: NewPage, database: Database
) -> None:
    await world.connection.execute(JUDGED)
    page = await new_page("/enterprises")
    first = page.locator("#lines tr").first
    await expect(first).to_contain_text("Red")
    await expect(first).to_contain_text("Some reason")
    await page.get_by_role("link", name="Grey (not assessed) 3").click()
    await expect(page.locator("#lines tr")).to_have_count(3)
    await page.get_by_role("link", name="All 4").click()
    await expect(first).to_contain_text("Red")
    await first.get_by_role("link").click()
    reason = page.get_by_role("link", name="See the alerts")
    await expect(reason).to_have_attribute(
        "href", re.compile(f"/alerts.enterprise={ENTERPRISE}&severity=critical")
    )
    await page.get_by_role("link", name="Example warehouse 1").click()
    tile = page.locator(".tile", has_text="Cold room 1 temperature")
    await expect(tile).to_contain_text("No readings yet")
    await page.evaluate("globalThis.untouched = true")
    await page.get_by_text("Announce a maintenance window").click()
    await page.get_by_label("Reason").fill("half a word")
    await opened(world)
    await expect(tile).to_contain_text("9.4 °C")
    await expect(tile).to_contain_text("Excursion since 09:15:05")
    await expect(page.locator(".alert-brief")).to_contain_text(
        "Cold room 1 temperature"
    )
    await expect(page.get_by_label("Reason")).to_have_value("half a word")
    assert await page.evaluate("globalThis.untouched")


async def test_who_is_of_an_enterprise_is_led_to_it_and_to_what_awaits_its_answer(
    world: World, new_page: NewPage, database: Database
) -> None:
    await opened(world)
    async with await connect(database.url(), name="owner") as owner:
        await owner.execute(WAITS)
    own = await of(database, world, Role.ENTERPRISE, enterprise=1)
    page = await new_page("/enterprises", session=own)
    await expect(page).to_have_url(re.compile(ENTERPRISE))
    waiting = page.get_by_role("region", name="Awaiting your answer")
    await expect(waiting.locator("ol a")).to_have_attribute("href", "/alerts/1")
    await waiting.get_by_role("link", name="See it").click()
    await expect(page.locator("#alerts > li")).to_have_count(1)
    await page.go_back()
    foreign = page.context.request
    for path in ("/sites/4", f"/enterprises/{CLINIC}"):
        answer = await foreign.get(re.sub(r"/enterprises.*", path, page.url))
        assert answer.status == 404


async def test_where_nothing_was_due_nothing_is_called_complete(
    world: World, client: httpx.AsyncClient
) -> None:
    facts = json.dumps(Facts(points=1, devices=1).document() | {"share": 1})
    judged = JUDGED.replace("'0'", "'1'").replace('{"share": 1}', facts)
    await world.connection.execute(judged.encode())
    headers = {"Accept": "text/html", "Accept-Language": "en"}
    page = (await client.get(f"/enterprises/{ENTERPRISE}", headers=headers)).text
    assert "nothing was due yet" in page
    assert "100%" not in page


async def test_what_goes_on_stands_before_what_is_over(
    world: World, client: httpx.AsyncClient
) -> None:
    damp = [(float(minute), {"h1": 95.0}) for minute in range(60, -1, -1)]
    await world.send("coldroom-1", *damp)  # minor, goes on
    await world.send("coldroom-2", *WARM[:-1], (0.0, {"t1": 5.0}))  # major, over
    for place in ("/sites/1", f"/enterprises/{ENTERPRISE}"):
        page = (await client.get(place, headers={"Accept": "text/html"})).text
        cards = re.findall(r'href="/alerts/(\d+)"', page)
        assert cards[:2] == ["1", "2"], place


async def test_of_many_alerts_a_site_shows_the_most_pressing_and_then_its_values(
    world: World, new_page: NewPage, database: Database
) -> None:
    hot = [(float(minute), {"t1": 9.4, "h1": 95.0}) for minute in range(60, 0, -1)]
    await world.send("coldroom-1", *hot, (0.0, {"t1": 9.4, "h1": 95.0}))
    await world.send("coldroom-2", *hot, (0.0, {"t1": 5.0, "h1": 95.0}))  # one is over
    async with await connect(database.url(), name="owner") as owner:
        await owner.execute(OVERDUE)
    page = await new_page("/sites/1", viewport={"width": 390, "height": 844})
    briefs = page.locator(".alert-brief")
    await expect(briefs).to_have_count(3)
    await expect(briefs.first).to_contain_text("Minor")
    await expect(briefs.first).to_contain_text("Overdue")
    await expect(briefs.nth(1)).to_contain_text("Major")
    await expect(page.locator("#site-now")).not_to_contain_text("Example Pharma")
    box = await page.locator(".tile").first.bounding_box()
    assert box is not None
    assert box["y"] < 844
    await page.get_by_role("link", name="See all 4").click()
    await expect(page).to_have_url(re.compile(r"/alerts\?site=1$"))


async def test_a_maintenance_window_is_announced_also_without_a_script(
    world: World, new_page: NewPage
) -> None:
    async with ingesting(world):
        page = await new_page("/sites/1", timezone_id="Asia/Shanghai")
        await page.reload()  # now the page knows the browser's zone
        await page.get_by_text("Announce a maintenance window").click()
        await page.get_by_label("Begins").fill("2026-11-23T08:00")
        await page.get_by_label("Ends").fill("2026-11-23T10:00")
        await page.get_by_label("Reason").fill("compressor")
        await page.get_by_role("button", name="Announce").click()
        await expect(page.locator("output.done")).to_contain_text("8 points will be")
        await expect(page.locator("#site-facts")).to_contain_text("compressor")
        plain = await new_page("/sites/1", java_script_enabled=False)
        await plain.get_by_text("Announce a maintenance window").click()
        await plain.get_by_label("Begins").fill("2026-11-24T08:00")
        await plain.get_by_label("Ends").fill("2026-11-24T09:00")
        await plain.get_by_label("Reason").fill("=1+1 <b>again</b>")
        await plain.get_by_role("button", name="Announce").click()
        await expect(plain.get_by_text("=1+1 <b>again</b>")).to_be_visible()
    windows = await listed(world.connection, NOW)
    assert [(one.begins.isoformat(), one.actor) for one in windows] == [
        ("2026-11-23T00:00:00+00:00", "wangfang"),
        ("2026-11-24T00:00:00+00:00", "wangfang"),
    ]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"begins": "2026-11-21T08:00"}, "past"),
        ({"ends": "2026-11-23T08:00"}, "after it begins"),
        ({"ends": "2027-11-23T08:00"}, "30"),
        ({"begins": "0001-01-01T00:00"}, "2026-11-23T08:00"),
        ({"ends": "tomorrow"}, "2026-11-23T08:00"),
        ({"reason": " "}, "reason"),
        ({"reason": "\x00"}, "cannot be shown"),
    ],
)
async def test_a_window_that_cannot_be_says_why(
    quiet: httpx.AsyncClient, changed: dict[str, str], words: str
) -> None:
    answer = await quiet.post(
        "/sites/1/maintenance",
        data=WINDOW | changed,
        headers={"Accept-Language": "en"},
    )
    assert answer.status_code == 400
    assert words in answer.json()["detail"]


async def test_what_the_ingestor_refuses_is_told_and_what_waits_is_no_success(
    world: World, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboard.pages.places.announcing.LOOKS", 2)
    client.headers["Accept-Language"] = "en"
    waits = await client.post("/sites/1/maintenance", data=WINDOW)
    assert "carried it out" in waits.json()["text"]
    monkeypatch.setattr("dashboard.pages.places.announcing.LOOKS", 50)
    async with ingesting(world):
        refused = await client.post("/sites/1/maintenance", data=WINDOW, timeout=20)
    assert refused.status_code == 409
    assert "windows do not overlap" in refused.json()["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/sites/0", "/sites/99", "/sites/2147483648", "/sites/1e3", "/sites/-1", "/sites/%00", "/sites/١",
        "/enterprises/91330106MA27XY001Y", "/enterprises/x", "/enterprises/%00", "/enterprises/a%27--",
    ],
)  # fmt: skip
async def test_what_there_is_not_is_not_found(
    quiet: httpx.AsyncClient, path: str
) -> None:
    answer = await quiet.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "<h1" in answer.text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("q=%00", 400), ("q=" + "x" * 101, 400), ("q=%25_%5C", 200), ("region=33010", 400), ("region=33", 200),
        ("safety=blue", 400), ("safety=&region=&after=", 200), ("after=zz", 400), ("after=////", 400),
    ],
)  # fmt: skip
async def test_a_list_that_is_asked_for_wrongly_says_so(
    quiet: httpx.AsyncClient, query: str, status: int
) -> None:
    answer = await quiet.get(f"/enterprises?{query}", headers={"Accept": "text/html"})
    assert answer.status_code == status


async def test_only_who_may_announces_and_names_are_only_text(
    world: World, site: Site, database: Database, client: httpx.AsyncClient
) -> None:
    text = REGISTRY.read_text("utf-8").replace(
        "{zh: 示例一号仓库, en: Example warehouse 1}",
        "{zh: '<script>alert(1)</script>', en: '=cmd|x'}",
    )
    await world.register(text)
    for path in ("/sites/1", f"/enterprises/{ENTERPRISE}"):
        assert "<script>alert" not in (await client.get(path)).text
    for role in (Role.AUDITOR, Role.ENTERPRISE):
        more = {"enterprise": 2} if role is Role.ENTERPRISE else {}
        secret = await of(database, world, role, **more)
        async with new_client(site, secret) as other:
            answer = await other.post("/sites/1/maintenance", data=WINDOW)
        assert answer.status_code == (403 if role is Role.AUDITOR else 404)
