"""A small world for safety codes, put straight into the tables; and a watch over it.

world = World(owner, ingest)
pharma = await world.enterprise()
store = await world.site(pharma)
logger = await world.device(store)
point = await world.point(logger)
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, LiteralString

from alerting.safety.watch import SafetyWatch
from domain.brought import Brought
from domain.readings import Reading
from storage import shares
from storage.connect import connect
from storage.evidence import CONFLICT, LEDGER, READING
from storage.readings import ensure_range
from storage.unit import Connection, Unit, unit_of_work
from tests.clock import ManualClock
from tests.database import codes
from tests.database.codes import Line
from tests.series import at
from tests.services import Database

NOW = at("10h")
REAL = datetime.fromisoformat("2026-11-22T08:00Z")
LONG_AGO = NOW - timedelta(days=60)
MINUTE = timedelta(minutes=1)


@dataclass(kw_only=True, slots=True)
class Setting:
    """Of a point, from `since` on."""

    since: datetime = LONG_AGO
    in_use: str = "loaded"
    interval: timedelta = MINUTE
    calibration_due: date | None = None
    arrived: datetime = LONG_AGO


@dataclass
class World:
    """What there is, and a watch of share 33 over it."""

    owner: Connection
    ingest: Connection
    share: int = 0
    watch: SafetyWatch = field(init=False)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))

    async def open(self) -> None:
        self.share = await shares.take_lease(self.ingest, "33")
        await self.intake(LONG_AGO)
        await self.beat()
        self.watch = SafetyWatch(self.clock.elapsed, region="33")

    # Making -----------------------------------------------------------------------

    async def one(self, query: LiteralString, *values: object) -> Any:
        cursor = await self.owner.execute(query, values)
        row = await cursor.fetchone()
        return row and row[0]

    async def enterprise(self, *high_risk: str) -> int:
        return await self.one(
            "INSERT INTO enterprise (code, name_zh, name_en, kind, high_risk)"
            " VALUES (%s, '企业', 'Enterprise', 'wholesaler', %s) RETURNING id",
            f"E{next(self.numbers)}", list(high_risk),
        )  # fmt: skip

    async def site(self, enterprise: int, region: str = "330106") -> int:
        return await self.one(
            "INSERT INTO site (enterprise, key, name_zh, name_en, kind, region, telephone)"
            " VALUES (%s, %s, '', '', 'warehouse', %s, '') RETURNING id",
            enterprise, f"s{next(self.numbers)}", region,
        )  # fmt: skip

    async def device(self, site: int) -> int:
        return await self.one(
            "INSERT INTO device (enterprise, site, key, name_zh, name_en, kind)"
            " SELECT enterprise, id, %s, '', '', 'logger' FROM site WHERE id = %s RETURNING id",
            f"d{next(self.numbers)}", site,
        )  # fmt: skip

    async def point(self, device: int, *settings: Setting) -> int:
        """One in use since long ago, unless `settings` say otherwise."""
        point = await self.one(
            "INSERT INTO point (device, key, name_zh, name_en, quantity, unit, resolution, stage, factor)"
            " VALUES (%s, %s, '', '', 'temperature', '°C', 0.1, 'storage', 'environment') RETURNING id",
            device, f"t{next(self.numbers)}",
        )  # fmt: skip
        for setting in settings or [Setting()]:
            await self.set(point, setting)
        return point

    async def set(self, point: int, setting: Setting) -> None:
        await self.one(
            "INSERT INTO point_setting (point, valid_from, intake, zone, interval, max_gap, in_use, calibration_due, rules)"
            " VALUES (%s, %s, %s, 'cold', %s, '2 d', %s, %s, '{}') RETURNING 1",
            point, setting.since, await self.intake(setting.arrived), setting.interval,
            setting.in_use, setting.calibration_due,
        )  # fmt: skip

    async def intake(self, arrived: datetime) -> int:
        async with self.unit(arrived) as unit:
            return unit.id

    async def heard(self, device: int, moment: datetime = NOW) -> None:
        async with self.unit(moment) as unit:
            await unit.write(LEDGER, [(unit.id, device, 1, 0, 0, 0, 0, 0, 0)])

    async def alert(self, enterprise: int | None, severity: int, **columns: Any) -> int:
        """An open one, unless `columns` say otherwise."""
        number = next(self.numbers)
        values = {"opened_at": NOW, "suppressed": False, **columns}
        await self.owner.execute(
            "INSERT INTO alert (id, rule, enterprise, severity, suppressed, opened_at, returned_at,"
            " withdrawn_at, merged_into, closed_at, shelved_until, overdue_since, inhibited_by, entries)"
            " VALUES (%(id)s, 'r', %(enterprise)s, %(severity)s, %(suppressed)s, %(opened_at)s, %(returned_at)s,"
            " %(withdrawn_at)s, %(merged_into)s, %(closed_at)s, %(shelved_until)s, %(overdue_since)s,"
            " %(inhibited_by)s, 1)",
            {
                **dict.fromkeys(
                    ("returned_at", "withdrawn_at", "merged_into", "closed_at", "shelved_until",
                     "overdue_since", "inhibited_by")
                ),
                **values, "id": number, "enterprise": enterprise, "severity": severity,
            },
        )  # fmt: skip
        return number

    async def beat(
        self,
        watermark: datetime | None = None,
        share: int | None = None,
        real: datetime = REAL,
    ) -> None:
        await shares.beat(
            self.owner, share or self.share, beat_at=real, connected=True, intake_at=None,
            waiting=0, watermark=watermark or self.clock.now(),
        )  # fmt: skip

    async def store(self, *readings: Reading) -> None:
        """Readings that have just arrived, and are observed."""
        times = [reading.time for reading in readings]
        await ensure_range(self.owner, min(times), max(times))
        async with self.unit() as unit:
            rows = [(r.point, r.time, unit.id, *r[2:]) for r in readings]
            await unit.write(READING, rows)
            brought = Brought(stored=readings)
            await self.watch.observe(unit, brought, self.clock.now())

    async def conflict(self, reading: Reading) -> None:
        """A value of a slot that is taken, and observed."""
        point, time, value, quality, provenance = reading
        async with self.unit() as unit:
            row = (point, time, value, unit.id, 0, value, quality, provenance)
            await unit.write(CONFLICT, [row])
            brought = Brought(conflicts=[reading])
            await self.watch.observe(unit, brought, self.clock.now())

    # Judging ----------------------------------------------------------------------

    async def tick(self, **later: float) -> bool:
        """Let time go on, and be judged if it is due; whether it was."""
        now = self.clock.advance(**later)
        await self.beat()
        due = await self.watch.due(self.ingest, self.share, now)
        if due:
            async with self.unit() as unit:
                await self.watch.tick(unit, now)
        return due

    def unit(self, now: datetime | None = None) -> AbstractAsyncContextManager[Unit]:
        now = now or self.clock.now()
        return unit_of_work(self.ingest, share=self.share, kind="readings", arrived=now)

    # Asking -----------------------------------------------------------------------

    async def line(self, enterprise: int) -> Line:
        lines = await codes.of_enterprises(self.ingest)
        return next(line for line in lines if line.id == enterprise)

    async def code(self, enterprise: int) -> tuple[str, list[str]]:
        """Colour, and the keys of its reasons."""
        line = await self.line(enterprise)
        return line.code, [reason["key"] for reason in line.reasons]

    async def counted(self, point: int) -> dict[date, tuple[int, int]]:
        """(due, filled) by day."""
        cursor = await self.owner.execute(
            "SELECT day, due, filled FROM completeness WHERE point = %s", (point,)
        )
        return {day: (due, filled) for day, due, filled in await cursor.fetchall()}


@asynccontextmanager
async def new_world(database: Database) -> AsyncIterator[World]:
    """An open world in `database`."""
    async with (
        await connect(database.url(), name="owner") as owner,
        await connect(database.url("ingest"), name="ingest") as ingest,
    ):
        world = World(owner, ingest)
        await world.open()
        yield world
