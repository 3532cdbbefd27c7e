from __future__ import annotations

import asyncio

import pytest

from ingest.door import Message
from ingest.inbox import BATCH, Inbox

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
    large = Message("t", bytes(BATCH // 2))
    for _ in range(5):
        inbox.put(large)
    assert [len(await inbox.take(0)) for _ in range(4)] == [2, 2, 1, 0]


async def test_a_message_larger_than_a_batch_is_taken_alone(room: Room) -> None:
    inbox = Inbox(messages=100, size=1 << 30, on_room=room)
    inbox.put(Message("t", bytes(2 * BATCH)))
    inbox.put(SMALL)
    assert [len(await inbox.take(0)) for _ in range(2)] == [1, 1]
