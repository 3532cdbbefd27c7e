"""A line per event, for the terminal of whoever watches the demo."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from zoneinfo import ZoneInfo

import psycopg

from alerting.telling.texts import EVENTS, SEVERITIES
from domain.alerts import Event, JournalEntry
from storage import journal, status
from storage.connect import connect

ZONE = ZoneInfo("Asia/Shanghai")
LOOK = 0.5
"""Real seconds between two looks."""
BATCH = 100
SIGNS = {
    Event.OPENED: "●",
    Event.WORSENED: "▲",
    Event.RECURRED: "●",
    Event.EASED: "▽",
    Event.RETURNED: "○",
    Event.WITHDRAWN: "×",
    Event.ACKNOWLEDGED: "✓",
}


async def tell(url: str, say: Callable[[str], None]) -> None:
    """Say each event of the journal from now on, until cancelled or the database goes."""
    with contextlib.suppress(psycopg.OperationalError):
        async with await connect(url, name="blackbox demo") as connection:
            position = await journal.horizon(connection)
            while True:
                found = await journal.after(connection, position, BATCH)
                titles = await status.titles(connection, [f.entry.alert for f in found])
                for item in found:
                    if item.entry.event in SIGNS:
                        say(line(item.entry, titles[item.entry.alert]))
                    position = item.xid
                await asyncio.sleep(LOOK)


def line(entry: JournalEntry, title: str) -> str:
    """One event in one line; its time is the domain's, in +08:00."""
    event, severity = EVENTS[entry.event], SEVERITIES[entry.severity]
    return (
        f"{entry.at.astimezone(ZONE):%m-%d %H:%M} {SIGNS[entry.event]} "
        f"{severity.zh}{event.zh} · {severity.en} {event.en} · {title}"
    )
