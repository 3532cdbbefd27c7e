"""Safety codes as the tests look at them: all that stands of each, and each change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.snapshot import select
from storage.unit import Connection

OF_ENTERPRISES = """
SELECT e.id, e.code AS enterprise_code, e.name_zh, e.name_en, cardinality(e.high_risk) > 0 AS high_risk,
       coalesce(f.code, 'grey') AS code, f.score, f.facts, coalesce(f.reasons, '[]') AS reasons,
       f.formula, f.judged_at, h.beat_at
  FROM enterprise AS e
  LEFT JOIN safety AS f ON f.enterprise = e.id
  LEFT JOIN heartbeat AS h ON h.share = (f.facts->>'share')::int2
 WHERE %(low)s::int4 IS NULL
    OR e.id IN (SELECT enterprise FROM site WHERE area BETWEEN %(low)s AND %(high)s)
 ORDER BY e.id
"""
HISTORY = """
SELECT n, at, old_code, new_code, score, formula, detail
  FROM safety_code WHERE enterprise = %s ORDER BY n
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """An enterprise and its code, as it is shown."""

    id: int
    enterprise_code: str
    """统一社会信用代码."""
    name_zh: str
    name_en: str
    high_risk: bool
    code: str
    """Grey, too, if it was never judged."""
    score: float | None
    facts: dict[str, Any] | None
    reasons: list[dict[str, Any]]
    formula: str | None
    judged_at: datetime | None
    """Domain time."""
    beat_at: datetime | None
    """Last sign of life of whoever judges; real time (see `alerting.safety.code.standing`)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """A change of a code, as it was journalled."""

    n: int
    at: datetime
    old_code: str | None
    """None: it was judged for the first time."""
    new_code: str
    score: float | None
    formula: str
    detail: dict[str, Any]


async def of_enterprises(
    connection: Connection, low: int | None = None, high: int | None = None
) -> list[Line]:
    """The codes of all enterprises in scope, or of those with a site in regions `low` … `high`."""
    return await select(connection, Line, OF_ENTERPRISES, {"low": low, "high": high})


async def history(connection: Connection, enterprise: int) -> list[Past]:
    """All changes of an enterprise's code, in order."""
    return await select(connection, Past, HISTORY, (enterprise,))
