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
