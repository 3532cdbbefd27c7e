"""Settings: from the environment and a file; a wrong one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from blackbox.settings import read
from domain.errors import SettingsError


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "PUBLIC_URL", "MQTT_URL", "SHARE", "CONFIG"):
        monkeypatch.delenv(f"BLACKBOX_{name}", raising=False)


def test_environment_beats_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "blackbox.toml").write_text('share = "33/01"\nbatch_messages = 7\n')
    monkeypatch.setenv("BLACKBOX_SHARE", "33/02")
    settings = read()
    assert (settings.share, settings.batch_messages) == ("33/02", 7)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BLACKBOX_SHARE", "zhejiang"),
        ("BLACKBOX_BATCH_MESSAGES", "0"),
        ("BLACKBOX_BATCH_MESSAGES", "many"),
        ("BLACKBOX_MQTT_URL", "http://broker"),
        ("BLACKBOX_MQTT_URL", "mqtt://broker:70000"),
        ("BLACKBOX_PUBLIC_MQTT_URL", "https://broker"),
        ("BLACKBOX_METRICS_PORT", "99999"),
        ("BLACKBOX_LOG_FORMAT", "xml"),
        ("BLACKBOX_PUBLIC_URL", "http://blackbox.example"),
        ("BLACKBOX_PUBLIC_URL", "blackbox.example"),
        ("BLACKBOX_PUBLIC_URL", "https://"),
        ("BLACKBOX_PUBLIC_URL", "http://["),
    ],
)
def test_wrong_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=name):
        read()


@pytest.mark.parametrize(
    ("url", "secure"),
    [
        ("https://blackbox.example/", True),
        ("http://localhost:8080", False),
        ("http://[::1]:8080", False),
    ],
)
def test_cookies_are_for_https_where_the_page_is_reached_by_it(
    monkeypatch: pytest.MonkeyPatch, url: str, secure: bool
) -> None:
    assert not read().secure()
    monkeypatch.setenv("BLACKBOX_PUBLIC_URL", url)
    assert read().secure() == secure


def test_unknown_setting_in_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "blackbox.toml").write_text("shard = 1\n")
    with pytest.raises(SettingsError, match="SHARD"):
        read()


def test_broken_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "blackbox.toml").write_text("share = \n")
    with pytest.raises(SettingsError, match="settings file"):
        read()


def test_named_file_must_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLACKBOX_CONFIG", "nowhere.toml")
    with pytest.raises(SettingsError, match=r"nowhere\.toml"):
        read()


def test_webhook_without_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLACKBOX_WEBHOOK_URL", "http://127.0.0.1/hook")
    with pytest.raises(SettingsError, match="webhook_secret"):
        read()


def test_missing_database_is_named_when_it_is_needed() -> None:
    with pytest.raises(SettingsError, match="BLACKBOX_DATABASE_URL"):
        read().database()


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLACKBOX_WEBHOOK_SECRET", "whsec_hush")
    monkeypatch.setenv("BLACKBOX_INGEST_PASSWORD", "hush")
    assert "hush" not in repr(read())


def test_channels_come_from_the_environment_a_table_and_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "mail").write_text("mailtos://hush@example.com\n")
    (tmp_path / "blackbox.toml").write_text(
        f'[channels]\nmail = {{file = "{tmp_path}/mail"}}\nding = "dingtalk://hush"\n'
    )
    settings = read()
    assert settings.channel_urls() == {
        "mail": "mailtos://hush@example.com",
        "ding": "dingtalk://hush",
    }
    monkeypatch.setenv("BLACKBOX_CHANNELS", '{"wecom": "wecombot://hush"}')
    both = read()
    assert both.channel_urls()["wecom"] == "wecombot://hush"
    assert "hush" not in f"{settings!r} {both!r} {settings} {settings.model_dump()}"


@pytest.mark.parametrize(
    "value",
    ["hush", '["hush"]', '{"mail": 7, "x": "hush"}', '{"mail": {"fil": "hush"}}',
     '{"mail": "mailto://hush"', '{"mail": null, "x": "hush"}'],
)  # fmt: skip
def test_channels_that_cannot_be_are_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("BLACKBOX_CHANNELS", value)
    with pytest.raises(SettingsError, match="BLACKBOX_CHANNELS") as refused:
        read()
    assert "hush" not in str(refused.value)


def test_a_file_of_a_secret_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "blackbox.toml").write_text('channels = {mail = {file = "nowhere"}}\n')
    with pytest.raises(SettingsError, match="channel mail: cannot read nowhere"):
        read().channel_urls()


@pytest.mark.parametrize(
    ("value", "networks"),
    [
        ("", []),
        ("false", []),
        ("True", ["0.0.0.0/0", "::/0"]),
        ("10.1.2.3", ["10.1.2.3/32"]),
        ("10.1.2.3/16, fd00::/8", ["10.1.0.0/16", "fd00::/8"]),
    ],
)
def test_networks_inside_are_allowed_one_by_one_or_all(
    monkeypatch: pytest.MonkeyPatch, value: str, networks: list[str]
) -> None:
    monkeypatch.setenv("BLACKBOX_ALLOW_INTERNAL", value)
    assert [str(one) for one in read().allow_internal] == networks


@pytest.mark.parametrize(
    ("text", "networks"),
    [("true", 2), ("false", 0), ('["10.0.0.0/8"]', 1), ('"127.0.0.1"', 1)],
)
def test_the_file_says_it_in_its_own_types(
    tmp_path: Path, text: str, networks: int
) -> None:
    (tmp_path / "blackbox.toml").write_text(f"allow_internal = {text}\n")
    assert len(read().allow_internal) == networks


@pytest.mark.parametrize("value", ["localhost", "10.0.0.0/33", "1", "true,false"])
def test_what_is_no_network_is_refused(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("BLACKBOX_ALLOW_INTERNAL", value)
    with pytest.raises(SettingsError, match=r"BLACKBOX_ALLOW_INTERNAL.*networks like"):
        read()
