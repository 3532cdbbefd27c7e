"""The stream of events: everybody's own and nothing else, whatever breaks and whoever leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, LiteralString

import httpx
import pytest
import pytest_asyncio
from jsonschema_rs import validate

from dashboard import stream as stream_module
from dashboard.api.events import SCHEMAS
from dashboard.audience import PER_PERSON, QUEUE
from dashboard.stream import BATCH, CHECK
from domain.alerts import Event
from domain.people import EVERYTHING, NOTHING, Scope, subtree
from storage import alerts, journal, sessions
from storage.scope import scoped
from storage.unit import Connection, unit_of_work
from tests.browser.sse import events
from tests.browser.world import PageClock, Site, serve
from tests.examples import OPENED, happen
from tests.services import Database
from tests.stored import UNREGISTERED, connected

ADDRESS = "/api/v1/events"
ENTERPRISES = """
INSERT INTO enterprise (id, code, name_zh, name_en, kind, high_risk) OVERRIDING SYSTEM VALUE
SELECT n, 'E' || n, '企业', 'enterprise', 'wholesaler', '{}' FROM generate_series(1, 4) AS n
"""
SHARES = """
INSERT INTO share (id, name, digest)
SELECT n, 's' || n, decode(repeat('00', 32), 'hex') FROM generate_series(1, 3) AS n
"""
PERSON = """
INSERT INTO person (name, full_name, role, region, enterprise, language, created_at)
VALUES (%s, '', %s, %s, %s, 'zh', '2026-01-01Z') RETURNING id
"""
TOKEN = """
INSERT INTO api_token (token, person, label, created_at, expires_at)
VALUES (%s, 1, '', '2026-01-01Z', '2126-01-01Z')
"""
WRITTEN = """
SELECT j.xid::text::int8, j.alert, j.n, a.area, a.enterprise FROM journal j JOIN alert a ON a.id = j.alert
"""

Place = tuple[str | None, int | None]
"""Region and enterprise of an alert; of the box's own, neither."""
PLACES: list[Place] = [
    ("330106", 1), ("330106", 2), ("330109", 2), ("330203", 3), ("320102", 4), (None, None),
]  # fmt: skip
PEOPLE_OF: dict[str, tuple[str, str | None, int | None]] = {
    "county": ("supervisor", "330106", None),
    "city": ("supervisor", "330100", None),
    "province": ("supervisor", "330000", None),
    "owner": ("enterprise", None, 2),
    "auditor": ("auditor", None, None),
    "admin": ("administrator", None, None),
}
SEEN: dict[str, Callable[[Place], bool]] = {
    "county": lambda p: p[0] in ("330106", None),
    "city": lambda p: p[0] in ("330106", "330109", None),
    "province": lambda p: p[0] in ("330106", "330109", "330203", None),
    "owner": lambda p: p[1] == 2,
    "auditor": lambda _: True,
    "admin": lambda _: True,
}
"""By hand, and not by our own function: what each of them may see."""


@dataclass
class Following:
    """What somebody has been told."""

    told: list[tuple[int, int]] = field(default_factory=list)
    """(alert, n), in the order of arrival."""
    transactions: set[int] = field(default_factory=set)
    position: int | None = None

    def take(self, event: dict[str, Any]) -> str:
        """Take in an event; its type."""
        kind = event.get("event", "")
        if kind:
            validate(SCHEMAS[kind], event["data"])
        if "id" in event:
            self.position = int(event["id"])
        if kind == "journal":
            self.transactions.add(int(event["id"]))
            self.told += [(one["alert"], one["n"]) for one in event["data"]]
        return kind

    async def until(self, position: int, stream: AsyncIterator[dict[str, Any]]) -> None:
        """Read until all up to `position` has been told, as a pulse says."""
        async with asyncio.timeout(20):
            async for event in stream:
                if self.take(event) == "pulse" and (self.position or -1) >= position:
                    return
        raise AssertionError("the stream ended")


async def ended(stream: AsyncIterator[dict[str, Any]]) -> None:
    """Wait until the server ends it, which may be before it tells anything more."""
    async with asyncio.timeout(20):
        async for _ in stream:
            pass


