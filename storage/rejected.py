"""Table `rejected`: what was refused, kept raw up to a limit; and its readmission."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from storage.unit import Connection

KNOWN = "SELECT identity FROM rejected WHERE identity = ANY(%s)"
RAW_OF_DAY = """
SELECT r.device, count(*)
  FROM rejected AS r
  JOIN intake AS i ON i.id = r.intake
 WHERE r.device = ANY(%s) AND r.raw IS NOT NULL
   AND i.arrived >= date_trunc('day', %s) AND i.arrived < date_trunc('day', %s) + interval '1 day'
 GROUP BY r.device
"""
LIST = """
SELECT r.identity, i.arrived, r.topic, r.point, r.time, r.reason, r.detail, r.size,
       coalesce(r.raw, (SELECT m.raw FROM rejected AS m
                         WHERE m.intake = r.intake AND m.topic = r.topic
                           AND m.payload_digest = r.payload_digest AND m.raw IS NOT NULL)),
       (SELECT outcome FROM readmission AS m WHERE m.identity = r.identity
         ORDER BY m.intake DESC LIMIT 1)
  FROM rejected AS r
  JOIN intake AS i ON i.id = r.intake
 WHERE (%(reason)s::text IS NULL OR r.reason = %(reason)s)
   AND (%(share)s::int8 IS NULL OR r.intake >> 40 = %(share)s)
   AND (%(identities)s::bytea[] IS NULL OR r.identity = ANY(%(identities)s))
 ORDER BY r.intake DESC, r.identity
 LIMIT %(limit)s
"""


class Rejected(NamedTuple):
    """One refusal as it stands in the table."""

    identity: bytes
    arrived: datetime
    topic: str
    point: str | None
    time: datetime | None
    reason: str
    detail: str
    size: int
    raw: bytes | None
    """The payload; of the refusals of one message, one row has it for all."""
    readmitted: str | None
    """Outcome of the newest readmission; None where there was none."""


async def known(connection: Connection, identities: Sequence[bytes]) -> set[bytes]:
    """Which of `identities` are in the table already."""
    cursor = await connection.execute(KNOWN, (list(identities),))
    return {row[0] for row in await cursor.fetchall()}


async def raw_of_day(
    connection: Connection, devices: Iterable[int], day: datetime
) -> dict[int, int]:
    """How many payloads were kept raw for each device on the UTC day of `day`."""
    cursor = await connection.execute(RAW_OF_DAY, (list(devices), day, day))
    return dict(await cursor.fetchall())


async def listed(
    connection: Connection,
    *,
    reason: str | None = None,
    identities: Sequence[bytes] | None = None,
    share: int | None = None,
    limit: int = 1000,
) -> list[Rejected]:
    """Refusals, the newest first; `share` limits them to one share's."""
    cursor = await connection.execute(
        LIST,
        {"reason": reason, "identities": identities, "share": share, "limit": limit},
    )
    return [Rejected(*row) for row in await cursor.fetchall()]
