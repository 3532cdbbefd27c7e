"""The refrigerated lorry: its route, its doors, and where it has no radio."""

from __future__ import annotations

from datetime import timedelta

import pytest

from simulators.build import build_devices
from simulators.lorry import LAP, ROUTE, height_of_sun, radio_gaps
from simulators.scenario import Scenario
from tests.unit.simulators.builders import (
    SUMMER,
    WINTER,
    curve,
    device,
    fault,
    sent,
    spec,
    until,
    when,
)

MINUTE = timedelta(minutes=1)
STANDING = {*range(40, 52), *range(87, 97), *range(147, 162), *range(215, 240)}


def test_route_takes_four_hours_and_records_every_minute() -> None:
    assert sum(leg.minutes for leg in ROUTE) == LAP == 240
    snapshot = sent(device("lorry"), "1m")[0].snapshots[0]
    assert set(snapshot.values) == {"t1", "t2", "door", "power"}


def test_cooling_unit_is_off_and_doors_are_open_only_while_it_stands() -> None:
    power, door = (curve(device("lorry"), "4h", key) for key in ("power", "door"))
    assert {m for m, v in power.items() if not v} == STANDING
    assert {m for m, v in door.items() if v} < STANDING


@pytest.mark.parametrize("season", [SUMMER, WINTER])
def test_loaded_lorry_stays_cold_on_the_road(season: object) -> None:
    rear = curve(device("lorry", weather=season), "8h", "t2")  # pyright: ignore[reportArgumentType]
    road = [v for m, v in rear.items() if m % 240 in {*range(20, 40), *range(110, 146)}]
    assert min(road) > 2.5
    assert max(road) < 6.0


def test_open_doors_warm_the_rear_first_and_most() -> None:
    front, rear = (curve(device("lorry"), "1h", key) for key in ("t1", "t2"))
    assert front[39] == pytest.approx(rear[39], abs=1.0)
    assert 7.5 < max(rear[m] for m in range(42, 49)) < 12
    assert rear[45] > front[45] + 1.5
    assert max(rear[m] for m in range(56, 60)) < 6.0, "cold again after some minutes"


def test_stops_never_warm_it_for_half_an_hour() -> None:
    for key in ("t1", "t2"):
        values = curve(device("lorry"), "24h", key)
        warm = [m for m, v in values.items() if v >= 7.3]
        assert all(m - 30 not in values or values[m - 30] < 7.3 for m in warm)


def test_lorry_whose_unit_fails_warms_slowly_up_to_its_goods() -> None:
    playing = device("lorry", fault("power-cut", "1h", "2h20m"))
    values = curve(playing, "3h", "t1")
    assert 70 < when(values, 60, above=8.0) < 105
    assert max(values.values()) < 15
    assert 142 <= until(values, 140, below=6.0) <= 150


def test_empty_lorry_warms_faster_than_a_loaded_one() -> None:
    cut = fault("power-cut", "10m", "3h")
    loaded = curve(device("lorry", cut), "3h")
    empty = curve(device("lorry", cut, parameters={"goods_heat": 2e5}), "3h")
    assert empty[140] > loaded[140] + 4


def test_sun_is_high_at_noon_and_gone_at_night() -> None:
    hour = timedelta(hours=1)
    assert height_of_sun(SUMMER + 6.5 * hour) == pytest.approx(1.0)
    assert height_of_sun(SUMMER + 17 * hour) == 0.0


def test_places_without_radio_come_in_every_lap() -> None:
    gaps = list(radio_gaps("lorry-1", timedelta(hours=5)))
    spans = [(g.begin // MINUTE, g.end // MINUTE) for g in gaps]
    assert spans == [(14, 21), (62, 65), (111, 121), (254, 261)]


def test_nothing_is_sent_without_radio_and_nothing_is_missing_in_the_end() -> None:
    scenario = Scenario.model_validate(
        {"seed": 1, "start": SUMMER, "length": "2h", "devices": [spec("lorry")]}
    )
    (lorry,) = build_devices(scenario, start=SUMMER, boot="b")
    counts: list[int] = []
    times: list[int] = []
    for offset in lorry.offsets(scenario.length):
        messages = lorry.sample(offset)
        counts.append(len(messages))
        times += [(s.time - SUMMER) // MINUTE for m in messages for s in m.snapshots]
    assert [m for m, count in enumerate(counts) if not count] == [
        *range(14, 21), *range(62, 65), *range(111, 120),
    ]  # fmt: skip
    times += [(s.time - SUMMER) // MINUTE for m in lorry.flush() for s in m.snapshots]
    assert set(times) == set(range(120))
    assert len(times) > 120
    assert times != sorted(times)
