"""Tables `share` and `heartbeat`, and the lease: who ingests what, and whether it lives."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from domain.chain import GENESIS
from domain.errors import LeaseLost
from storage.unit import Connection

LEASES = 0x424C4B  # "BLK": the class of our advisory locks
TAKE_LEASE = "SELECT pg_try_advisory_lock(%s, %s)"
FIND = "SELECT id FROM share WHERE name = %s"
REGISTER = """
INSERT INTO share (id, name, digest)
SELECT max(id) + 1, %s, %s FROM share
ON CONFLICT DO NOTHING
"""
OVERLAPPING = """
SELECT id, name FROM share
 WHERE id > 0 AND (starts_with(name || '/', %(name)s || '/') OR starts_with(%(name)s || '/', name || '/'))
 ORDER BY id
"""
SESSION = "SELECT session FROM share WHERE id = %s"
SET_SESSION = "UPDATE share SET session = %s WHERE id = %s"
BEAT = """
INSERT INTO heartbeat (share, beat_at, connected, intake_at, waiting, watermark)
VALUES (%(share)s, %(beat_at)s, %(connected)s, %(intake_at)s, %(waiting)s, %(watermark)s)
ON CONFLICT (share) DO UPDATE
   SET beat_at = excluded.beat_at, connected = excluded.connected,
       intake_at = coalesce(excluded.intake_at, heartbeat.intake_at),
       waiting = excluded.waiting,
       watermark = coalesce(excluded.watermark, heartbeat.watermark)
"""
LISTENED = """
SELECT h.watermark, h.beat_at, greatest(
           (SELECT arrived FROM intake WHERE share = h.share AND number = 1),
           (SELECT max((j.detail->>'to')::timestamptz)
              FROM alert AS a JOIN journal AS j ON j.alert = a.id
             WHERE a.point IS NULL AND a.rule = 'deaf' AND a.withdrawn_at IS NULL
               AND j.intake >> 40 = h.share)) AS since
  FROM heartbeat AS h
 WHERE h.share = %s AND h.watermark IS NOT NULL
"""


class Left(NamedTuple):
    """How the last ingestor of a share left its listening."""

    watermark: datetime
    """Domain time up to which it had listened."""
    beat_at: datetime
    """Real time of its last sign of life."""
    since: datetime
    """Domain time since which it had not been deaf."""


async def find(connection: Connection, name: str) -> int | None:
    """Number of the share called `name`; None if it was never ingested."""
    cursor = await connection.execute(FIND, (name,))
    row = await cursor.fetchone()
    return row[0] if row else None


async def take_lease(connection: Connection, name: str) -> int:
    """Become the one writer of the share called `name`; its number.

    The lease lives and dies with `connection`; it holds for every share that overlaps (`33`
    and `33/01`) too, since two writers must never take the same device. Raises LeaseLost if
    another process has any of them.
    """
    while (share := await find(connection, name)) is None:
        # Without effect if another share takes the same number meanwhile.
        await connection.execute(REGISTER, (name, GENESIS))
    overlapping = await connection.execute(OVERLAPPING, {"name": name})
    for number, other in await overlapping.fetchall():
        cursor = await connection.execute(TAKE_LEASE, (LEASES, number))
        if await cursor.fetchone() != (True,):
            raise LeaseLost(f"share {other} is ingested by another process")
    return share


async def session(connection: Connection, share: int) -> str:
    """What we know of the share's session at the broker."""
    cursor = await connection.execute(SESSION, (share,))
    row = await cursor.fetchone()
    assert row is not None
    return str(row[0])


async def set_session(connection: Connection, share: int, state: str) -> None:
    """Note what we know of the session."""
    await connection.execute(SET_SESSION, (state, share))


async def beat(
    connection: Connection,
    share: int,
    *,
    beat_at: datetime,
    connected: bool,
    intake_at: datetime | None,
    waiting: int,
    watermark: datetime | None = None,
) -> None:
    """Say that the writer lives. Times are real, for people look at their own clocks.

    Only `watermark`, up to which the share has listened, is the domain's; None: as before.
    """
    await connection.execute(
        BEAT,
        {
            "share": share,
            "beat_at": beat_at,
            "connected": connected,
            "intake_at": intake_at,
            "waiting": waiting,
            "watermark": watermark,
        },
    )


async def listened(connection: Connection, share: int) -> Left | None:
    """How far the share had listened when its ingestor last said so; None: it never did."""
    cursor = await connection.execute(LISTENED, (share,))
    row = await cursor.fetchone()
    return Left(row[0], row[1], row[2] or row[0]) if row else None
