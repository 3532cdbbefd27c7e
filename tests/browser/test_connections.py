"""The pages of connections: an engineer connects a device by them."""

from __future__ import annotations

import ast
import asyncio
import html
import json
import re
import shlex
import sys
from contextlib import suppress
from datetime import UTC, datetime

import aiomqtt
import httpx
import pytest
from playwright.async_api import expect

from blackbox.services.mosquitto import Mosquitto
from domain.broker import Broker
from domain.people import Role
from ingest.door import Message
from ingest.receipts import receipts
from tests.browser.conftest import NewPage, new_client
from tests.browser.world import (
    ENTERPRISE,
    REGISTRY,
    TOPIC,
    PageClock,
    Site,
    World,
    serve,
)
from tests.people import signed_in, somebody
from tests.services import Database

STATUS = TOPIC.replace("readings", "status")
OTHER = """
enterprises:
  91110000600037341L:
    name: East Lake Pharma
    kind: wholesaler
"""
SPEED = 60.0


class DemoClock(PageClock):
    """In July, and fast."""

    started = datetime.now(UTC)

    def now(self) -> datetime:
        passed = datetime.now(UTC) - self.started
        return datetime(2026, 7, 15, 8, tzinfo=UTC) + passed * SPEED


SHELL = ("sh", "-c")
PYTHON = (sys.executable, "-c")
EVIL = "<img src=x onerror=alert(1)>"


async def session_of(database: Database, world: World, code: str, **more: str) -> str:
    """Of a user of the enterprise with this code."""
    number = await world.enterprise(code)
    engineer = somebody("engineer", Role.ENTERPRISE, enterprise=number, **more)
    return await signed_in(database, engineer, world.clock.real_now())


async def take_in(world: World, topic: str, payload: bytes) -> None:
    await world.intake.commit([Message(topic, payload)], world.clock.now())


async def test_an_engineer_connects_a_device_by_its_page(
    world: World, new_page: NewPage
) -> None:
    page = await new_page("/devices/2")
    await expect(page.locator("#state")).to_contain_text("Never heard")
    await expect(page.locator("#points")).to_contain_text("never seen")
    command = shlex.split(await page.locator("#publish").inner_text())
    topic, payload = (command[command.index(one) + 1] for one in ("-t", "-m"))
    assert json.loads(await page.locator("#payload").inner_text()) == json.loads(
        payload
    )
    assert topic == TOPIC.format("coldroom-2")
    assert topic == await page.locator("#topic").inner_text()
    program = await page.locator("#sender").inner_text()
    assert topic.removesuffix("/readings") in ast.unparse(ast.parse(program))

    world.clock.ahead += 1
    await take_in(world, topic, payload.encode())
    await page.clock.fast_forward(2_000)
    await expect(page.locator("#state")).to_contain_text("Receiving")
    await expect(page.locator("#messages")).to_contain_text("4 stored")
    await expect(page.locator("#points")).not_to_contain_text("never seen")
    results = page.locator("#checks [data-result]")
    for row in await results.all():
        assert await row.get_attribute("data-result") in ("well", "open")

    await page.evaluate("getSelection().empty()")
    await page.get_by_role("button", name="Copy Topic").click()
    assert await page.evaluate("String(getSelection())") == topic


async def test_what_a_device_is_told_to_send_arrives_as_it_stands(
    world: World, database: Database, secret: str, mosquitto: Mosquitto
) -> None:
    broker = Broker.parse(mosquitto.url.replace("//", "//engineer:s3cret@"))
    world.clock = clock = DemoClock()
    async with (
        serve(database, clock, broker=broker, speed=SPEED) as site,
        new_client(site, secret) as client,
        aiomqtt.Client("127.0.0.1", broker.port) as listener,
    ):
        text = html.unescape((await client.get("/devices/2?lang=en")).text)
        assert "s3cret" not in text
        assert "HOST" not in text
        assert "the demo’s clock" in text
        topic = TOPIC.format("coldroom-2")
        await listener.subscribe(topic)
        for name, interpreter in (("publish", SHELL), ("sender", PYTHON)):
            copied = re.search(rf'<code id="{name}">(.*?)</code>', text, re.DOTALL)
            assert copied is not None
            running = await asyncio.create_subprocess_exec(*interpreter, copied[1])
            message = await anext(aiter(listener.messages))
            payload = bytes(message.payload)
            assert "t1" in json.loads(payload)["values"]
            (taken,) = await world.intake.commit([Message(topic, payload)], clock.now())
            ((_, told),) = receipts(taken.offers, taken.intake, taken.digest)
            receipt = json.loads(told)
            assert (receipt["kept"], receipt["refused"]) == ([[1, 1]], [])
            with suppress(ProcessLookupError):
                running.kill()
            await running.wait()


