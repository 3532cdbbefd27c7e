"""Table `maintenance`: windows in which points are judged, but alert nobody.

What a window makes of points stands in `point_setting`, under the window's intake.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from psycopg.rows import class_row

from domain.errors import InputError
from domain.text import Text, lines
from domain.timelines import Window, in_force
from storage import point_settings
from storage.point_settings import Change, Kept
from storage.unit import Connection, Unit

LONGEST: Final = timedelta(days=30)

FIND = """
SELECT s.id, d.id
  FROM enterprise e
  JOIN site s ON s.enterprise = e.id AND s.key = %(site)s
  LEFT JOIN device d ON d.site = s.id AND d.key = %(device)s
 WHERE e.code = %(code)s
"""
OVERLAP = """
SELECT begins, ends FROM maintenance
 WHERE site = %(site)s AND begins < %(ends)s AND ends > %(begins)s
   AND (device IS NULL OR %(device)s::int4 IS NULL OR device = %(device)s)
   AND (zone IS NULL OR %(zone)s::text IS NULL OR zone = %(zone)s)
 ORDER BY begins
"""
INSERT = """
INSERT INTO maintenance (intake, site, device, zone, begins, ends, actor, reason)
VALUES (%(intake)s, %(site)s, %(device)s, %(zone)s, %(begins)s, %(ends)s, %(actor)s, %(reason)s)
"""
LISTED = """
SELECT m.id, e.code AS enterprise, s.key AS site, d.key AS device, m.zone, m.begins, m.ends,
       m.actor, m.reason
  FROM maintenance m
  JOIN site s ON s.id = m.site
  JOIN enterprise e ON e.id = s.enterprise
  LEFT JOIN device d ON d.id = m.device
 WHERE m.ends > %s
 ORDER BY m.begins, m.id
"""


NOTHING: Final = Text(
    "窗口开始时，那里没有测点的设置生效",
    "no point there has a setting in force when the window begins",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """A maintenance window as somebody asks for it."""

    enterprise: str
    """统一社会信用代码."""
    site: str
    device: str | None
    """Key; None: not only this device."""
    zone: str | None
    """As in the setting in force when it begins; None: not only this zone."""
    begins: datetime
    ends: datetime
    """Exclusive; at most `LONGEST` after `begins`."""
    actor: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Line(Order):
    """A window that stands."""

    id: int


async def add(unit: Unit, order: Order, now: datetime) -> int:
    """Let the window hold; of how many points. Raises InputError with every problem."""
    connection = unit.connection
    site, device = await _found(connection, order)
    names = {
        "site": site, "device": device, "zone": order.zone, "begins": order.begins,
        "ends": order.ends, "actor": order.actor, "reason": order.reason, "intake": unit.id,
    }  # fmt: skip
    cursor = await connection.execute(OVERLAP, names)
    problems = [*_wrong(order, now), *(_overlap(*w) for w in await cursor.fetchall())]
    window = Window(order.begins, order.ends)
    points = [
        kept.maintained(window)
        for kept in (await point_settings.kept(connection, [order.enterprise])).values()
        if kept.site == site and _concerned(order, kept)
    ]
    if not points:
        problems.append(NOTHING)
    changes = [change for kept in points for change in _changes(kept, order.begins)]
    problems += await point_settings.refusals(unit, changes)
    if problems:
        raise InputError(**lines(problems)._asdict())
    await connection.execute(INSERT, names)
    await point_settings.write(unit, changes)
    return len(points)


async def _found(connection: Connection, order: Order) -> tuple[int, int | None]:
    """Numbers of site and device. Raises InputError."""
    names = {"code": order.enterprise, "site": order.site, "device": order.device}
    cursor = await connection.execute(FIND, names)
    row = await cursor.fetchone()
    if row is None:
        raise InputError(
            zh=f"企业 {order.enterprise} 没有现场 {order.site}",
            en=f"enterprise {order.enterprise} has no site {order.site}",
        )
    if order.device is not None and row[1] is None:
        raise InputError(
            zh=f"现场 {order.site} 没有设备 {order.device}",
            en=f"site {order.site} has no device {order.device}",
        )
    return row[0], row[1]


def _wrong(order: Order, now: datetime) -> list[Text]:
    """What is wrong with the window in itself."""
    problems: list[Text] = []
    if order.begins < now:
        begins = order.begins.isoformat()
        problems.append(
            Text(
                f"窗口始于 {begins}，已经过去；现在是 {now.isoformat()}",
                f"the window begins at {begins}, which is past; it is {now.isoformat()}",
            )
        )
    if order.ends <= order.begins:
        problems.append(Text("窗口的结束早于开始", "the window ends before it begins"))
    if order.ends - order.begins > LONGEST:
        problems.append(
            Text(
                f"窗口最长 {LONGEST.days} 天",
                f"a window lasts at most {LONGEST.days} days",
            )
        )
    if not order.reason.strip():
        problems.append(Text("请说明理由", "say the reason"))
    return problems


def _overlap(begins: datetime, ends: datetime) -> Text:
    return Text(
        f"{begins.isoformat()} 至 {ends.isoformat()} 已有维护窗口；窗口不得重叠",
        f"there is a window from {begins.isoformat()} to {ends.isoformat()} already; "
        f"windows do not overlap",
    )


def _concerned(order: Order, kept: Kept) -> bool:
    """Whether the window is about a point of its site."""
    setting = in_force(kept.timeline, order.begins)
    return (
        setting is not None
        and order.device in (None, kept.key[1])
        and order.zone in (None, setting.zone)
    )


def _changes(kept: Kept, begins: datetime) -> list[Change]:
    return point_settings.changes(kept, stated=[begins])


async def listed(connection: Connection, since: datetime) -> list[Line]:
    """The windows that are not over at `since`, by when they begin."""
    async with connection.cursor(row_factory=class_row(Line)) as cursor:
        await cursor.execute(LISTED, (since,))
        return await cursor.fetchall()
