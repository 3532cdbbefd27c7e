"""Rooms, weather and sensors: plausible, and the same again."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from simulators.equipment import Chamber, Premises
from simulators.physics import COLD_ROOM, REFRIGERATOR, Inputs, State, saturation
from simulators.weather import weather
from tests.unit.simulators.builders import (
    SUMMER,
    WINTER,
    curve,
    device,
    fault,
    sent,
    until,
    when,
)

RECORDED = Path(__file__).parents[4] / "shared" / "data" / "refrigerators"
HOUR = timedelta(hours=1)


def test_saturation_is_that_of_the_tables() -> None:
    assert saturation(0.0) == pytest.approx(4.85, abs=0.02)
    assert saturation(20.0) == pytest.approx(17.3, abs=0.1)


def test_long_step_is_cut_into_short_ones() -> None:
    inputs = Inputs(surroundings=28.0, damp=20.0)
    state = COLD_ROOM.at_rest(inputs)
    in_pieces = state
    for _ in range(20):
        in_pieces = COLD_ROOM.step(in_pieces, inputs, 30.0)
    assert COLD_ROOM.step(state, inputs, 600.0) == in_pieces


def test_room_without_power_ends_at_the_temperature_around_it() -> None:
    inputs = Inputs(surroundings=25.0, damp=10.0, powered=False, door_open=True)
    state = REFRIGERATOR.at_rest(inputs)
    for _ in range(14 * 24):
        state = REFRIGERATOR.step(state, inputs, 3600.0)
    assert state.air == pytest.approx(25.0, abs=0.1)
    assert state.goods == pytest.approx(25.0, abs=0.1)
    assert state.vapour == pytest.approx(10.0, abs=0.1)


def test_humidity_never_exceeds_saturation() -> None:
    assert State(air=5.0, goods=5.0, vapour=99.0, running=False).humidity == 100.0


def test_weather_knows_summer_and_winter_noon_and_night() -> None:
    noon, night = (weather(1, SUMMER + n * HOUR).temperature for n in (9, 22))
    assert 27 < noon < 38
    assert 20 < night < noon
    assert -5 < weather(1, WINTER).temperature < 12


def test_weather_does_not_jump() -> None:
    hours = [weather(1, SUMMER + n * HOUR) for n in range(100)]
    for one, next_one in pairwise(hours):
        assert abs(one.temperature - next_one.temperature) < 2.0
        assert abs(one.humidity - next_one.humidity) < 6.0


@pytest.mark.parametrize("season", [SUMMER, WINTER])
def test_cold_room_cycles_between_3_and_6_degrees(season: Any) -> None:
    room = device(weather=season)
    values = curve(room, "12h")
    assert 3.0 <= min(values.values()) < 4.2
    assert 4.8 < max(values.values()) <= 6.0
    turns = sum(values[m - 1] <= 4.5 < values[m] for m in values if m - 1 in values)
    assert 10 <= turns <= 60, "a cycle takes 12 to 70 minutes"


@pytest.mark.parametrize("season", [SUMMER, WINTER])
def test_cold_room_is_neither_damp_nor_dry(season: Any) -> None:
    values = curve(device(weather=season), "12h", "h1")
    assert min(values.values()) >= 40
    assert max(values.values()) <= 70


def test_same_seed_gives_the_same_messages_and_another_seed_others() -> None:
    assert sent(device(seed=5), "2h") == sent(device(seed=5), "2h")
    assert sent(device(seed=5), "2h") != sent(device(seed=6), "2h")


def test_scenario_played_at_another_time_gives_the_same_values() -> None:
    first, second = device(), device(start=SUMMER + timedelta(days=3, seconds=7))
    for one, other in zip(sent(first, "2h"), sent(second, "2h"), strict=True):
        assert one.snapshots[0].values == other.snapshots[0].values
        assert one.snapshots[0].time != other.snapshots[0].time


def test_open_door_takes_air_above_8_degrees_and_closing_brings_it_back() -> None:
    values = curve(device("cold-room", fault("door-open", "2h", "2h20m")), "4h")
    assert 123 <= when(values, 120, above=8.0) <= 133
    assert 10.0 < max(values.values()) < 15.0
    assert 145 <= until(values, 140, below=7.5) <= 170


def test_open_door_brings_moisture() -> None:
    values = curve(device("cold-room", fault("door-open", "2h", "2h20m")), "4h", "h1")
    assert 75 < max(values.values()) <= 100
    assert until(values, 141, below=73) <= 180


def test_power_cut_in_summer_takes_an_hour_or_so_and_is_reported() -> None:
    room = device("cold-room", fault("power-cut", "2h", "4h"))
    values = curve(room, "5h")
    assert 150 <= when(values, 120, above=8.0) <= 210
    power = curve(device("cold-room", fault("power-cut", "2h", "4h")), "5h", "power")
    assert {m for m, v in power.items() if v == 0} == set(range(120, 240))


def test_failing_compressor_drifts_more_slowly_than_a_power_cut() -> None:
    failing = curve(device("cold-room", fault("compressor-failing", "2h", "8h")), "8h")
    cut = curve(device("cold-room", fault("power-cut", "2h", "8h")), "8h")
    assert when(failing, 120, above=8.0) > when(cut, 120, above=8.0) + 30


def test_refrigerator_with_failing_compressor_is_above_8_for_600_minutes() -> None:
    fridge = device("refrigerator", fault("compressor-failing", "1h", "20h"))
    values = curve(fridge, "24h")
    warm = [m for m, v in values.items() if v > 8.0]
    assert max(warm) - min(warm) > 660
    assert values[0] < 6.0
    assert values[24 * 60 - 5] < 6.0


def test_staff_opens_the_door_in_working_hours_only() -> None:
    door = curve(device(seed=3, parameters={"entries_per_hour": 20}), "24h", "door")
    hours = {int(6 + m // 60) % 24 for m, v in door.items() if v}
    assert hours
    assert hours <= set(range(8, 18))


def test_stuck_sensor_repeats_its_last_value() -> None:
    room = device("cold-room", fault("sensor-stuck", "1h", "2h"))
    values = curve(room, "3h")
    assert {values[m] for m in range(60, 120)} == {values[59]}
    assert len({values[m] for m in range(120, 180)}) > 5


def test_other_point_can_be_stuck_from_the_start() -> None:
    room = device("cold-room", fault("sensor-stuck", "0s", "1h", "h1"))
    assert len(set(curve(room, "1h", "h1").values())) == 1


def test_chamber_shows_its_true_state() -> None:
    premises = Premises(
        room=COLD_ROOM, shelter=1.0, entries_per_hour=0.0, humidity=True
    )
    chamber = Chamber(premises, seed=1, name="x", start=SUMMER)
    shown = chamber.sample(timedelta(), ())["t1"].value
    assert shown == pytest.approx(chamber.state.air, abs=0.6)


def test_parameters_replace_constants() -> None:
    warm = device(parameters={"cool_above": 7.0, "cool_below": 6.0, "shelter": 1.0})
    assert min(curve(warm, "2h").values()) > 5.0


def recorded(name: str, field: str) -> list[float]:
    path = RECORDED / f"{name}.json"
    if not path.exists():
        pytest.skip(f"no recorded refrigerators: {path} is missing")
    return [record[field] for record in json.loads(path.read_text())["records"]]


def fridge_in(
    surroundings: list[float], *, door_open: bool = False, powered: bool = True
):
    """Air of our refrigerator through recorded quarters of an hour."""
    state = None
    for temperature in [surroundings[0]] * 24 + surroundings:
        inputs = Inputs(surroundings=temperature, damp=12.0)
        state = state or REFRIGERATOR.at_rest(inputs)
        state = REFRIGERATOR.step(state, inputs, 900.0)
    assert state is not None
    for temperature in surroundings:
        inputs = Inputs(
            surroundings=temperature, damp=12.0, door_open=door_open, powered=powered
        )
        state = REFRIGERATOR.step(state, inputs, 900.0)
        yield state.air


def test_refrigerator_stays_where_a_recorded_one_stays() -> None:
    theirs = recorded("mains_normal", "TVC")
    ours = list(fridge_in(recorded("mains_normal", "TAMB")))
    assert min(ours) >= 2.0
    assert max(ours) <= 8.0
    assert sum(ours) / len(ours) == pytest.approx(sum(theirs) / len(theirs), abs=1.5)


def test_refrigerator_with_stuck_door_is_as_bad_as_a_recorded_one() -> None:
    theirs = recorded("stuck_door", "TVC")
    around = recorded("stuck_door", "TAMB")
    ours = list(fridge_in(around, door_open=True))
    assert ours[-1] > 8.0 < theirs[-1]
    assert ours[-1] < max(around)
    assert ours[-1] == pytest.approx(theirs[-1], abs=5.0)


def test_refrigerator_without_power_stays_good_for_hours_like_a_recorded_one() -> None:
    theirs = recorded("power_outage", "TVC")
    ours = list(fridge_in(recorded("power_outage", "TAMB"), powered=False))
    assert max(theirs) <= 8.0
    assert max(ours) <= 8.0
