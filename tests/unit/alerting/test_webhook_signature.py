from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from alerting.channels import TransportError
from alerting.channels.webhook import Endpoint, encoded, is_permanent, signed
from domain.errors import SettingsError
from tests.examples import DELIVERY

NOW = datetime(2026, 11, 22, 9, 30, 15, 500_000, tzinfo=UTC)
KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()


@given(st.text(), st.binary(min_size=24, max_size=64))
def test_the_signature_is_that_of_the_reference_library(text: str, key: bytes) -> None:
    content = text.encode(errors="replace")
    headers = signed(key, "7-1-webhook-county", NOW, content)
    reference = standardwebhooks.Webhook(key)
    expected = reference.sign("7-1-webhook-county", NOW, content.decode())
    assert headers["webhook-signature"] == expected
    assert headers["webhook-timestamp"] == "1795339815"
    assert headers["webhook-id"] == "7-1-webhook-county"


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        (301, False),
        (400, True),
        (401, True),
        (404, True),
        (408, False),
        (410, True),
        (425, False),
        (429, False),
        (500, False),
        (503, False),
    ],
)
def test_client_errors_are_permanent_unless_they_say_later(
    status: int, permanent: bool
) -> None:
    assert is_permanent(status) is permanent


@pytest.mark.parametrize(
    "secret",
    [
        "",
        SECRET.removeprefix("whsec_"),
        "whsec_!!!",
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        "x" + SECRET,
    ],
)
def test_a_malformed_secret_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Endpoint(url="https://example.org/hook", secret=secret)
    assert "webhook" in str(refused.value)
    assert "example.org" not in str(refused.value)
    assert not secret or secret not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["ftp://example.org", "example.org", "http://", "http://a:b"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="webhook"):
        Endpoint(url=url, secret=SECRET)


def test_an_endpoint_shows_its_secret_to_nobody_who_prints_it() -> None:
    assert SECRET not in repr(Endpoint(url="https://example.org", secret=SECRET))


def test_the_body_is_the_same_bytes_whatever_the_order_of_its_fields() -> None:
    turned = replace(DELIVERY, body=dict(reversed(list(DELIVERY.body.items()))))
    assert encoded(turned) == encoded(DELIVERY)
    assert "告警".encode() in encoded(DELIVERY)


def test_a_body_beyond_the_bound_is_never_sent() -> None:
    large = replace(DELIVERY, body={"text": "x" * 70_000})
    with pytest.raises(TransportError, match="too large") as failed:
        encoded(large)
    assert failed.value.permanent
