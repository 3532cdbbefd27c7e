"""An alert of a cold room, for tests of what is said and done about it."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from alerting.life.forms import FORMS, Command
from alerting.life.life_cycle import step
from alerting.telling.routing import deliveries
from alerting.telling.texts import Facts
from domain.alerts import (
    SYSTEM,
    Alert,
    DeviceSubject,
    Event,
    JournalEntry,
    Subject,
)
from domain.excursions import Excursion, Forecast
from domain.people import Person, Role
from domain.rules import Severity
from domain.text import Text

OPENED = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
"""17:30 in Hangzhou."""

ALERT = Alert(
    id=7,
    rule="gsp-cold-room",
    version="0123456789abcdef",
    point=3,
    enterprise=1,
    site=2,
    region="330106",
    severity=Severity.MAJOR,
    suppressed=False,
    opened_at=OPENED,
)
"""Before its first journal entry."""

SUPERVISOR = Person(
    id=1,
    name="wang.fang",
    full_name="王芳",
    role=Role.SUPERVISOR,
    region="330100",
    enterprise=None,
    language="zh",
)
"""Of Hangzhou, where the alert is."""
COLLEAGUE = replace(SUPERVISOR, id=2, name="li.ming", full_name="李明", region="330000")
"""Of the whole province."""
STRANGER = replace(SUPERVISOR, id=3, name="zhao.lei", full_name="赵磊", region="110000")
"""Of another province."""
ENTERPRISE = replace(
    SUPERVISOR,
    id=4,
    name="chen.jie",
    full_name="陈洁",
    role=Role.ENTERPRISE,
    region=None,
    enterprise=1,
)
"""Of the enterprise whose alert it is."""
ADMINISTRATOR = replace(
    SUPERVISOR, id=5, name="root", role=Role.ADMINISTRATOR, region=None
)
AUDITOR = replace(SUPERVISOR, id=6, name="audit", role=Role.AUDITOR, region=None)
LEAVER = replace(COLLEAGUE, id=7, name="sun.li", disabled=True)
"""Who was a supervisor."""
PEOPLE = (
    SUPERVISOR,
    COLLEAGUE,
    STRANGER,
    ENTERPRISE,
    ADMINISTRATOR,
    AUDITOR,
    LEAVER,
)

SUBJECT = Subject(
    point=3,
    point_zh="温度",
    point_en="temperature",
    quantity="temperature",
    unit="°C",
    resolution=0.1,
    stage="storage",
    site=2,
    device=2,
    device_zh="3号记录仪",
    device_en="logger 3",
    site_zh="一号冷库",
    site_en="Cold store 1",
    region="330106",
    telephone="0571-8888 0000",
    enterprise_code="91110000600037341L",
    enterprise_zh="西湖医药有限公司",
    enterprise_en="West Lake Pharma Ltd",
)

DEVICE = DeviceSubject(
    **{f.name: getattr(SUBJECT, f.name) for f in fields(DeviceSubject)}
)
"""The device of that point."""

EXCURSION = Excursion(
    point=3,
    rule="gsp-cold-room",
    version="0123456789abcdef",
    level="excursion",
    severity=Severity.MAJOR,
    start=OPENED - timedelta(minutes=5),
    end=None,
    peak=9.3,
    peak_time=OPENED - timedelta(minutes=1),
)

TREND = replace(
    EXCURSION,
    forecast=Forecast(
        slope=0.6,
        slope_between=(0.4, 0.8),
        limit=8.0,
        reached=OPENED + timedelta(hours=2),
        reached_between=(OPENED + timedelta(hours=1, minutes=30), None),
    ),
)
"""The same, of a rule that looks ahead."""

FACTS = Facts(
    alert=ALERT,
    what=Text("冷库温度超出 2–8 °C", "cold room outside 2–8 °C"),
    basis=Text("GSP 附录《温湿度自动监测》", "GSP appendix on monitoring"),
    subject=SUBJECT,
    excursion=EXCURSION,
    limit=Text("> 8 °C", "> 8 °C"),
    amount=Text("9.3 °C", "9.3 °C"),
)


def minutes(count: float) -> datetime:
    """So long after the opening."""
    return OPENED + timedelta(minutes=count)


NEEDED: dict[str, Any] = {
    "reason": "已派人到场",
    "assignee": COLLEAGUE.name,
    "cause": "门封条老化",
    "action": "已更换",
    "until": minutes(600),
}
"""What a command may need to say."""


def command(
    name: str, alert: int = 7, number: int | None = None, **fields: Any
) -> Command:
    """A command with what it needs, and `fields`; `number` is its id, None: a new one."""
    needed = {field: NEEDED[field] for field in FORMS[name].needs}
    unique = uuid4() if number is None else UUID(int=number)
    return Command(id=unique, alert=alert, name=name, **{**needed, **fields})


def happen(
    head: Alert,
    event: Event,
    *,
    actor: str = SYSTEM,
    severity: Severity | None = None,
    reason: str | None = None,
) -> tuple[Alert, JournalEntry]:
    """One step, a minute after the one before; what merges goes into alert 3."""
    merged: dict[str, Any] = {"merged_into": 3} if event is Event.MERGED else {}
    return step(
        head,
        event,
        at=minutes(head.entries),
        actor=actor,
        severity=severity,
        reason=reason,
        **merged,
    )


def journal(*events: Event) -> list[JournalEntry]:
    """The journal of the example alert to which `events` happened."""
    head, entries = ALERT, list[JournalEntry]()
    for event in events:
        head, entry = happen(head, event)
        entries.append(entry)
    return entries


def ended() -> Facts:
    """The facts once the excursion is over."""
    return replace(FACTS, excursion=replace(EXCURSION, end=minutes(20)))


(DELIVERY,) = deliveries(journal(Event.OPENED)[0], FACTS, [("webhook", "county")])
