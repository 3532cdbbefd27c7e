"""What somebody may try on the pages who should not: other hosts, other people, other places."""

from __future__ import annotations

import re
from urllib.parse import quote

import httpx
import pytest
from playwright.async_api import expect

from tests.browser.conftest import Injected, NewPage, new_client
from tests.browser.world import Site, World, opened
from tests.people import signed_in, somebody
from tests.services import Database

HTML = {"Accept": "text/html"}


@pytest.mark.parametrize("path", ["//evil.example/x", "/%2fevil.example"])
async def test_no_page_links_to_another_host(
    quiet: httpx.AsyncClient, path: str
) -> None:
    here = str(quiet.base_url).rstrip("/")
    answer = await quiet.get(here + path, headers=HTML)
    assert answer.status_code == 404
    assert "evil" not in answer.text


FAR = quote("2026-11-22T08:00:00+23:59")


@pytest.mark.parametrize(
    "address",
    [
        f"/points/1?from={FAR}", f"/points/1/series?from={FAR}", f"/points/1/readings.csv?from={FAR}",
        f"/alerts?since={FAR}", f"/rules/gsp-cold-room/trial?point=1&from={FAR}&until=2026-11-22T17:00",
    ],
)  # fmt: skip
async def test_an_offset_that_no_database_knows_is_a_time(
    quiet: httpx.AsyncClient, address: str
) -> None:
    assert (await quiet.get(address, headers=HTML)).status_code == 200


async def test_a_tab_of_somebody_who_has_signed_out_shows_the_next_person_nothing(
    world: World, database: Database, site: Site, new_page: NewPage
) -> None:
    await opened(world)
    other = somebody("lin", full_name="Lin Ningbo", region="330200")
    secret = await signed_in(database, other, world.clock.real_now())
    page = await new_page("/alerts")
    await expect(page.locator(".who summary")).to_have_text("王芳")
    await expect(page.locator("#alerts")).to_contain_text("Cold room 1")
    await page.locator("#q").fill("what 王芳 looks for")
    cookie = {"name": "session", "value": secret, "url": site.address}
    await page.context.add_cookies([cookie])  # type: ignore[list-item]
    await page.clock.fast_forward(20_000)
    await expect(page.locator(".who summary")).to_have_text("Lin Ningbo")
    await expect(page.locator("body")).not_to_contain_text("Cold room 1")
    await expect(page.locator("#q")).to_have_value("")


async def test_no_device_fails_at_the_wish_of_who_does_not_see_it(
    world: World, database: Database, site: Site, injected: Injected
) -> None:
    other = somebody("lin", region="330200")
    secret = await signed_in(database, other, world.clock.real_now())
    async with new_client(site, secret) as client:
        for device in ("coldroom-1", "nowhere"):
            form = {"device": device, "fault": "door-open"}
            answer = await client.post("/demo/faults", data=form)
            assert answer.status_code == 404
    assert injected == []


async def test_what_answers_a_form_is_not_asked_for_again(
    client: httpx.AsyncClient,
) -> None:
    form = {"label": "script", "days": "7"}
    answer = await client.post("/settings/tokens", data=form, headers=HTML)
    secret = re.findall("bb_[A-Za-z0-9_-]{20,}", answer.text)[0]
    assert "stream.js" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert secret not in (await client.get("/settings", headers=HTML)).text
