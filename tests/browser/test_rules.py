"""The pages of rules: what watches, in words, and trying a rule on history."""

from __future__ import annotations

import json

import httpx
from playwright.async_api import expect

from domain.people import Role
from tests.browser.conftest import ClientOf, NewPage
from tests.browser.world import ENTERPRISE, World
from tests.people import somebody

PERSON = {"Accept": "text/html", "Accept-Language": "en"}
STREAM = {"Accept": "text/event-stream", "Accept-Language": "en"}
DAY = "from=2026-11-22T00:00&until=2026-11-22T17:00"
"""In Hangzhou's time."""


async def warmed(world: World) -> int:
    """A cold room that was at 7.2 °C for 50 minutes, later at 9; its temperature's number."""
    heat = {150: 7.2, 100: 5.0, 60: 9.0, 40: 5.0}
    snapshots = [
        (m, {"t1": next(v for until, v in heat.items() if m > until)})
        for m in range(200, 40, -1)
    ]
    await world.send("coldroom-1", *snapshots)
    return await world.point("coldroom-1", "t1")


async def test_a_rule_is_tried_with_other_limits_and_told_as_it_goes_on(
    new_page: NewPage, world: World
) -> None:
    point = await warmed(world)
    page = await new_page("/rules?lang=en")
    await page.click("#rule-gsp-cold-room h3 a")
    await expect(page.locator("main")).to_contain_text("Pharmacopoeia")
    async with page.expect_event("load"):  # its form is sent by a script
        await page.click(f'a[href="/rules/gsp-cold-room/trial?point={point}"]')
    assert await page.is_checked(f'input[name="point"][value="{point}"]')
    await page.check('input[value="assigned"]')
    await page.click(".run .primary")
    same = page.locator("#result table tbody tr", has_text="was found, too")
    await same.first.wait_for()
    assert await page.locator("#result b", has_text="only").count() == 0
    assert await page.locator("#result svg rect").count() == 2 * await same.count()
    await page.check('input[value="own"]')
    await page.fill('input[name="warning.above"]', "7")
    await page.click(".run .primary")
    await page.locator("#result b", has_text="by the trial only").first.wait_for()
    await page.fill('input[name="warning.above"]', "1")
    await page.click(".run .primary")
    told = page.locator("#told.failed", has_text="must be less than")
    await told.wait_for()


async def test_without_a_script_the_result_is_a_page(
    client: httpx.AsyncClient, world: World
) -> None:
    point = await warmed(world)
    path = f"/rules/gsp-cold-room/trial?point={point}&{DAY}"
    response = await client.get(path, headers=PERSON)
    assert response.status_code == 200
    assert "was found, too" in response.text
    assert "<rect" in response.text


async def test_a_trial_tells_how_far_it_is_and_then_what_came_of_it(
    client: httpx.AsyncClient, world: World
) -> None:
    point = await warmed(world)
    path = f"/rules/gsp-cold-room/trial?point={point}&{DAY}"
    answer = await client.get(path, headers=STREAM)
    events = [
        json.loads(one[len("data: ") :]) for one in answer.text.split("\n\n")[:-1]
    ]
    shares = [one["share"] for one in events[:-1]]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert events[-2]["text"] == "160 readings judged"
    assert "What came of it" in events[-1]["html"]


COLD = f"/rules/gsp-cold-room/trial?point=1&{DAY}"
WRONG = [
    ("/rules/nonsense", 404, ""),
    ("/rules/<script>", 404, ""),
    ("/rules/gsp-cool?q=%00", 400, ""),
    ("/rules/gsp-cool?after=-1", 400, ""),
    ("/rules/device-silent/trial", 404, ""),
    ("/rules/gsp-cool/trial?point=99999999999", 404, ""),
    ("/rules/gsp-cool/trial?point=x", 404, ""),
    ("/rules/gsp-cool/trial?q=%00", 400, ""),
    (f"/rules/gsp-cool/trial?point=999999&{DAY}", 404, ""),
    (f"/rules/gsp-cool/trial?{DAY}", 400, "at least one point"),
    ("/rules/gsp-cool/trial?point=1&from=x&until=y", 400, "Write times as"),
    ("/rules/gsp-cool/trial?point=1&from=1990-11-02&until=y", 400, "Write times as"),
    ("/rules/gsp-cool/trial?point=1&from=2026-11-02&until=2026-11-01", 400, "before"),
    ("/rules/gsp-cool/trial?point=1&from=1976-11-02&until=2026-11-01", 400, "Write"),
    ("/rules/gsp-cool/trial?point=1&from=2001-11-02&until=2026-11-01", 400, "31 days"),
    (f"{COLD}&limits=own&warning.above=abc", 400, "write a number"),
    (f"{COLD}&limits=own&warning.above=1e999", 400, "field above"),
    (f"{COLD}&limits=own&warning.for=ever", 400, "field for"),
]


async def test_what_cannot_be_tried_is_told(quiet: httpx.AsyncClient) -> None:
    for path, status, complaint in WRONG:
        response = await quiet.get(path, headers=PERSON)
        assert response.status_code == status, path
        assert complaint in response.text, path


async def test_a_point_of_others_is_as_none(world: World, client_of: ClientOf) -> None:
    point = await warmed(world)
    async with client_of(somebody("beijing", region="110000")) as client:
        path = f"/rules/gsp-cold-room/trial?point={point}&{DAY}"
        assert (await client.get(path, headers=STREAM)).status_code == 404
        rules = await client.get("/rules", headers=PERSON)
        assert "No rule watches any point that you see" in rules.text
        form = await client.get("/rules/gsp-cold-room/trial", headers=PERSON)
        assert f'name="point" value="{point}"' not in form.text


async def test_an_enterprise_tries_rules_on_its_own_points(
    world: World, client_of: ClientOf
) -> None:
    point = await warmed(world)
    number = await world.enterprise(ENTERPRISE)
    owner = somebody("acme", Role.ENTERPRISE, enterprise=number)
    async with client_of(owner) as client:
        path = f"/rules/gsp-cold-room/trial?point={point}&{DAY}"
        assert "was found, too" in (await client.get(path, headers=PERSON)).text
