"""The page of one alert, what is done there, and its export."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from playwright.async_api import Browser, Page, expect

from alerting.life.commands import carry_out
from alerting.life.forms import Command
from domain.people import Person, Role
from storage import people
from tests.browser.conftest import ClientOf, NewPage
from tests.browser.world import REGISTRY, Site, World
from tests.people import signed_in, somebody
from tests.services import Database
from tests.stored import connected

WARM = [(float(minute), {"t1": 9.4}) for minute in range(45, 20, -1)]
COOL = [(float(minute), {"t1": 5.0}) for minute in range(20, -1, -1)]
LILEI = somebody("lilei", Role.ENTERPRISE, full_name="李雷", enterprise=1)
DELIVERY = """
INSERT INTO delivery (id, alert, n, channel, recipient, body, due, attempts, delivered_at, failed_at)
VALUES ('1-1-log-duty', 1, 1, 'log', 'duty', '{}', now(), 1, now(), NULL),
       ('1-1-mail-lilei', 1, 1, 'mail', 'lilei', '{}', now(), 3, NULL, now())
"""
FORM = {"Accept": "text/html"}


async def over(world: World) -> None:
    """Let cold room 1 have an alert that has returned."""
    await world.send("coldroom-1", *WARM, *COOL)


async def wang_fang(database: Database) -> Person:
    """The province's supervisor."""
    async with connected(database, "web") as connection:
        found = await people.by_name(connection, "wangfang")
    assert found is not None
    return found


async def do(database: Database, world: World, who: Person, name: str, **more: Any) -> None:  # fmt: skip
    """Let a command be carried out."""
    command = Command(id=uuid4(), alert=1, name=name, **more)
    async with connected(database, "web") as connection:
        await carry_out(connection, who, command, world.clock.now())


async def press(page: Page, name: str, **fields: str) -> None:
    """Open the form of a command, fill it in and send it."""
    await page.locator("#alert-summary").get_by_role("button", name=name).click()
    dialog = page.get_by_role("dialog")
    for label, text in fields.items():
        await dialog.get_by_label(label).fill(text)
    await dialog.get_by_role("button", name=name, exact=True).click()


async def test_an_alert_is_worked_to_its_end_by_supervisor_and_enterprise(
    database: Database, world: World, new_page: NewPage
) -> None:
    await over(world)
    theirs = await signed_in(database, LILEI, world.clock.real_now())
    page = await new_page("/alerts/1")
    await press(page, "Acknowledge", Reason="I call them")
    work = page.locator("#alert-summary .work")
    await expect(work).to_have_text("Acknowledged")
    await page.get_by_role("button", name="Assign").click()
    await page.get_by_label("Assign to").select_option("lilei")
    await page.get_by_role("dialog").get_by_role("button", name="Assign").click()
    await expect(page.locator("#alert-summary")).to_contain_text("with 李雷 (lilei)")

    other = await new_page("/alerts/1", session=theirs)
    buttons = other.locator("#alert-summary button")
    await expect(buttons).to_have_text(["Answer", "Comment"])
    await press(other, "Answer", Cause="door <b>open</b>", Action="closed it")
    await expect(page.locator("#answer")).to_contain_text("door <b>open</b>")
    await press(page, "Close")
    await expect(page.locator("#toasts")).to_contain_text(  # for eight seconds
        "Alert 1: closed. It is now returned, closed."
    )
    await expect(work).to_have_text("Closed")
    events = page.locator("#journal b")
    await expect(events).to_have_text(
        ["closed", "answered", "assigned", "acknowledged", "returned", "opened"]
    )
    await expect(page.locator("#journal")).to_contain_text("I call them")
    await expect(page.locator("#alert-summary button")).to_have_text(["Comment"])


async def test_who_was_slower_is_told_how_it_is_now_and_may_go_on(
    database: Database, world: World, new_page: NewPage
) -> None:
    await over(world)
    page = await new_page("/alerts/1")
    await page.get_by_role("button", name="Shelve").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Reason").fill("known")
    await do(database, world, await wang_fang(database), "acknowledge")
    send = dialog.get_by_role("button", name="Shelve")
    await send.click()
    await expect(dialog.locator("output")).to_contain_text(
        "The alert has changed meanwhile, so your command was not carried out."
        " Alert 1 is now returned, acknowledged;"
        " possible now: Assign, Shelve, Comment."
    )
    await expect(page.locator("#alert-summary .work")).to_have_text("Acknowledged")
    await send.click()
    await expect(page.locator("#alert-summary")).to_contain_text("Shelved until 10:30")


