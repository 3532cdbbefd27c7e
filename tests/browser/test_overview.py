"""The overview and the demo's page, in a browser."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.async_api import expect

from dashboard.shared import LONGEST
from domain.people import Role
from storage.connect import connect
from tests.browser.conftest import Injected, NewPage
from tests.browser.world import ENTERPRISE, REGISTRY, WARM, World, opened
from tests.people import signed_in, somebody
from tests.services import Database

JUDGED = """
INSERT INTO safety (enterprise, code, score, facts, reasons, formula, judged_at, changes)
SELECT id, 'yellow', 81.5, json_build_object('share', %s::int, 'points', 9, 'due', 1000, 'filled', 987),
       '[{"colour": "yellow", "key": "k", "zh": "<b>过期</b>", "en": "<b>overdue</b>", "link": {}}]', '1', now(), 1
  FROM enterprise
"""
TAKEN_UP = "UPDATE alert SET acknowledged_at = opened_at, overdue_since = opened_at WHERE id = 1"
SILENT = """
INSERT INTO alert (id, rule, version, device, enterprise, site, region, severity, suppressed, opened_at, entries)
SELECT 900, 'device-silent', (SELECT version FROM rule_version WHERE kind = 'silence' LIMIT 1), d.id, s.enterprise,
       s.id, s.region, 2, false, '2026-11-22T03:00Z', 1
  FROM device AS d JOIN site AS s ON s.id = d.site WHERE d.key = 'refrigerator-1'
