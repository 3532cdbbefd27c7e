"""Signed webhooks, after the Standard Webhooks specification (standardwebhooks.com).

webhook-id         the delivery's id, the same in every attempt
webhook-timestamp  real time of the attempt, in seconds since 1970, UTC
webhook-signature  v1,<base64 of HMAC-SHA256 over "id.timestamp.body">
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import httpx

from alerting.channels import TransportError
from alerting.channels.destinations import Network, guarded
from domain.alerts import Delivery
from domain.documents import document
from domain.errors import SettingsError

PREFIX: Final = "whsec_"
KEY_SIZES: Final = range(24, 64 + 1)
"""Bytes of a secret, as the specification asks."""
TIMEOUT: Final = 10.0
"""Real seconds for the whole exchange."""
LARGEST: Final = 65_536
"""Bytes of a body; a notification has about two thousand."""
PASSING: Final = frozenset({408, 425, 429})
"""Client errors that say: later."""
READ: Final = 2_000
"""Bytes of an answer that are read where it is an error."""
EXCERPT: Final = 200
"""Characters of it that are kept, once what it repeats of the address is hidden."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """Where a recipient listens, and the secret shared with it."""

    url: str = field(repr=False)
    """Itself often a secret: never logged, stored or shown."""
    secret: str = field(repr=False)
    """`whsec_` and 24 to 64 random bytes in base64."""

    def __post_init__(self) -> None:
        """Raise SettingsError, which shows neither of them."""
        try:
            url = httpx.URL(self.url)
        except httpx.InvalidURL:
            url = httpx.URL()
        if url.scheme not in ("http", "https") or not url.host:
            raise SettingsError(
                zh="webhook：须为 http(s) 地址。",
                en="webhook: an http(s) address is needed.",
            )
        if len(self.key) not in KEY_SIZES:
            raise SettingsError(
                zh="webhook：密钥须为 whsec_ 加上 24–64 字节的 base64。",
                en="webhook: the secret must be whsec_ and 24 to 64 bytes in base64.",
            )

    @property
    def host(self) -> str:
        """The name or address that is connected to."""
        return httpx.URL(self.url).host

    def hidden(self, text: str) -> str:
        """`text` without what it repeats of the address."""
        url = httpx.URL(self.url)
        raw = (url.raw_path, url.query, url.userinfo)
        parts = [self.url, *(part.decode() for part in raw), url.path, url.host]
        for part in parts:
            text = text.replace(part, "…") if len(part) > 1 else text
        return text

    @property
    def key(self) -> bytes:
        """The secret's bytes; none where it is malformed."""
        if not self.secret.startswith(PREFIX):
            return b""
        try:
            return base64.b64decode(self.secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            return b""


class Webhook:
    """Posts each delivery, as signed JSON, to the endpoint of its recipient."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        endpoints: Mapping[str, Endpoint],
        real_now: Callable[[], datetime],
        *,
        allowed: Collection[Network] = (),
        timeout: float = TIMEOUT,
    ) -> None:
        """Post through `client` to `endpoints`, by the name of the recipient.

        `allowed` are networks inside the machine or around it that it may connect to. An
        exchange takes at most `timeout` real seconds.
        """
        self._client = client
        self._endpoints = endpoints
        self._real_now = real_now
        self._allowed = allowed
        self._timeout = timeout

    async def send(self, delivery: Delivery) -> None:
        """Post once; any 2xx means delivered. Raises TransportError."""
        endpoint = self._endpoints.get(delivery.recipient)
        if endpoint is None:
            raise TransportError(
                f"no endpoint is set for {delivery.recipient!r}", permanent=False
            )
        content = encoded(delivery)
        headers = signed(endpoint.key, delivery.id, self._real_now(), content)
        with guarded(self._allowed) as guard:
            try:
                async with asyncio.timeout(self._timeout):
                    await self._post(endpoint, content, headers)
            except TimeoutError:
                raise TransportError(
                    f"no answer in {self._timeout:g} s", permanent=False
                ) from None
            except httpx.HTTPError as error:
                problem = endpoint.hidden(f"{type(error).__name__}: {error}")
                failure = TransportError(problem, permanent=False)
                raise guard.explained(failure) from None

    async def _post(
        self, endpoint: Endpoint, content: bytes, headers: dict[str, str]
    ) -> None:
        async with self._client.stream(
            "POST",
            endpoint.url,
            content=content,
            headers=headers,
            follow_redirects=False,
            timeout=self._timeout,
        ) as response:
            if not response.is_success:
                excerpt = endpoint.hidden(await _beginning(response))[:EXCERPT]
                raise TransportError(
                    f"HTTP {response.status_code}: {excerpt}",
                    permanent=is_permanent(response.status_code),
                )


def encoded(delivery: Delivery) -> bytes:
    """The body as sent, the same in every attempt. Raises TransportError if it is too large."""
    content = document(delivery.body).encode()
    if len(content) > LARGEST:
        raise TransportError(
            f"body of {len(content)} bytes is too large", permanent=True
        )
    return content


def signed(key: bytes, id_: str, now: datetime, content: bytes) -> dict[str, str]:
    """The headers of a message sent at the real time `now`."""
    timestamp = str(int(now.timestamp()))
    payload = f"{id_}.{timestamp}.".encode() + content
    signature = base64.b64encode(hmac.digest(key, payload, hashlib.sha256)).decode()
    return {
        "content-type": "application/json",
        "webhook-id": id_,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }


def is_permanent(status: int) -> bool:
    """Whether an HTTP status (not 2xx) says that trying again cannot help."""
    return httpx.codes.is_client_error(status) and status not in PASSING


async def _beginning(response: httpx.Response) -> str:
    """What an answer begins with; the rest, however long, is not read."""
    async for chunk in response.aiter_raw(READ):
        return chunk.decode(errors="replace")
    return ""
