"""Whether notifications go out: what waits and fails by channel. Times here are real."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from storage.snapshot import select
from storage.unit import Connection

# What is owed is few rows of an index of its own; what has failed is counted by the channel.
CHANNELS = """
WITH owed AS (
    SELECT channel, count(*) AS waiting, min(due) FILTER (WHERE attempts = 0) AS oldest
      FROM delivery WHERE delivered_at IS NULL AND failed_at IS NULL GROUP BY channel),
named AS (
    SELECT channel, count(DISTINCT person) AS people FROM (
        SELECT channel, person FROM contact UNION SELECT channel, person FROM subscription) AS t GROUP BY channel)
SELECT channel, h.failing_since, coalesce(h.failures, 0) AS failures, coalesce(h.gave_up, false) AS gave_up,
       coalesce(h.detail, '') AS detail, coalesce(o.waiting, 0) AS waiting, o.oldest,
       coalesce(n.people, 0) AS people
  FROM owed AS o FULL JOIN named AS n USING (channel) FULL JOIN channel_health AS h USING (channel)
 ORDER BY channel
"""
SEEN = (
    "SELECT person, max(seen_at) FROM session WHERE person = ANY (%s) GROUP BY person"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """A channel that is used, or failed once."""

    channel: str
    failing_since: datetime | None
    """None: its last attempt did not fail."""
    failures: int
    gave_up: bool
    detail: str
    waiting: int
    """Notifications neither delivered nor given up."""
    oldest: datetime | None
    """Since when the oldest waits for its first attempt."""
    people: int
    """Who are told, or can be reached, over it."""


async def channels(connection: Connection) -> list[Channel]:
    """Every channel that somebody uses or that has something owed, by name."""
    return await select(connection, Channel, CHANNELS)


async def last_seen(
    connection: Connection, people: Iterable[int]
) -> dict[int, datetime]:
    """By person, when a session of theirs was last used, of those that have one."""
    cursor = await connection.execute(SEEN, (list(people),))
    return dict(await cursor.fetchall())
