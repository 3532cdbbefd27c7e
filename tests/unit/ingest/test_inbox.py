from __future__ import annotations

import asyncio

import pytest

from ingest.door import Message
from ingest.inbox import BATCH, SHARE, Inbox

SMALL = Message("t", b"0123456")
"""8 bytes with its topic."""


class Room:
    """Counts how often there was room again."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
def inbox(room: Room) -> Inbox:
    return Inbox(messages=3, size=100, on_room=room)


async def test_everything_that_waits_is_taken_in_order(inbox: Inbox) -> None:
    messages = [Message("t", bytes([n])) for n in range(3)]
    for message in messages:
        inbox.put(message)
    assert await inbox.take(0) == messages
    assert len(inbox) == 0


async def test_nothing_waits_nothing_is_taken_when_patience_ends(inbox: Inbox) -> None:
    assert await inbox.take(0) == []


async def test_whoever_waits_is_woken_by_the_first_message(inbox: Inbox) -> None:
    taking = asyncio.create_task(inbox.take(3600))
    await asyncio.sleep(0)
    assert not taking.done()
    inbox.put(SMALL)
    assert await taking == [SMALL]


async def test_taken_messages_do_not_wake_again(inbox: Inbox) -> None:
    inbox.put(SMALL)
    assert await inbox.take(0) == [SMALL]
    assert await inbox.take(0) == []


async def test_full_by_more_messages_than_the_cap(inbox: Inbox, room: Room) -> None:
    for _ in range(4):
        assert not inbox.full
        inbox.put(SMALL)
    assert inbox.full
    await inbox.take(0)
    assert not inbox.full
    assert room.times == 1


def test_full_by_size(inbox: Inbox) -> None:
    inbox.put(Message("t" * 40, b"x" * 30))
    assert not inbox.full
    inbox.put(Message("t" * 10, b"", {"key": "text of a user property"}))
    assert inbox.full


def test_message_that_was_read_is_taken_even_when_full(inbox: Inbox) -> None:
    for _ in range(5):
        inbox.put(SMALL)
    assert len(inbox) == 5


def test_cleared_inbox_is_empty_and_has_room(inbox: Inbox, room: Room) -> None:
    inbox.put(Message("t", b"x" * 1000))
    assert inbox.full
    assert len(inbox.clear()) == 1
    assert not inbox.full
    assert room.times == 1
    inbox.put(SMALL)
    assert not inbox.full


async def test_a_backlog_is_taken_in_batches_of_bounded_size(room: Room) -> None:
    inbox = Inbox(messages=100, size=1 << 30, on_room=room)
    for n in range(5):
        inbox.put(Message(f"d{n}/readings", bytes(BATCH // 2)))
    assert [len(await inbox.take(0)) for _ in range(4)] == [2, 2, 1, 0]


async def test_a_message_larger_than_a_batch_is_taken_alone(room: Room) -> None:
    inbox = Inbox(messages=100, size=1 << 30, on_room=room)
    inbox.put(Message("t", bytes(2 * BATCH)))
    inbox.put(SMALL)
    assert [len(await inbox.take(0)) for _ in range(2)] == [1, 1]


# Backlogs


@pytest.fixture
def large(room: Room) -> Inbox:
    return Inbox(messages=100, size=1 << 30, on_room=room)


def arrived(inbox: Inbox, *devices: str, size: int = SHARE // 2) -> list[Message]:
    """A message of each, in this order."""
    messages = [
        Message(f"{device}/readings", bytes(size), mid=n)
        for n, device in enumerate(devices, start=1)
    ]
    for message in messages:
        inbox.put(message)
    return messages


def ids(messages: list[Message]) -> list[int]:
    return [message.mid for message in messages]


async def test_of_a_backlog_a_share_is_taken_and_nobody_waits_behind_it(
    large: Inbox,
) -> None:
    arrived(large, "lorry", "lorry", "lorry", "lorry", "lorry", "other")
    assert ids(await large.take(0)) == [1, 2, 6]
    arrived(large, "another")
    assert ids(await large.take(0)) == [3, 4, 1]
    assert ids(await large.take(0)) == [5]


async def test_a_small_message_never_overtakes_those_of_its_device(
    large: Inbox,
) -> None:
    arrived(large, "lorry", "lorry", "lorry")
    large.put(Message("lorry/status", b"online", mid=4))
    assert ids(await large.take(0)) == [1, 2]
    assert ids(await large.take(0)) == [3, 4]


async def test_answers_go_out_in_the_order_of_arrival(large: Inbox) -> None:
    arrived(large, "lorry", "lorry", "lorry", "other")
    first, second = await large.take(0), await large.take(0)
    assert (ids(first), ids(second)) == ([1, 2, 4], [3])
    assert ids(large.answer(first)) == [1, 2]
    assert ids(large.answer(second)) == [3, 4]
    assert large.answer(second) == []


async def test_what_is_not_committed_is_not_answered(large: Inbox) -> None:
    arrived(large, "a", "b")
    await large.take(0)
    assert large.answer([]) == []


async def test_nothing_is_answered_after_the_connection_is_gone(large: Inbox) -> None:
    arrived(large, "a", "b")
    batch = await large.take(0)
    large.clear()
    new = arrived(large, "c")
    assert large.answer(batch) == []
    assert large.answer(new) == new
