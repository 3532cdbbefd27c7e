"""The inbox, in a browser and without one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import psycopg
import pytest
import pytest_asyncio
from playwright.async_api import Route, expect

from domain.people import Role
from storage import journal
from tests.browser.conftest import ClientOf, NewPage
from tests.browser.world import WARM, World, opened
from tests.people import somebody
from tests.services import Database

DAMP = [(float(minute), {"h1": 95.0}) for minute in range(60, -1, -1)]
# Alerts 11 to 14: a critical one, an overdue minor one, a shelved one, and one of the box.
FURTHER = """
INSERT INTO alert (id, rule, version, point, device, enterprise, site, region, severity, suppressed,
                   opened_at, raised_at, entries, due_at, overdue_since, shelved_until)
SELECT n, rule, version, 1 + n % 8, device, enterprise, site, region, (ARRAY[3, 1, 2])[n - 10], false,
       opened_at - interval '1 h', opened_at - interval '1 h', 1, opened_at + interval '1 h',
       CASE n WHEN 12 THEN opened_at END, CASE n WHEN 13 THEN opened_at + interval '8 h' END
  FROM alert, generate_series(11, 13) AS n WHERE id = 1;
INSERT INTO alert (id, rule, severity, suppressed, opened_at, raised_at, entries)
SELECT 14, 'deaf', 1, false, opened_at - interval '1 h', opened_at, 1 FROM alert WHERE id = 1;
"""
HTML = {"Accept": "text/html"}


@pytest_asyncio.fixture(loop_scope="session")
async def owner(
    database: Database, world: World
) -> AsyncIterator[psycopg.AsyncConnection]:
    """The database's owner, after five alerts."""
    await opened(world)  # alert 1, major
    async with await psycopg.AsyncConnection.connect(
        database.url(), autocommit=True
    ) as connection:
        for statement in FURTHER.split(";")[:-1]:
            await connection.execute(statement.encode())
        yield connection


async def shown(client: httpx.AsyncClient, query: str = "") -> list[int]:
    """Numbers of the alerts on the page, in its order."""
    answer = await client.get(f"/alerts?{query}", headers=HTML)
    assert answer.status_code == 200, answer.text
    return [int(n) for n in re.findall(r'id="alert-(\d+)"', answer.text)]


async def events(world: World, alert: int) -> list[str]:
    return [one.event for one in await journal.entries(world.connection, alert)]


async def test_the_inbox_is_worked_by_keyboard(
    world: World, owner: object, new_page: NewPage
) -> None:
    page = await new_page("/alerts")
    current = page.locator("#alerts > .cursor")
    await expect(page.locator("#alerts > li").first).to_have_id("alert-12")
    for key, row in (("j", 12), ("j", 11), ("j", 1), ("k", 11)):
        await page.keyboard.press(key)
        await expect(current).to_have_id(f"alert-{row}")
    await page.keyboard.press("a")
    await expect(page.locator("#work output")).to_have_text("1 alert acknowledged.")
    await expect(current).to_contain_text("Acknowledged")
    for key in ("j", "x", "j", "x", "a"):
        await page.keyboard.press(key)
    await expect(page.locator("#work output")).to_have_text("2 alerts acknowledged.")
    await expect(page.locator("#chosen")).to_have_text("None selected")
    await expect(current.get_by_role("button", name="Acknowledge")).to_have_count(0)
    await page.keyboard.press("s")
    await page.get_by_label("Reason").fill("waiting for the fitter")
    await page.keyboard.press("Enter")
    await expect(page.locator("#alert-14")).to_have_count(0)
    await expect(current).to_have_count(0)  # on none, rather than on another
    await page.keyboard.press("a")
    await page.keyboard.press("k")
    await expect(current).to_have_id("alert-1")
    assert await events(world, 14) == ["acknowledged", "shelved"]
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_contain_text("next alert")
    await page.keyboard.press("Escape")
    await page.keyboard.press("/")
    await page.keyboard.type("humidity j")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("No alert matches")).to_be_visible()


