"""The newest readings of points, as far back as whoever asks may see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from storage import connections, scope
from storage.connections import Measured, PointLine
from storage.unit import Connection


async def recent(
    connection: Connection, points: Sequence[PointLine], since: datetime, each: int
) -> list[Measured]:
    """Of each point the `each` newest since then."""
    windows = await scope.windows(connection, [point.id for point in points])
    return await connections.recent(connection, windows, since=since, each=each)