@dataclass
class Province:
    """The web process over people and alerts of several counties."""

    database: Database
    site: Site
    clock: PageClock
    owner: Connection
    client: httpx.AsyncClient
    where: dict[int, Place] = field(default_factory=dict)
    """The places of alerts."""

    async def sign_in(self, name: str) -> dict[str, str]:
        """A person of that kind, who is new; headers that are theirs."""
        role, region, enterprise = PEOPLE_OF[name]
        count = await self.scalar("SELECT count(*) FROM person")
        values = (f"{name}-{count}", role, region, enterprise)
        person = await self.scalar(PERSON, *values)
        secret = await sessions.begin(self.owner, person, self.clock.real_now())
        return {"Cookie": f"session={secret}"}

    async def scalar(self, query: LiteralString, *values: object) -> Any:
        row = await (await self.owner.execute(query, values)).fetchone()
        return row and row[0]

    async def open(
        self, writer: Connection, share: int, places: Iterable[Place]
    ) -> list[int]:
        """Open an alert in each of `places`, in one transaction."""
        opened = []
        async with unit_of_work(
            writer, share=share, kind="session", arrived=OPENED
        ) as unit:
            for region, enterprise in places:
                (number,) = await alerts.new_ids(writer, 1)
                self.where[number] = (region, enterprise)
                alert = replace(
                    UNREGISTERED, id=number, region=region, enterprise=enterprise
                )
                head, entry = happen(alert, Event.OPENED)
                await alerts.insert(writer, [head])
                await journal.append(unit, [entry])
                opened.append(number)
        return opened

    async def write(self, share: int, seed: str, transactions: int) -> None:
        """A writer of its own: alerts here and there, in transactions small and large."""
        dice = Random(seed)
        async with connected(self.database, "ingest") as writer:
            for _ in range(transactions):
                await self.open(
                    writer, share, dice.choices(PLACES, k=dice.randint(1, 5))
                )
                await asyncio.sleep(dice.choice((0, 0, 0.01)))

    async def end(self) -> int:
        """A position before which everything is that has been written so far."""
        return await self.scalar("SELECT pg_current_xact_id()::text::int8")

    def own(self, name: str) -> list[tuple[int, int]]:
        """What that kind of person may see of all that was opened."""
        return [(n, 1) for n, place in sorted(self.where.items()) if SEEN[name](place)]

    @asynccontextmanager
    async def following(
        self, headers: dict[str, str], after: int | None = None
    ) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """The events of a client that comes with these headers, and a position."""
        position = {} if after is None else {"Last-Event-ID": str(after)}
        headers = headers | position
        async with self.client.stream("GET", ADDRESS, headers=headers) as response:
            assert response.status_code == 200
            assert response.headers["content-type"].startswith("text/event-stream")
            yield events(response)


@pytest_asyncio.fixture(loop_scope="session")
async def province(database: Database) -> AsyncIterator[Province]:
    clock = PageClock()
    limits = httpx.Limits(max_connections=None)
    async with (
        connected(database, "owner") as owner,
        serve(database, clock) as site,
        httpx.AsyncClient(base_url=site.address, limits=limits, timeout=30) as client,
    ):
        await owner.execute(ENTERPRISES)
        await owner.execute(SHARES)
        yield Province(database, site, clock, owner, client)


async def test_everybody_is_told_of_their_own_and_of_nothing_else(
    province: Province,
) -> None:
    told = {name: Following() for name in PEOPLE_OF}
    async with AsyncExitStack() as stack:
        streams = {}
        for name in PEOPLE_OF:
            headers = await province.sign_in(name)
            streams[name] = await stack.enter_async_context(province.following(headers))
            await told[name].until(0, streams[name])
        await asyncio.gather(*(province.write(n, f"own/{n}", 25) for n in (0, 1, 2)))
        end = await province.end()
        await asyncio.gather(*(told[name].until(end, streams[name]) for name in told))
    rows = await (await province.owner.execute(WRITTEN)).fetchall()
    for name, one in told.items():
        assert sorted(one.told) == province.own(name)
        mine = {x for x, *_, area, e in rows if SEEN[name]((area and str(area), e))}
        assert one.transactions == mine


