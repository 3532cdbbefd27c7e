"""Table `conflict`: further values for a slot that a reading already holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from storage.readings import Place
from storage.unit import Connection

AT_SLOTS = """
SELECT c.point, c.time, c.judged
  FROM unnest(%s::int4[], %s::timestamptz[]) AS s (point, time)
  JOIN conflict AS c ON c.point = s.point AND c.time = s.time
"""

Value = tuple[int, datetime, float | None]
"""(point, time, judged value)."""


def stored(judged: float | None) -> float:
    """A judged value as the key column holds it: NaN stands for no value."""
    return math.nan if judged is None else judged


async def at(connection: Connection, slots: Sequence[Place]) -> set[Value]:
    """The conflicting values known for each of `slots`."""
    if not slots:
        return set()
    points, times = [slot[0] for slot in slots], [slot[1] for slot in slots]
    cursor = await connection.execute(AT_SLOTS, (points, times))
    return {
        (point, time, None if math.isnan(judged) else judged)
        for point, time, judged in await cursor.fetchall()
    }
