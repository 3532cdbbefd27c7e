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
from tests.receiver import ENDLESS, HANG, LOOPBACK, Receiver, receiver

SECRET = "whsec_" + base64.b64encode(bytes(range(24))).decode()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


def webhook(client: httpx.AsyncClient, url: str, timeout: float = 10.0) -> Webhook:
    endpoints = {"county": Endpoint(url=url, secret=SECRET)}
    return Webhook(client, endpoints, real_now, allowed=LOOPBACK, timeout=timeout)


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


async def test_a_destination_inside_is_refused_unless_it_is_allowed(
    client: httpx.AsyncClient,
) -> None:
    async with receiver() as server:
        for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
            url = f"http://{host}:{server.port}/hook"
            careful = Webhook(
                client, {"county": Endpoint(url=url, secret=SECRET)}, real_now
            )
            with pytest.raises(TransportError, match="ALLOW_INTERNAL") as refused:
                await careful.send(DELIVERY)
            assert not refused.value.permanent
    assert server.messages == []


async def test_what_an_answer_repeats_of_the_address_is_hidden(
    client: httpx.AsyncClient,
) -> None:
    async with receiver(404, 500) as server:
        path = server.url.replace("hook", "answer")  # as the receiver says it
        url = path.replace("127.0.0.1", "hush:hush@127.0.0.1") + "?key=hush"
        hidden = webhook(client, url)
        with pytest.raises(TransportError, match="HTTP 404: answer 404"):
            await hidden.send(DELIVERY)
    endpoint = Endpoint(url=url, secret=SECRET)
    said = f"Cannot POST /answer?key=hush at {url} of hush:hush on 127.0.0.1"
    assert endpoint.hidden(said) == "Cannot POST … at … of … on …"
    assert "hush" not in repr(endpoint)


async def test_nothing_of_an_address_is_in_what_went_wrong(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    url = "http://hush:hush@hush.invalid/hush?hush=hush"
    with pytest.raises(TransportError) as failed:
        await webhook(client, url).send(DELIVERY)
    assert "hush" not in str(failed.value)
    assert failed.value.__cause__ is None
    assert "hush" not in caplog.text
