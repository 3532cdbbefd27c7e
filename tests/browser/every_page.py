"""Every page that there is, with somebody who works on it."""

from __future__ import annotations

from typing import NamedTuple

from storage import sessions
from storage.connect import connect
from tests.browser.desk import Desk
from tests.browser.province import code
from tests.services import Database


class Shot(NamedTuple):
    """A page."""

    name: str
    path: str
    who: str | None = "supervisor"
    """Key of `Desk.people`; None: nobody is signed in."""


async def every_page(desk: Desk) -> list[Shot]:
    """All pages, of things that there are."""
    alert = await scalar(desk, "SELECT max(a.id) FROM alert a JOIN enterprise e ON e.id = a.enterprise WHERE e.code = %s AND a.point IS NOT NULL", code(0))  # fmt: skip
    device = await scalar(desk, "SELECT d.id FROM device d JOIN enterprise e ON e.id = d.enterprise WHERE e.code = %s ORDER BY d.id", code(0))  # fmt: skip
    point = await scalar(desk, "SELECT id FROM point WHERE device = %s AND key = 't1'", device)  # fmt: skip
    site = await scalar(desk, "SELECT site FROM device WHERE id = %s", device)
    refusing = await scalar(desk, "SELECT d.id FROM device d JOIN enterprise e ON e.id = d.enterprise WHERE e.code = %s ORDER BY d.id", code(9))  # fmt: skip
    return [
        Shot("sign-in", "/sign-in", None),
        Shot("overview", "/"),
        Shot("overview-enterprise", "/", "enterprise"),
        Shot("inbox", "/alerts"),
        Shot("inbox-empty", "/alerts?q=nowhere"),
        Shot("alert", f"/alerts/{alert}"),
        Shot("alert-enterprise", f"/alerts/{alert}", "enterprise"),
        Shot("points", "/points"),
        Shot("point", f"/points/{point}"),
        Shot("point-7d", f"/points/{point}?range=7d"),
        Shot(
            "point-compare", f"/points/{point}?range=24h&with={point - 2},{point + 3}"
        ),
        Shot("enterprises", "/enterprises"),
        Shot("enterprise", f"/enterprises/{code(0)}"),
        Shot("site", f"/sites/{site}"),
        Shot("site-enterprise", f"/sites/{site}", "enterprise"),
        Shot("connections", "/connections"),
        Shot("device", f"/devices/{device}", "enterprise"),
        Shot("device-refusing", f"/devices/{refusing}"),
        Shot("rules", "/rules"),
        Shot("rule", "/rules/gsp-cold-room"),
        Shot("users", "/users", "administrator"),
        Shot("settings", "/settings", "supervisor"),
        Shot("demo", "/demo"),
        Shot("error", "/alerts/999999"),
    ]


async def scalar(desk: Desk, query: str, *values: object) -> int:
    """The one value that `query` asks for."""
    cursor = await desk.connection.execute(query, values)  # type: ignore[arg-type]
    row = await cursor.fetchone()
    assert row is not None, query
    return row[0]


async def session_of(desk: Desk, database: Database, who: str) -> str:
    """What the browser of somebody who has signed in would keep."""
    async with await connect(database.url("web"), name="test") as web:
        return await sessions.begin(web, desk.people[who].id, desk.clock.real_now())
