"""Tables `rollup_fine`, `rollup_coarse` and `touched`: readings by 5 minutes, hours and days.

Work: roll-ups follow from `reading` and `conflict`. Each intake notes in `touched`, in its own
transaction, the buckets that it touched; until a worker has rolled these up again and removed
the note, they are read from the readings themselves. So what is read is right at any time, and
the worker may be late, or killed between any two statements (ADR 0012).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import pairwise
from operator import itemgetter
from typing import Final, NamedTuple, TypeAlias

from storage.shares import LEASES
from storage.unit import Connection

ORIGIN: Final = datetime.fromisoformat("2000-01-01T00:00+08:00")
"""Where all buckets are counted from: days are local ones."""


class Level(IntEnum):
    """How long a bucket is. Each level is a whole number of buckets of the one before."""

    FIVE_MINUTES = 1
    HOUR = 2
    DAY = 3

    @property
    def width(self) -> timedelta:
        """Of a bucket."""
        return WIDTHS[self]

    def floor(self, time: datetime) -> datetime:
        """When the bucket of `time` begins."""
        return time - (time - ORIGIN) % WIDTHS[self]

    def ceiling(self, time: datetime) -> datetime:
        """When the first bucket begins that lacks nothing from `time` on."""
        return time + (ORIGIN - time) % self.width


WIDTHS: Final = {
    Level.FIVE_MINUTES: timedelta(minutes=5),
    Level.HOUR: timedelta(hours=1),
    Level.DAY: timedelta(days=1),
}

# Safe: no note is gone before the roll-ups that it stands for, for the log is one.
RELAXED = "SET synchronous_commit = off"
TRY_LOCK = "SELECT pg_try_advisory_lock(%s, -1)"
TOUCH = "INSERT INTO touched (bucket, points) VALUES (%s, %s)"
# The oldest first, as many as may be in hand at once: 4 MB are a million numbers.
TAKE = """
WITH oldest AS (
    SELECT id, bucket, points,
           sum(pg_column_size(points)) OVER (ORDER BY bucket, id) - pg_column_size(points) AS before
      FROM (SELECT * FROM touched WHERE bucket <= %(over)s ORDER BY bucket, id LIMIT 5000) AS t
), taken AS MATERIALIZED (
    SELECT id, bucket, points FROM oldest WHERE before < 4e6
)
SELECT array_agg(id), min(bucket), max(bucket),
       (SELECT count(*) FROM (SELECT DISTINCT bucket, unnest(points) FROM taken) AS t)
  FROM taken
