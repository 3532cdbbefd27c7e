"""The native format, and receipts."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from simulators.messages import Address, Message, Receipt, Snapshot, encode, status

TIME = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ADDRESS = Address(region="330106", enterprise="91330106MA27XY001X", device="coldroom-1")


def test_topics_carry_the_region_in_levels() -> None:
    assert ADDRESS.topic("readings") == (
        "blackbox/v1/33/01/06/91330106MA27XY001X/coldroom-1/readings"
    )
    assert ADDRESS.client_id == "91330106MA27XY001X/coldroom-1"


def test_single_snapshot_is_written_flat_with_local_time() -> None:
    snapshot = Snapshot(
        time=TIME, values={"t1": 5.3, "h1": 56}, quality={"h1": "uncertain"}
    )
    message = Message(boot="b", seq=7, snapshots=(snapshot,))
    assert encode(message) == (
        b'{"boot":"b","seq":7,"time":"2026-11-22T17:30:00.000+08:00",'
        b'"values":{"t1":5.3,"h1":56},"quality":{"h1":"uncertain"}}'
    )
    assert message.payload() == encode(message)


def test_several_snapshots_are_a_list() -> None:
    snapshots = (
        Snapshot(time=TIME, values={"t1": 5.3}),
        Snapshot(time=TIME, values={"t1": None}),
    )
    document = json.loads(encode(Message(boot="b", seq=7, snapshots=snapshots)))
    assert document == {
        "boot": "b",
        "seq": 7,
        "snapshots": [
            {"time": "2026-11-22T17:30:00.000+08:00", "values": {"t1": 5.3}},
            {"time": "2026-11-22T17:30:00.000+08:00", "values": {"t1": None}},
        ],
    }


def test_raw_payload_is_sent_as_it_is() -> None:
    assert Message(boot="b", seq=1, snapshots=(), raw=b"{").payload() == b"{"


def test_receipt_names_kept_ranges_and_refusals() -> None:
    receipt = Receipt.model_validate_json(
        b'{"boot": "b", "kept": [[1, 3], [7, 7]], "intake": 5, "digest": "00", "refused":'
        b'[{"seq": 3, "reason": "unknown_point", "field": "values.t9",'
        b'"remedy": {"zh": "x", "en": "y"}}, {"reason": "unreadable", "sha256": "00"}]}'
    )
    assert [s for s in range(9) if receipt.keeps(s)] == [1, 2, 3, 7]
    assert [s for s in range(9) if receipt.refuses(s)] == [3]


def test_status_says_which_boot_and_when_but_a_will_cannot_know_when() -> None:
    assert json.loads(status("online", "b", TIME)) == {
        "status": "online",
        "boot": "b",
        "time": "2026-11-22T17:30:00.000+08:00",
    }
    assert json.loads(status("offline", "b")) == {"status": "offline", "boot": "b"}
