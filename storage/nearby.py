"""Doors, power and other states beside a point, and how they stood at a time.

Readings have no row-level security: they are read within the times of each point that the
scope sees.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.quantities import STATE
from storage.scope import clip, windows
from storage.snapshot import select
from storage.unit import Connection

LOOK_BACK: Final = timedelta(days=1)
"""A state that has lasted for longer has no known beginning."""
# Of each quantity those of the same device, or else those of its zone.
POINTS = """
SELECT id, name_zh, name_en, device_zh, device_en, quantity, max_gap
  FROM (SELECT p.id, p.name_zh, p.name_en, p.device_zh, p.device_en, p.quantity, t.max_gap,
               rank() OVER (PARTITION BY p.quantity ORDER BY p.device <> subject.device) AS nearness
          FROM (SELECT p.id, p.device, p.site, t.zone
                  FROM placed_point AS p
                 CROSS JOIN LATERAL (SELECT zone FROM seen_setting
                                      WHERE point = p.id AND valid_from <= %(time)s
                                      ORDER BY valid_from DESC, intake DESC LIMIT 1) AS t
                 WHERE p.id = %(point)s) AS subject
          JOIN placed_point AS p ON p.site = subject.site AND p.unit = %(state)s AND p.id <> subject.id
         CROSS JOIN LATERAL (SELECT zone, max_gap FROM seen_setting
                              WHERE point = p.id AND valid_from <= %(time)s
                              ORDER BY valid_from DESC, intake DESC LIMIT 1) AS t
         WHERE p.device = subject.device OR t.zone = subject.zone) AS p
 WHERE nearness = 1
 ORDER BY id
 LIMIT %(limit)s
"""
# `since`: the first reading after the last that said something else; null: none did.
HELD = """
SELECT s.point, last.value, last.time, first.time AS since
  FROM unnest(%(points)s::int4[], %(starts)s::timestamptz[], %(stops)s::timestamptz[]) AS s (point, start, stop)
 CROSS JOIN LATERAL (
       SELECT time, value FROM reading
        WHERE point = s.point AND time >= s.start AND time < s.stop
          AND time BETWEEN %(since)s AND %(until)s AND quality < 2 AND value IS NOT NULL
        ORDER BY time DESC LIMIT 1) AS last
  LEFT JOIN LATERAL (
       SELECT time FROM reading
        WHERE point = s.point AND time >= s.start AND time < last.time
          AND time BETWEEN %(since)s AND %(until)s AND quality < 2 AND value <> last.value
        ORDER BY time DESC LIMIT 1) AS other ON true
  LEFT JOIN LATERAL (
       SELECT time FROM reading
        WHERE point = s.point AND time > other.time AND time <= last.time
          AND time BETWEEN %(since)s AND %(until)s AND quality < 2 AND value IS NOT NULL
        ORDER BY time LIMIT 1) AS first ON true
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbour:
    """A point that measures a state, beside another."""

    id: int
    name_zh: str
    name_en: str
    device_zh: str
    device_en: str
    quantity: str
    max_gap: timedelta
    """Of the setting then in force: what is older says nothing of now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """What a point said last before a time."""

    point: int
    value: float
    time: datetime
    since: datetime | None
    """When it began to say so; None: longer ago than is looked back, or seen."""


async def points(
    connection: Connection, point: int, time: datetime, limit: int
) -> list[Neighbour]:
    """States of the point's device, or of its zone, by the settings in force at a time."""
    values = {"point": point, "time": time, "limit": limit, "state": STATE}
    return await select(connection, Neighbour, POINTS, values)


async def held(
    connection: Connection, neighbours: Iterable[Neighbour], time: datetime
) -> dict[int, Held]:
    """How those of `neighbours` stood at a time that said so within their longest gap."""
    gaps = {one.id: one.max_gap for one in neighbours}
    since, until = time - LOOK_BACK, time + datetime.resolution
    seen = await windows(connection, list(gaps))
    spans = [
        (point, *part)
        for point, own in seen.items()
        for part in clip(own, since, until)[-1:]
    ]
    parameters = {
        "points": [point for point, _, _ in spans],
        "starts": [start for _, start, _ in spans],
        "stops": [stop for _, _, stop in spans],
        "since": since,
        "until": time,
    }
    found = await select(connection, Held, HELD, parameters)
    return {one.point: one for one in found if time - one.time <= gaps[one.point]}
