"""What `blackbox status` and the demo's last line count."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from storage.unit import Connection

LEDGER = """
SELECT coalesce(sum(messages), 0), coalesce(sum(unreadable), 0), coalesce(sum(offered), 0),
       coalesce(sum(stored), 0), coalesce(sum(duplicate), 0), coalesce(sum(conflict), 0),
       coalesce(sum(rejected), 0)
  FROM ledger
"""
KEPT = """
SELECT (SELECT count(*) FROM reading), (SELECT count(*) FROM conflict),
       (SELECT count(*) FROM rejected)
"""
WORK = """
SELECT (SELECT count(*) FROM excursion WHERE NOT withdrawn),
       (SELECT count(*) FROM alert WHERE withdrawn_at IS NULL),
       (SELECT count(*) FROM alert WHERE withdrawn_at IS NULL AND returned_at IS NULL),
       (SELECT count(*) FROM alert WHERE withdrawn_at IS NULL AND acknowledged_at IS NULL),
       (SELECT count(*) FROM delivery WHERE delivered_at IS NOT NULL),
       (SELECT count(*) FROM delivery WHERE delivered_at IS NULL AND failed_at IS NULL),
       (SELECT version FROM registry_head)
"""
RAISED = """
SELECT e.code, d.key, p.key, x.rule, x.level, x.started, x.ended
  FROM excursion AS x
  JOIN point AS p ON p.id = x.point
  JOIN device AS d ON d.id = p.device
  JOIN enterprise AS e ON e.id = d.enterprise
 WHERE NOT x.withdrawn
 ORDER BY x.started, x.id
"""
# The begin and the end of a finding stand in different entries of one journal.
FINDINGS = """
SELECT e.code, d.key, f.rule, f.began, f.ended
  FROM (SELECT a.id, a.device, a.rule, (j.detail->>'from')::timestamptz AS began,
               max((j.detail->>'to')::timestamptz) AS ended
          FROM alert AS a JOIN journal AS j ON j.alert = a.id
         WHERE a.point IS NULL AND a.device IS NOT NULL AND a.withdrawn_at IS NULL
           AND j.detail->>'from' IS NOT NULL
         GROUP BY a.id, began) AS f
  JOIN device AS d ON d.id = f.device
  JOIN enterprise AS e ON e.id = d.enterprise
 ORDER BY f.began, d.id, f.rule, f.id
"""
NEWEST_INTAKE = "SELECT max(arrived) FROM intake"
TITLES = """
SELECT a.id, a.rule, concat_ws(' ', d.name_zh, p.name_zh), concat_ws(' ', d.name_en, p.name_en)
  FROM alert AS a
  LEFT JOIN point AS p ON p.id = a.point
  LEFT JOIN device AS d ON d.id = coalesce(a.device, p.device)
 WHERE a.id = ANY(%s)
"""
SHARES = """
SELECT s.name, s.number, s.session, h.beat_at, h.connected, h.waiting
  FROM share AS s LEFT JOIN heartbeat AS h ON h.share = s.id
 WHERE s.id > 0 ORDER BY s.id
"""
LEDGER_NAMES = (
    "messages", "unreadable", "offered", "stored", "duplicates", "conflicts", "rejected",
)  # fmt: skip
WORK_NAMES = (
    "excursions", "alerts", "alerts_active", "alerts_unacknowledged",
    "deliveries", "deliveries_owed", "registry_version",
)  # fmt: skip


async def ledger(connection: Connection) -> dict[str, int]:
    """The ledger's sums over all intakes and devices."""
    row = (await (await connection.execute(LEDGER)).fetchall())[0]
    return dict(zip(LEDGER_NAMES, map(int, row), strict=True))


async def adds_up(connection: Connection) -> bool:
    """Whether the ledger agrees with itself and with the tables it counts."""
    sums = await ledger(connection)
    readings, conflicts, _ = (await (await connection.execute(KEPT)).fetchall())[0]
    parts = sums["stored"] + sums["duplicates"] + sums["conflicts"] + sums["rejected"]
    return (
        sums["offered"] == parts
        and sums["stored"] == readings
        and sums["conflicts"] == conflicts
    )


async def raised(connection: Connection) -> list[tuple[Any, ...]]:
    """Excursions by name: enterprise code, device, point, rule, level, started, ended."""
    return await (await connection.execute(RAISED)).fetchall()


async def findings(connection: Connection) -> list[tuple[Any, ...]]:
    """What was found about devices: enterprise code, device, rule, from, to (None: goes on)."""
    return await (await connection.execute(FINDINGS)).fetchall()


async def newest_intake(connection: Connection) -> datetime | None:
    """When the newest intake arrived, in domain time."""
    (row,) = await (await connection.execute(NEWEST_INTAKE)).fetchall()
    return row[0]


async def titles(connection: Connection, alerts: list[int]) -> dict[int, str]:
    """What each alert is about, in one line: rule, device and point in both languages."""
    cursor = await connection.execute(TITLES, (alerts,))
    return {
        alert: " · ".join(filter(None, texts))
        for alert, *texts in await cursor.fetchall()
    }


async def read(connection: Connection, real_now: datetime) -> dict[str, Any]:
    """Everything `blackbox status` shows."""
    work = (await (await connection.execute(WORK)).fetchall())[0]
    shares = await (await connection.execute(SHARES)).fetchall()
    return {
        **await ledger(connection),
        "adds_up": await adds_up(connection),
        **dict(zip(WORK_NAMES, work, strict=True)),
        "shares": [
            {
                "share": name,
                "intakes": number,
                "session": session,
                "connected": connected,
                "waiting": waiting,
                "beat_seconds_ago": beat
                and round((real_now - beat).total_seconds(), 1),
            }
            for name, number, session, beat, connected, waiting in shares
        ],
    }
