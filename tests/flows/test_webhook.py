"""The webhook channel against a real HTTP receiver, checked with the reference library."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
import standardwebhooks

from alerting.channels import TransportError
from alerting.channels.webhook import Endpoint, Webhook
from blackbox.clock import real_now
from tests.examples import DELIVERY
from tests.receiver import ENDLESS, HANG, Receiver, receiver

SECRET = "whsec_" + base64.b64encode(bytes(range(24))).decode()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


def webhook(client: httpx.AsyncClient, url: str, timeout: float = 10.0) -> Webhook:
    endpoints = {"county": Endpoint(url=url, secret=SECRET)}
    return Webhook(client, endpoints, real_now, timeout=timeout)


async def failure(client: httpx.AsyncClient, server: Receiver) -> TransportError:
    with pytest.raises(TransportError) as failed:
        await webhook(client, server.url).send(DELIVERY)
    return failed.value


async def test_a_receiver_can_verify_what_it_got(client: httpx.AsyncClient) -> None:
    async with receiver() as server:
        await webhook(client, server.url).send(DELIVERY)
    (message,) = server.messages
    verified = standardwebhooks.Webhook(SECRET).verify(message.body, message.headers)
    assert verified == DELIVERY.body
    assert message.id == DELIVERY.id
    assert message.headers["content-type"] == "application/json"
    assert verified["text"]["zh"].startswith("主要告警：")


async def test_a_receiver_notices_a_changed_body(client: httpx.AsyncClient) -> None:
    async with receiver() as server:
        await webhook(client, server.url).send(DELIVERY)
    (message,) = server.messages
    forged = message.body.replace(b"9.3", b"7.3")
    assert forged != message.body
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(SECRET).verify(forged, message.headers)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_any_success_means_delivered(
    client: httpx.AsyncClient, status: int
) -> None:
    async with receiver(status) as server:
        await webhook(client, server.url).send(DELIVERY)


@pytest.mark.parametrize(
    ("status", "permanent"), [(400, True), (410, True), (429, False), (500, False)]
)
async def test_a_refusal_says_its_status_and_whether_it_is_for_good(
    client: httpx.AsyncClient, status: int, permanent: bool
) -> None:
    async with receiver(status) as server:
        refused = await failure(client, server)
    assert refused.permanent is permanent
    assert str(refused) == f"HTTP {status}: answer {status}"


async def test_a_redirect_is_not_followed(client: httpx.AsyncClient) -> None:
    async with receiver(307) as server:
        refused = await failure(client, server)
    assert len(server.messages) == 1
    assert not refused.permanent


async def test_an_answer_without_end_is_not_read(client: httpx.AsyncClient) -> None:
    async with receiver(ENDLESS) as server:
        refused = await failure(client, server)
    assert str(refused) == "HTTP 500: " + "x" * 200


async def test_a_receiver_that_hangs_is_left_after_the_time_out(
    client: httpx.AsyncClient,
) -> None:
    async with receiver(HANG) as server:
        with pytest.raises(TransportError, match=r"no answer in 0\.2 s") as failed:
            await webhook(client, server.url, timeout=0.2).send(DELIVERY)
    assert not failed.value.permanent


async def test_nobody_listening_is_a_temporary_failure(
    client: httpx.AsyncClient,
) -> None:
    async with receiver() as server:
        pass
    refused = await failure(client, server)
    assert not refused.permanent
    assert "ConnectError" in str(refused)


async def test_a_recipient_without_an_endpoint_is_named(
    client: httpx.AsyncClient,
) -> None:
    stranger = replace(DELIVERY, recipient="city")
    with pytest.raises(TransportError, match="no endpoint is set for 'city'"):
        await webhook(client, "http://127.0.0.1:9").send(stranger)
