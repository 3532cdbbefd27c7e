from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.door import Offer
from ingest.receipts import DETAILS, ranges, receipts
from ingest.refusals import REMEDIES, Reason
from tests.unit.ingest.builders import TOPIC, admitted, payload, snapshot

ANSWER = TOPIC.replace("readings", "receipts")
DIGEST = bytes.fromhex("ab" * 32)


def answers(*offers: Offer) -> list[tuple[str, Any]]:
    return [
        (topic, json.loads(content)) for topic, content in receipts(offers, 9, DIGEST)
    ]


def numbered(seq: int, boot: str = "b", **values: Any) -> Offer:
    return admitted({**snapshot(**(values or {"t1": 5})), "boot": boot, "seq": seq})


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([], []),
        ([7], [[7, 7]]),
        ([3, 1, 2, 7, 2], [[1, 3], [7, 7]]),
        ([0, 2**63 - 1], [[0, 0], [2**63 - 1, 2**63 - 1]]),
    ],
)
def test_ranges(numbers: list[int], expected: list[list[int]]) -> None:
    assert ranges(numbers) == expected


@given(st.lists(st.integers(0, 50)))
def test_ranges_hold_the_same_numbers_and_never_touch(numbers: list[int]) -> None:
    found = ranges(numbers)
    held = [n for first, last in found for n in range(first, last + 1)]
    assert held == sorted(set(numbers))
    assert all(b[0] > a[1] + 1 for a, b in pairwise(found))


def test_receipt_says_what_is_kept_and_its_place_in_the_chain() -> None:
    ((topic, receipt),) = answers(numbered(1), numbered(3), numbered(2))
    assert topic == ANSWER
    assert receipt == {
        "boot": "b",
        "kept": [[1, 3]],
        "refused": [],
        "refused_count": 0,
        "intake": 9,
        "digest": "ab" * 32,
    }


def test_one_receipt_per_device_and_boot() -> None:
    other = admitted(
        {**snapshot(t1=5), "boot": "b", "seq": 1}, TOPIC.replace("logger-1", "logger-2")
    )
    found = answers(numbered(1), numbered(2, "c"), other)
    assert [(topic, receipt["boot"]) for topic, receipt in found] == [
        (ANSWER, "b"),
        (ANSWER, "c"),
        (ANSWER.replace("logger-1", "logger-2"), "b"),
    ]


def test_partly_refused_message_is_kept_and_its_refusals_name_field_and_remedy() -> (
    None
):
    ((_, receipt),) = answers(numbered(7, t1=5, t9=1, h1=True))
    assert receipt["kept"] == [[7, 7]]
    assert receipt["refused_count"] == 2
    refused = {one["field"]: one for one in receipt["refused"]}
    assert refused["values.t9"]["reason"] == "unknown_point"
    assert refused["values.t9"]["seq"] == 7
    assert refused["values.t9"]["remedy"] == " · ".join(REMEDIES[Reason.UNKNOWN_POINT])
    assert refused["values.h1"]["detail"] == "h1 = True"


def test_refused_message_is_settled_by_its_receipt() -> None:
    offer = admitted(b"{", boot="b", seq="7")
    ((_, receipt),) = answers(offer)
    assert receipt["kept"] == [[7, 7]]
    assert [one["reason"] for one in receipt["refused"]] == ["unreadable"]


def test_refusal_without_seq_names_its_message_by_sha256() -> None:
    content = payload(snapshot(t9=5))
    ((_, receipt),) = answers(admitted(content))
    (refused,) = receipt["refused"]
    assert refused["sha256"] == hashlib.sha256(content).hexdigest()
    assert "seq" not in refused
    assert "boot" not in receipt
    assert receipt["kept"] == []


def test_message_without_seq_and_without_fault_asks_for_no_receipt() -> None:
    assert answers(admitted(snapshot(t1=5))) == []


def test_unregistered_device_is_answered_and_unknown_topic_cannot_be() -> None:
    content = {**snapshot(t1=5), "boot": "b", "seq": 7}
    found = answers(
        admitted(content, "nowhere"), admitted(content, TOPIC.replace("r-1", "r-9"))
    )
    assert [topic for topic, _ in found] == [ANSWER.replace("r-1", "r-9")]


def test_receipts_of_other_ingestors_are_never_answered() -> None:
    assert answers(admitted({"boot": "b", "seq": 7, "kept": []}, ANSWER)) == []


def test_only_the_detail_of_refusals_is_limited() -> None:
    many = [snapshot(t9=n) for n in range(10_000)]
    offer = admitted({"snapshots": many, "boot": "b", "seq": 7})
    ((_, content),) = receipts([offer], 9, DIGEST)
    receipt = json.loads(content)
    assert receipt["kept"] == [[7, 7]]
    assert (receipt["refused_count"], len(receipt["refused"])) == (10_000, DETAILS)
    assert len(content) < 100_000


def test_receipt_survives_whatever_was_refused() -> None:
    keys = ["\ud800", "a\0", "x" * 10_000, "温度"]
    offer = admitted(snapshot(**dict.fromkeys(keys, 5)))
    ((_, receipt),) = answers(offer)
    assert [len(one["field"]) < 300 for one in receipt["refused"]] == [True] * 4
