"""The address of a broker: what it says, what is none, and that it keeps its secret."""

from __future__ import annotations

import pytest

from domain.broker import Broker
from domain.errors import SettingsError


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1883",
        "mqtt://",
        "127.0.0.1:1883",
        "mqtt://a:b",
        "mqtt://a:70000",
    ],
)
def test_url_that_is_no_broker_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="mqtt"):
        Broker.parse(url)


def test_url_of_a_broker_has_a_default_port_and_may_have_a_login() -> None:
    assert Broker.parse("mqtt://a") == Broker(host="a", port=1883)
    assert Broker.parse("mqtts://a") == Broker(host="a", port=8883, tls=True)
    assert Broker.parse("mqtt://me:p%40ss@a:1") == Broker(
        host="a", port=1, username="me", password="p@ss"
    )


def test_password_is_not_shown() -> None:
    assert "hush" not in repr(Broker.parse("mqtt://me:hush@a"))
