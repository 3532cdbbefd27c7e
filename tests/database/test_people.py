"""People in the database: changes and their journal, sessions, tokens, throttling."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from domain.errors import InputError, SettingsError
from domain.people import Person, Role
from storage import people, roles, sessions, sign_ins, tokens
from storage.chain import verify
from storage.unit import PEOPLE, Connection, Unit, unit_of_work
from tests.people import add, somebody
from tests.services import Database
from tests.stored import connected

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=n) for n in (1, 60, 3600, 86_400))
EVENTS = "SELECT kind, detail::text FROM box_event ORDER BY intake"
SECRETS = "SELECT (SELECT json_agg(s) FROM session AS s)::text, (SELECT json_agg(t) FROM api_token AS t)::text"


@pytest.fixture
async def web(database: Database) -> AsyncIterator[Connection]:
    async with connected(database, "web") as connection:
        yield connection


@pytest.fixture
async def person(web: Connection) -> Person:
    return await add(web, somebody(), NOW)


async def change(connection: Connection, work: Callable[[Unit], Awaitable[Any]]) -> Any:
    async with unit_of_work(
        connection, share=PEOPLE, kind="command", arrived=NOW
    ) as unit:
        return await work(unit)


async def events(connection: Connection) -> list[tuple[str, dict[str, Any]]]:
    rows = await (await connection.execute(EVENTS)).fetchall()
    return [(kind, json.loads(detail)) for kind, detail in rows]


async def disable(connection: Connection) -> None:
    await change(
        connection, lambda u: people.disable(u, "wangfang", by="root", real_now=NOW)
    )


# People -----------------------------------------------------------------------------


async def test_each_change_is_journalled_with_who_did_it_and_no_hash(
    web: Connection, person: Person
) -> None:
    later = replace(person, role=Role.AUDITOR, region=None)
    await change(web, lambda u: people.change(u, later, by="admin"))
    await change(web, lambda u: people.set_password(u, person.name, "$argon2", by="x"))
    await disable(web)
    await change(web, lambda u: people.enable(u, person.name, by="root"))
    told = await events(web)
    assert [kind for kind, _ in told] == [
        "person-added", "person-changed", "password-set", "person-disabled", "person-enabled",
    ]  # fmt: skip
    assert told[0][1]["by"] == "test"
    assert told[1][1]["changes"] == {
        "role": ["supervisor", "auditor"],
        "region": ["330000", None],
    }
    assert "argon2" not in json.dumps(told)
    assert await people.by_name(web, person.name) == later


async def test_changes_of_people_are_links_of_the_chain(
    database: Database, web: Connection, person: Person
) -> None:
    await disable(web)
    async with connected(database, "owner") as owner:
        assert (await verify(owner, lambda _done, _all: None)).fault is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Wang"},
        {"name": "system"},
        {"name": "王芳"},
        {"full_name": ""},
        {"full_name": "x" * 81},
        {"full_name": "a\nb"},
        {"full_name": "a\x00b"},
        {"language": "fr"},
        {"region": None},
        {"region": "999999"},
        {"region": "331234"},
        {"region": "3301"},
        {"role": Role.AUDITOR},
        {"role": Role.ENTERPRISE, "region": None},
        {"enterprise": 1},
    ],
)
async def test_somebody_who_cannot_be_is_refused_and_nothing_is_written(
    web: Connection, wrong: dict[str, Any]
) -> None:
    with pytest.raises(InputError):
        await add(web, replace(somebody(), **wrong), NOW)
    assert (await people.listed(web), await events(web)) == ([], [])


@pytest.mark.parametrize("region", ["330000", "330100", "330106", "110000", "441900"])
async def test_a_supervisor_has_a_province_a_prefecture_or_a_county(
    web: Connection, region: str
) -> None:
    assert (await add(web, somebody(region=region), NOW)).region == region


async def test_a_name_is_taken_for_good(web: Connection, person: Person) -> None:
    await disable(web)
    with pytest.raises(InputError, match="taken"):
        await add(web, somebody(), NOW)
    with pytest.raises(InputError, match="disabled already"):
        await disable(web)


@pytest.mark.parametrize("role", ["ingest", "dispatch", "retention"])
async def test_no_other_process_reads_passwords_sessions_or_tokens(
    database: Database, role: str
) -> None:
    async with connected(database, role) as connection:
        for secret in ("password FROM person", "* FROM session", "* FROM api_token"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await connection.execute(f"SELECT {secret}")  # type: ignore[arg-type]


# Sessions ---------------------------------------------------------------------------


async def test_a_session_ends_when_idle_and_at_an_age(
    web: Connection, person: Person
) -> None:
    secret = await sessions.begin(web, person.id, NOW)
    assert await sessions.holder(web, secret, NOW + 12 * HOUR - SECOND) == person
    assert await sessions.holder(web, secret, NOW + 24 * HOUR - MINUTE) == person
    assert await sessions.holder(web, secret, NOW + 36 * HOUR) is None
    kept = await sessions.begin(web, person.id, NOW)
    for hours in range(10, 168, 10):
        assert await sessions.holder(web, kept, NOW + hours * HOUR) == person
    assert await sessions.holder(web, kept, NOW + 7 * DAY) is None


async def test_use_is_noted_once_a_minute(web: Connection, person: Person) -> None:
    secret = await sessions.begin(web, person.id, NOW)

    async def seen(after: timedelta) -> timedelta:
        await sessions.holder(web, secret, NOW + after)
        row = await (await web.execute("SELECT seen_at FROM session")).fetchone()
        return row[0] - NOW if row else timedelta.max

    assert await seen(59 * SECOND) == timedelta(0)
    assert await seen(61 * SECOND) == 61 * SECOND


async def test_signing_out_ends_one_session_and_a_password_or_disabling_all(
    web: Connection, person: Person
) -> None:
    here, there = [await sessions.begin(web, person.id, NOW) for _ in range(2)]
    await sessions.end(web, here)
    assert await sessions.holder(web, here, NOW) is None
    assert await sessions.holder(web, there, NOW) == person
    await change(web, lambda u: people.set_password(u, person.name, "h", by="root"))
    assert await sessions.holder(web, there, NOW) is None
    secret = await sessions.begin(web, person.id, NOW)
    await disable(web)
    assert await sessions.holder(web, secret, NOW) is None
    late = await sessions.begin(web, person.id, NOW)  # had been verified just before
    assert await sessions.holder(web, late, NOW) is None
    assert await people.credentials(web, person.name) is None


async def test_secrets_are_nowhere_in_the_database(
    web: Connection, person: Person
) -> None:
    secret = await sessions.begin(web, person.id, NOW)
    token = await change(
        web, lambda u: tokens.issue(u, person, "a", by="x", real_now=NOW)
    )
    stored = str(await (await web.execute(SECRETS)).fetchone())
    assert secret not in stored
    assert token not in stored
    assert token not in json.dumps(await events(web))


# Tokens -----------------------------------------------------------------------------


async def test_a_token_is_good_until_it_expires_or_is_revoked(
    web: Connection, person: Person
) -> None:
    async def issue(**more: Any) -> str:
        return await change(
            web,
            lambda u: tokens.issue(u, person, "crm", by="root", real_now=NOW, **more),
        )

    first, second = await issue(), await issue(lifetime=DAY)
    assert first.startswith("bb_")
    assert await tokens.holder(web, first, NOW + 90 * DAY - SECOND) == person
    assert await tokens.holder(web, first, NOW + 90 * DAY) is None
    assert await tokens.holder(web, second, NOW + DAY) is None
    number = (await tokens.listed(web, person))[0].id
    await change(
        web, lambda u: tokens.revoke(u, person, number, by="root", real_now=NOW)
    )
    assert await tokens.holder(web, first, NOW) is None
    with pytest.raises(InputError, match="no token"):
        await change(
            web, lambda u: tokens.revoke(u, person, number, by="root", real_now=NOW)
        )
    for more in ({"lifetime": 366 * DAY}, {"lifetime": timedelta(0)}):
        with pytest.raises(InputError, match="365"):
            await issue(**more)


async def test_nobody_revokes_the_token_of_another(
    web: Connection, person: Person
) -> None:
    other = await add(web, somebody("liqiang"), NOW)
    token = await change(
        web, lambda u: tokens.issue(u, person, "a", by="x", real_now=NOW)
    )
    number = (await tokens.listed(web, person))[0].id
    with pytest.raises(InputError, match="no token"):
        await change(
            web, lambda u: tokens.revoke(u, other, number, by="liqiang", real_now=NOW)
        )
    assert await tokens.holder(web, token, NOW) == person


async def test_disabling_revokes_tokens_and_enabling_does_not_bring_them_back(
    web: Connection, person: Person
) -> None:
    token = await change(
        web, lambda u: tokens.issue(u, person, "a", by="x", real_now=NOW)
    )
    await disable(web)
    await change(web, lambda u: people.enable(u, person.name, by="root"))
    assert await tokens.holder(web, token, NOW) is None


# Throttling -------------------------------------------------------------------------


async def waits(web: Connection, *attempts: tuple[str, str, timedelta]) -> list[float]:
    """Seconds that each attempt (name, address, when) has to wait; 0: is looked at."""
    found = []
    for name, address, after in attempts:
        wait = await sign_ins.attempt(web, name, address, NOW + after)
        found.append(wait.total_seconds() if wait else 0.0)
    return found


async def test_after_five_failures_waits_double_up_to_a_quarter_of_an_hour(
    web: Connection,
) -> None:
    after, found = timedelta(0), []
    for _ in range(17):
        await waits(web, ("a", "1", after))
        (wait,) = await waits(web, ("a", "1", after))
        found.append(wait)
        after += timedelta(seconds=wait)
    assert found == [0, 0, *(min(2.0**n, 900) for n in range(15))]


async def test_a_name_and_an_address_are_throttled_each(web: Connection) -> None:
    await waits(web, *(("a", str(n), timedelta(0)) for n in range(5)))
    assert await waits(web, ("a", "9", timedelta(0))) == [1.0]
    await waits(web, *((str(n), "x", timedelta(0)) for n in range(5)))
    assert await waits(web, ("9", "x", timedelta(0))) == [1.0]
    assert await waits(web, ("b", "y", timedelta(0))) == [0.0]


async def test_success_clears_the_name_and_takes_its_attempt_back(
    web: Connection,
) -> None:
    for _ in range(20):
        assert await waits(web, ("a", "1", timedelta(0))) == [0.0]
        await sign_ins.succeeded(web, "a", "1")


async def test_a_quarter_of_an_hour_forgives_one_failure(web: Connection) -> None:
    for n in range(40):
        assert await waits(web, ("a", "1", n * 15 * MINUTE)) == [0.0]


async def test_attempts_at_once_are_counted_each(database: Database) -> None:
    async def one() -> timedelta | None:
        async with connected(database, "web") as connection:
            return await sign_ins.attempt(connection, "a", "1", NOW)

    found = await asyncio.gather(*(one() for _ in range(12)))
    assert found.count(None) == 5


async def test_what_has_to_wait_leaves_no_row(web: Connection) -> None:
    await waits(web, *((f"guess-{n}", "1", timedelta(0)) for n in range(50)))
    row = await (await web.execute("SELECT count(*) FROM sign_in")).fetchone()
    assert row == (1 + sign_ins.FREE,)


async def test_what_is_old_is_removed(web: Connection) -> None:
    await waits(web, *((str(n), str(n), timedelta(0)) for n in range(10)))
    await waits(web, ("new", "new", 25 * HOUR))
    row = await (await web.execute("SELECT count(*) FROM sign_in")).fetchone()
    assert row == (2,)


# The last administrator ---------------------------------------------------------------


async def test_the_last_administrator_stays_one(web: Connection) -> None:
    boss = await add(web, somebody("boss", Role.ADMINISTRATOR), NOW)
    for work in (
        lambda u: people.disable(u, "boss", by="boss", real_now=NOW),
        lambda u: people.change(u, replace(boss, role=Role.AUDITOR), by="boss"),
    ):
        with pytest.raises(InputError, match="only administrator"):
            await change(web, work)
    await change(web, lambda u: people.change(u, replace(boss, full_name="B"), by="b"))
    await add(web, somebody("second", Role.ADMINISTRATOR), NOW)
    await change(web, lambda u: people.disable(u, "boss", by="second", real_now=NOW))
    with pytest.raises(InputError, match="only administrator"):
        await change(
            web, lambda u: people.disable(u, "second", by="second", real_now=NOW)
        )


# The login of the web process -------------------------------------------------------


async def test_only_a_login_that_row_level_security_binds_may_serve_pages(
    database: Database,
) -> None:
    await roles.check(database.url("web"))
    with pytest.raises(SettingsError, match="superuser"):
        await roles.check(database.url())


@pytest.mark.parametrize(
    ("grant", "reason"),
    [
        ("ALTER ROLE {login} BYPASSRLS", "BYPASSRLS"),
        ("ALTER TABLE contact OWNER TO {login}", "owner of tables"),
        ("GRANT blackbox_dispatch TO {login}", "login of another process"),
    ],
)
async def test_a_login_with_more_rights_may_not(
    database: Database, grant: str, reason: str
) -> None:
    login = f"{database.name}_more"
    with psycopg.connect(database.url(), autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {login} LOGIN PASSWORD 'x'")  # type: ignore[arg-type]
        try:
            owner.execute(grant.format(login=login))  # type: ignore[arg-type]
            url = make_conninfo(database.url(), user=login, password="x")
            with pytest.raises(SettingsError, match=reason):
                await roles.check(url)
        finally:
            owner.execute(f"REASSIGN OWNED BY {login} TO CURRENT_USER")  # type: ignore[arg-type]
            owner.execute(f"DROP ROLE {login}")  # type: ignore[arg-type]


async def test_of_many_people_the_first_are_found_and_the_rest_counted(
    web: Connection,
) -> None:
    for n in range(5):
        await add(web, somebody(f"guard{n}", full_name=f"李%{n}"), NOW)
    found, matching = await people.searched(web, "李%", 3)
    assert ([one.name for one in found], matching) == (
        ["guard0", "guard1", "guard2"],
        5,
    )
    assert await people.searched(web, "GUARD4", 3) == (
        [await people.known(web, "guard4")],
        1,
    )
    assert await people.searched(web, "nobody", 3) == ([], 0)
