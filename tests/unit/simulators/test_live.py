"""Live faults: what is accepted, and what a refusal says."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from simulators.faults import Fault, FaultKind
from simulators.live import FaultAnswer, decide
from tests.unit.simulators.builders import SUMMER

MODELS = {"coldroom-1": "cold-room", "scripted-1": "scripted"}
NOW = SUMMER + timedelta(hours=3)


def asked(**request: Any) -> tuple[FaultAnswer, Fault | None]:
    return decide(json.dumps(request).encode(), MODELS, start=SUMMER, now=NOW)


def test_fault_begins_now_and_lasts_as_asked() -> None:
    answer, fault = asked(id="x", device="coldroom-1", fault="door-open", minutes=20)
    assert fault == Fault(
        kind=FaultKind.DOOR_OPEN,
        device="coldroom-1",
        begin=timedelta(hours=3),
        end=timedelta(hours=3, minutes=20),
    )
    assert answer == FaultAnswer(
        id="x",
        device="coldroom-1",
        fault="door-open",
        accepted=True,
        begin=NOW,
        end=NOW + timedelta(minutes=20),
    )


def test_unknown_device_is_answered_with_the_known_ones() -> None:
    answer, fault = asked(device="coldroom-9", fault="door-open", minutes=20)
    assert fault is None
    assert not answer.accepted
    assert "'coldroom-9'" in answer.en
    assert "coldroom-1, scripted-1" in answer.en


def test_unknown_fault_is_answered_with_the_known_ones() -> None:
    answer, fault = asked(device="coldroom-1", fault="fire", minutes=20)
    assert fault is None
    assert "'fire'" in answer.en
    assert "door-open" in answer.en


def test_scripted_device_keeps_its_values() -> None:
    answer, fault = asked(device="scripted-1", fault="sensor-stuck", minutes=20)
    assert fault is None
    assert "corrupt, duplicates, offline, radio-gap" in answer.en


def test_unreadable_request_is_answered() -> None:
    for payload in (b"\xff", b"{}", b'{"device":"x","fault":"y","minutes":-1}'):
        answer, fault = decide(payload, MODELS, start=SUMMER, now=NOW)
        assert fault is None
        assert "unreadable" in answer.en
