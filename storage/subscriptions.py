"""Table `subscription`: who wants to be told of what, where, when, over which channel.

Each change that people ask for is journalled as a `box_event`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.rows import kwargs_row

from domain.alerts import Recipient
from domain.errors import InputError
from domain.people import Person
from domain.rules import Severity
from storage.people import tell
from storage.unit import Connection, Unit

# A person's hours are in +08:00; what begins before midnight belongs to the day on which it
# began. The box's own alerts have no area: they are for all but enterprises' people, whose
# scope is their enterprise. What has no stage (a finding) concerns every stage.
AUDIENCE = """
WITH moment AS (
    SELECT extract(isodow FROM local)::int2 AS day,
           (extract(hour FROM local) * 60 + extract(minute FROM local))::int2 AS minute
      FROM (SELECT %(now)s::timestamptz AT TIME ZONE 'Asia/Shanghai' AS local) AS t)
SELECT DISTINCT a.n, s.channel, p.name, p.enterprise IS NOT NULL AS of_enterprise
  FROM unnest(%(areas)s::int4[], %(enterprises)s::int4[], %(severities)s::int2[], %(stages)s::text[])
       WITH ORDINALITY AS a (area, enterprise, severity, stage, n)
  JOIN subscription AS s ON s.severity <= a.severity
   AND (s.stages = '{}' OR a.stage IS NULL OR a.stage = ANY (s.stages))
  JOIN person AS p ON p.id = s.person AND p.disabled_at IS NULL
 CROSS JOIN moment AS m
 WHERE CASE WHEN p.enterprise IS NOT NULL THEN p.enterprise = a.enterprise
            ELSE a.area IS NULL OR (
                 a.area BETWEEN s.low AND s.high
                 AND starts_with(a.area::text, regexp_replace(coalesce(p.region, ''), '(00)+$', ''))) END
   AND (s.weekdays = '{}' OR
        CASE WHEN s.from_minute > s.to_minute AND m.minute < s.to_minute
             THEN (m.day + 5) %% 7 + 1 ELSE m.day END = ANY (s.weekdays))
   AND CASE WHEN s.from_minute = s.to_minute THEN true
            WHEN s.from_minute < s.to_minute
            THEN m.minute >= s.from_minute AND m.minute < s.to_minute
            ELSE m.minute >= s.from_minute OR m.minute < s.to_minute END
 ORDER BY a.n, p.name, s.channel
"""
# Somebody is reached where he subscribes; without a subscription, wherever he can be.
REACHED = """
SELECT p.name, r.channel
  FROM person AS p
 CROSS JOIN LATERAL (
       SELECT channel FROM subscription WHERE person = p.id
        UNION
       SELECT channel FROM contact WHERE person = p.id
          AND NOT EXISTS (SELECT FROM subscription WHERE person = p.id)) AS r
 WHERE p.name = ANY (%s) AND p.disabled_at IS NULL
 ORDER BY p.name, r.channel
"""
ADD = """
INSERT INTO subscription (person, channel, low, high, severity, stages, weekdays, from_minute, to_minute)
VALUES (%(person)s, %(channel)s, %(low)s, %(high)s, %(severity)s, %(stages)s::text[],
        %(weekdays)s::int2[], %(from_minute)s, %(to_minute)s)
    ON CONFLICT DO NOTHING
RETURNING id
"""
LIST = """
SELECT id, person, channel, low, high, severity, stages, weekdays, from_minute, to_minute
  FROM subscription WHERE %(person)s::int4 IS NULL OR person = %(person)s
 ORDER BY person, id
"""
REMOVE = """
DELETE FROM subscription AS s USING person AS p
 WHERE s.id = %(id)s AND p.id = s.person AND (%(person)s::int4 IS NULL OR s.person = %(person)s)