async def test_what_was_refused_is_shown_with_reason_field_and_remedy(
    world: World, new_page: NewPage
) -> None:
    await world.send("coldroom-1", (0.0, {"t1": 5, EVIL: 4}), (-5.0, {"h1": 50}))
    await world.send("coldroom-1", (2.0, {"t1": 5}), (2.0, {"t1": 6}), (2.0, {"t1": 5}))
    await take_in(world, TOPIC.format("coldroom-1"), b"\x00" + EVIL.encode() * 100)
    await take_in(world, STATUS.format("coldroom-1"), b'{"status": "offline"}')
    page = await new_page("/devices/1", viewport={"width": 390, "height": 844})
    await expect(page.locator("#state")).to_contain_text("it has left")
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    refused = page.locator("#refusals")
    for words in (
        "The point is not registered",
        "add the point to the registry file, or correct its name",
        f"values.{EVIL}",
        "The time lies in the future",
        "field values.h1",
        "The message cannot be read",
        f"\\x00{EVIL}",
        "2,801 bytes",
    ):
        await expect(refused).to_contain_text(words)
    for words in ("1 duplicate", "1 conflict", "2 refused", "1 unreadable", "offline"):
        await expect(page.locator("#messages")).to_contain_text(words)
    await expect(page.locator("#checks [data-result=wrong]")).to_have_count(4)
    await page.goto(page.url + "?lang=zh")
    await expect(refused).to_contain_text("请在登记文件中加入该测点，或改正名称")
    assert await page.locator("main img").count() == 0


async def test_the_list_tells_states_and_who_is_not_registered(
    world: World, new_page: NewPage, database: Database
) -> None:
    await world.send("coldroom-1", (0.0, {"t1": 5}))
    await world.send("coldroom-2", (30.0, {"t1": 5, "t9": 5}))
    await take_in(world, TOPIC.format("coldroom-9"), b'{"values": {"t1": 5}}')
    await take_in(world, TOPIC.format("\N{RIGHT-TO-LEFT OVERRIDE}x"), b"{}")
    engineer = await session_of(database, world, ENTERPRISE)
    phone = {"width": 390, "height": 844}
    page = await new_page("/connections", session=engineer, viewport=phone)
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    rows = page.locator("#devices tbody tr")
    await expect(rows.nth(0)).to_contain_text("Receiving")
    await expect(rows.nth(1)).to_contain_text("Refusing")
    await expect(rows.nth(1)).to_contain_text("late by 30 min")
    await expect(rows.nth(2)).to_contain_text("Never heard")
    strangers = page.locator("#strangers")
    await expect(strangers).to_contain_text(TOPIC.format("coldroom-9"))
    await expect(strangers).to_contain_text("\\u202ex/readings")
    entry = await page.locator("#entry").text_content()
    text = REGISTRY.read_text(encoding="utf-8")
    await world.register(re.sub(r"( +)(?=coldroom-1:)", rf"{entry}\1", text, count=1))
    async with page.expect_event("load"):  # the page before has this field, too
        await page.get_by_role("link", name="Never heard").click()
    await page.get_by_label("Search names, keys and codes").fill("coldroom")
    await page.keyboard.press("Enter")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("coldroom-9")


async def test_who_has_no_devices_is_told_how_to_begin(
    world: World, site: Site, database: Database
) -> None:
    await world.register(OTHER)
    await world.send("coldroom-1", (0.0, {"t1": 5}))
    await take_in(world, TOPIC.format("coldroom-9"), b"{}")
    engineer = await session_of(database, world, "91110000600037341L")
    async with new_client(site, engineer) as client:
        answer = await client.get("/connections?lang=en")
        assert "No device is registered yet" in answer.text
        assert "blackbox registry apply FILE" in answer.text
        assert "coldroom-9" not in answer.text
        foreign = await client.get(f"/connections?enterprise={ENTERPRISE}&lang=en")
        assert "coldroom-9" not in foreign.text
        assert "Cold room 1" not in foreign.text
        assert (await client.get("/devices/1")).status_code == 404
        assert (await client.get("/devices/999")).status_code == 404


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/connections?q=&state=&enterprise=&site=&after=", 200),
        ("/connections?q=%25%5F%5C'", 200),
        ("/connections?state=broken", 400),
        ("/connections?after=-1", 400),
        ("/connections?after=99999999999999999999", 400),
        ("/connections?enterprise=%27%20OR%201=1", 400),
        ("/connections?q=%00", 400),
        (f"/connections?q={'x' * 101}", 400),
        ("/devices/0", 404),
        ("/devices/2147483648", 404),
        ("/devices/one", 404),
        ("/devices/2147483647", 404),
    ],
)
async def test_what_nobody_can_ask_for_is_refused(
    quiet: httpx.AsyncClient, address: str, status: int
) -> None:
    answer = await quiet.get(address, headers={"Accept": "text/html"})
    assert answer.status_code == status


async def test_without_a_session_one_is_led_to_sign_in(site: Site) -> None:
    async with httpx.AsyncClient(base_url=site.address) as client:
        for address in ("/connections", "/devices/1"):
            answer = await client.get(address, headers={"Accept": "text/html"})
            assert answer.headers["location"].startswith("/sign-in?next=")
