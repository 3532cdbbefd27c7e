"""A point's curve: few enough points, no peak lost, gaps as gaps."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx

from dashboard.parts.chart.curves import vertices
from storage.charts import Bucket, Setting
from tests.browser.world import NOW, World

SETTINGS = [
    Setting(
        valid_from=NOW - timedelta(days=1),
        interval=timedelta(minutes=1),
        max_gap=timedelta(minutes=5),
        in_use="loaded",
        rules=[],
        known=NOW - timedelta(days=1),
    )
]


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


def bucket(*readings: tuple[float, float], step: float | None = 1) -> Bucket:
    """Of readings (minute, value); the longest step to one of them in minutes."""
    low = min(readings, key=lambda one: one[1])
    high = max(readings, key=lambda one: one[1])
    return Bucket(
        first=at(readings[0][0]),
        last=at(readings[-1][0]),
        step=None if step is None else timedelta(minutes=step),
        readings=len(readings),
        low_time=at(low[0]),
        low=low[1],
        low_quality=0,
        high_time=at(high[0]),
        high=high[1],
        high_quality=0,
    )


def drawn(*buckets: Bucket) -> list[float | None]:
    return [value for _, value in vertices(buckets, SETTINGS)]


def test_extremes_of_a_bucket_are_drawn_in_order_of_time() -> None:
    assert drawn(bucket((0, 5), (1, 9), (2, 3), (3, 4))) == [9, 3]


def test_a_step_of_max_gap_is_joined_and_a_longer_one_is_not() -> None:
    assert drawn(bucket((0, 5)), bucket((5, 6), step=5)) == [5, 6]
    assert drawn(bucket((0, 5)), bucket((5.1, 6), step=5.1)) == [5, None, 6]


def test_a_gap_within_a_bucket_breaks_the_line_there() -> None:
    assert drawn(bucket((0, 5)), bucket((1, 5), (8, 6), step=7)) == [5, 5, None, 6]


async def series(client: httpx.AsyncClient, **query: object) -> dict[str, Any]:
    response = await client.get("/points/1/series", params=query)  # type: ignore[arg-type]
    assert response.status_code == 200
    return response.json()


async def test_a_curve_is_at_most_2000_points_and_keeps_the_peak(
    world: World, client: httpx.AsyncClient
) -> None:
    values = [(float(m), {"t1": 5 + (m == 700) * 4}) for m in range(1500, -1, -1)]
    for start in range(0, len(values), 500):
        await world.send("coldroom-1", *values[start : start + 500])
    for name, holds in (("1h", False), ("6h", False), ("24h", True), ("7d", True)):
        (curve,) = (await series(client, range=name))["curves"]
        assert 60 <= len(curve["line"]["times"]) <= 2000
        highest = curve["line"]["high" if curve["rolled"] else "values"]
        assert (9 in highest) == holds


async def test_what_is_no_value_or_in_conflict_is_marked(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.send("coldroom-1", (9.0, {"t1": 5.0}), (7.0, {"t1": None}))
    await world.send("coldroom-1", (8.0, {"t1": 6.0}), quality={"t1": "bad"})
    await world.send("coldroom-1", (6.0, {"t1": 4.0}), quality={"t1": "uncertain"})
    await world.send("coldroom-1", (9.0, {"t1": 7.0}))
    (curve,) = (await series(client))["curves"]
    assert curve["line"] == {
        "times": ["2026-11-22T17:21:05.000", "2026-11-22T17:24:05.000"],
        "values": [5.0, 4.0],
    }
    assert curve["bad"]["values"] == [6.0, None]
    assert curve["conflicts"]["values"] == [7.0]
    assert curve["uncertain"]["values"] == [4.0]


async def test_limits_in_force_and_excursions_are_told(
    world: World, client: httpx.AsyncClient
) -> None:
    await world.send("coldroom-1", *((float(m), {"t1": 9.4}) for m in range(15, 4, -1)))
    await world.send("coldroom-1", (4.0, {"t1": 5.0}))
    chart = await series(client)
    limits = [(one["label"], one["value"]) for one in chart["limits"]]
    assert ("超限 > 8", 8.0) in limits
    assert ("预警 ≥ 7.5", 7.5) in limits
    assert {"from": "2026-11-22T17:15:05.000", "until": "2026-11-22T17:26:05.000",
            "severity": "major", "rank": 2} in chart["excursions"]  # fmt: skip