"""
# A level from the one before: `since` and `until` say once more what holds for all, so that
# partitions (chunks) of other times are left out.
ROLL_UP = """
WITH wanted AS MATERIALIZED (
    SELECT DISTINCT p.point, date_bin(%(width)s, t.bucket, '2000-01-01 00:00+08') AS time
      FROM touched AS t CROSS JOIN unnest(t.points) AS p (point)
     WHERE t.id = ANY(%(ids)s) AND p.point %% %(parts)s = %(part)s
), rolled AS MATERIALIZED (
    SELECT w.point, w.time, r.*
      FROM wanted AS w
     CROSS JOIN LATERAL (
           SELECT min(low) AS low, max(high) AS high, sum(total) AS total, sum(count) AS count,
                  sum(readings) AS readings, sum(uncertain) AS uncertain, min(first) AS first,
                  max(last) AS last, max(greatest(step, first - before)) AS step,
                  sum(conflicts) AS conflicts, sum(late) AS late
             FROM (SELECT *, max(last) OVER (ORDER BY time ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
                     FROM rollup
                    WHERE level = %(finer)s AND point = w.point
                      AND time >= w.time AND time < w.time + %(width)s
                      AND time >= %(since)s AND time < %(until)s) AS s
           HAVING count(*) > 0) AS r
), fine AS (
    INSERT INTO rollup_fine
    SELECT * FROM rolled WHERE %(level)s = 1
    ON CONFLICT (point, time) DO UPDATE
       SET (low, high, total, count, readings, uncertain, first, last, step, conflicts, late) =
           (SELECT excluded.low, excluded.high, excluded.total, excluded.count, excluded.readings, excluded.uncertain,
                   excluded.first, excluded.last, excluded.step, excluded.conflicts, excluded.late)
)
INSERT INTO rollup_coarse
SELECT %(level)s, * FROM rolled WHERE %(level)s > 1
ON CONFLICT (level, point, time) DO UPDATE
   SET (low, high, total, count, readings, uncertain, first, last, step, conflicts, late) =
       (SELECT excluded.low, excluded.high, excluded.total, excluded.count, excluded.readings, excluded.uncertain,
               excluded.first, excluded.last, excluded.step, excluded.conflicts, excluded.late)
"""
ENSURE_RANGE = "SELECT ensure_rollup_range(%s, %s)"
FORGET = "DELETE FROM touched WHERE id = ANY(%s)"
COUNT = "SELECT count(*) FROM touched WHERE bucket <= %s"
STALE = """
SELECT lower(r), upper(r)
  FROM unnest((SELECT range_agg(tstzrange(bucket, bucket + '5 min'))
                 FROM touched
                WHERE bucket > %(since)s - interval '5 min' AND bucket < %(until)s
                  AND %(point)s = ANY(points))) AS r
 ORDER BY 1
"""
# The roll-ups of whole buckets; and what is finer, for the times that have none: often a first
# and a last bucket, cut by the window, so there is a hole in what the planner has to look at.
# OFFSET 0 keeps the lateral queries apart, so that each looks at the tables of its level only.
READ = """
SELECT slice AS time, min(low), max(high), sum(total), sum(count), sum(readings), sum(uncertain),
       min(first), max(last), max(greatest(step, CASE WHEN before >= slice THEN first - before END)),
       sum(conflicts), sum(late)
  FROM (SELECT *, date_bin(%(width)s, time, '2000-01-01 00:00+08') AS slice,
               max(last) OVER (ORDER BY time ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
          FROM (SELECT r.*
                  FROM unnest(%(starts)s::timestamptz[], %(stops)s::timestamptz[]) AS w (start, stop)
                 CROSS JOIN LATERAL (
                       SELECT * FROM rollup
                        WHERE level = %(level)s AND point = %(point)s AND time >= w.start AND time < w.stop
                          AND time >= %(since)s AND time < %(until)s) AS r
                 UNION ALL
                SELECT r.*
                  FROM unnest(%(finer)s::int2[], %(finer_starts)s::timestamptz[], %(finer_stops)s::timestamptz[])
                       AS w (level, start, stop)
                 CROSS JOIN LATERAL (
                       SELECT * FROM rollup
                        WHERE level = w.level AND point = %(point)s AND time >= w.start AND time < w.stop
                          AND time >= %(finer_since)s AND time < %(finer_until)s
                          AND (time < %(hole_since)s OR time >= %(hole_until)s)
                       OFFSET 0) AS r) AS r) AS r
 GROUP BY slice ORDER BY slice LIMIT %(limit)s
"""

PAIRS: Final = 2000
"""Buckets of points that one statement rolls up: a tenth of a second, for while it runs, the
live stream waits (`storage/journal.py` reads below the oldest transaction that writes)."""

Stretch: TypeAlias = tuple[datetime, datetime]
"""From, inclusive, and until, exclusive."""
Windows: TypeAlias = Sequence[Stretch]
"""By time, none overlaps another."""
Piece: TypeAlias = tuple[int, datetime, datetime]
"""A stretch, and from which level it is read; 0: from the readings."""


class Rolled(NamedTuple):
    """What the readings of a stretch of time come to. Values are those that are not bad."""

    time: datetime
    """When the stretch begins."""
    low: float | None
    """The lowest value, conflicting ones included; None: there is no value."""
    high: float | None
    total: float
    """Sum of the values."""
    count: int  # pyright: ignore[reportIncompatibleMethodOverride]
    """Of values."""
    readings: int
    """All, the bad and the conflicting ones among them."""
    uncertain: int
    """Values whose sender was not sure of them."""
    first: datetime | None
    """Time of the first value."""
    last: datetime | None
    step: timedelta | None
    """The longest from one value to the next; None: there are not two."""
    conflicts: int
    """Readings that contradict another."""
    late: int
    """Readings that arrived late."""

    @property
    def mean(self) -> float | None:
        """Of the values."""
        return self.total / self.count if self.count else None


class Taken(NamedTuple):
    """What there is to roll up."""

    ids: list[int]
    """Of rows in `touched`."""
    first: datetime
    """The earliest bucket."""
    last: datetime
    pairs: int
    """Buckets of points."""


async def touch(
    connection: Connection, buckets: Mapping[datetime, Iterable[int]]
) -> None:
    """Note that readings of these points have come, by bucket of 5 minutes."""
    rows = [(bucket, list(points)) for bucket, points in buckets.items()]
    async with connection.cursor() as cursor:
        await cursor.executemany(TOUCH, rows)


# Rolling up ---------------------------------------------------------------------------


async def lock(connection: Connection) -> bool:
    """Become the one worker, for as long as the connection lives; False: there is one.

    It waits for no disk: what a crash takes away is worked out once more.
    """
    await connection.execute(RELAXED)
    cursor = await connection.execute(TRY_LOCK, (LEASES,))
    return await cursor.fetchone() == (True,)


async def take(connection: Connection, now: datetime) -> Taken | None:
    """The oldest of what is over at `now` and not rolled up; None: there is nothing."""
    over = now - Level.FIVE_MINUTES.width
    cursor = await connection.execute(TAKE, {"over": over})
    row = await cursor.fetchone()
    assert row is not None
    return Taken(*row) if row[0] else None


async def roll_up(
    connection: Connection,
    taken: Taken,
    probe: Callable[[str], None] = lambda _point: None,
) -> None:
    """Roll up what was taken, by the one worker, and forget that it was touched.

    A reading that is committed meanwhile has a row of its own in `touched`, which stays. So
    the rows can go once every level stands, and must not go before.
    """
    day = Level.DAY.floor(taken.first)
    await connection.execute(ENSURE_RANGE, (day, taken.last))
    parts = -(-taken.pairs // PAIRS)
    for part in range(parts):
        for level in Level:
            parameters = {
                "ids": taken.ids,
                "parts": parts,
                "part": part,
                "level": level,
                "finer": level - 1,
                "width": level.width,
                "since": level.floor(taken.first),
                "until": level.floor(taken.last) + level.width,
            }
            # Not prepared: a plan for all times would look at all partitions.
            await connection.execute(ROLL_UP, parameters, prepare=False)
            probe("rolled-up")
    await connection.execute(FORGET, (taken.ids,))


async def waiting(connection: Connection, now: datetime) -> int:
    """How many notes of buckets that are over at `now` are not rolled up."""
    over = now - Level.FIVE_MINUTES.width
    cursor = await connection.execute(COUNT, (over,))
    ((count,),) = await cursor.fetchall()
    return count


# Reading ------------------------------------------------------------------------------


async def read(
    connection: Connection,
    point: int,
    windows: Windows,
    level: Level,
    *,
    width: timedelta | None = None,
    limit: int | None = None,
) -> list[Rolled]:
    """Readings of a point within `windows`, by buckets of `level`, in order of time.

    Or by slices of `width`, a multiple of the level's, counted from `ORIGIN`. Those without a
    reading are left out; the first `limit` of the others.
    """
    width = width or level.width
    if width % level.width:
        raise ValueError(f"{width} is no multiple of {level.width}")
    if not windows:
        return []
    since, until = windows[0][0], windows[-1][1]
    about = {"point": point, "since": since, "until": until}
    cursor = await connection.execute(STALE, about)
    stale = await cursor.fetchall()
    whole, rest = divided(windows, stale, level)
    finer = sorted(refined(rest, stale, level), key=itemgetter(1))
    hole = hole_in(finer)
    parameters = {
        **about,
        "level": level,
        "width": width,
        "limit": limit,
        "starts": [start for start, _ in whole],
        "stops": [stop for _, stop in whole],
        "finer": [level for level, _, _ in finer],
        "finer_starts": [start for _, start, _ in finer],
        "finer_stops": [stop for _, _, stop in finer],
        "finer_since": finer[0][1] if finer else until,
        "finer_until": finer[-1][2] if finer else until,
        "hole_since": hole[0],
        "hole_until": hole[1],
    }
    # Not prepared: a plan for all times would look at all partitions.
    async with connection.cursor(binary=True) as rows:
        await rows.execute(READ, parameters, prepare=False)
        return [Rolled._make(row) for row in await rows.fetchall()]


def divided(windows: Windows, stale: Windows, level: Level) -> tuple[Windows, Windows]:
    """What of `windows` is whole buckets of the level without a `stale` time, and the rest."""
    whole: list[Stretch] = []
    rest: list[Stretch] = []
    for start, stop in windows:
        left, fresh = start, start
        for since, until in [*between(stale, start, stop), (stop, stop)]:
            begin, end = level.ceiling(fresh), level.floor(since)
            if begin < end:
                rest.append((left, begin))
                whole.append((begin, end))
                left = end
            fresh = until
        rest.append((left, stop))
    return whole, [(start, stop) for start, stop in rest if start < stop]


def between(stale: Windows, start: datetime, stop: datetime) -> Windows:
    """Those of the stretches that reach into the time."""
    first = bisect_right(stale, start, key=itemgetter(1))
    return stale[first : bisect_left(stale, stop, key=itemgetter(0))]


def refined(rest: Windows, stale: Windows, level: Level) -> Iterator[Piece]:
    """The same times by finer levels, what even the finest lacks by readings (0)."""
    for finer in range(level - 1, 0, -1):
        whole, rest = divided(rest, stale, Level(finer))
        yield from ((finer, start, stop) for start, stop in whole)
    yield from ((0, start, stop) for start, stop in rest)


def hole_in(pieces: Sequence[Piece]) -> Stretch:
    """The longest time between two that follow each other; of no length if there is none."""
    holes = ((end, begin) for (_, _, end), (_, begin, _) in pairwise(pieces))
    return max(holes, key=lambda hole: hole[1] - hole[0], default=(ORIGIN, ORIGIN))