async def test_it_explains_itself(
    database: Database, world: World, new_page: NewPage
) -> None:
    await over(world)
    await world.send("coldroom-2", *WARM)
    async with connected(database, "owner") as connection:
        await connection.execute(DELIVERY)
    phone = {"width": 390, "height": 844}
    page = await new_page("/alerts/1?lang=zh", viewport=phone)
    await expect(page.locator(".chart .main-svg").first).to_be_visible()
    await expect(page.locator("#rule")).to_contain_text("超限：< 2 °C, > 8 °C")
    for place, words in {
        "#rule a": "冷库温度（2–8 °C）",
        "#excursions": "9.4 °C",
        "#linked": "二号冷库温度",
        "#copies": "条",
        "#alert-summary .deadlines": "确认期限",
    }.items():
        await expect(page.locator(place).first).to_contain_text(words)
    await expect(page.locator("#receipts")).to_contain_text("未送达，已尝试 3 次")
    assert await page.evaluate("document.documentElement.scrollWidth") == 390


REVISED = """
INSERT INTO journal (alert, n, intake, at, actor, event, severity, old_state, new_state, detail)
SELECT 1, n, 1, now(), 'system', 'revised', 2, 'returned-acknowledged', 'returned-acknowledged', '{}'
  FROM generate_series((SELECT entries FROM alert WHERE id = 1) + 1, 400) AS n;
UPDATE alert SET entries = 400 WHERE id = 1
"""


async def test_of_a_long_journal_the_newest_and_the_answer_are_shown_and_all_exported(
    database: Database, world: World, client: httpx.AsyncClient
) -> None:
    await over(world)
    await signed_in(database, LILEI, world.clock.real_now())
    chief = await wang_fang(database)
    await do(database, world, chief, "acknowledge")
    await do(database, world, chief, "assign", assignee="lilei")
    async with connected(database, "web") as connection:
        enterprise = await people.by_name(connection, "lilei")
    assert enterprise is not None
    await do(database, world, enterprise, "answer", cause="the seal", action="new one")
    async with connected(database, "owner") as connection:
        await connection.execute(REVISED)
    page = (await client.get("/alerts/1?lang=en", headers=FORM)).text
    assert page.count('class="entry ') == 105
    assert page.count(' person"') == 3
    assert "the seal" in page
    assert "295 further entries" in page
    assert "revised 100 times" in page
    export = (await client.get("/alerts/1/export?lang=en")).text
    assert export.count('class="entry ') == 400
    assert "revised 395 times" in export


async def test_what_the_box_revised_is_folded_and_what_people_did_stands_out(
    database: Database, world: World, new_page: NewPage, client: httpx.AsyncClient
) -> None:
    await signed_in(database, LILEI, world.clock.real_now())
    await world.send("coldroom-1", *WARM)
    for minute in range(20, 10, -1):
        await world.send("coldroom-1", (float(minute), {"t1": 11.5 - minute / 10}))
        if minute == 16:
            await do(database, world, await wang_fang(database), "acknowledge")
            async with connected(database, "web") as connection:
                enterprise = await people.by_name(connection, "lilei")
            assert enterprise is not None
            await do(database, world, enterprise, "answer", cause="the seal", action="new")  # fmt: skip
    phone = {"width": 390, "height": 844}
    page = await new_page("/alerts/1", viewport=phone)
    kept = page.locator("#journal > li:not(.fold) b")
    await expect(kept).to_have_text(["answered", "acknowledged", "opened"])
    folds = page.locator("#journal > .fold")
    await expect(folds).to_have_count(2)
    await expect(folds.last).to_contain_text("revised 5 times · peak 9.5 °C → 9.9 °C")
    await expect(folds.first).to_contain_text("peak 10.0 °C → 10.4 °C")
    await expect(page.locator("#journal .person")).to_have_count(2)
    entry = folds.last.locator(".entry").last
    await expect(entry).to_be_hidden()
    await folds.last.locator("summary").click()
    await expect(entry).to_be_visible()
    answer, journal = page.locator("#answer"), page.locator("#journal")
    above, below = await answer.bounding_box(), await journal.bounding_box()
    assert above
    assert below
    assert above["y"] < below["y"]

    await world.send("coldroom-1", (9.0, {"t1": 10.9}))
    await expect(folds.first).to_contain_text("revised 6 times")
    await expect(entry).to_be_visible()
    export = (await client.get("/alerts/1/export?lang=en")).text
    assert export.count("<details open>") == 2


def room(minute: int, door: int, power: int, value: float = 9.4) -> tuple[float, dict[str, float]]:  # fmt: skip
    """What cold room 1 says so many minutes ago."""
    return float(minute), {"t1": value, "door": door, "power": power}


