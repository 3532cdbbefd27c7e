"""How a device turns samples into messages, and what faults do to them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from simulators.faults import FaultKind, capacity, find
from simulators.messages import Message
from tests.unit.simulators.builders import SUMMER, device, fault, scripted, sent


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


def test_device_says_whether_it_is_offline() -> None:
    offline = scripted("5.0", fault("offline", "1m", "2m"))
    states: list[bool] = []
    for offset in offline.offsets(timedelta(minutes=3)):
        offline.sample(offset)
        states.append(offline.offline)
    assert states == [False, True, False]


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
