"""A black box without its broker: intake and evaluator over a small registry, and what they left.

    await box.feed("5 7.6x4 8.1")          one reading a minute, each a message, in one batch
    await box.feed("-x10 5", point="t2")   nothing for ten minutes, then one
    await box.late("2m", "5.0")            measured earlier, arrived after all that came before

What was sent at which time is said as in `tests/series.py`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any, LiteralString

from alerting.findings.finding import Findings
from alerting.findings.ticker import Hearing, Ticker, as_listened
from alerting.following.consequences import Alerts
from alerting.following.evaluator import Evaluator
from alerting.judges import Judges
from alerting.life.life_cycle import replay, state
from alerting.telling.owing import Telling
from alerting.telling.routing import Subscription
from alerting.telling.settling import Settling
from domain.excursions import Excursion
from domain.readings import Quality, Reading
from domain.registry_file import Resolve, parse, resolved
from domain.rules import RuleVersion, Severity
from ingest.door import Message
from ingest.intake import Committed, Intake, Limits
from rules import engine
from rules.kinds import KINDS, from_version
from rules.silence import SilenceRule
from rules.watch import Advance, watches
from storage import alerts, chain, journal, readings, registry, shares, status
from storage.connect import connect
from storage.unit import Connection
from tests.series import START, at, series
from tests.services import Database
from tests.unit.rules.builders import a_level, a_rule

NOT_IN_STEP = """
WITH newest AS (
    SELECT DISTINCT ON (excursion) * FROM excursion_revision ORDER BY excursion, revision DESC
), derived AS (
    SELECT excursion, revision, intake, point, rule, version, level, severity,
           started, ended, peak, peak_time, withdrawn FROM newest)
(TABLE derived EXCEPT TABLE excursion) UNION ALL (TABLE excursion EXCEPT TABLE derived)
"""
"""Excursions that do not stand at their newest revision; there are none."""

CODE = "91110000600037341L"
SHARE = "33"
TEN = at("10h")
REAL = datetime.fromisoformat("2026-11-22T08:00Z")
DUTY = Subscription(channel="log", recipient="duty")
CHIEF = Subscription(channel="log", recipient="chief", severity=Severity.MAJOR)

COLD = a_rule(
    "cold",
    a_level(
        "warning",
        "3m",
        severity="minor",
        below=2.5,
        above=7.5,
        inclusive=True,
        deadband=0.2,
    ),
    a_level("excursion", severity="major", below=2.0, above=8.0, deadband=0.2),
    a_level("hot", "2m", severity="critical", above=12.0),
)
"""Minor from 7.5 after 3 min, major beyond 8 at once, critical beyond 12 after 2 min."""
HOT = a_rule("heat", a_level("heat", "4m", severity="major", above=10.0))
SILENT = SilenceRule.model_validate(
    {
        "key": "device-silent",
        "kind": "silence",
        "name": {"zh": "失联", "en": "silent"},
        "basis": {"zh": "测试", "en": "a test"},
        "levels": [{"name": "silent", "severity": "major"}],
    }
)
"""Major after five intervals, but not within 15 min."""
RULES = {rule.key: rule for rule in (COLD, HOT, SILENT)}
COLD_STORE = """
enterprises:
  91110000600037341L:
    name: West Lake Pharma
    kind: wholesaler
    sites:
      store-1:
        name: Cold store
        kind: warehouse
        region: 330106
        telephone: 0571-88880000
        devices:"""
"""The beginning of a registry; devices follow."""
WORLD = (
    COLD_STORE
    + """
          logger-1:
            name: Logger
            timeline:
              - {from: 2026-01-01T00:00:00Z, zone: cold, interval: 1m, rules: [cold]}
            points:
              t1: {quantity: temperature, resolution: 0.1}
              t2: {quantity: temperature, resolution: 0.1, timeline: [
                    {from: 2026-11-22T01:00:00Z, in_use: in_maintenance},
                    {from: 2026-11-22T02:00:00Z, in_use: loaded}]}
              t3: {quantity: temperature, resolution: 0.1, timeline: [
                    {from: 2026-01-01T00:00:00Z, rules: [cold, heat]}]}
              h1: {quantity: humidity, resolution: 1, timeline: [
                    {from: 2026-01-01T00:00:00Z, rules: []}]}
          logger-2:
            name: Other logger
            timeline: [{from: 2026-01-01T00:00:00Z, zone: cold, interval: 1m}]
            points: {t1: {quantity: temperature, resolution: 0.1}}