async def test_doors_and_power_stand_beside_what_they_may_have_caused(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.send(
        "coldroom-1",
        *[room(minute, 0, 1, 5.0) for minute in (49, 48)],
        *[room(minute, 1, 1, 5.0) for minute in (47, 46)],
        *[room(minute, 1, 1) for minute in range(45, 20, -1)],
        *[room(minute, 0, 1) for minute in range(20, -1, -1)],
    )
    await world.send("coldroom-2", *[(float(m), {"door": 1.0}) for m in range(49, 0, -1)])  # fmt: skip
    text = await summary(client)
    assert "Cold room 1 door open since 16:43:05 at the start, now closed since 17:10:05" in text  # fmt: skip
    assert "Cold room 1 power on" in text
    assert "Cold room 2" not in text
    door = await world.point("coldroom-1", "door")
    page = (await client.get("/alerts/1?lang=en", headers=FORM)).text
    assert f'<a href="/points/{door}?from=2026-11-22T07' in page

    world.clock.time += timedelta(minutes=20)  # longer than the longest gap of 5 min
    assert "Cold room 1 power on at the start, now unknown" in await summary(client)


LOGGER = """
          logger-9:
            name: {zh: 九号记录仪, en: Logger 9}
            timeline: [{from: 2020-01-01T00:00:00+08:00, zone: cold, interval: 1m, max_gap: 5m, rules: [gsp-cold-room]}]
            points: {t1: {name: {zh: 温度, en: Temperature}, quantity: temperature, resolution: 0.1}}
"""


async def test_what_the_device_does_not_measure_is_looked_for_in_its_zone(
    world: World, client: httpx.AsyncClient
) -> None:
    room = "          coldroom-2:\n"
    await world.register(REGISTRY.read_text().replace(room, LOGGER + room))
    await world.send("logger-9", *WARM)
    await world.send("coldroom-2", *[(float(m), {"power": 0.0}) for m in range(49, -1, -1)])  # fmt: skip
    text = await summary(client)
    assert "Cold room 2 power off" in text
    assert "door" not in text


async def summary(client: httpx.AsyncClient) -> str:
    """What stands at the top of alert 1, without tags."""
    answer = await client.get("/alerts/1?lang=en", headers=FORM)
    top = answer.text.partition('id="alert-summary"')[2].partition("</section>")[0]
    return " ".join(re.sub("<[^>]*>", " ", top).split())


async def test_what_another_alert_explains_says_why_it_has_no_deadline(
    database: Database, world: World, client: httpx.AsyncClient
) -> None:
    await over(world)
    await world.send("coldroom-2", *WARM)
    async with connected(database, "owner") as connection:
        await connection.execute(
            "UPDATE alert SET inhibited_by = 2, due_at = NULL WHERE id = 1"
        )
    page = (await client.get("/alerts/1?lang=zh", headers=FORM)).text
    cause = '<a href="/alerts/2">由 #2 引起，随其处置，不另计期限</a>'
    assert cause in page
    assert 'class="deadlines"' not in page
    export = (await client.get("/alerts/1/export?lang=en")).text
    assert "Caused by #2, handled with it" in export


async def test_who_may_only_look_has_no_buttons(
    world: World, client_of: ClientOf
) -> None:
    await over(world)
    for role in (Role.AUDITOR, Role.ADMINISTRATOR):
        async with client_of(somebody(role, role)) as client:
            text = (await client.get("/alerts/1", headers=FORM)).text
            assert "一号冷库温度" in text
            assert "<dialog" not in text
            form = {"name": "acknowledge"}
            answer = await client.post("/alerts/1/commands", data=form)
            assert answer.status_code == 403, role


async def test_a_foreign_alert_is_an_unknown_one(
    world: World, client_of: ClientOf
) -> None:
    await over(world)
    async with client_of(somebody("stranger", region="110000")) as client:
        for number in (1, 999, 0, -1, 1 << 63):
            for path in ("", "/export"):
                answer = await client.get(f"/alerts/{number}{path}")
                assert answer.status_code == 404, number
            form = {"name": "comment", "reason": "x"}
            answer = await client.post(f"/alerts/{number}/commands", data=form)
            assert answer.status_code == 404, number


async def test_a_form_works_without_a_script_and_says_what_is_wrong(
    world: World, client: httpx.AsyncClient
) -> None:
    await over(world)
    headers = FORM | {"Accept-Language": "en"}
    for form, status, words in (
        ({"name": "comment", "reason": "seen"}, 303, ""),
        ({"name": "comment", "reason": "x" * 1001}, 400, "1000 characters"),
        ({"name": "comment"}, 400, "Fill in “Reason”"),
        ({"name": "shelve", "reason": "x"}, 400, "Fill in “For how long”"),
        ({"name": "shelve", "reason": "x", "hours": "721"}, 400, "For how long"),
        ({"name": "close", "reason": "x"}, 409, "Alert 1 is returned, unacknowledged"),
        ({"name": "acknowledge", "revision": "0"}, 409, "has changed meanwhile"),
        ({"name": "acknowledge", "id": "no"}, 400, "id"),
        ({"name": "comment", "reason": "\x00"}, 400, "control characters"),
        ({"name": "explode"}, 400, "no such command"),
        ({"name": "acknowledge", "reason": "one\r\ntwo"}, 303, ""),
        ({"name": "acknowledge"}, 409, "Alert 1 is returned, acknowledged"),
        ({"name": "assign", "assignee": "nobody"}, 400, "Cannot be assigned"),
        ({}, 400, "name"),
    ):
        answer = await client.post("/alerts/1/commands", data=form, headers=headers)
        assert (answer.status_code, form) == (status, form)
        assert words in answer.text
        if status == 303:
            assert answer.headers["location"] == "/alerts/1"


async def test_what_is_sent_twice_is_done_once(
    world: World, client: httpx.AsyncClient
) -> None:
    await over(world)
    form = {"name": "comment", "reason": "only once", "id": str(uuid4())}
    for _ in range(2):
        await client.post("/alerts/1/commands", data=form)
    page = (await client.get("/alerts/1")).text
    assert page.count("only once") == 1


async def test_the_export_asks_for_nothing_runs_nothing_and_prints(
    database: Database,
    world: World,
    browser: Browser,
    client: httpx.AsyncClient,
    tmp_path: Path,
) -> None:
    evil = "<img src=http://evil.example/x onerror=alert(1)></style><script>alert(1)</script>"  # fmt: skip
    text = REGISTRY.read_text(encoding="utf-8")
    name = "en: Cold room 1 temperature"
    await world.register(text.replace(name, f"en: '{evil[:120]}'"))
    await over(world)
    await do(database, world, await wang_fang(database), "comment", reason=evil)
    answer = await client.get("/alerts/1/export?lang=en")
    disposition = answer.headers["content-disposition"]
    assert disposition == 'attachment; filename="alert-1.html"'
    file = tmp_path / "alert.html"
    file.write_bytes(answer.content)
    requests, complaints = [], []
    page = await browser.new_page()
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda line: complaints.append(line.text))
    await page.goto(file.as_uri())
    printed = await page.pdf(prefer_css_page_size=True)
    assert (requests, complaints) == ([file.as_uri()], [])
    assert printed.startswith(b"%PDF")
    assert b"/MediaBox [0 0 595" in printed or b"/MediaBox [0 0 594" in printed  # A4
    await expect(page.locator("h1")).to_contain_text("<img")
    assert await page.locator("img, script").count() == 0
    await expect(page.locator("svg.drawing polyline")).to_have_count(1)
    await expect(page.locator(".made")).to_contain_text("王芳 (wangfang)")
    styled = "getComputedStyle(document.querySelector('.drawing polyline')).fill"
    assert await page.evaluate(styled) == "none"
    await page.close()