@pytest.mark.parametrize("seed", range(3))
async def test_who_comes_back_at_any_time_misses_nothing(
    province: Province, seed: int
) -> None:
    told = {name: Following() for name in ("county", "owner", "auditor")}
    people = {name: await province.sign_in(name) for name in told}
    for name, one in told.items():
        async with province.following(people[name]) as stream:
            await one.until(0, stream)
    writers = (province.write(share, f"{seed}/{share}", 40) for share in range(4))
    writing = asyncio.gather(*writers)

    async def come_and_go(name: str) -> None:
        dice, one = Random(f"{seed}/{name}"), told[name]
        while not writing.done():
            async with province.following(people[name], one.position) as stream:
                for _ in range(dice.randint(0, 6)):
                    one.take(await anext(stream))
        end = await province.end()
        async with province.following(people[name], one.position) as stream:
            await one.until(end, stream)

    await asyncio.gather(writing, *map(come_and_go, told))
    for name, one in told.items():
        assert sorted(set(one.told)) == province.own(name)


async def test_somebody_new_is_told_from_the_moment_of_coming_on(
    province: Province,
) -> None:
    """Scopes that nobody had before join while others are being told."""
    writing = asyncio.create_task(province.write(0, "joining", 60))
    async with AsyncExitStack() as stack:
        following = []
        for name in PEOPLE_OF:
            headers, after = await province.sign_in(name), await province.end()
            stream = await stack.enter_async_context(province.following(headers))
            one = Following()
            await one.until(0, stream)
            assert one.position
            following.append((name, one, stream, max(after, one.position)))
        await writing
        end = await province.end()
        for name, one, stream, start in following:
            await one.until(end, stream)
            rows = await (await province.owner.execute(WRITTEN)).fetchall()
            own = {alert for alert, _ in province.own(name)}
            expected = {(a, n) for x, a, n, *_ in rows if a in own and x > start}
            assert expected <= set(one.told) <= set(province.own(name))


async def test_after_a_long_absence_a_client_is_told_to_read_anew(
    province: Province,
) -> None:
    headers, start = await province.sign_in("county"), await province.end()
    async with connected(province.database, "ingest") as writer:
        await province.open(writer, 0, [("330106", 1)] * BATCH)
    end = await province.end()
    async with province.following(await province.sign_in("county")) as stream:
        await Following().until(end, stream)  # the server knows of it
    for position, kind in ((start, "renew"), (2**62, "renew"), (end, "pulse")):
        async with province.following(headers, position) as stream:
            await anext(stream)
            assert Following().take(await anext(stream)) == kind


