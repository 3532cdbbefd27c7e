"""Alerts as a table for spreadsheets, which would run what looks like a formula. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Final

from alerting.life.life_cycle import derived
from dashboard.api import rule_texts
from dashboard.texts import Texts
from storage.alert_list import AlertLine

BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""By which spreadsheets know UTF-8."""
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
COLUMNS: Final = (
    "id", "severity", "state", "rule", "enterprise", "code", "site", "region", "device", "point",
    "opened", "returned", "acknowledged", "assignee", "answered", "closed", "overdue", "shelved",
)  # fmt: skip


def table(lines: Iterable[AlertLine], t: Texts, zone: tzinfo) -> str:
    """The table with a header in the language of `t`, times in `zone`."""
    out = io.StringIO()
    out.write(BOM)
    writer = csv.writer(out)
    writer.writerow(t(f"csv.{column}") for column in COLUMNS)
    for line in lines:
        writer.writerow(defused(cell) for cell in _cells(line, t, zone))
    return out.getvalue()


def defused(cell: str) -> str:
    """`cell`, so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def _cells(line: AlertLine, t: Texts, zone: tzinfo) -> Iterable[str]:
    def shown(time: datetime | None) -> str:
        return "" if time is None else f"{time.astimezone(zone):%Y-%m-%d %H:%M:%S}"

    head = line.head
    rule = rule_texts.rule(head.rule, head.version, line.content)
    yield str(head.id)
    yield t(f"severity.{head.severity.name.lower()}")
    yield t(f"alert-state.{derived(head)}")
    yield t.pick(rule.name)
    yield t.name(line, "enterprise")
    yield line.enterprise_code or ""
    yield t.name(line, "site")
    yield head.region or ""
    yield t.name(line, "device")
    yield t.name(line, "point")
    yield shown(head.opened_at)
    yield shown(head.returned_at)
    yield shown(head.acknowledged_at)
    yield head.assignee or ""
    yield shown(head.answered_at)
    yield shown(head.closed_at)
    yield shown(head.overdue_since)
    yield shown(head.shelved_until)