RETURNING p.name
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """A person's subscription."""

    person: int
    channel: str
    """As the settings name it."""
    low: int = 0
    high: int = 999_999
    """Range of regions (GB/T 2260, as numbers); of enterprises' people their own count."""
    severity: Severity = Severity.MINOR
    """Only alerts of at least this severity."""
    stages: tuple[str, ...] = ()
    """Of points; empty: all."""
    weekdays: tuple[int, ...] = ()
    """1 is Monday, in +08:00; empty: all."""
    from_minute: int = 0
    to_minute: int = 0
    """Of the day in +08:00, exclusive. Equal: the whole day; less: over midnight."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept(Wish):
    """One as it is stored."""

    id: int


class Matter(NamedTuple):
    """What an alert is to those who subscribe."""

    area: int | None
    """GB/T 2260, as a number; None: the box's own."""
    enterprise: int | None
    severity: Severity
    stage: str | None
    """Of the point; None: it has none."""


class Hearer(NamedTuple):
    """Who is told of a matter."""

    channel: str
    name: str
    of_enterprise: bool

    @property
    def recipient(self) -> Recipient:
        """As deliveries name it."""
        return (self.channel, self.name)


async def audience(
    connection: Connection, matters: Collection[Matter], now: datetime
) -> dict[Matter, list[Hearer]]:
    """Who wants to be told of each of `matters` at the domain's time `now`."""
    asked = list(dict.fromkeys(matters))
    values = {
        "now": now,
        "areas": [one.area for one in asked],
        "enterprises": [one.enterprise for one in asked],
        "severities": [int(one.severity) for one in asked],
        "stages": [one.stage for one in asked],
    }
    cursor = await connection.execute(AUDIENCE, values)
    found: dict[Matter, list[Hearer]] = {one: [] for one in asked}
    async for n, *hearer in cursor:
        found[asked[n - 1]].append(Hearer(*hearer))
    return found


async def reached(
    connection: Connection, names: Iterable[str]
) -> dict[str, list[Recipient]]:
    """Over which channels each of `names` is told of what is for him, at any hour."""
    cursor = await connection.execute(REACHED, (list(names),))
    found: dict[str, list[Recipient]] = defaultdict(list)
    async for name, channel in cursor:
        found[name].append((channel, name))
    return found


async def add(connection: Connection, wish: Wish) -> int | None:
    """Keep a subscription; its number. None: there is the same already."""
    values = asdict(wish)
    values |= {"stages": list(wish.stages), "weekdays": list(wish.weekdays)}
    cursor = await connection.execute(ADD, values)
    row = await cursor.fetchone()
    return row[0] if row else None


async def subscribe(unit: Unit, person: Person, wish: Wish, by: str) -> int:
    """Tell `person` of it from now on; its number. Raises InputError for the same again."""
    number = await add(unit.connection, wish)
    if number is None:
        raise InputError(
            zh=f"{person.name} 已有相同的订阅。",
            en=f"{person.name} has the same already.",
        )
    facts = _facts(wish) | {"number": number}
    await tell(unit, "subscription-added", person.name, by, **facts)
    return number


def _facts(wish: Wish) -> dict[str, object]:
    """A subscription, as the journal has it."""
    return {
        "channel": wish.channel,
        "regions": [wish.low, wish.high],
        "severity": wish.severity.name.lower(),
        "stages": list(wish.stages),
        "weekdays": list(wish.weekdays),
        "minutes": [wish.from_minute, wish.to_minute],
    }


async def unsubscribe(
    unit: Unit, number: int, by: str, person: Person | None = None
) -> None:
    """Tell of it no more. Raises InputError for one that is none, or not of `person`."""
    cursor = await unit.connection.execute(
        REMOVE, {"id": number, "person": person and person.id}
    )
    row = await cursor.fetchone()
    if row is None:
        raise InputError(
            zh=f"没有订阅 {number}。",
            en=f"There is no subscription {number}.",
        )
    await tell(unit, "subscription-removed", row[0], by, number=number)


async def listed(connection: Connection, person: int | None = None) -> list[Kept]:
    """All subscriptions, or those of a person."""
    async with connection.cursor(row_factory=kwargs_row(_kept)) as cursor:
        await cursor.execute(LIST, {"person": person})
        return await cursor.fetchall()


def _kept(
    *, severity: int, stages: list[str], weekdays: list[int], **columns: Any
) -> Kept:
    return Kept(
        severity=Severity(severity),
        stages=tuple(stages),
        weekdays=tuple(weekdays),
        **columns,
    )
