"""The inbox at a glance: how many alerts wait, counted no further than it takes to know.

The scope is said in values besides (storage/alert_list.py tells why).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from storage import scope
from storage.snapshot import select
from storage.unit import Connection

# The order of the overdue is that of their index, which is so found.
TALLY = """
SELECT (SELECT count(*) FROM (SELECT FROM alert a
         WHERE a.withdrawn_at IS NULL AND a.closed_at IS NULL AND a.shelved_until IS NULL AND NOT a.suppressed
           AND (a.area BETWEEN %(low)s AND %(high)s OR a.enterprise = %(owner)s OR %(box)s AND a.area IS NULL)
         LIMIT %(most)s) AS s) AS open,
       (SELECT count(*) FROM (SELECT FROM alert a
         WHERE a.withdrawn_at IS NULL AND a.closed_at IS NULL AND a.shelved_until IS NULL AND NOT a.suppressed AND a.severity = 3
           AND (a.area BETWEEN %(low)s AND %(high)s OR a.enterprise = %(owner)s OR %(box)s AND a.area IS NULL)
         LIMIT %(most)s) AS s) AS critical,
       (SELECT count(*) FROM (SELECT FROM alert a
         WHERE a.withdrawn_at IS NULL AND a.closed_at IS NULL AND a.shelved_until IS NULL AND NOT a.suppressed AND (a.overdue_since IS NOT NULL)
           AND (a.area BETWEEN %(low)s AND %(high)s OR a.enterprise = %(owner)s OR %(box)s AND a.area IS NULL)
         ORDER BY a.severity DESC, a.opened_at DESC, a.id DESC LIMIT %(most)s) AS s) AS overdue,
       (SELECT count(*) FROM (SELECT FROM alert a
         WHERE a.withdrawn_at IS NULL AND a.closed_at IS NULL AND a.assignee = %(name)s
         LIMIT %(most)s) AS s) AS mine,
       (SELECT count(*) FROM (SELECT FROM alert a
         WHERE a.withdrawn_at IS NULL AND a.closed_at IS NULL AND a.shelved_until IS NOT NULL
         LIMIT %(most)s) AS s) AS shelved
"""
# What is shelved, and what was not in use, calls nobody; what has returned waits, but in silence.
RINGING = """
SELECT count(*) AS unacknowledged, max(raised_at) FILTER (WHERE returned_at IS NULL) AS newest
  FROM (SELECT a.raised_at, a.returned_at FROM alert a
         WHERE a.severity = 3 AND a.acknowledged_at IS NULL AND a.withdrawn_at IS NULL AND a.closed_at IS NULL
           AND a.shelved_until IS NULL AND NOT a.suppressed
           AND (a.area BETWEEN %(low)s AND %(high)s OR a.enterprise = %(owner)s OR %(box)s AND a.area IS NULL)
         LIMIT %(most)s) AS r
"""
MANY: Final = 1000
"""What is counted up to; one more means: more than that."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """Numbers of open alerts, each counted up to MANY + 1.

    The first three are of those that wait: neither shelved nor suppressed.
    """

    open: int
    critical: int
    overdue: int
    mine: int
    """Assigned to one person."""
    shelved: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Ringing:
    """Critical alerts that nobody has acknowledged."""

    unacknowledged: int
    """Up to MANY + 1."""
    newest: datetime | None
    """When the newest of those that are active was raised; None: there is none."""


async def tally(connection: Connection, name: str) -> Tally:
    """What waits, and how much of it for the person of that name."""
    values = await _values(connection) | {"name": name}
    return (await select(connection, Tally, TALLY, values))[0]


async def ringing(connection: Connection) -> Ringing:
    """What asks to be acknowledged now."""
    return (await select(connection, Ringing, RINGING, await _values(connection)))[0]


async def _values(connection: Connection) -> dict[str, object]:
    seen = await scope.current(connection)
    return {
        "low": seen.low,
        "high": seen.high,
        "owner": seen.enterprise,
        "box": seen.box,
        "most": MANY + 1,
    }
