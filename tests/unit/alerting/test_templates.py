"""Channels as the settings name them: what is refused, and that nothing of a URL is shown."""

from __future__ import annotations

import pytest
from apprise.manager_plugins import NotificationManager

from alerting.channels.apprise import SCHEMES, Template
from domain.errors import SettingsError

MAIL = "mailto://user:hush@smtp.example.com/?from=box@example.com&to={address}"


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("mail", MAIL),
        ("mail", MAIL.replace("mailto", "mailtos") + "&+X-Number={id}"),
        ("ding", "dingtalk://hushhush"),
        ("wecom", "wecombot://hush-hush"),
        ("feishu", "feishu://" + "a" * 36),
        ("teams", "workflows://example.com:443/hush/hush?ver=1"),
        ("json", "jsons://user:hush@example.com/path?:id={id}"),
        ("sms", "clicksend://user:hush@{address}"),
        ("signal", "signals://example.com/+8613900000000/{address}"),
        ("telegram", "tgram://123456789:abcdefg_hijklmnop/123456"),
    ],
)
def test_a_channel_is_an_address_of_apprise(name: str, url: str) -> None:
    template = Template(name=name, url=url)
    assert template.sample() is not None
    assert "hush" not in repr(template)


@pytest.mark.parametrize(
    "scheme",
    ["file", "dbus", "syslog", "rsyslog", "windows", "macosx", "gnome", "exec", "apprise",
     "mqtt", "smpp", "xmpp", "irc", "form", "xml", "http", "https", "MAILTO ", ""],
)  # fmt: skip
def test_other_kinds_are_refused_by_the_name_of_the_channel(scheme: str) -> None:
    with pytest.raises(SettingsError, match="channel mail: its kind") as refused:
        Template(name="mail", url=f"{scheme}://user:hush@smtp.example.com")
    assert "hush" not in str(refused.value)
    assert "smtp.example.com" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("hush", "its kind"),
        ("mailto:hush", "its kind"),
        (MAIL.replace("{address}", "{adress}"), "in braces"),
        (MAIL + "&{0.__class__}", "in braces"),
        ("mailto://", "cannot make"),
        ("json://hush:hush@:99999999/", "cannot make"),
        ("dingtalk://!hush!", "cannot make"),
    ],
)
def test_what_cannot_be_a_channel_is_refused(
    url: str, problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SettingsError, match=f"channel mail: .*{problem}") as refused:
        Template(name="mail", url=url)
    assert "hush" not in str(refused.value) + caplog.text


@pytest.mark.parametrize("name", ["", "log", "webhook", "Mail", "a b", "m" * 33, "é"])
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="channel"):
        Template(name=name, url=MAIL)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (MAIL, "smtp.example.com"),
        (MAIL + "&smtp=127.0.0.1", "127.0.0.1"),
        ("json://10.0.0.1:8080/x", "10.0.0.1"),
        ("dingtalk://hushhush", None),
    ],
)
def test_the_host_is_known_where_the_address_names_it(
    url: str, host: str | None
) -> None:
    assert Template(name="mail", url=url).host == host


def test_an_address_is_written_as_the_url_needs_it() -> None:
    service = Template(name="mail", url=MAIL).service("a+b@example.com", "7-1-mail-li")
    assert service is not None
    assert getattr(service, "targets") == [(False, "a+b@example.com")]  # noqa: B009


@pytest.mark.parametrize(
    "address",
    ["", "a@example.com,b@example.com", "o'neil@example.com", "x@example.com?cc=e@evil.com",
     "Li <li@example.com>", "li:li@example.com", "a\nb", "x&to=y", "%2C", "x" * 201],
)  # fmt: skip
def test_what_could_be_more_than_an_address_is_none(address: str) -> None:
    assert Template(name="mail", url=MAIL).service(address, "7-1-mail-li") is None


def test_redirects_are_followed_under_no_circumstances() -> None:
    template = Template(name="json", url="json://example.com/?redirect=yes")
    service = template.service("", "7-1-json-li")
    assert service is not None
    assert service.redirects is False


def test_every_kind_is_one_that_apprise_has() -> None:
    assert set(NotificationManager().schemas()) >= SCHEMES