"""
)
"""t2 is in maintenance from 1 h to 2 h, and in no use of its own before and after."""


def a_version(rule: str, _limits: Mapping[str, Any]) -> RuleVersion:
    """The version of a rule of this file."""
    return RULES[rule].to_version()


def nothing(_point: str) -> None:
    """A probe that does nothing."""


def topic(device: str = "logger-1", kind: str = "readings") -> str:
    return f"blackbox/v1/33/01/06/{CODE}/{device}/{kind}"


def message(document: object, device: str = "logger-1") -> Message:
    """A message of `document`, or of bytes."""
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Message(topic=topic(device), payload=raw)


def said(status: str, device: str = "logger-1", **fields: Any) -> Message:
    """What a device says of itself."""
    document = {"status": status, **fields}
    return Message(topic(device, "status"), json.dumps(document).encode())


def snapshot(time: datetime, quality: str = "good", **values: Any) -> dict[str, Any]:
    return {
        "time": time.isoformat(),
        "values": values,
        "quality": dict.fromkeys(values, quality),
    }


def message_of(reading: Reading, key: str, device: str = "logger-1") -> Message:
    """One reading as a device sends it."""
    quality = Quality(reading.quality).name.lower()
    return message(snapshot(reading.time, quality, **{key: reading.value}), device)


class Box:
    """One ingestor's intake, and questions about what it left in the database."""

    def __init__(
        self,
        connection: Connection,
        share: int,
        probe: Callable[[str], None] = nothing,
        limits: Limits | None = None,
        advance: Advance = engine.advance,
        hearing: Hearing = as_listened,
    ) -> None:
        self.connection = connection
        self.telling = Telling([DUTY, CHIEF], lambda: REAL)
        findings = Findings(self.telling)
        self.settling = Settling(self.telling, count().__next__)
        self.observer = Judges(
            Evaluator(Alerts(self.telling), advance),
            Ticker(findings, hearing=hearing),
            findings,
            timed=[self.settling],
        )
        self.intake = Intake(
            connection, share, self.observer, limits=limits or Limits(), probe=probe
        )
        self.next: dict[str, datetime] = {}
        """When the next reading of each point is due."""

    # Sending ----------------------------------------------------------------------

    async def commit(
        self, messages: Sequence[Message], now: datetime = TEN
    ) -> list[Committed]:
        """Take in a batch that arrives at `now`."""
        return await self.intake.commit(messages, now)

    async def feed(
        self, text: str, point: str = "t1", now: datetime | None = None
    ) -> None:
        """Readings that go on where the last of the point were, in one batch."""
        start = self.next.get(point, at("0s"))
        found = series(start.isoformat(), "1m", text)
        steps = sum(int(t.partition("x")[2] or 1) for t in text.split())
        self.next[point] = start + steps * timedelta(minutes=1)
        await self.commit(
            [message_of(reading, point) for reading in found], now or self.next[point]
        )

    async def late(self, since: str, text: str, point: str = "t1") -> None:
        """Readings from `since` on, in one batch, after all that came before."""
        found = series(at(since).isoformat(), "1m", text)
        now = self.next.get(point, TEN)
        await self.commit([message_of(reading, point) for reading in found], now)

    async def settle(self, now: datetime) -> bool:
        """Let incidents settle that are over at `now`; whether there were any."""
        if not await self.settling.due(self.connection, self.intake.share, now):
            return False
        async with self.intake.unit("tick", now, now) as unit:
            await self.settling.tick(unit, now)
        return True

    # Asking -----------------------------------------------------------------------

    async def rows(self, query: LiteralString, *values: object) -> list[Any]:
        cursor = await self.connection.execute(query, values)
        return await cursor.fetchall()

    async def scalar(self, query: LiteralString, *values: object) -> Any:
        ((value,),) = await self.rows(query, *values)
        return value

    async def ledger(self) -> dict[str, int]:
        """Sums over all intakes, which agree with the tables that they count."""
        assert await status.adds_up(self.connection)
        return await status.ledger(self.connection)

    def point(self, key: str = "t1", device: str = "logger-1") -> int:
        found = self.intake.registry.device(CODE, device)
        assert found is not None
        return found.points[key].id

    async def excursions(self) -> list[Excursion]:
        """The final excursions."""
        rows = await self.rows(
            "SELECT point, rule, version, level, severity, started, ended, peak, peak_time"
            "  FROM excursion WHERE NOT withdrawn ORDER BY point, rule, level, started"
        )
        return [
            Excursion(
                point=point, rule=rule, version=version, level=level,
                severity=Severity(severity), start=start, end=end, peak=peak,
                peak_time=peak_time,
            )
            for point, rule, version, level, severity, start, end, peak, peak_time in rows
        ]  # fmt: skip

    async def spans(self, key: str = "t1") -> list[tuple[str, int, int | None]]:
        """(level, start, end) of the final excursions of a point, in minutes."""
        return [
            (e.level, minute(e.start), None if e.end is None else minute(e.end))
            for e in sorted(await self.excursions(), key=lambda e: (e.start, e.level))
            if e.point == self.point(key)
        ]

    async def expected(self) -> list[Excursion]:
        """What the pure function says of all readings that are stored."""
        rules = {
            number: from_version(version)
            for number, version in (
                await registry.rule_versions(self.connection)
            ).items()
        }
        found: list[Excursion] = []
        for point in self.intake.registry.points.values():
            stored = await readings.slots(
                self.connection, point, at("0s", "2000-01-01T00:00Z")
            )
            for watch in watches(point, rules):
                if watch.kind in KINDS:
                    found.extend(engine.excursions(watch, stored))
        return sorted(found, key=lambda e: (e.point, e.rule, e.level, e.start))

    async def journal(self) -> list[str]:
        """All that happened to alerts, in order: `1 opened minor`, `1 returned minor` …"""
        rows = await self.rows(
            "SELECT alert, event, severity FROM journal ORDER BY intake, alert, n"
        )
        first = min((alert for alert, _, _ in rows), default=0)
        return [
            f"{alert - first + 1} {event} {Severity(severity).name.lower()}"
            for alert, event, severity in rows
        ]

    async def owed(self) -> list[str]:
        """Who is owed which news: `duty: 1 opened` …"""
        rows = await self.rows(
            "SELECT d.recipient, d.alert, j.event,"
            "       (SELECT min(id) FROM alert)"
            "  FROM delivery d JOIN journal j USING (alert, n)"
            " ORDER BY d.alert, d.n, d.recipient DESC"
        )
        return [
            f"{who}: {alert - first + 1} {event}" for who, alert, event, first in rows
        ]

    async def check(self) -> None:
        """What must hold at any time, whatever came in whatever way."""
        assert await self.excursions() == await self.expected()
        await self.check_newest()
        await self.check_alerts()
        await self.check_incidents()
        await self.check_copies()
        assert (await self.ledger())["unreadable"] >= 0
        verified = await chain.verify(self.connection, lambda done, total: None)
        assert verified.fault is None

    async def check_newest(self) -> None:
        """Table `excursion` is what follows from the evidence."""
        assert await self.rows(NOT_IN_STEP) == []

    async def check_alerts(self) -> None:
        """Every final excursion has one live alert; journals lead to the states of heads."""
        links = await self.rows(
            "SELECT e.id, count(a.id) FILTER (WHERE a.withdrawn_at IS NULL), count(*)"
            "  FROM excursion e LEFT JOIN alert_excursion l ON l.excursion = e.id"
            "  LEFT JOIN alert a ON a.id = l.alert"
            " WHERE NOT e.withdrawn GROUP BY e.id"
        )
        assert all(link[1:] == (1, 1) for link in links)
        numbers = [number for (number,) in await self.rows("SELECT id FROM alert")]
        async with self.connection.transaction():
            heads = await alerts.lock(self.connection, numbers)
        for head in heads.values():
            entries = await journal.entries(self.connection, head.id)
            assert replay(entries) == state(head)
            assert head.entries == len(entries)
            assert head.severity == entries[-1].severity
        live = await self.rows(
            "SELECT a.id, a.severity, a.returned_at IS NULL, max(e.severity),"
            "       bool_or(e.ended IS NULL)"
            "  FROM alert a JOIN alert_excursion l ON l.alert = a.id"
            "  JOIN excursion e ON e.id = l.excursion"
            " WHERE a.withdrawn_at IS NULL AND NOT e.withdrawn GROUP BY a.id"
        )
        for _, severity, active, worst, still_open in live:
            assert (severity, active) == (worst, still_open)
        on_points = [head for head in heads.values() if head.live and head.point]
        assert len(live) == len(on_points)

    async def check_incidents(self) -> None:
        """What incidents count agrees with their alerts, and what is settled is over."""
        wrong = await self.rows(
            "SELECT i.id, i.alerts, i.active, i.settled_at, n.alerts, n.active"
            "  FROM incident i CROSS JOIN LATERAL"
            "  (SELECT count(*) AS alerts, max(severity) AS severity, count(*) FILTER"
            "          (WHERE returned_at IS NULL AND withdrawn_at IS NULL) AS active"
            "     FROM alert WHERE incident = i.id) AS n"
            " WHERE (i.alerts, i.active) <> (n.alerts, n.active)"
            "    OR i.severity < n.severity OR i.window_until < i.newest_at"
            "    OR (i.settled_at IS NOT NULL AND i.active > 0)"
        )
        assert wrong == []
        stray = await self.rows(
            "SELECT id FROM alert WHERE (incident IS NULL) <>"
            " (site IS NULL OR suppressed OR inhibited_by IS NOT NULL)"
        )
        assert stray == []

    async def check_copies(self) -> None:
        """Each alert has copies of all readings of its excursions."""
        missing = await self.rows(
            "SELECT a.id, r.point, r.time"
            "  FROM alert a JOIN alert_excursion l ON l.alert = a.id"
            "  JOIN excursion e ON e.id = l.excursion AND NOT e.withdrawn"
            "  JOIN reading r ON r.point = e.point AND r.time >= e.started"
            "   AND r.time <= coalesce(e.ended, 'infinity')"
            " WHERE a.withdrawn_at IS NULL"
            "   AND (a.id, r.point, r.time, r.value, r.quality) NOT IN"
            "       (SELECT alert, point, time, value, quality FROM alert_reading)"
        )
        assert missing == []


def minute(time: datetime) -> int:
    """Minutes since the start of the series."""
    return round((time - datetime.fromisoformat(START)).total_seconds() / 60)


@asynccontextmanager
async def opened(
    database: Database,
    probe: Callable[[str], None] = nothing,
    name: str = "test ingest",
    limits: Limits | None = None,
    *,
    world: str = WORLD,
    version: Resolve = a_version,
) -> AsyncIterator[Box]:
    """A box as the ingestor's login, with the lease of its share and the world registered."""
    connection = await connect(database.url("ingest"), name=name)
    async with connection:
        share = await shares.take_lease(connection, SHARE)
        box = Box(connection, share, probe, limits)
        if not await registry.version(connection):
            await apply(box, world, version=version)
        await box.intake.reload()
        yield box


async def apply(
    box: Box, text: str, now: datetime | None = None, version: Resolve = a_version
) -> None:
    """Bring a registry file into the database; the intake does not know yet."""
    now = now or at("0s")
    async with box.intake.unit("registry", now, now) as unit:
        await registry.apply(unit, resolved(parse(text), version))


def messages(found: Iterable[Reading], key: str = "t1") -> list[Message]:
    return [message_of(reading, key) for reading in found]
