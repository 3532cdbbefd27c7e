"""Maintenance windows: what they make of points, and what a registry file makes of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.errors import RegistryError
from ingest.requests import carry_out
from storage import chain, maintenance, registry, requests
from tests.database.box import CODE, WORLD, Box, apply, opened
from tests.series import at
from tests.services import Database

LONGER = (
    WORLD.replace(
        "{from: 2026-01-01T00:00:00Z, rules: [cold, heat]}",
        "{from: 2026-01-01T00:00:00Z, rules: [cold, heat]}, ENTRY",
    )
)  # fmt: skip
"""The world, with one more entry of t3."""


@pytest.fixture
async def box(database: Database) -> AsyncIterator[Box]:
    async with opened(database) as one:
        yield one


async def asked(
    box: Box, start: str = "3h", stop: str = "4h", now: str = "0s", **fields: Any
) -> Any:
    body = {
        "code": CODE, "site": "store-1", "reason": "defrosting",
        "begins": at(start).isoformat(), "ends": at(stop).isoformat(), **fields,
    }  # fmt: skip
    number = await requests.submit(
        box.connection, box.intake.share, "maintenance", body, "fitter"
    )
    await carry_out(box.intake, at(now))
    return await requests.outcome(box.connection, number)


def in_use(box: Box, key: str = "t1", device: str = "logger-1") -> str:
    """What holds each half hour from the start on, by its first letter."""
    found = box.intake.registry.device(CODE, device)
    assert found is not None
    settings = [
        found.points[key].setting(at("0s") + timedelta(minutes=30 * n))
        for n in range(12)
    ]
    letters = {"commissioned": "c", "loaded": "l", "in_maintenance": "M", "empty": "e"}
    return "".join(letters[s.in_use] if s else "-" for s in settings)


async def test_all_points_of_a_site_are_in_maintenance_and_then_what_they_were(
    box: Box,
) -> None:
    outcome = await asked(box)
    assert (outcome["done"], outcome["points"]) == (True, 5)
    assert in_use(box) == "ccccccMMcccc"
    assert in_use(box, "t2") == "ccMMllMMllll"
    assert in_use(box, device="logger-2") == "ccccccMMcccc"
    event = await box.rows("SELECT kind, detail->>'by' FROM box_event")
    assert event == [("maintenance_set", "fitter")]
    (line,) = await maintenance.listed(box.connection, at("0s"))
    assert (line.actor, line.reason, line.device, line.zone) == (
        "fitter", "defrosting", None, None,
    )  # fmt: skip
    assert await maintenance.listed(box.connection, at("4h")) == []
    verified = await chain.verify(box.connection, lambda done, total: None)
    assert verified.fault is None


async def test_a_window_may_be_of_a_device_or_a_zone(box: Box) -> None:
    assert (await asked(box, device="logger-2"))["points"] == 1
    assert in_use(box) == "c" * 12
    assert in_use(box, device="logger-2") == "ccccccMMcccc"
    assert (await asked(box, "5h", "6h", zone="cold"))["points"] == 5
    outcome = await asked(box, "1h", "2h", zone="frozen")
    assert outcome["problems"] == [
        "no point there has a setting in force when the window begins"
    ]


async def test_an_excursion_that_begins_in_the_window_is_suppressed(box: Box) -> None:
    await asked(box, "1h", "2h")
    await box.feed("5x70 9x10 5x5")
    await box.feed("9x70 5x5", "t3")
    assert await box.rows(
        "SELECT point, suppressed FROM alert WHERE rule = 'cold' ORDER BY id"
    ) == [(box.point(), True), (box.point("t3"), False)]


async def test_what_holds_when_the_window_is_over_alerts_again(box: Box) -> None:
    await asked(box, "1h", "2h")
    await box.feed("5x70 9x60")
    found = await box.rows(
        "SELECT suppressed FROM alert WHERE rule = 'cold' ORDER BY id"
    )
    assert found == [(True,), (False,)]


@pytest.mark.parametrize(
    ("begins", "ends", "problem"),
    [
        ("3h", "3h", "the window ends before it begins"),
        ("3h", "2h30m", "the window ends before it begins"),
        ("3h", "30d4h", "a window lasts at most 30 days"),
        ("1h", "4h", "the window begins at 2026-11-22T01:00:00+00:00, which is past"),
    ],
)
async def test_a_window_that_cannot_be_is_refused(
    box: Box, begins: str, ends: str, problem: str
) -> None:
    outcome = await asked(box, begins, ends, now="2h")
    assert not outcome["done"]
    assert any(text.startswith(problem) for text in outcome["problems"])
    assert await maintenance.listed(box.connection, at("0s")) == []
    assert in_use(box) == "c" * 12


@pytest.mark.parametrize(
    "fields",
    [
        {"site": "x"}, {"code": "x"}, {"device": "x"}, {"reason": " "}, {"reason": ""},
        {"reason": "x" * 1001}, {"reason": "\0"}, {"begins": "2026-11-22T03:00"},
        {"begins": "then"}, {"begins": 5}, {"actor": "chief"}, {"zone": 5},
    ],
)  # fmt: skip
async def test_a_request_that_makes_no_sense_is_refused(
    box: Box, fields: dict[str, Any]
) -> None:
    outcome = await asked(box, **fields)
    assert not outcome["done"]
    assert outcome["problems"]


async def test_what_was_measured_is_not_covered(box: Box) -> None:
    await box.feed("5x70")
    outcome = await asked(box, "1h5m", now="1h")
    (problem,) = outcome["problems"]
    assert (
        "logger-1/t1 from 2026-11-22T01:05:00+00:00: the point has readings" in problem
    )


async def test_windows_do_not_overlap_where_they_may_be_of_the_same_points(
    box: Box,
) -> None:
    assert (await asked(box, device="logger-1"))["done"]
    assert not (await asked(box, "3h30m", "5h"))["done"]
    assert not (await asked(box, "2h", "6h", zone="cold"))["done"]
    assert (await asked(box, "3h30m", "5h", device="logger-2"))["done"]
    assert (await asked(box, "4h", "5h", device="logger-1"))["done"]
    assert in_use(box) == "ccccccMMMMcc"


# Files that come later ----------------------------------------------------------------


async def reapplied(box: Box, entry: str, now: datetime) -> None:
    await apply(box, LONGER.replace("ENTRY", entry), now)
    await box.intake.reload()


async def test_the_same_file_changes_nothing_even_when_the_window_is_past(
    box: Box,
) -> None:
    await asked(box, "30m", "90m")  # t2 has an entry at 1 h, within it
    assert in_use(box, "t2") == "cMMMllllllll"
    await box.feed("5x300", "t2")
    version = await registry.version(box.connection)
    await apply(box, WORLD, at("6h"))
    assert await registry.version(box.connection) == version


async def test_a_file_changes_everything_within_a_window_but_in_use(box: Box) -> None:
    await asked(box)
    entry = "{from: 2026-11-22T03:30:00Z, zone: frozen, in_use: loaded}"
    await reapplied(box, entry, at("1h"))
    assert in_use(box, "t3") == "ccccccMMllll"
    point = box.intake.registry.points[box.point("t3")]
    zones = [s.zone for t in ("3h", "3h30m", "4h") if (s := point.setting(at(t)))]
    assert zones == ["cold", "frozen", "frozen"]
    version = await registry.version(box.connection)
    await reapplied(box, entry, at("1h"))
    assert await registry.version(box.connection) == version


async def test_what_a_file_says_for_before_a_window_holds_within_it_and_after(
    box: Box,
) -> None:
    await asked(box)
    await reapplied(
        box, "{from: 2026-11-22T02:00:00Z, in_use: empty, zone: cool}", at("1h")
    )
    assert in_use(box, "t3") == "cccceeMMeeee"
    point = box.intake.registry.points[box.point("t3")]
    setting = point.setting(at("3h"))
    assert setting is not None
    assert setting.zone == "cool"


async def test_a_file_that_would_end_a_window_does_not(box: Box) -> None:
    await asked(box)
    await reapplied(box, "{from: 2026-11-22T03:30:00Z, in_use: commissioned}", at("1h"))
    assert in_use(box, "t3") == "ccccccMMcccc"


async def test_a_file_is_refused_for_the_past_within_a_window_too(box: Box) -> None:
    await asked(box, "1h", "2h")
    await box.feed("5x90", "t3")
    with pytest.raises(RegistryError, match="the point has readings since"):
        await reapplied(box, "{from: 2026-11-22T01:15:00Z, zone: cool}", at("90m"))
