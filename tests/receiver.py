"""A real HTTP receiver of webhooks on the loopback interface, that answers as it is told."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

HANG = 0
"""An answer that never comes."""
ENDLESS = 1
"""An error whose body never ends."""
LOOPBACK = (ip_network("127.0.0.0/8"),)
"""Where tests listen: channels must be allowed to send there."""
TIMEOUT = 30.0
"""Real seconds after which a test that waits in vain fails."""


@dataclass(frozen=True)
class Message:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)


@dataclass
class Receiver:
    """Keeps what arrives; answers with `answers`, one after the other, then 204."""

    answers: list[int] = field(default_factory=list)
    port: int = 0
    messages: list[Message] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def counts(self) -> Counter[str]:
        """How often each id has arrived."""
        return Counter(message.id for message in self.messages)

    async def arrived(self, count: int) -> list[Message]:
        """Wait until `count` messages have arrived."""
        async with asyncio.timeout(TIMEOUT), self._news:
            await self._news.wait_for(lambda: len(self.messages) >= count)
        return self.messages

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            await self._answer(await self._read(reader), writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has gone, or only knocked
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> int:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request, *lines = head.strip().split("\r\n")
        headers = {
            name.lower(): value
            for name, value in (line.split(": ", 1) for line in lines)
        }
        body = await reader.readexactly(int(headers["content-length"]))
        async with self._news:
            self.messages.append(Message(request.split()[1], headers, body))
            self._news.notify_all()
        return self.answers.pop(0) if self.answers else 204

    async def _answer(self, status: int, writer: asyncio.StreamWriter) -> None:
        if status == HANG:
            await asyncio.Event().wait()
        if status == ENDLESS:
            writer.write(b"HTTP/1.1 500 Never Ending\r\n\r\n")
            while True:
                writer.write(b"x" * 10_000)
                await writer.drain()
        text = f"HTTP/1.1 {status} As Told\r\nlocation: {self.url}\r\n"
        body = "" if status == 204 else f"answer {status}"
        writer.write(f"{text}content-length: {len(body)}\r\n\r\n{body}".encode())
        await writer.drain()


@asynccontextmanager
async def receiver(*answers: int) -> AsyncIterator[Receiver]:
    """A receiver that listens."""
    running = Receiver(list(answers))
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(running.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
