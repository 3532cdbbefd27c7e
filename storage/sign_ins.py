"""Table `sign_in`: failed attempts, by name and by address of the client. Times are real.

An attempt is counted before its password is looked at, and taken back when that was right:
a hundred at once are a hundred failures, not one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from psycopg import Rollback

from storage.unit import Connection

FREE: Final = 5
"""Failures without a wait; from then on it doubles, from a second on,"""
LONGEST: Final = timedelta(minutes=15)
"""up to this."""
FORGIVEN: Final = timedelta(minutes=15)
"""Each of these without a failure takes one away: an office's typing errors never add up."""
FORGOTTEN: Final = timedelta(days=1)
"""What is older is removed; by then all is forgiven."""

CLEAN = "DELETE FROM sign_in WHERE last_at < %s"
LOCK = """
INSERT INTO sign_in AS s (key, failures, last_at)
SELECT key, 0, %(now)s FROM unnest(%(keys)s::text[]) AS key
    ON CONFLICT (key) DO UPDATE SET failures = s.failures
RETURNING blocked_until
"""
COUNT = """
WITH counted AS (
    SELECT key, 1 + greatest(0, failures - greatest(0, floor(
               extract(epoch FROM %(now)s - last_at) / extract(epoch FROM %(forgiven)s)))::int) AS n
      FROM sign_in WHERE key = ANY(%(keys)s)
)
UPDATE sign_in AS s
   SET failures = n, last_at = %(now)s,
       blocked_until = CASE WHEN n >= %(free)s
           THEN %(now)s + least(interval '1 s' * 2 ^ least(n - %(free)s, 20), %(longest)s) END
  FROM counted AS c
 WHERE s.key = c.key
"""
FORGET = "DELETE FROM sign_in WHERE key = %s"
TAKE_BACK = """
UPDATE sign_in SET failures = greatest(failures - 1, 0), blocked_until = NULL WHERE key = %s
"""
LIMITS: Final = {"free": FREE, "longest": LONGEST, "forgiven": FORGIVEN}


async def attempt(
    connection: Connection, name: str, address: str, now: datetime
) -> timedelta | None:
    """Count an attempt as failed; or, uncounted, how long it has to wait.

    What has to wait leaves no row: whoever goes on under ever new names fills nothing.
    """
    wait: timedelta | None = None
    keys = [f"address:{address}", f"name:{name}"]
    values = {"keys": keys, "now": now}
    async with connection.transaction():
        await connection.execute(CLEAN, (now - FORGOTTEN,))
        blocks = await (await connection.execute(LOCK, values)).fetchall()
        wait = _wait([until for (until,) in blocks], now)
        if wait is not None:
            raise Rollback
        await connection.execute(COUNT, values | LIMITS)
    return wait


async def succeeded(connection: Connection, name: str, address: str) -> None:
    """Forget the failures of `name`, and that this attempt was counted as one of `address`."""
    async with connection.transaction():
        await connection.execute(TAKE_BACK, (f"address:{address}",))
        await connection.execute(FORGET, (f"name:{name}",))


def _wait(blocks: Sequence[datetime | None], now: datetime) -> timedelta | None:
    until = max((one for one in blocks if one is not None), default=now)
    return until - now if until > now else None