"""
LISTENED = """
WITH named AS (UPDATE share SET name = '33' WHERE name = 'main')
UPDATE heartbeat SET watermark = %s
"""


async def test_an_alert_appears_on_map_counters_and_cards_without_a_reload(
    world: World, new_page: NewPage
) -> None:
    page = await new_page()
    await expect(page.get_by_text("No open alerts")).to_be_visible()
    store = page.locator("#map").get_by_role("link", name="Example warehouse 1")
    await expect(store).to_have_text("Example warehouse 1: not assessed")
    await page.evaluate("globalThis.untouched = true")
    await opened(world)
    world.clock.ahead += LONGEST  # that an answer is kept
    await page.clock.fast_forward(3_000)
    card = page.locator("#alert-1")
    for words in ("Major", "Cold room 1 temperature", "9.4 °C", "> 8 °C"):
        await expect(card).to_contain_text(words)
    await expect(store).to_have_text("Example warehouse 1: major alert")
    major = page.locator("#open").get_by_role("link", name="1 major")
    await expect(major).to_have_attribute("href", "/alerts?level=major")
    assert await page.evaluate("globalThis.untouched")
    elsewhere = page.locator("#silent a")  # it does not claim that every device reports
    await expect(elsewhere).to_have_attribute("href", "/connections?state=silent")


async def test_a_region_has_codes_with_reasons_an_index_and_its_silent_devices(
    database: Database, world: World, new_page: NewPage
) -> None:
    async with await connect(database.url(), name="test-owner") as owner:
        await owner.execute(JUDGED, (world.intake.share,))
        await owner.execute(SILENT)
    page = await new_page(viewport={"width": 390, "height": 844}, color_scheme="dark")
    await expect(page.locator("#index .figure")).to_contain_text("81.5")
    await expect(page.locator("#codes")).to_contain_text("<b>overdue</b>")
    await expect(page.locator("#silent")).to_contain_text("6 h 30 min")
    await expect(page.locator("#completeness")).to_contain_text("98.7%")
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await page.get_by_role("link", name="Ningbo").click()
    await expect(page).to_have_url(re.compile(r"/\?region=330200$"))
    await expect(page.get_by_role("heading", level=1)).to_have_text("Ningbo")
    await expect(page.locator("#map")).to_contain_text(
        "Example vaccination clinic: silent"
    )
    async with page.expect_event("load"):  # the page before has this link, too
        await page.get_by_role("link", name="Zhejiang").click()
    await page.get_by_role("link", name="中文").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("浙江省")
    await page.goto(page.url.split("?", maxsplit=1)[0])  # it is remembered
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")


async def test_devices_that_no_alert_calls_silent_are_listed_too(
    database: Database, world: World, new_page: NewPage
) -> None:
    world.clock.time += timedelta(hours=3)
    async with await connect(database.url(), name="test-owner") as owner:
        await owner.execute(SILENT)
        await owner.execute(LISTENED, (world.clock.now(),))
        row = await (
            await owner.execute("SELECT count(*) FROM device WHERE key <> 'lorry-2'")
        ).fetchone()
    assert row, "the second lorry is empty"
    page = await new_page()
    counter = page.locator("#open").get_by_role("link", name="silent devices")
    await expect(counter).to_have_text(f"{row[0]} silent devices")
    listed = page.locator("#silent li")
    await expect(listed).to_have_count(8)
    await expect(listed.first).to_contain_text("Vaccine refrigerator")
    await expect(listed.first.get_by_role("link", name="alert open")).to_be_visible()
    await expect(listed.nth(1)).to_contain_text("no alert, more than 2 h")
    await expect(page.locator("#map")).to_contain_text("Example warehouse 1: silent")


async def test_an_enterprise_sees_its_own(
    database: Database, world: World, new_page: NewPage
) -> None:
    evil = "<img src=x onerror=alert(1)>"
    text = REGISTRY.read_text(encoding="utf-8")
    await world.register(text.replace("en: Example warehouse 1", f"en: '{evil}'"))
    number = await world.enterprise(ENTERPRISE)
    user = somebody("pharma", Role.ENTERPRISE, enterprise=number)
    session = await signed_in(database, user, world.clock.real_now())
    page = await new_page(session=session, java_script_enabled=False)
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Example Pharma")
    await expect(page.locator("#map")).to_contain_text(evil)
    await expect(page.locator("main")).not_to_contain_text("clinic")
    assert await page.locator("img").count() == 0


async def test_an_enterprise_is_told_what_awaits_its_answer(
    database: Database, world: World, new_page: NewPage
) -> None:
    await opened(world)
    await world.send("coldroom-2", *WARM)
    async with await connect(database.url(), name="test-owner") as owner:
        await owner.execute(TAKEN_UP)
    number = await world.enterprise(ENTERPRISE)
    user = somebody("pharma", Role.ENTERPRISE, enterprise=number)
    session = await signed_in(database, user, world.clock.real_now())
    page = await new_page(session=session)
    counters = page.locator("#open")
    await expect(counters).not_to_contain_text("not acknowledged")
    await expect(counters.locator(".counter").first).to_have_text("1 await your answer")
    await counters.get_by_role("link", name="1 answers overdue").click()
    await expect(page.locator("#alerts > li")).to_have_count(1)
    await page.go_back()
    await counters.get_by_role("link", name="1 await your answer").click()
    await expect(page.locator("#alerts > li")).to_have_count(1)
    await expect(page.locator("#alerts")).to_contain_text("Cold room 1 temperature")


async def test_a_fault_is_injected_by_a_button(
    new_page: NewPage, injected: Injected
) -> None:
    page = await new_page("/demo")
    rooms = page.locator("form.demo", has=page.get_by_role("button", name="Door open"))
    await rooms.locator("select[name=device]").select_option("coldroom-2")
    await rooms.get_by_role("button", name="Door open").click()
    await expect(rooms.locator("output")).to_have_text(
        "coldroom-2: Door open for 20 min."
    )
    assert injected == [("coldroom-2", "door-open", 20)]


async def test_a_device_is_offered_only_the_faults_that_it_can_have(
    new_page: NewPage,
) -> None:
    page = await new_page("/demo")
    offered = await page.locator("form.demo").evaluate_all(
        "forms => forms.map(form => [[...form.querySelectorAll('option')].map(one => one.value),"
        " [...form.querySelectorAll('button')].map(one => one.value)])"
    )
    faults = {device: those for devices, those in offered for device in devices}
    assert faults["scripted-1"] == ["offline"]
    assert faults["steriliser-1"] == ["offline", "sensor-stuck"]
    assert "door-open" in faults["lorry-1"]
