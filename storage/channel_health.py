"""Table `channel_health`: which channels fail, since when. Times here are real.

The dispatcher writes at changes and failures only; a channel that works costs nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from psycopg.rows import class_row

from storage.unit import Connection

DETAIL = 500
"""Characters that are kept of what the last failure said."""
FAILED = """
INSERT INTO channel_health (channel, failing_since, failures, gave_up, detail)
VALUES (%(channel)s, %(at)s, 1, %(gave_up)s, %(detail)s)
ON CONFLICT (channel) DO UPDATE
   SET failing_since = coalesce(channel_health.failing_since, excluded.failing_since),
       failures = channel_health.failures + 1,
       gave_up = channel_health.gave_up OR excluded.gave_up,
       detail = excluded.detail
"""
WORKS = """
UPDATE channel_health SET failing_since = NULL, failures = 0, gave_up = false, detail = ''
 WHERE channel = %s AND failing_since IS NOT NULL
"""
# What nobody serves any more fails no longer.
KEEP = """
UPDATE channel_health SET failing_since = NULL, failures = 0, gave_up = false, detail = ''
 WHERE channel <> ALL (%s) AND failing_since IS NOT NULL
"""
FAILING = "SELECT channel FROM channel_health WHERE failing_since IS NOT NULL"
UNREACHABLE = """
SELECT channel, failing_since, failures, gave_up, detail
  FROM channel_health
 WHERE gave_up OR (failing_since <= %(before)s AND failures >= %(failures)s)
 ORDER BY channel
"""
# Of the box, as storage/findings.py has it: of those that an intake of this share opened.
TOLD = """
SELECT array(SELECT jsonb_object_keys(j.detail::jsonb->'channels'))
  FROM alert AS a
  JOIN journal AS opened ON opened.alert = a.id AND opened.n = 1 AND opened.intake >> 40 = %s
 CROSS JOIN LATERAL (SELECT detail FROM journal
                      WHERE alert = a.id AND detail->>'channels' IS NOT NULL
                      ORDER BY n DESC LIMIT 1) AS j
 WHERE a.point IS NULL AND a.device IS NULL AND a.site IS NULL AND a.rule = 'channel-unreachable'
   AND a.withdrawn_at IS NULL AND a.returned_at IS NULL
 ORDER BY a.id DESC LIMIT 1
"""
# A share that nobody ingests any more speaks for nobody.
FIRST_SHARE = """
SELECT min(s.id) FROM share AS s LEFT JOIN heartbeat AS h ON h.share = s.id
 WHERE s.id > 0 AND (h.beat_at IS NULL OR h.beat_at >= %s)
"""


class Failing(NamedTuple):
    """A channel that does not work."""

    channel: str
    failing_since: datetime
    failures: int
    """Attempts since then."""
    gave_up: bool
    """One of them was the last of its delivery."""
    detail: str
    """What the last one ended with."""


async def failed(
    connection: Connection, channel: str, *, at: datetime, gave_up: bool, detail: str
) -> None:
    """Note an attempt that failed `at`; the first since a success says since when."""
    await connection.execute(
        FAILED,
        {"channel": channel, "at": at, "gave_up": gave_up, "detail": detail[:DETAIL]},
    )


async def works(connection: Connection, channel: str) -> None:
    """Note that `channel` works again."""
    await connection.execute(WORKS, (channel,))


async def keep(connection: Connection, channels: Collection[str]) -> None:
    """Forget the failures of all but `channels`."""
    await connection.execute(KEEP, (list(channels),))


async def failing(connection: Connection) -> set[str]:
    """The channels whose last attempt failed."""
    cursor = await connection.execute(FAILING)
    return {row[0] for row in await cursor.fetchall()}


async def unreachable(
    connection: Connection, *, before: datetime, failures: int
) -> list[Failing]:
    """What gave a delivery up, or fails since `before` and at least so often."""
    async with connection.cursor(row_factory=class_row(Failing)) as cursor:
        await cursor.execute(UNREACHABLE, {"before": before, "failures": failures})
        return await cursor.fetchall()


async def told(connection: Connection, share: int) -> set[str]:
    """The channels that the share's open alert names; none: there is none open."""
    cursor = await connection.execute(TOLD, (share,))
    row = await cursor.fetchone()
    return set(row[0]) if row else set()


async def is_first(connection: Connection, share: int, since: datetime) -> bool:
    """Whether `share` speaks for the box: the first with a sign of life `since` a real time."""
    cursor = await connection.execute(FIRST_SHARE, (since,))
    return await cursor.fetchone() == (share,)
