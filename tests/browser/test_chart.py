"""A point's curve: few enough points, no peak lost, gaps as gaps."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import httpx

from dashboard.parts.chart.curves import vertices
from rules.words import MINUS
from storage.charts import Bucket, Setting
from tests.browser.world import NOW, World

PAGE = {"Accept": "text/html", "Accept-Language": "en"}
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


AUTUMN = "2026-10-24T23:30:00Z", "2026-10-25T02:30:00Z"
"""Berlin's clocks went back an hour at 01:00Z."""


async def test_no_hour_comes_twice_where_clocks_are_changed(
    world: World, client: httpx.AsyncClient
) -> None:
    since = datetime.fromisoformat(AUTUMN[0])
    minutes = [
        (world.clock.now() - since - timedelta(minutes=m)) / timedelta(minutes=1)
        for m in range(0, 180, 5)
    ]
    await world.send("coldroom-1", *((m, {"t1": 5.0}) for m in minutes))
    zones = {"session": client.cookies["session"], "zone": "Europe/Berlin"}
    cookies = "; ".join(f"{name}={value}" for name, value in zones.items())
    client.headers.update({"Cookie": cookies, "Accept-Language": "en"})
    chart = await series(client, **dict(zip(("from", "to"), AUTUMN, strict=True)))
    (curve,) = chart["curves"]
    times = [datetime.fromisoformat(one) for one in curve["line"]["times"]]
    assert {b - a for a, b in pairwise(times)} == {timedelta(minutes=5)}
    assert (chart["from"], chart["until"]) == (
        "2026-10-25T00:30:00.000", "2026-10-25T03:30:00.000",
    )  # fmt: skip
    assert chart["offset"] == "+01:00"
    assert "Clocks were changed in this range" in chart["note"]
    summer = await series(
        client, **{"from": "2026-07-01T00:00Z", "to": "2026-07-02T00:00Z"}
    )
    assert (summer["offset"], summer["note"]) == ("+02:00", "")
    assert summer["zone"].endswith("UTC+02:00")


SUMS = """
SELECT min(v), max(v), sum(v), count(v), count(*), count(*) FILTER (WHERE quality = 1)
  FROM (SELECT CASE WHEN quality < 2 THEN value END AS v, time, quality FROM reading WHERE point = 1
        UNION ALL
        SELECT CASE WHEN quality < 2 THEN value END, time, quality FROM conflict WHERE point = 1) AS r
 WHERE time >= %(from)s::timestamptz AND time <= %(to)s::timestamptz
"""


async def test_figures_are_those_of_a_plain_sum_over_the_readings(
    world: World, client: httpx.AsyncClient
) -> None:
    dice = Random("figures")
    for quality in ("good", "uncertain", "bad", "good"):
        some = (
            (dice.randrange(0, 5000) / 2, {"t1": round(dice.gauss(5, 2), 1)})
            for _ in range(400)
        )
        await world.send("coldroom-1", *some, quality={"t1": quality})
    ranges = [("2026-11-20T15:00:00Z", "2026-11-22T09:30:05Z")]
    for _ in range(6):
        start = world.at(dice.uniform(5, 2400)).replace(microsecond=0)
        span = timedelta(minutes=dice.choice((3, 45, 400, 1500)))
        ranges.append((f"{start:%FT%TZ}", f"{min(start + span, world.at(0)):%FT%TZ}"))
    for since, until in ranges:
        asked = {"from": since, "to": until}
        cursor = await world.connection.execute(SUMS, asked)
        (row,) = await cursor.fetchall()
        low, high, total, values, readings, uncertain = row
        page = await client.get("/points/1", params=asked, headers=PAGE)
        plain = page.text.replace(MINUS, "-")
        shown = dict(re.findall(r'id="(low|mean|high|values)">([^<]*)<', plain))
        if not values:
            assert set(shown.values()) == {"–", "0"}
            continue
        assert shown == {
            "low": f"{low:.1f} °C", "mean": f"{total / values:.2f} °C",
            "high": f"{high:.1f} °C", "values": f"{values:,}",
        }, asked  # fmt: skip
        (curve,) = (await series(client, **asked))["curves"]
        drawn = curve["line"]
        extremes = [
            *drawn.get("low", drawn["values"]),
            *drawn.get("high", drawn["values"]),
        ]
        own = [v for v in extremes if v is not None] + [
            v for v in curve["conflicts"]["values"] if v is not None
        ]
        assert (min(own), max(own)) == (low, high), asked
        told = dict(
            re.findall(r"<dt>(no value \(bad\)|uncertain)</dt><dd>([\d,]+)", page.text)
        )
        assert (
            int(told.get("no value (bad)", "0").replace(",", "")) == readings - values
        )
        assert int(told.get("uncertain", "0")) == uncertain
