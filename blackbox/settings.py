"""Settings: from the environment (`BLACKBOX_…`) and a TOML file; read here and nowhere else.

Whatever needs a setting is handed it as an argument.
"""

from __future__ import annotations

import json
import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from blackbox.clock import Clock
from domain.addresses import is_loopback
from domain.broker import Broker
from domain.errors import SettingsError

FILE = "BLACKBOX_CONFIG"
"""Environment variable that names the TOML file; `blackbox.toml` here, if there is one."""
ADDRESSES = r"^[0-9a-fA-F.:/]+(,[0-9a-fA-F.:/]+)*$"
SHARE = r"^\d\d(/\d\d){0,2}$"

Port = Annotated[int, Field(ge=0, le=65_535)]
EVERYWHERE: Final = ("0.0.0.0/0", "::/0")
SAID: Final = {"true": True, "false": False, "": False}


class SecretFile(BaseModel):
    """Where a secret is read from: a file with nothing else in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Path


class Settings(BaseSettings):
    """Everything that can be set. Environment beats file."""

    model_config = SettingsConfigDict(env_prefix="BLACKBOX_", extra="forbid")

    database_url: str | None = Field(default=None, repr=False)
    """PostgreSQL or TimescaleDB, with the login of the process that is started."""
    mqtt_url: str | None = Field(default=None, repr=False)
    """`mqtt://[user:password@]host[:port]`, or `mqtts://…`."""
    public_mqtt_url: str | None = Field(default=None, repr=False)
    """Where devices reach the broker, as the pages tell them; its login is not told."""
    share: str = Field(default="33", pattern=SHARE)
    """Region that an ingestor takes: `33`, `33/01` or `33/01/06`."""
    batch_messages: int = Field(default=5_000, ge=1, le=65_535)
    """Most messages in one transaction, and in flight from the broker."""
    batch_bytes: int = Field(default=64 * 1024 * 1024, ge=1024)
    """Most bytes of payload that wait in memory."""

    webhook_url: str | None = Field(default=None, repr=False)
    webhook_secret: str | None = Field(default=None, repr=False)
    """`whsec_…`, after the Standard Webhooks specification."""
    channels: Annotated[dict[str, SecretStr | SecretFile], NoDecode] = Field(
        default={}, repr=False
    )
    """Templates of Apprise URLs by the name of the channel (docs/notifications.md)."""
    allow_internal: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    """Networks of this machine, or around it, that notifications may be sent to."""

    api_url: str | None = None
    """Of the web process, for `blackbox alerts`: `https://host[:port]`."""
    api_token: str | None = Field(default=None, repr=False)
    """A personal token, `bb_…`; or in a file:"""
    api_token_file: Path | None = None

    dashboard_host: str = "127.0.0.1"
    dashboard_port: Port = 8080
    public_url: str | None = None
    """Where browsers reach the dashboard: `https://host`; what links in notifications begin
    with. Unset: by http on this machine, and no links."""
    trusted_proxies: str = Field(default="127.0.0.1", pattern=ADDRESSES)
    """Addresses or networks, with commas between, of proxies that say who the client is."""
    metrics_host: str = "127.0.0.1"
    metrics_port: Port | None = None
    """Where Prometheus may ask ingestor and dispatcher; unset: nowhere."""

    log_format: str = Field(default="text", pattern="^(text|json)$")
    state_dir: Path | None = None
    """Where embedded services keep their state."""
    postgres_bin: Path | None = None
    """Programs of a PostgreSQL to embed instead of the wheel's."""
    clock: str | None = None
    """Of a demo: written by it for its processes. Unset: real time."""

    ingest_password: str | None = Field(default=None, repr=False)
    dispatch_password: str | None = Field(default=None, repr=False)
    web_password: str | None = Field(default=None, repr=False)
    retention_password: str | None = Field(default=None, repr=False)
    """Passwords that `blackbox migrate` gives the logins, where set."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then environment, then file."""
        path = Path(os.environ.get(FILE, "blackbox.toml"))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, path)

    @field_validator("database_url")
    @classmethod
    def _is_a_database(cls, url: str | None) -> str | None:
        try:
            conninfo_to_dict(url or "")
        except ProgrammingError:
            # Its message would repeat the password.
            raise ValueError(
                "no address like postgresql://user:password@host/database"
            ) from None
        return url

    @field_validator("mqtt_url", "public_mqtt_url")
    @classmethod
    def _is_a_broker(cls, url: str | None) -> str | None:
        if url is not None:
            try:
                Broker.parse(url)
            except SettingsError as error:
                raise ValueError(str(error)) from error
        return url

    @field_validator("public_url")
    @classmethod
    def _keeps_passwords_off_the_wire(cls, url: str | None) -> str | None:
        if url is None:
            return None
        try:
            parts = urlsplit(url)
            host = parts.hostname
        except ValueError:
            raise ValueError("no address like https://blackbox.example") from None
        if parts.scheme not in ("http", "https") or not host or parts.query:
            raise ValueError("no address like https://blackbox.example")
        if parts.scheme == "http" and not is_loopback(host):
            raise ValueError(
                "https is needed: by http, others read passwords on their way"
            )
        return url.rstrip("/")

    @field_validator("channels", mode="before")
    @classmethod
    def _channels_by_name(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value or "{}")
        except ValueError:
            # Its message would stand beside the URLs.
            raise ValueError('no JSON like {"mail": "mailtos://…"}') from None

    @field_validator("allow_internal", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = SAID.get(value.strip().lower(), value.split(","))
        if isinstance(value, bool):
            value = EVERYWHERE if value else ()
        try:
            return tuple(ip_network(str(one).strip(), strict=False) for one in value)
        except (TypeError, ValueError):
            raise ValueError(
                "true, false, or networks like 10.1.0.0/16,127.0.0.1"
            ) from None

    @model_validator(mode="after")
    def _webhook_is_signed(self) -> Self:
        if self.webhook_url is not None and self.webhook_secret is None:
            raise ValueError("webhook_url needs webhook_secret: unsigned is not sent")
        return self

    def read_clock(self) -> Clock:
        """The clock of this process. Raises SettingsError."""
        return Clock.real() if self.clock is None else Clock.parse(self.clock)

    def database(self) -> str:
        """The database's address. Raises SettingsError that names it where it is unset."""
        return self._needed(self.database_url, "BLACKBOX_DATABASE_URL")

    def broker(self) -> Broker:
        """The broker. Raises SettingsError that names it where it is unset."""
        return Broker.parse(self.mqtt())

    def public_broker(self) -> Broker | None:
        """The broker as devices reach it; None: that is not told."""
        return Broker.parse(self.public_mqtt_url) if self.public_mqtt_url else None

    def mqtt(self) -> str:
        """The broker's address. Raises SettingsError that names it where it is unset."""
        return self._needed(self.mqtt_url, "BLACKBOX_MQTT_URL")

    def channel_urls(self) -> dict[str, str]:
        """Templates of Apprise URLs by channel. Raises SettingsError, which shows none."""
        return {name: _secret(name, value) for name, value in self.channels.items()}

    def secure(self) -> bool:
        """Whether browsers reach the dashboard by https."""
        return (self.public_url or "").startswith("https:")

    def token(self) -> str | None:
        """The personal token, from its file if it is in one. Raises SettingsError."""
        if self.api_token is not None or self.api_token_file is None:
            return self.api_token
        try:
            return self.api_token_file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise SettingsError(
                zh=f"无法读取 BLACKBOX_API_TOKEN_FILE：{error}",
                en=f"BLACKBOX_API_TOKEN_FILE cannot be read: {error}",
            ) from error

    def passwords(self) -> dict[str, str]:
        """Passwords by role, for `blackbox migrate`."""
        given = {
            "ingest": self.ingest_password,
            "dispatch": self.dispatch_password,
            "web": self.web_password,
            "retention": self.retention_password,
        }
        return {role: password for role, password in given.items() if password}

    @staticmethod
    def _needed(value: str | None, name: str) -> str:
        if value is None:
            raise SettingsError(
                zh=f"请设置 {name}。",
                en=f"Set {name}.",
            )
        return value


def _secret(channel: str, value: SecretStr | SecretFile) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value().strip()
    try:
        return value.file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            zh=f"渠道 {channel}：无法读取 {value.file}（{type(error).__name__}）。",
            en=f"channel {channel}: cannot read {value.file} ({type(error).__name__}).",
        ) from None


def read() -> Settings:
    """Read all settings. Raises SettingsError that names each wrong one."""
    named = os.environ.get(FILE)
    if named is not None and not Path(named).is_file():
        raise SettingsError(
            zh=f"{FILE}：没有文件 {named}。", en=f"{FILE}: there is no file {named}."
        )
    try:
        return Settings()
    except ValidationError as error:
        lines = "\n".join(
            f"BLACKBOX_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}"
            if e["loc"]
            else e["msg"]
            for e in error.errors()
        )
        raise SettingsError(zh=lines, en=lines) from error
    except ValueError as error:
        raise SettingsError(
            zh=f"设置文件：{error}", en=f"settings file: {error}"
        ) from error


def environment() -> dict[str, str]:
    """The environment of this process, for child processes."""
    return dict(os.environ)
