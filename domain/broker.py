"""The address of a broker, as settings give it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from domain.errors import SettingsError

PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, kw_only=True, slots=True)
class Broker:
    """Where the broker is and who we are there."""

    host: str
    port: int
    tls: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Broker:
        """From `mqtt://[user:password@]host[:port]` or `mqtts://…`. Raises SettingsError."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise SettingsError(
                zh=f"不是 mqtt:// 或 mqtts:// 地址：{error}",
                en=f"no mqtt:// or mqtts:// address: {error}",
            ) from error
        if parts.scheme not in PORTS or not parts.hostname:
            raise SettingsError(
                zh="地址须如 mqtt://host:port 或 mqtts://host:port。",
                en="no address like mqtt://host:port or mqtts://host:port.",
            )
        return cls(
            host=parts.hostname,
            port=port or PORTS[parts.scheme],
            tls=parts.scheme == "mqtts",
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )
