"""What keeps foreign sites and foreign content out. A pure ASGI layer, so that streams pass."""

from __future__ import annotations

import asyncio
import re
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
WITH_PICTURES = {
    "Content-Security-Policy": POLICY.replace("img-src 'self'", "img-src 'self' blob:")
}
"""For a page whose own script draws pictures: they are `blob:`, which nobody else can make."""

LARGEST = 64 * 1024
"""Bytes of a request's body."""
PATIENCE = 20.0
"""Seconds within which all of it must be here."""
DIGITS = 12
LOCAL: Final = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]{0,2000}")
"""An address of ours, as no browser takes it for another host's."""


class SecurityHeaders:
    """Adds HEADERS to every response that has not its own of that name.

    Nothing keeps a response that does not say that it may be kept.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, the headers added at the start of a response."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BodyLimit:
    """Refuses bodies over LARGEST with 413, before more of them is read than that.

    One that does not come within PATIENCE is refused with 408, so that nobody holds connections
    by sending a byte now and then.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; to read such a body raises HTTPException 413 or 408."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        read, ended = 0, False
        deadline = asyncio.get_running_loop().time() + PATIENCE

        async def receive_some() -> Message:
            nonlocal read, ended
            if len(declared) > DIGITS or int(declared) > LARGEST:
                raise HTTPException(413)
            try:
                async with asyncio.timeout_at(None if ended else deadline):
                    message = await receive()
            except TimeoutError as error:
                raise HTTPException(408) from error
            ended = not message.get("more_body", False)
            read += len(message.get("body", b""))
            if read > LARGEST:
                raise HTTPException(413)
            return message

        await self._app(scope, receive_some, send)


def same_origin(headers: Headers) -> bool:
    """Whether a command was sent by our own page, not by another site's.

    Browsers say so themselves: Sec-Fetch-Site, or the older Origin, which each has sent with
    every POST for years. A request with neither is refused.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    return origin is not None and _netloc(origin) == headers.get("host")


def _netloc(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc or None
    except ValueError:  # "http://["
        return None


def local(address: str) -> str:
    """`address` if it leads to a page of ours; else to the first."""
    return address if LOCAL.fullmatch(address) else "/"
