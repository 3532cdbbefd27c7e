"""What a device sent is reached through the devices that one sees, in the time that is one's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from dashboard.pages.connections import device as of_device
from dashboard.pages.connections import listing
from domain.people import EVERYTHING, NOTHING, Person, Role, Scope, subtree
from ingest.door import Message
from ingest.requests import carry_out
from storage import connections, requests
from storage.connections import Filter
from storage.scope import scoped
from storage.unit import Connection
from tests.database.box import CODE, WORLD, Box, apply, message, said, snapshot, topic
from tests.people import somebody
from tests.series import at
from tests.services import Database
from tests.stored import connected

HEIR = "91330203MA28XY002D"
HEIRS = f"enterprises: {{{HEIR}: {{name: East Lake Pharma, kind: wholesaler}}}}"
LATER = at("3h")
"""Of a page that is looked at."""


@pytest.fixture
async def web(database: Database, box: Box) -> AsyncIterator[Connection]:
    await apply(box, HEIRS)
    await box.intake.reload()
    async with connected(database, "web") as connection:
        yield connection


async def enterprise(box: Box, code: str) -> int:
    return await box.scalar("SELECT id FROM enterprise WHERE code = %s", code)


async def own(box: Box, code: str) -> Scope:
    return Scope(1, 0, await enterprise(box, code), box=False)


async def device(box: Box) -> int:
    return await box.scalar("SELECT id FROM device WHERE key = 'logger-1'")


async def told(box: Box, web: Connection, scope: Scope) -> of_device.Details | None:
    """The page of the first logger."""
    async with scoped(web, scope):
        return await of_device.details(web, await device(box), LATER)


async def strangers(web: Connection, scope: Scope, code: str = CODE) -> list[str]:
    async with scoped(web, scope):
        found = await connections.unregistered(web, code, limit=9, cut=9)
    return [one.topic for one in found]


async def test_each_owner_sees_what_came_in_its_time(box: Box, web: Connection) -> None:
    await box.feed("5 6 7", now=at("30m"))
    await box.commit([said("online", boot="a")], at("31m"))
    await box.commit([message(b"{")], at("32m"))
    body = {"code": CODE, "site": "store-1", "to": HEIR}
    await requests.submit(box.connection, box.intake.share, "transfer", body, "chief")
    await carry_out(box.intake, at("1h"))
    theirs = [
        message(snapshot(at("2h"), t1=5, t9=1)),
        message(snapshot(at("2h"), t1=9)),
    ]
    await box.commit(
        [Message(m.topic.replace(CODE, HEIR), m.payload) for m in theirs], at("2h")
    )
    former = await told(box, web, await own(box, CODE))
    heir = await told(box, web, await own(box, HEIR))
    both = await told(box, web, subtree("330100"))
    assert former
    assert heir
    assert both
    assert former.heard
    assert former.heard.at == at("32m")
    assert former.device.enterprise_code is None
    assert [one.arrived for one in former.taken] == [at("32m"), at("31m"), at("30m")]
    assert [one.newest.reason for one in former.examples] == ["unreadable"]
    assert [one.sign for one in former.signs] == ["online"]
    assert former.sums.stored == 3
    assert max(filter(None, (one.newest for one in former.points))) == at("2m")
    assert heir.heard
    assert heir.heard.at == at("2h")
    assert [one.newest.reason for one in heir.examples] == ["unknown_point"]
    assert (heir.signs, heir.sums.offered, heir.sums.conflict) == ([], 3, 1)
    assert [one.point.key for one in heir.points if one.newest] == ["t1"]
    assert len(both.taken) == 4
    assert await told(box, web, NOTHING) is None
    assert await told(box, web, subtree("440000")) is None


async def test_what_is_readmitted_is_no_newer_message(
    box: Box, web: Connection
) -> None:
    await box.commit([message(snapshot(at("1m"), t9=5))], at("1m"))
    await box.feed("5", now=at("5m"))
    await apply(
        box,
        WORLD.replace(
            "              t2:",
            "              t9: {quantity: temperature, resolution: 0.1}\n              t2:",
            1,
        ),
    )
    await box.intake.reload()
    identity = await box.scalar("SELECT encode(identity, 'hex') FROM rejected")
    await requests.submit(
        box.connection,
        box.intake.share,
        "readmission",
        {"identities": [identity]},
        "chief",
    )
    await carry_out(box.intake, at("9m"))
    found = await told(box, web, EVERYTHING)
    assert found
    assert found.heard
    assert found.heard.at == at("5m")
    assert [one.arrived for one in found.taken] == [at("5m"), at("1m")]


async def test_unregistered_senders_are_seen_by_those_whose_code_they_bear(
    box: Box, web: Connection
) -> None:
    ours, elsewhere = (
        topic("logger-9"),
        topic("logger-9").replace("33/01/06", "33/02/03"),
    )
    await box.commit([Message(one, b"{}") for one in (ours, elsewhere)])
    assert sorted(await strangers(web, await own(box, CODE))) == [ours, elsewhere]
    assert await strangers(web, subtree("330106")) == [ours]
    assert len(await strangers(web, EVERYTHING)) == 2
    assert await strangers(web, await own(box, HEIR)) == []
    assert await strangers(web, subtree("440000")) == []
    assert await strangers(web, EVERYTHING, HEIR) == []


async def test_a_topic_of_any_length_is_taken_in(box: Box) -> None:
    topics = ["a/b/33/01/06/" + "冷" * 5000, "/" * 6000, "x" * 60_000]
    await box.commit([Message(one, b"{}") for one in topics])
    assert await box.scalar("SELECT count(*) FROM rejected WHERE device = 0") == 3


async def test_states_are_looked_for_among_devices_page_by_page(
    box: Box, web: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await box.feed("5", now=at("0s"))
    person: Person = somebody("root", Role.ADMINISTRATOR)
    monkeypatch.setattr(listing, "LOOKED_THROUGH", 1)

    async def listed(
        now: timedelta = timedelta(), **query: object
    ) -> tuple[list[str], int | None]:
        async with scoped(web, EVERYTHING):
            asked = listing.Query.model_validate(query)
            found = await listing.listed(web, person, asked, at("1m") + now)
        return [one.device.key for one in found.rows], found.next

    assert await listed() == (["logger-1", "logger-2"], None)
    first = await device(box)
    assert await listed(state="never") == ([], first)
    assert await listed(state="never", after=first) == (["logger-2"], None)
    assert await listed(state="receiving") == (["logger-1"], first)
    assert await listed(timedelta(hours=1), state="silent") == (["logger-1"], first)
    assert await listed(q="Other") == (["logger-2"], None)
    assert await listed(q="%") == ([], None)


async def test_refusals_are_counted_up_to_a_limit(
    box: Box, web: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minute in range(3):
        await box.commit([message(snapshot(at(f"{minute}m"), t9=1))], at(f"{minute}m"))
    number = await device(box)
    async with scoped(web, EVERYTHING):
        (line,) = await connections.devices(
            web, Filter(id=number), now=LATER, after=0, limit=9
        )
        spans = await connections.spans(web, {line.id: line.site}, at("1m"))
        assert await connections.refusals(web, spans) == {number: 2}
        monkeypatch.setattr(connections, "COUNTED", 1)
        assert await connections.refusals(web, spans) == {number: 1}
        assert await connections.refusals(web, []) == {}
