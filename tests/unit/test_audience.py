"""Who follows the stream: rooms, ends and queues."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard import audience
from dashboard.audience import PER_PERSON, QUEUE, Audience, Client
from domain.people import EVERYTHING, Person, Role, subtree

WANG = Person(
    id=1,
    name="wang",
    full_name="王芳",
    role=Role.SUPERVISOR,
    region="330106",
    enterprise=None,
    language="zh",
)
AUDITOR = replace(WANG, id=2, name="li", role=Role.AUDITOR, region=None)


def joined(room: Audience, person: Person = WANG, credential: bytes = b"1") -> Client:
    client = Client(person, credential)
    room.join(client)
    return client


async def told(client: Client) -> list[bytes]:
    """What is told before the end, which comes now."""
    client.offer(b"last")
    found: list[bytes] = []
    async for data in client.events():
        if data == b"last":
            break
        found.append(data)
    return found


async def test_an_event_is_for_those_of_a_scope() -> None:
    room = Audience()
    wang, auditor = joined(room), joined(room, AUDITOR)
    assert set(room.scopes()) == {subtree("330106"), EVERYTHING}
    room.tell(b"own", room.of(WANG.scope))
    assert (await told(wang), await told(auditor)) == ([b"own"], [])


def test_nobody_sees_with_a_scope_that_is_not_there() -> None:
    assert Audience().of(EVERYTHING) == []


async def test_one_that_stops_reading_is_dropped_and_the_others_are_not() -> None:
    room = Audience()
    slow = joined(room)
    for _ in range(QUEUE):
        assert room.tell(b"pulse", room.clients()) == 0
    fresh = joined(room)
    assert room.tell(b"one too many", room.clients()) == 1
    assert room.clients() == [fresh]
    assert [data async for data in slow.events()] == []


def test_who_has_left_is_counted_no_more_however_often_it_leaves() -> None:
    room = Audience()
    first, _ = joined(room), joined(room)
    for _ in range(2):
        room.leave(first)
    assert len(room) == 1


def test_one_person_has_no_more_streams_than_allowed_and_nobody_else_less() -> None:
    room = Audience()
    clients = [joined(room) for _ in range(PER_PERSON)]
    assert (room.refuses(WANG), room.refuses(AUDITOR)) == (429, None)
    room.leave(clients[0])
    assert room.refuses(WANG) is None


def test_there_is_an_end_to_streams_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audience, "AT_MOST", 2)
    room = Audience()
    joined(room)
    joined(room)
    assert room.refuses(AUDITOR) == 503


@pytest.mark.parametrize(
    "now", [None, replace(WANG, region="330000"), replace(WANG, disabled=True)]
)
def test_who_is_no_longer_the_same_is_ended(now: Person | None) -> None:
    room = Audience()
    kept, ended = joined(room, AUDITOR, b"2"), joined(room)
    holders = {b"2": AUDITOR} | ({b"1": now} if now else {})
    room.keep([kept, ended], holders)
    assert room.clients() == [kept]


def test_who_came_after_the_question_is_not_judged_by_its_answer() -> None:
    room = Audience()
    asked = [joined(room, AUDITOR, b"2")]
    joined(room)
    room.keep(asked, {b"2": AUDITOR})
    assert len(room) == 2