async def test_the_export_names_digests_that_the_chain_has(
    database: Database, world: World, client: httpx.AsyncClient
) -> None:
    await over(world)
    await do(database, world, await wang_fang(database), "acknowledge")
    text = (await client.get("/alerts/1/export?lang=zh")).text
    async with connected(database, "owner") as connection:
        for line in re.findall(r"SELECT encode\(.*? WHERE id = \d+;", text):
            query = line.replace("&#39;", "'")
            (digest,) = (await (await connection.execute(query)).fetchall())[0]
            assert digest in text
    assert text.count("SELECT encode(") == 2
    assert "+08:00" in text


async def test_the_address_of_a_chart_that_goes_on_does_not_change_with_every_second(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.send("coldroom-1", *[(minute, {"t1": 9.4}) for minute in range(299, -1, -1)])  # fmt: skip
    addresses = set()
    for _ in range(3):
        answer = await client.get("/alerts/1", headers=FORM)
        addresses |= set(re.findall(r'data-series="([^"]*)"', answer.text))
        world.clock.time += timedelta(seconds=10)
    assert len(addresses) == 1


async def test_without_javascript_what_was_refused_leads_back_to_its_form(
    world: World, site: Site, new_page: NewPage
) -> None:
    await over(world)
    page = await new_page("/alerts/1", java_script_enabled=False)
    form = page.locator("#command-acknowledge")
    await world.send("coldroom-1", (3, {"t1": 20.0}))  # it has changed meanwhile
    await form.get_by_role("button", name="Acknowledge").click()
    await expect(page.locator("h1")).to_contain_text("409")
    await page.get_by_role("link", name="Back to where you were").click()
    await expect(page).to_have_url(f"{site.address}/alerts/1")
