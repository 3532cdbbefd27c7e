"""Connections: one way to open them, with the session settings all SQL here relies on."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import AsyncConnection

from domain.errors import Unavailable
from storage.unit import Connection

OPTIONS = "-c timezone=UTC"
"""Session settings that all SQL here relies on."""

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
        )
    except psycopg.OperationalError as error:
        raise Unavailable(f"database: {error}") from error
    return connection
