from __future__ import annotations

from typing import Any

from hypothesis import given, settings

from ingest.door import Offer
from ingest.rejections import Rejection, distinct, rows
from storage.evidence import REJECTED
from tests.unit.ingest.builders import NOW, TOPIC, admitted, snapshot
from tests.unit.ingest.test_native import PAYLOADS

RAW = REJECTED.columns.index("raw")


def rejections(*offers: Offer) -> list[Rejection]:
    return list(distinct(offers).values())


def raws(
    new: list[Rejection], kept: dict[int, int] | None = None, **limits: Any
) -> list[bytes | None]:
    limits = {"raw_bytes": 1000, "raw_per_day": 10, **limits}
    return [row[RAW] for row in rows(9, new, kept or {}, **limits)]  # type: ignore[misc]


def test_message_that_comes_again_is_nothing_new() -> None:
    again = [admitted(snapshot(t8=1, t9=1)) for _ in range(3)]
    assert len(rejections(*again)) == 2


def test_distinct_are_topic_payload_point_time_and_reason() -> None:
    offers = [
        admitted(snapshot(t9=1)),
        admitted(snapshot(t9=2)),
        admitted(snapshot(t9=1), TOPIC.replace("logger-1", "logger-2")),
        admitted(snapshot(t9=1), TOPIC.replace("logger-1", "logger-9")),
        admitted(snapshot(t9=1), TOPIC.replace("logger-1", "logger-8")),
    ]
    assert len(rejections(*offers)) == 5
    two = admitted([snapshot(t9=1), snapshot(NOW.replace(hour=9), t9=1)])
    assert len(rejections(two)) == 2


def test_row_says_what_was_refused_and_why() -> None:
    offer = admitted(snapshot(t9=1))
    ((identity, *rest),) = rows(
        9, rejections(offer), {}, raw_bytes=1000, raw_per_day=10
    )
    assert isinstance(identity, bytes)
    assert dict(zip(REJECTED.columns[1:], rest, strict=True)) | {
        "payload_digest": 0
    } == {
        "intake": 9,
        "device": 1,
        "topic": TOPIC,
        "payload_digest": 0,
        "size": len(offer.message.payload),
        "point": "t9",
        "time": NOW,
        "reason": "unknown_point",
        "detail": "'t9' is no point of this device",
        "raw": offer.message.payload,
    }


def test_message_without_registered_sender_is_of_no_device() -> None:
    assert [one.device for one in rejections(admitted(b"", "nowhere"))] == [0]


def test_one_refusal_of_a_message_has_its_payload_for_all() -> None:
    first, second = admitted(snapshot(t8=1, t9=1)), admitted(snapshot(t9=2))
    payloads = [first.message.payload, None, second.message.payload]
    assert raws(rejections(first, second)) == payloads


def test_large_payloads_are_kept_by_digest_only() -> None:
    offer = admitted(snapshot(t9=1))
    size = len(offer.message.payload)
    assert raws(rejections(offer), raw_bytes=size) == [offer.message.payload]
    assert raws(rejections(offer), raw_bytes=size - 1) == [None]


def test_so_many_payloads_of_a_device_are_kept_per_day() -> None:
    new = rejections(*(admitted(snapshot(t8=n, t9=n)) for n in range(3)))
    kept = [raw is not None for raw in raws(new, raw_per_day=2)]
    assert kept == [True, False, True, False, False, False]
    assert raws(new, {1: 10}) == [None] * 6
    assert raws(new, {0: 10}) == raws(new)


@settings(deadline=None)
@given(PAYLOADS)
def test_whatever_was_refused_can_be_stored(content: bytes) -> None:
    for topic in (TOPIC, "\ud800\0" * 2000):
        for row in rows(
            9, rejections(admitted(content, topic)), {}, raw_bytes=9, raw_per_day=9
        ):
            texts = [field for field in row if isinstance(field, str)]
            assert all("\0" not in text and text.encode() for text in texts)
            assert all(len(text) <= 1001 for text in texts)