async def test_a_position_of_long_ago_is_not_looked_for(
    province: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers, start = await province.sign_in("county"), await province.end()
    async with connected(province.database, "ingest") as writer:
        await province.open(writer, 0, [("330106", 1)])
    async with province.following(headers) as stream:
        await Following().until(await province.end(), stream)
    for farthest, kind in ((stream_module.FARTHEST, "journal"), (0, "renew")):
        monkeypatch.setattr(stream_module, "FARTHEST", farthest)
        async with province.following(headers, start) as stream:
            await anext(stream)
            assert Following().take(await anext(stream)) == kind


async def test_what_is_foreign_does_not_fill_the_backlog(province: Province) -> None:
    headers, start = await province.sign_in("county"), await province.end()
    async with connected(province.database, "ingest") as writer:
        (own,) = await province.open(writer, 0, [("330106", 1)])
        await province.open(writer, 0, [("320102", 4)] * BATCH)
    end, one = await province.end(), Following()
    async with province.following(headers, start) as stream:
        await one.until(end, stream)
    assert one.told == [(own, 1)]


ENDS: dict[str, LiteralString] = {
    "disabled": "UPDATE person SET disabled_at = now()",
    "signed out": "DELETE FROM session",
    "expired": "UPDATE session SET expires_at = created_at",
    "moved": "UPDATE person SET region = '330109'",
}


@pytest.mark.parametrize("why", ENDS)
async def test_who_may_no_longer_see_is_told_no_more(
    province: Province, why: str
) -> None:
    headers, one = await province.sign_in("county"), Following()
    async with province.following(headers) as stream:
        await one.until(0, stream)
        await province.owner.execute(ENDS[why])
        province.clock.ahead += CHECK
        async with asyncio.timeout(20):
            assert {one.take(event) async for event in stream} <= {"pulse", ""}
    answer = province.client.build_request("GET", ADDRESS, headers=headers)
    response = await province.client.send(answer, stream=True)
    assert response.status_code == (200 if why == "moved" else 401)
    await response.aclose()


async def test_who_still_may_goes_on(province: Province) -> None:
    headers, other = [await province.sign_in("county") for _ in range(2)]
    async with (
        province.following(headers) as stream,
        province.following(other) as gone,
    ):
        await Following().until(0, gone)
        await province.owner.execute(
            "UPDATE person SET disabled_at = now() WHERE id = 2"
        )
        province.clock.ahead += CHECK
        await ended(gone)
        await Following().until(await province.end(), stream)


async def test_a_token_follows_until_it_is_revoked(province: Province) -> None:
    await province.sign_in("owner")
    await province.owner.execute(TOKEN, (sessions.digest("bb_secret"),))
    headers = {"Authorization": "Bearer bb_secret"}
    async with province.following(headers) as stream:
        await Following().until(0, stream)
        await province.owner.execute("UPDATE api_token SET revoked_at = now()")
        province.clock.ahead += CHECK
        await ended(stream)


async def test_one_that_stops_reading_harms_nobody(province: Province) -> None:
    """Its connection takes nothing any more; the others get all, and it is dropped."""
    stuck, one = asyncio.Event(), Following()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            stuck.set()
            await asyncio.Future()

    headers = await province.sign_in("county")
    async with province.following(await province.sign_in("county")) as stream:
        await one.until(0, stream)
        hung = asyncio.create_task(ask(province.site.server.config.app, headers, send))
        await asyncio.wait_for(stuck.wait(), 20)
        async with connected(province.database, "ingest") as writer:
            for _ in range(QUEUE + 1):
                await province.open(writer, 0, [("330106", 1)])
        await one.until(await province.end(), stream)
        assert one.told == province.own("county")
        metrics = (await province.client.get("/metrics")).text
        assert "blackbox_stream_dropped_total 1.0" in metrics
        assert "blackbox_stream_clients 1.0" in metrics
    hung.cancel()
    await asyncio.gather(hung, return_exceptions=True)


async def ask(app: Any, headers: dict[str, str], send: Any) -> None:
    """Ask the application itself, as a server would, over a connection that is `send`."""

    async def receive() -> Any:
        return await asyncio.Future()

    await app(
        {
            "type": "http",
            "method": "GET",
            "path": ADDRESS,
            "query_string": b"",
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        },
        receive,
        send,
    )


async def test_nobody_has_more_streams_than_two_browsers_need(
    province: Province,
) -> None:
    headers = await province.sign_in("county")
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        following = [
            await enter(province.following(headers)) for _ in range(PER_PERSON)
        ]
        for stream in following:
            await Following().until(0, stream)
        refused = await province.client.get(ADDRESS, headers=headers)
        assert refused.status_code == 429
        assert refused.headers["content-type"] == "application/problem+json"
        other = province.following(await province.sign_in("county"))
        await Following().until(0, await enter(other))
    async with province.following(headers) as stream:
        await Following().until(0, stream)


async def test_nobody_follows_without_signing_in(province: Province) -> None:
    assert (await province.client.get(ADDRESS)).status_code == 401


async def test_what_is_no_position_is_refused(province: Province) -> None:
    headers = await province.sign_in("county")
    get = province.client.get
    for position in ("-1", "x", str(2**63), "1e3", ""):
        asked = await get(ADDRESS, params={"after": position}, headers=headers)
        told = await get(ADDRESS, headers=headers | {"Last-Event-ID": position})
        assert (asked.status_code, told.status_code) == (400, 400), position


async def test_without_a_scope_the_database_shows_the_web_nothing(
    province: Province,
) -> None:
    async with (
        connected(province.database, "ingest") as writer,
        connected(province.database, "web") as web,
    ):
        await province.open(writer, 0, PLACES)
        assert await journal.after(web, 0, 100) == []
        assert await journal.after_for(web, 0, 100, [EVERYTHING]) == []


async def test_who_sees_an_entry_is_what_the_policies_say(province: Province) -> None:
    scopes = [
        EVERYTHING,
        NOTHING,
        subtree("330000"),
        subtree("330106"),
        Scope(1, 0, 2, box=False),
    ]
    async with (
        connected(province.database, "ingest") as writer,
        connected(province.database, "web") as web,
    ):
        await province.open(writer, 0, PLACES)
        async with scoped(web, EVERYTHING):
            found = await journal.after_for(web, 0, 100, scopes)
        for i, scope in enumerate(scopes, 1):
            async with scoped(web, scope):
                own = await journal.after(web, 0, 100)
            assert [one.entry for one in found if i in one.seen_by] == [
                one.entry for one in own
            ]
