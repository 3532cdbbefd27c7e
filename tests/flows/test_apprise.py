"""Channels by Apprise against a real mail server and a real HTTP receiver."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from alerting.channels import TransportError, UnreachablePersonError
from alerting.channels.apprise import Apprise, Template
from alerting.telling.routing import deliveries
from blackbox.app.dispatch import all_channels
from blackbox.settings import Settings
from domain.alerts import Delivery, Event
from domain.errors import SettingsError
from tests.examples import FACTS, journal
from tests.mail import mailbox, text
from tests.receiver import HANG, LOOPBACK, receiver

LINKED = replace(FACTS, link="https://box.example.cn/alerts/7")
(MAIL,) = deliveries(journal(Event.OPENED)[0], LINKED, [("mail", "li")])
SECRET = "whsec_" + "A" * 44
TO_LI = replace(MAIL, language="en", address="li+box@example.com")
ENGLISH = """\
Where: West Lake Pharma Ltd · Cold store 1 · logger 3 · temperature
When: since 2026-11-22 17:25:00 (Beijing time, +08:00)
How bad: peak 9.3 °C (at 2026-11-22 17:29:00), trigger > 8 °C
Basis: GSP appendix on monitoring
Site telephone: 0571-8888 0000
Number: 7-1
Link: https://box.example.cn/alerts/7
"""
CHINESE = """\
地点：西湖医药有限公司 · 一号冷库 · 3号记录仪 · 温度
时间：自 2026-11-22 17:25:00 起（北京时间，+08:00）
程度：峰值 9.3 °C（2026-11-22 17:29:00），判定条件 > 8 °C
依据：GSP 附录《温湿度自动监测》
现场电话：0571-8888 0000
编号：7-1
链接：https://box.example.cn/alerts/7
"""


def channel(url: str, *, timeout: float = 10.0, threads: int = 4) -> Apprise:
    template = Template(name="mail", url=url)
    return Apprise(template, allowed=LOOPBACK, timeout=timeout, threads=threads)


def hooks(port: int) -> str:
    return f"json://user:hush@127.0.0.1:{port}/hush?to={{address}}"


async def failure(channel: Apprise, delivery: Delivery = TO_LI) -> TransportError:
    with pytest.raises(TransportError) as failed:
        await channel.send(delivery)
    assert failed.value.__cause__ is None
    return failed.value


async def test_a_mail_is_in_the_persons_language_at_their_address_with_the_link() -> (
    None
):
    async with mailbox() as box:
        await channel(box.url).send(TO_LI)
        chinese = replace(TO_LI, language="zh", address="wang@example.com")
        await channel(box.url).send(chinese)
    english, mail = box.mails
    assert english["Subject"] == "Major alert: cold room outside 2–8 °C"
    assert text(english) == ENGLISH
    assert english["X-Blackbox-Delivery"] == "7-1-mail-li"
    assert mail["Subject"] == "主要告警：冷库温度超出 2–8 °C"
    assert text(mail) == CHINESE
    assert box.recipients == [["li+box@example.com"], ["wang@example.com"]]
    assert box.logins == [b"hush"] * 2


async def test_markup_in_names_stays_text() -> None:
    body = {"text": {"en": "<b>headline</b>\n<script>alert(1)</script> =1+1 & so on"}}
    async with mailbox() as box:
        await channel(box.url).send(replace(TO_LI, body=body))
    (mail,) = box.mails
    assert mail["Subject"] == "<b>headline</b>"
    assert mail.get_content_type() == "text/plain"
    assert text(mail) == "<script>alert(1)</script> =1+1 & so on\n"


async def test_a_post_says_title_and_text_in_the_persons_language() -> None:
    async with receiver(200) as server:
        await channel(hooks(server.port)).send(TO_LI)
    (message,) = server.messages
    assert message.json["title"] == "Major alert: cold room outside 2–8 °C"
    assert message.json["message"] == ENGLISH.rstrip("\n")


async def test_somebody_without_a_contact_is_told_to_be_so() -> None:
    lost = await failure(channel(hooks(9)), replace(TO_LI, address=None))
    assert isinstance(lost, UnreachablePersonError)
    assert lost.permanent
    assert "li has no contact on channel mail: blackbox contacts set" in str(lost)


async def test_an_address_that_the_service_does_not_take_is_a_permanent_failure() -> (
    None
):
    async with mailbox() as box:
        lost = await failure(channel(box.url), replace(TO_LI, address="13800000000"))
    assert lost.permanent
    assert isinstance(lost, UnreachablePersonError)


@pytest.mark.parametrize("body", [{}, {"text": None}, {"text": {"zh": "x"}}])
async def test_a_text_that_is_missing_is_a_permanent_failure(
    body: dict[str, object],
) -> None:
    lost = await failure(channel(hooks(9)), replace(TO_LI, body=body))
    assert lost.permanent
    assert "no text in language 'en'" in str(lost)


@pytest.mark.parametrize("status", [500, 404, 301])
async def test_what_the_service_refuses_is_temporary(status: int) -> None:
    async with receiver(status) as server:
        refused = await failure(channel(hooks(server.port)))
        assert len(server.messages) == 1
    assert not refused.permanent
    assert "did not take it" in str(refused)


async def test_a_mail_server_that_says_later_is_tried_later() -> None:
    async with mailbox() as box:
        box.refuses = True
        assert not (await failure(channel(box.url))).permanent
        box.refuses = False
        await channel(box.url).send(TO_LI)
    assert len(box.mails) == 1


async def test_a_gateway_that_hangs_is_left_and_holds_no_more_than_its_threads() -> (
    None
):
    async with receiver(HANG, HANG) as server:
        hanging = channel(hooks(server.port), timeout=0.3, threads=2)
        lost = await asyncio.gather(*[failure(hanging) for _ in range(5)])
        assert len(server.messages) == 2
    assert {str(one) for one in lost} == {"no end in 0.3 s"}


async def test_a_destination_inside_is_refused_unless_it_is_allowed() -> None:
    async with receiver(200) as server, mailbox() as box:
        for url in (hooks(server.port), box.url):
            careful = Apprise(Template(name="mail", url=url))
            refused = await failure(careful)
            assert "BLACKBOX_ALLOW_INTERNAL" in str(refused)
            assert not refused.permanent
    assert not server.messages + box.mails


@pytest.mark.parametrize(
    "wrong",
    [
        {"channels": {"mail": SecretStr("mailto://u:hush@127.0.0.1/?to=a@hush.cn")}},
        {"channels": {"mail": SecretStr("file:///hush")}},
        {"webhook_url": "http://localhost/hush", "webhook_secret": SECRET},
    ],
)
async def test_a_dispatcher_does_not_start_with_what_is_refused(
    wrong: dict[str, Any],
) -> None:
    async with httpx.AsyncClient() as client:
        with pytest.raises(SettingsError, match=r"channel (mail|webhook)") as refused:
            await all_channels(Settings(**wrong), client)
    assert "hush" not in str(refused.value)


async def test_a_secret_is_in_no_log_and_no_error(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    async with receiver(500, 200) as server, mailbox() as box:
        box.refuses = True
        for url in (
            hooks(server.port),
            hooks(server.port),
            box.url,
            box.url.replace("hush", "hush-wrong"),
            box.url.replace(str(box.port), "1"),
            hooks(1),
            "jsons" + hooks(server.port).removeprefix("json"),
            "mailtos" + box.url.removeprefix("mailto").replace("insecure", "starttls"),
        ):
            sending = channel(url, timeout=2.0)
            said.append(repr(sending) + repr(sending._template))
            try:
                await sending.send(TO_LI)
            except TransportError as error:
                said.append(repr(error))
    output = capfd.readouterr()
    for written in (caplog.text, output.out, output.err, *said):
        assert "hush" not in written
