"""Connections: one way to open them, with the session settings all SQL here relies on."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import AsyncConnection

from domain.errors import Unavailable
from storage.unit import Connection

OPTIONS = (
    "-c timezone=UTC -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5"
    " -c tcp_keepalives_count=3"
)
"""Session settings that all SQL here relies on. The server notices within half a minute that
a client's machine is gone, and frees its lease for the spare."""


async def connect(url: str, *, name: str, timeout: float = 5) -> Connection:
    """Open a connection in autocommit mode, in UTC, known to the server as `name`.

    Raises Unavailable where no server answers within `timeout` real seconds.
    """
    try:
        connection: AsyncConnection[Any] = await AsyncConnection.connect(
            url,
            autocommit=True,
            application_name=name,
            options=OPTIONS,
            connect_timeout=int(timeout),
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
            tcp_user_timeout=30_000,
        )
    except psycopg.OperationalError as error:
        raise Unavailable(f"database: {error}") from error
    return connection
