"""What a device says of itself on the topic `status`, and what a batch says of devices."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from domain.brought import Sign
from ingest.door import Offer
from ingest.receipts import receipts
from ingest.refusals import Reason
from ingest.signs import ahead, heard, rows
from tests.unit.ingest.builders import CODE, NOW, REGISTRY, TOPIC, admitted, snapshot
from tests.unit.ingest.test_native import PAYLOADS

STATUS = TOPIC.replace("readings", "status")
OTHER = TOPIC.replace("logger-1", "logger-2")


def said(status: object, **fields: Any) -> Offer:
    return admitted({"status": status, **fields}, STATUS)


@pytest.mark.parametrize("sign", Sign)
def test_a_device_says_that_it_is_online_alive_or_offline(sign: Sign) -> None:
    offer = said(sign.value, boot="b1", time="2026-11-22T18:00:00+08:00")
    assert (offer.sign, offer.boot, offer.seq) == (sign, "b1", None)
    assert (offer.readings, offer.refusals, offer.unreadable) == ((), (), None)
    assert offer.device is REGISTRY.devices[CODE, "logger-1"]


def test_boot_may_stand_in_the_user_properties() -> None:
    offer = admitted({"status": "alive"}, STATUS, boot="b1", seq="7")
    assert (offer.boot, offer.seq) == ("b1", 7)


@pytest.mark.parametrize(
    ("document", "reason", "field"),
    [
        (b"{", Reason.UNREADABLE, None),
        (b"\xff", Reason.UNREADABLE, None),
        (b"", Reason.UNREADABLE, None),
        (b'{"status": "online", "status": "offline"}', Reason.UNREADABLE, None),
        (b"[" * 100_000, Reason.UNREADABLE, None),
        ([], Reason.BAD_STATUS, None),
        ("online", Reason.BAD_STATUS, None),
        ({}, Reason.BAD_STATUS, "status"),
        ({"status": "ONLINE"}, Reason.BAD_STATUS, "status"),
        ({"status": ["online"]}, Reason.BAD_STATUS, "status"),
        ({"status": 1}, Reason.BAD_STATUS, "status"),
        ({"status": "online", "time": "soon"}, Reason.BAD_TIME, "time"),
        ({"status": "online", "time": "2026-11-22T18:00"}, Reason.BAD_TIME, "time"),
        ({"status": "online", "time": None}, Reason.BAD_TIME, "time"),
    ],
)
def test_what_is_no_status_is_refused_as_a_whole(
    document: object, reason: Reason, field: str | None
) -> None:
    offer = admitted(document, STATUS)
    assert offer.unreadable is not None
    assert (offer.unreadable.reason, offer.unreadable.field) == (reason, field)
    assert offer.sign is None


def test_a_stranger_says_nothing() -> None:
    offer = admitted({"status": "online"}, STATUS.replace("logger-1", "logger-9"))
    assert offer.unreadable is not None
    assert offer.unreadable.reason is Reason.UNKNOWN_DEVICE
    assert (offer.sign, heard([offer])) == (None, {})


def test_a_wrong_boot_is_none() -> None:
    assert said("online", boot="x" * 65).boot is None
    assert said("online", boot=7).boot is None


def test_a_status_asks_for_no_receipt_unless_it_is_numbered_or_refused() -> None:
    def answered(*offers: Offer) -> int:
        return len(list(receipts(offers, 1, b"")))

    assert answered(said("online", boot="b1")) == 0
    assert answered(said("online", boot="b1", seq=1)) == 1
    assert answered(said("gone")) == 1


@settings(deadline=None)
@given(PAYLOADS)
def test_any_payload_is_a_sign_or_refused(content: bytes) -> None:
    offer = admitted(content, STATUS)
    assert (offer.sign is None) is (offer.unreadable is not None)


# Signs of life


def test_any_message_that_can_be_read_is_a_sign_of_life() -> None:
    late = snapshot(NOW - timedelta(days=3), t1=5)
    for content in (snapshot(t1=5), late, snapshot(t9=1), [], {"values": 1}):
        assert heard([admitted(content)]) == {1: Sign.ALIVE}
    assert heard([admitted(b"{"), admitted(snapshot(t1=5), "nowhere")]) == {}


def test_the_last_message_of_a_device_counts() -> None:
    reading, other = admitted(snapshot(t1=5)), admitted(snapshot(t1=5), OTHER)
    gone = said("offline")
    assert heard([reading, gone, other]) == {1: Sign.OFFLINE, 2: Sign.ALIVE}
    assert heard([gone, reading]) == {1: Sign.ALIVE}
    assert heard([gone, said("online")]) == {1: Sign.ONLINE}
    assert heard([gone, admitted(b"{")]) == {1: Sign.OFFLINE}


def test_signs_are_counted_and_the_last_one_is_marked() -> None:
    offers = [
        said("online", boot="b1"),
        said("alive"),
        said("alive", boot="b2"),
        said("offline"),
        admitted(snapshot(t1=5)),
    ]
    assert rows(9, offers) == [
        (9, 1, "online", 1, "b1", False),
        (9, 1, "alive", 2, "b2", True),
        (9, 1, "offline", 1, None, False),
    ]
    assert rows(9, offers[:4])[-1] == (9, 1, "offline", 1, None, True)
    assert rows(9, [said("gone"), admitted(snapshot(t1=5))]) == []


def test_the_latest_time_in_the_future_is_told_by_device() -> None:
    hours = [NOW + timedelta(hours=n) for n in (1, 3, 2)]
    offers = [admitted(snapshot(hour, t1=5)) for hour in hours]
    offers += [admitted(snapshot(t1=5), OTHER), admitted(b"{")]
    assert ahead(offers) == {1: hours[1]}
