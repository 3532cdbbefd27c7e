"""How a device turns samples into messages, and what faults do to them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from simulators.faults import FaultKind, Reach, capacity, find
from simulators.messages import Message
from tests.unit.simulators.builders import (
    SUMMER,
    curve,
    device,
    fault,
    scripted,
    sent,
)


def minutes(messages: list[Message]) -> list[list[float]]:
    """Per message the minutes of its snapshots."""
    return [
        [(s.time - SUMMER) / timedelta(minutes=1) for s in m.snapshots]
        for m in messages
    ]


def documents(messages: list[Message]) -> list[Any]:
    return [json.loads(message.payload()) for message in messages]


def test_cold_room_measures_four_points_every_minute() -> None:
    messages = sent(device(), "3m")
    assert minutes(messages) == [[0.0], [1.0], [2.0]]
    assert set(messages[0].snapshots[0].values) == {"t1", "h1", "door", "power"}
    assert [m.seq for m in messages] == [1, 2, 3]


def test_values_are_rounded_to_the_resolution() -> None:
    values = sent(device(), "1m")[0].snapshots[0].values
    assert values["t1"] == round(float(values["t1"] or 0), 1)
    assert (values["door"], values["power"]) == (0, 1)
    assert isinstance(values["h1"], int)


def test_refrigerator_measures_three_points_every_five_minutes() -> None:
    messages = sent(device("refrigerator"), "11m")
    assert minutes(messages) == [[0.0], [5.0], [10.0]]
    assert set(messages[0].snapshots[0].values) == {"t1", "door", "power"}


def test_missing_reading_is_left_out_and_a_sample_without_any_sends_nothing() -> None:
    messages = sent(scripted("5.0 - 6.0", s2="5.0 - -"), "3m")
    assert minutes(messages) == [[0.0], [2.0]]
    assert messages[1].snapshots[0].values == {"s1": 6}
    assert [m.seq for m in messages] == [1, 2]


def test_null_and_bad_values_are_sent_as_such() -> None:
    first, second = documents(sent(scripted("null 9.9!"), "2m"))
    assert first["values"] == {"s1": None}
    assert second["values"] == {"s1": 9.9}
    assert second["quality"] == {"s1": "bad"}
    assert "quality" not in first


def test_offline_device_sends_its_backlog_in_order_when_it_is_back() -> None:
    offline = scripted("5.0", fault("offline", "1m", "1h53m"))
    messages = sent(offline, "1h55m")
    assert minutes(messages) == [
        [0.0],
        [float(n) for n in range(1, 51)],
        [float(n) for n in range(51, 101)],
        [float(n) for n in range(101, 113)],
        [113.0],
        [114.0],
    ]
    assert [m.seq for m in messages] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("kind", "reach"),
    [
        ("offline", Reach.CUT),
        ("radio-gap", Reach.STALLED),
        ("silent", Reach.STALLED),
        ("duplicates", Reach.REACHED),
    ],
)
def test_device_says_what_becomes_of_its_connection(kind: str, reach: Reach) -> None:
    playing = scripted("5.0", fault(kind, "1m", "2m"))
    states: list[Reach] = []
    for offset in playing.offsets(timedelta(minutes=3)):
        playing.sample(offset)
        states.append(playing.reach)
    assert states == [Reach.REACHED, reach, Reach.REACHED]


def test_backlog_of_a_device_offline_to_the_end_can_be_flushed() -> None:
    offline = scripted("5.0", fault("offline", "1m", "9m"))
    assert minutes(sent(offline, "3m")) == [[0.0]]
    assert minutes(offline.flush()) == [[1.0, 2.0]]
    assert offline.flush() == []


def test_duplicating_device_marks_its_messages() -> None:
    messages = sent(scripted("5.0", fault("duplicates", "1m", "2m")), "3m")
    assert [m.copies for m in messages] == [1, 2, 1]


def test_corrupt_device_is_wrong_in_four_ways_and_loses_no_good_reading() -> None:
    messages = sent(scripted("5.1", fault("corrupt", "0s", "4m")), "5m")
    cut, good, unknown, text, truth, healed = messages
    assert cut.payload().endswith(b"\xff")
    assert good.snapshots[0].values == {"s1": 5.1}
    assert unknown.snapshots[0].values == {"s1": 5.1, "t9": 5.0}
    assert [s.values for s in text.snapshots] == [{"s1": 5.1}, {"s1": "NaN"}]
    assert [s.values for s in truth.snapshots] == [{"s1": 5.1}, {"s1": True}]
    assert healed.snapshots[0].values == {"s1": 5.1}
    assert [m.seq for m in messages] == [1, 2, 3, 4, 5, 6]


def test_fault_added_while_playing_takes_effect() -> None:
    playing = scripted("5.0")
    playing.sample(timedelta())
    playing.faults.append(fault("offline", "1m", "2m"))
    assert playing.sample(timedelta(minutes=1)) == []


def test_fault_is_there_from_its_begin_to_before_its_end() -> None:
    faults = [fault("offline", "1m", "2m")]
    there = [
        find(faults, FaultKind.OFFLINE, timedelta(seconds=s)) is not None
        for s in (59, 60, 119, 120)
    ]
    assert there == [False, True, True, False]


def test_compressor_loses_its_power_in_two_hours() -> None:
    faults = [fault("compressor-failing", "1h", "9h")]
    hours = [capacity(faults, timedelta(hours=h)) for h in (0.5, 1, 2, 3, 4, 9)]
    assert hours == [1.0, 1.0, 0.5, 0.0, 0.0, 1.0]


def test_faults_of_the_equipment_are_felt_after_their_end() -> None:
    assert fault("door-open", "1h", "2h").felt_until == timedelta(hours=4)
    assert fault("offline", "1h", "2h").felt_until == timedelta(hours=2)


# Disorder ---------------------------------------------------------------------------


def test_backlog_of_a_radio_gap_comes_late_in_bursts_and_mixed_with_live() -> None:
    messages = sent(scripted("5.0", fault("radio-gap", "10m", "40m")), "1h30m")
    flat = minutes(messages)
    live = [m for m in flat if m[0] >= 40 or m[0] < 10]
    assert live == [[float(n)] for n in (*range(10), *range(40, 90))]
    first, last = flat.index([40.0]), flat.index([60.0])
    assert any(m[0] < 40 for m in flat[first + 1 : last]), "mixed with live messages"
    assert [m.seq for m in messages] == list(range(1, len(messages) + 1))


def test_scrambled_backlog_has_everything_partly_twice_and_out_of_order() -> None:
    messages = sent(scripted("5.0", fault("radio-gap", "10m", "40m")), "1h30m")
    late = [n for m in minutes(messages) for n in m if 10 <= n < 40]
    assert set(late) == {float(n) for n in range(10, 40)}
    assert 30 < len(late) < 60
    assert late != sorted(late)


def test_backlog_of_a_radio_gap_is_the_same_for_the_same_seed() -> None:
    gap = fault("radio-gap", "10m", "40m")
    assert sent(scripted("5.0", gap), "1h") == sent(scripted("5.0", gap), "1h")


def test_what_is_left_of_a_backlog_can_be_flushed() -> None:
    playing = scripted("5.0", fault("radio-gap", "10m", "40m"))
    messages = sent(playing, "41m") + playing.flush()
    assert {n for m in minutes(messages) for n in m} == {float(n) for n in range(41)}
    assert playing.flush() == []


def test_shuffled_messages_are_a_permutation() -> None:
    messages = sent(scripted("5.0", fault("shuffled", "0s", "20m")), "30m")
    flat = [n for (n,) in minutes(messages)]
    assert sorted(flat) == [float(n) for n in range(30)]
    assert flat[:18] != sorted(flat[:18])
    assert flat[20:] == sorted(flat[20:])
    assert all(abs(n - place) < 6 for place, n in enumerate(flat))


def test_silent_device_neither_measures_nor_sends() -> None:
    messages = sent(scripted("5.0", fault("silent", "5m", "55m")), "1h")
    assert minutes(messages) == [[float(n)] for n in (*range(5), *range(55, 60))]


def test_conflicting_device_sends_another_value_a_quarter_of_an_hour_later() -> None:
    playing = scripted("7.9", fault("conflicting", "1m", "3m"), s2="5.0")
    messages = sent(playing, "20m")
    later = [m for m in messages if m.snapshots[0].values == {"s1": 8.1}]
    assert minutes(later) == [[1.0], [2.0]]
    assert minutes(messages)[15:19] == [[15.0], [16.0], [1.0], [17.0]]
    assert len(messages) == 22


def test_correction_that_is_not_due_is_flushed() -> None:
    playing = scripted("7.9", fault("conflicting", "1m", "2m", by=-0.4))
    assert minutes(sent(playing, "3m")) == [[0.0], [1.0], [2.0]]
    (correction,) = playing.flush()
    assert correction.snapshots[0].values == {"s1": 7.5}


@pytest.mark.parametrize(("by", "shift"), [(None, -180.0), (-20.5, -20.5), (60.0, 60)])
def test_wrong_clock_moves_the_times_until_it_is_mended(
    by: float | None, shift: float
) -> None:
    playing = scripted("5.0", fault("clock-wrong", "1m", "3m", by=by))
    assert minutes(sent(playing, "4m")) == [[0.0], [1 + shift], [2 + shift], [3.0]]


def test_wrong_clock_is_felt_where_its_times_lie() -> None:
    behind, ahead = (
        fault("clock-wrong", "4h", "5h", by=60.0 * hours) for hours in (-3, 3)
    )
    hours = [
        t / timedelta(hours=1)
        for f in (behind, ahead)
        for t in (f.felt_from, f.felt_until)
    ]
    assert hours == [1, 5, 4, 8]


def test_drifting_sensor_moves_away_from_the_truth_by_the_hour() -> None:
    good = curve(device(), "4h")
    drifting = curve(device("cold-room", fault("sensor-drift", "1h", "3h")), "4h")
    moved = {m: round(drifting[m] - good[m], 1) for m in good}
    assert {moved[m] for m in range(60)} == {0.0}
    assert (moved[120], moved[179]) == (0.5, 1.0)
    assert {moved[m] for m in range(180, 240)} == {0.0}


def test_drift_of_another_point_and_size() -> None:
    drift = fault("sensor-drift", "0s", "2h", "h1", -6.0)
    good, drifting = (
        curve(d, "2h", "h1") for d in (device(), device("cold-room", drift))
    )
    assert drifting[60] == good[60] - 6


def test_system_that_drains_a_device_sends_several_snapshots_at_once() -> None:
    messages = sent(device("steriliser", batch=6), "3m")
    assert [len(m.snapshots) for m in messages] == [6, 6, 6]
    assert minutes(messages)[0] == [n / 6 for n in range(6)]


def test_what_is_gathered_in_the_end_is_flushed() -> None:
    playing = scripted("5.0", batch=6)
    assert minutes(sent(playing, "8m")) == [[float(n) for n in range(6)]]
    assert minutes(playing.flush()) == [[6.0, 7.0]]


def test_batches_of_a_device_that_is_offline_wait_too() -> None:
    playing = scripted("5.0", fault("offline", "2m", "7m"), batch=3)
    assert minutes(sent(playing, "9m")) == [
        [0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
        [6.0, 7.0, 8.0],
    ]
