"""The outbox: what it sends when, and what a receipt settles."""

from __future__ import annotations

from datetime import UTC, datetime

from simulators.messages import Message, Receipt, Snapshot
from simulators.outbox import Counts, Outbox

SNAPSHOT = Snapshot(time=datetime(2026, 1, 1, tzinfo=UTC), values={"t1": 5.0})


def filled(count: int, *, copies: int = 1, window: int = 50) -> Outbox:
    outbox = Outbox(window=window, first_wait=2.0, longest_wait=5.0)
    for seq in range(1, count + 1):
        outbox.put(Message(boot="b", seq=seq, snapshots=(SNAPSHOT,), copies=copies))
    return outbox


def taken(outbox: Outbox, now: float) -> list[int]:
    """Numbers of all messages that are due at `now`."""
    numbers: list[int] = []
    while (take := outbox.take(now)) is not None:
        numbers.append(take[0].seq)
    return numbers


def kept(*ranges: tuple[int, int], boot: str = "b") -> Receipt:
    return Receipt(boot=boot, kept=ranges)


def test_messages_leave_once_and_in_order() -> None:
    outbox = filled(3)
    assert taken(outbox, 0.0) == [1, 2, 3]
    assert taken(outbox, 1.9) == []
    assert outbox.counts == Counts(sent=3, waiting=3)


def test_window_bounds_what_is_under_way() -> None:
    outbox = filled(5, window=2)
    assert taken(outbox, 0.0) == [1, 2]
    assert outbox.settle(kept((1, 1)))
    assert taken(outbox, 0.0) == [3]


def test_unreceipted_message_is_sent_again_after_growing_waits() -> None:
    outbox = filled(1)
    sent_at = [t / 2 for t in range(60) if taken(outbox, t / 2)]
    assert sent_at == [0.0, 2.0, 6.0, 11.0, 16.0, 21.0, 26.0]
    assert outbox.counts == Counts(sent=1, resent=6, waiting=1)


def test_next_send_is_known() -> None:
    outbox = filled(1)
    assert outbox.due_at() == 0.0
    outbox.take(1.0)
    assert outbox.due_at() == 3.0
    assert Outbox().due_at() is None


def test_everything_under_way_is_due_after_a_reconnection() -> None:
    outbox = filled(3)
    taken(outbox, 0.0)
    outbox.settle(kept((2, 2)))
    outbox.reconnected()
    assert taken(outbox, 0.1) == [1, 3]
    assert outbox.counts == Counts(sent=3, resent=2, kept=1, waiting=2)


def test_copies_are_sent_with_the_first_try_only() -> None:
    outbox = filled(1, copies=2)
    assert [take and take[1] for take in (outbox.take(0.0), outbox.take(9.0))] == [2, 1]
    assert outbox.counts == Counts(sent=1, repeated=1, resent=1, waiting=1)


def test_refused_message_is_settled_and_may_be_kept_as_well() -> None:
    outbox = filled(2)
    taken(outbox, 0.0)
    receipt = Receipt.model_validate(
        {"boot": "b", "kept": [[1, 1]], "refused": [{"seq": 1}, {"seq": 2}]}
    )
    assert outbox.settle(receipt)
    assert outbox.counts == Counts(sent=2, kept=1, refused=2)


def test_receipt_for_another_boot_settles_nothing() -> None:
    outbox = filled(1)
    taken(outbox, 0.0)
    assert not outbox.settle(kept((1, 1), boot="earlier"))
    assert outbox.counts.waiting == 1


def test_receipt_for_what_was_never_sent_settles_nothing() -> None:
    outbox = filled(1)
    assert not outbox.settle(kept((1, 1)))


def test_second_receipt_changes_nothing() -> None:
    outbox = filled(1)
    taken(outbox, 0.0)
    outbox.settle(kept((1, 1)))
    assert not outbox.settle(kept((1, 1)))
    assert outbox.counts == Counts(sent=1, kept=1)


def test_counts_add_up() -> None:
    one = Counts(sent=1, repeated=2, resent=3, kept=4, refused=5, waiting=6)
    assert one + one == Counts(
        sent=2, repeated=4, resent=6, kept=8, refused=10, waiting=12
    )
