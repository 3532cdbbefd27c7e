"""The load plan for proofs."""

from __future__ import annotations

import pytest

from simulators.load import DISORDER, plan
from simulators.messages import Message
from simulators.scenario import find_scenario, load_scenario
from tests.unit.simulators.builders import spec

DEVICES = load_scenario(find_scenario("demo")).devices


def slots(messages: list[Message]) -> set[tuple[str, object]]:
    return {
        (key, snapshot.time)
        for message in messages
        for snapshot in message.snapshots
        for key, value in snapshot.values.items()
        if key != "t9" and not isinstance(value, str | bool)
    }


def test_plan_has_as_many_distinct_readings_as_asked() -> None:
    planned = plan(1, 3000, DEVICES)
    by_device = {
        address: [m for a, m in planned if a == address] for address, _ in planned
    }
    assert len(by_device) == len(DEVICES)
    count = sum(len(slots(messages)) for messages in by_device.values())
    assert 3000 <= count < 3000 + 50 * 4


def test_plan_is_the_same_for_the_same_seed() -> None:
    assert plan(1, 500, DEVICES) == plan(1, 500, DEVICES)
    assert plan(1, 500, DEVICES) != plan(2, 500, DEVICES)


def test_plan_has_duplicates_backlogs_and_corrupt_messages() -> None:
    messages = [message for _, message in plan(1, 6000, DEVICES)]
    assert any(message.copies == 2 for message in messages)
    assert any(len(message.snapshots) == 50 for message in messages)
    assert any(message.raw is not None for message in messages)


def test_numbers_of_each_device_ascend() -> None:
    planned = plan(1, 3000, DEVICES)
    for address in {address for address, _ in planned}:
        numbers = [m.seq for a, m in planned if a == address]
        assert numbers == list(range(1, len(numbers) + 1))


def test_devices_that_fall_silent_cannot_fill_a_plan() -> None:
    silent = spec("scripted", points={"s1": "5.0 -"})
    with pytest.raises(ValueError, match="less than"):
        plan(1, 1000, [silent])


def test_plan_in_disorder_has_conflicts_and_comes_out_of_order() -> None:
    messages = plan(1, 6000, DEVICES, travelling=DISORDER)
    known: dict[tuple[str, str, object], set[object]] = {}
    for address, message in messages:
        for snapshot in message.snapshots:
            for key, value in snapshot.values.items():
                if not isinstance(value, str | bool) and key != "t9":
                    slot = (address.client_id, key, snapshot.time)
                    known.setdefault(slot, set()).add(value)
    assert sum(map(len, known.values())) >= 6000
    assert any(len(values) == 2 for values in known.values())
    times = [m.snapshots[0].time for _, m in messages if m.snapshots]
    assert times != sorted(times)
