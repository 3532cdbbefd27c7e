"""A receiver of mail, for tests of what channels send: a real SMTP server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

TIMEOUT = 30.0
"""Real seconds after which a test that waits in vain fails."""


@dataclass
class Mailbox:
    """Keeps what arrives; refuses everything while `refuses` is set."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    logins: list[bytes] = field(default_factory=list)
    refuses: bool = False
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        """An Apprise URL to the server, for one address."""
        return (
            f"mailto://box:hush@127.0.0.1:{self.port}/?mode=insecure"
            "&from=box@example.com&to={address}&+X-Blackbox-Delivery={id}"
        )

    async def arrived(self, count: int) -> list[EmailMessage]:
        """Wait until `count` mails have arrived."""
        async with asyncio.timeout(TIMEOUT), self._news:
            await self._news.wait_for(lambda: len(self.mails) >= count)
        return self.mails

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        if self.refuses:
            return "451 later"
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        async with self._news:
            self.mails.append(mail)
            self.recipients.append(envelope.rcpt_tos)
            self._news.notify_all()
        return "250 kept"

    def authenticate(
        self,
        _server: SMTP,
        _session: Session,
        _envelope: Envelope,
        _kind: str,
        data: Any,
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append(data.password)
        return AuthResult(success=data.password == b"hush")


@asynccontextmanager
async def mailbox() -> AsyncIterator[Mailbox]:
    """A mail server that listens, and wants the password `hush`."""
    box = Mailbox()

    def session() -> SMTP:
        return SMTP(
            box,
            hostname="localhost",
            authenticator=box.authenticate,
            auth_require_tls=False,
            loop=asyncio.get_running_loop(),
        )

    server = await asyncio.get_running_loop().create_server(session, "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    try:
        yield box
    finally:
        server.close()
        await server.wait_closed()


def text(mail: EmailMessage) -> str:
    """The text of a mail as it is read."""
    body = mail.get_body(("plain", "html"))
    assert body is not None
    return "\n".join(str(body.get_content()).splitlines()) + "\n"
