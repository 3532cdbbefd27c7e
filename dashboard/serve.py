"""The web server around the application."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI


class Server(uvicorn.Server):
    """Ends the live streams when it goes down; uvicorn would wait for them for ever."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the composition, which sets `should_exit`."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let every page know, then go."""
        app: FastAPI = self.config.app  # type: ignore[assignment]
        app.state.house.stream.close()
        await super().shutdown(sockets)


def create_server(
    app: FastAPI, *, host: str, port: int, proxies: str = "127.0.0.1"
) -> Server:
    """A server for `app`; `await server.serve()` runs it until `server.should_exit`.

    `proxies` are addresses, with commas between, whose word for the client's address counts.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        forwarded_allow_ips=proxies,
        timeout_graceful_shutdown=3,
    )
    return Server(config)