async def test_keys_are_heard_while_something_is_sent(
    owner: object, new_page: NewPage
) -> None:
    page = await new_page("/alerts")
    answered = asyncio.Event()

    async def slowly(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    await page.route("**/alerts/commands", slowly)
    for key in "jajaajx":
        await page.keyboard.press(key)
    answered.set()
    for number in (12, 11):
        row = page.locator(f"#alert-{number}")
        await expect(row).to_contain_text("Acknowledged")
    await expect(page.locator("#work output")).to_have_text("1 alert acknowledged.")
    await expect(page.locator("#alerts > .cursor input")).to_be_checked()
    await expect(page.locator("#chosen")).to_have_text("1 selected")


async def test_who_has_the_focus_keeps_it_when_a_row_above_goes(
    owner: psycopg.AsyncConnection, world: World, new_page: NewPage
) -> None:
    page = await new_page("/alerts")
    lost = "globalThis.lost = 0; addEventListener('blur', () => lost += 1, true)"
    for key in "jj":
        await page.keyboard.press(key)
    await page.evaluate(lost)
    await owner.execute("UPDATE alert SET closed_at = opened_at WHERE id = 12")
    await world.send("coldroom-1", *DAMP)
    await expect(page.locator("#alert-12")).to_have_count(0)
    await expect(page.locator("#alert-11 a").first).to_be_focused()
    assert await page.evaluate("lost") == 0


async def test_cursor_and_selection_outlive_what_comes_and_goes(
    world: World, owner: psycopg.AsyncConnection, new_page: NewPage
) -> None:
    page = await new_page("/alerts")
    for key in "jjx":
        await page.keyboard.press(key)
    await world.send("coldroom-1", *DAMP)
    await expect(page.locator("#alerts > li")).to_have_count(5)
    await expect(page.locator("#alerts > .cursor")).to_have_id("alert-11")
    await expect(page.locator("#alert-11 input")).to_be_checked()
    await expect(page.locator("#chosen")).to_have_text("1 selected")
    assert await page.evaluate("document.activeElement.closest('li').id") == "alert-11"


async def test_the_keyboard_begins_at_the_top_whatever_came_before(
    world: World, new_page: NewPage
) -> None:
    page = await new_page("/alerts")
    await world.send("coldroom-1", *DAMP)
    await expect(page.locator("#alerts > li.minor")).to_have_count(1)
    await world.send("coldroom-1", *WARM)
    await expect(page.locator("#alerts > li")).to_have_count(2)
    await page.keyboard.press("j")
    await expect(page.locator("#alerts > .cursor")).to_have_class(re.compile("major"))


async def test_a_new_critical_alert_is_said_once(
    world: World, owner: psycopg.AsyncConnection, new_page: NewPage
) -> None:
    page = await new_page("/settings")
    said = page.get_by_role("log").locator("p")
    await expect(page).to_have_title(re.compile(r"^\(‼1\) "))
    await expect(said).to_have_count(0)  # what was there before
    await owner.execute(
        "UPDATE alert SET severity = 3, raised_at = raised_at + interval '2 h' WHERE id = 12"
    )
    await world.send("coldroom-1", *DAMP)
    await expect(said).to_have_text("New critical alert, not acknowledged")
    await page.clock.fast_forward(8_000)
    await world.send("coldroom-2", *WARM)
    await expect(page).to_have_title(re.compile(r"^\(‼2\) "))
    await expect(said).to_have_count(0)


async def test_a_critical_alert_rings_until_it_is_acknowledged(
    owner: object, new_page: NewPage, client: httpx.AsyncClient
) -> None:
    page = await new_page("/settings")
    sound = page.locator("#sound")
    await expect(page).to_have_title(re.compile(r"^\(‼1\) "))
    await expect(sound).to_have_accessible_name("Sound for critical alerts: Off")
    await sound.click()
    await expect(sound).to_have_attribute("data-state", "calls")
    await expect(sound).to_have_attribute("data-sounded", "1")
    await page.clock.fast_forward(20_000)
    await expect(sound).to_have_attribute("data-sounded", "2")
    await sound.click()  # silenced, for this one
    await expect(sound).to_have_attribute("data-state", "on")
    await page.goto(page.url.replace("settings", "alerts"))
    await expect(sound).to_have_attribute("data-state", "on")
    await page.keyboard.press("x")
    await expect(sound).to_have_attribute("data-state", "on")
    answer = await client.post("/alerts/commands", data={"only": "11:0"})
    assert answer.json() == {"text": "已确认 1 条告警。"}
    await expect(page).to_have_title("Alerts · Black box")


async def test_a_critical_alert_rings_where_the_script_of_pages_never_came(
    owner: object, new_page: NewPage
) -> None:
    page = await new_page("/settings", without="**/static/page.js")
    sound = page.locator("#sound")
    await expect(page).to_have_title(re.compile(r"^\(‼1\) "))
    await sound.click()
    await expect(sound).to_have_attribute("data-sounded", "1")


async def test_a_shift_is_handed_over_with_a_note(
    owner: object, new_page: NewPage, client: httpx.AsyncClient
) -> None:
    page = await new_page("/alerts")
    await expect(page.get_by_text("Nobody has handed over here yet")).to_be_visible()
    await page.get_by_text("Hand over…").click()
    note = "<b>door</b> of cold room 1 sticks\nfitter at 15:00"
    await page.get_by_label("Note for the next shift").fill(note)
    await page.get_by_role("button", name="Hand over", exact=True).click()
    await expect(page.locator("#toasts")).to_contain_text("Handed over.")
    await expect(page.locator("#handover blockquote")).to_have_text(note)
    await expect(page.locator("#handover .happened")).to_contain_text("1 opened")
    assert await shown(client, "since=handover") == [1]
    again = await client.post("/alerts/handover", data={"note": "x", "last": "0"})
    assert again.status_code == 409
    assert "王芳" in again.json()["detail"]


async def test_phones_need_no_sideways_scrolling(
    owner: object, new_page: NewPage
) -> None:
    page = await new_page("/alerts?lang=zh", viewport={"width": 390, "height": 844})
    await expect(page.locator("#alerts > li")).to_have_count(4)
    assert await page.evaluate("document.documentElement.scrollWidth") == 390


async def test_works_without_javascript(
    world: World, owner: object, new_page: NewPage
) -> None:
    page = await new_page("/alerts?severity=major", java_script_enabled=False)
    await page.locator("#alert-1 input").check()
    await page.locator("#acknowledge").click()
    await expect(page.locator("#alert-1")).to_contain_text("Acknowledged")
    assert page.url.endswith("/alerts?severity=major")
    assert (await events(world, 1))[-1] == "acknowledged"


# Without a browser --------------------------------------------------------------------


FILTERS = {
    "": [12, 11, 1, 14],
    "show=mine": [],
    "show=shelved": [13],
    "show=all": [1, 14, 13, 12, 11],
    "severity=major": [11, 1],
    "severity=critical&work=unacknowledged&signal=active&q=": [11],
    "overdue=true": [12],
    "region=3301&site=1": [12, 11, 1],
    "region=11": [],
    "since=2026-11-22T09:00:00Z": [1],
    "since=handover&q=%25": [],
}


async def test_filters_are_in_the_address(
    owner: object, client: httpx.AsyncClient
) -> None:
    assert {query: await shown(client, query) for query in FILTERS} == FILTERS


async def test_a_finding_about_a_device_is_shown_with_where_it_is_and_since_when(
    world: World, client: httpx.AsyncClient
) -> None:
    for value in (5.0, 6.0):
        await world.send("coldroom-1", (30.0, {"t1": value}))
    text = (await client.get("/alerts", headers=HTML)).text
    row = text[text.index('id="alert-1"') :].partition("</li>")[0]
    device, since = "一号冷库", ">17:30:05</time>"
    for words in (device, "示例医药物流有限公司", "不同的数值", since, 'href="tel:'):
        assert words in row


async def test_what_is_late_is_so_since_the_first_deadline_that_was_missed(
    owner: psycopg.AsyncConnection, client: httpx.AsyncClient
) -> None:
    await owner.execute(
        "INSERT INTO alert (id, rule, severity, suppressed, opened_at, raised_at, entries, overdue_since)"
        " SELECT 50, 'deaf', 3, false, t - interval '25 h', t - interval '25 h', 1, t"
        "   FROM (SELECT '2026-11-22T09:30:05Z'::timestamptz AS t) AS s"
    )
    text = (await client.get("/alerts", headers=HTML)).text
    row = text[text.index('id="alert-50"') :].partition("</li>")[0]
    assert "逾期 1 天" in row


async def test_pages_follow_each_other_without_a_gap(
    owner: psycopg.AsyncConnection, client: httpx.AsyncClient
) -> None:
    await owner.execute(
        "INSERT INTO alert (id, rule, severity, suppressed, opened_at, raised_at, entries, overdue_since)"
        " SELECT n, 'deaf', 1 + n % 3, false, t - n % 9 * interval '1 s', t, 1, CASE n % 2 WHEN 0 THEN t END"
        "   FROM generate_series(100, 299) AS n, (SELECT '2026-11-22T08:00Z'::timestamptz AS t) AS s"
    )
    found: list[int] = []
    address: str | None = "/alerts"
    while address:
        text = (await client.get(address, headers=HTML)).text
        found += map(int, re.findall(r'id="alert-(\d+)"', text))
        following = re.search(r'href="(/alerts\?cursor=[^"]+)"[^>]*>后 100 条', text)
        address = following and following[1]
    assert sorted(found) == [1, 11, 12, 14, *range(100, 300)]
    assert found[0] in {n for n in range(100, 300) if n % 3 == 2 and n % 2 == 0}


async def test_each_of_several_is_told_why_it_was_not_done(
    owner: object, client: httpx.AsyncClient
) -> None:
    chosen = {"alert": ["14:0", "11:7", "77:0", "12:0"]}
    answer = await client.post("/alerts/commands", data={"only": "12:0"})
    assert answer.json() == {"text": "已确认 1 条告警。"}
    answer = await client.post("/alerts/commands", data=chosen)
    assert answer.status_code == 409
    told = answer.json()["detail"]
    assert told.startswith("已确认 1 条告警。 已确认过：#12。")
    for words in ("#11（已有变化", "#77（没有此告警"):
        assert words in told


@pytest.mark.parametrize("revision", [0, 1])
async def test_what_somebody_else_has_acknowledged_is_no_failure(
    owner: object, client: httpx.AsyncClient, revision: int
) -> None:
    await client.post("/alerts/commands", data={"only": "12:0"})
    chosen = {"alert": ["14:0", f"12:{revision}"]}
    answer = await client.post("/alerts/commands", data=chosen)
    assert answer.status_code == 200
    assert answer.json() == {"text": "已确认 1 条告警。 已确认过：#12。"}
    chosen = {"command": "shelve", "reason": "x", "alert": ["12:0"]}
    answer = await client.post("/alerts/commands", data=chosen)
    assert "未执行：#12（已有变化" in answer.json()["detail"]


async def test_what_was_refused_is_selected_no_longer(
    owner: psycopg.AsyncConnection, new_page: NewPage
) -> None:
    page = await new_page("/alerts")
    for key in "jxjx":
        await page.keyboard.press(key)
    await owner.execute("UPDATE alert SET revision = 1 WHERE id = 12")

    async def late(route: Route) -> None:
        """The answer comes when the page has been renewed, and knows the new revision."""
        answer = await route.fetch()
        await page.evaluate("import('/static/renew.js').then((it) => it.renew())")
        await route.fulfill(response=answer)

    await page.route("**/alerts/commands", late)
    await page.keyboard.press("a")
    await expect(page.locator("#work output")).to_contain_text("Not done: #12")
    await expect(page.locator("#chosen")).to_have_text("None selected")


async def test_what_had_been_acknowledged_before_is_told_and_selected_no_longer(
    owner: object, client: httpx.AsyncClient, new_page: NewPage
) -> None:
    page = await new_page("/alerts")
    for key in "jxjx":
        await page.keyboard.press(key)
    await expect(page.locator("#chosen")).to_have_text("2 selected")
    await client.post("/alerts/commands", data={"only": "12:0"})
    await expect(page.locator("#alert-12 .work")).to_have_text("Acknowledged")
    await page.keyboard.press("a")
    output = page.locator("#work output.done")
    await expect(output).to_contain_text("Already acknowledged: #12")
    await expect(page.locator("#chosen")).to_have_text("None selected")


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"alert": "x:1"},
        {"alert": "1:-1"},
        {"alert": f"1:{2**31}"},
        {"alert": [f"{n}:0" for n in range(101)]},
        {"only": "1:0", "command": "close"},
        {"only": "1:0", "command": "shelve", "hours": "721"},
    ],
)
async def test_forms_that_make_no_sense_are_refused(
    quiet: httpx.AsyncClient, form: dict[str, object]
) -> None:
    assert (await quiet.post("/alerts/commands", data=form)).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "show=none",
        "severity=awful",
        "cursor=AAAA",
        "since=yesterday",
        "site=0",
        "q=%00",
        "region=3",
    ],
)
async def test_addresses_that_make_no_sense_are_refused(
    quiet: httpx.AsyncClient, query: str
) -> None:
    assert (await quiet.get(f"/alerts?{query}", headers=HTML)).status_code == 400


@pytest.mark.parametrize("note", ["x" * 2001, "\x00", "\u202e"])
async def test_notes_that_cannot_be_kept_are_refused(
    quiet: httpx.AsyncClient, note: str
) -> None:
    answer = await quiet.post("/alerts/handover", data={"note": note})
    assert answer.status_code == 400


async def test_others_neither_work_nor_hand_over(
    owner: object, client_of: ClientOf
) -> None:
    enterprise = somebody("acme", Role.ENTERPRISE, enterprise=1)
    for person in (somebody("audit", Role.AUDITOR), enterprise):
        async with client_of(person) as client:
            for address in ("commands", "handover"):
                form = {"only": "1:0", "note": "x"}
                answer = await client.post(f"/alerts/{address}", data=form)
                assert answer.status_code == 403, person
            text = (await client.get("/alerts", headers=HTML)).text
            assert 'id="alert-1"' in text
            assert ("交班" in text) == (person.role is Role.AUDITOR)
            assert 'name="only"' not in text
            assert ('id="alert-14"' in text) == (person.role is Role.AUDITOR)
