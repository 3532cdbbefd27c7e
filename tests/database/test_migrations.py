from __future__ import annotations

import asyncio
from hashlib import sha256

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from domain.errors import InputError
from storage import migrate as module
from storage.connect import connect
from storage.migrate import LOGINS, Migration, compare, migrate, migrations
from storage.server import describe
from tests.services import PASSWORD, Database

TABLES = """
SELECT table_name FROM information_schema.tables
 WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
"""
PRIVILEGES = """
SELECT DISTINCT privilege_type FROM information_schema.role_table_grants
 WHERE grantee = %s AND table_name = ANY (%s)
"""
EVIDENCE = [
    "intake", "intake_digest", "reading", "conflict", "rejected", "readmission", "ledger",
    "excursion_revision", "alert_excursion", "alert_reading", "journal", "box_event",
]  # fmt: skip


def tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {name for (name,) in connection.execute(TABLES)}


async def test_new_database_gets_every_migration_once(empty_database: Database):
    applied = await migrate(empty_database.url())
    assert [name[:4] for name in applied] == [
        f"{n:04}" for n in range(1, len(applied) + 1)
    ]
    assert set(EVIDENCE) <= tables(empty_database.url())
    assert await migrate(empty_database.url()) == []


async def test_two_migrations_at_once_apply_each_file_once(empty_database: Database):
    both = await asyncio.gather(*(migrate(empty_database.url()) for _ in range(2)))
    assert sorted(map(len, both))[0] == 0


async def test_failing_migration_leaves_no_trace(
    empty_database: Database, monkeypatch: pytest.MonkeyPatch
):
    half = Migration(
        number=1, name="0001_half.sql", sql=b"CREATE TABLE half (); SELECT 1 / 0"
    )
    monkeypatch.setattr(module, "migrations", lambda variant: [half])
    with pytest.raises(psycopg.errors.DivisionByZero):
        await migrate(empty_database.url())
    assert tables(empty_database.url()) == {"migration"}


async def test_database_of_a_newer_program_is_refused(database: Database):
    with psycopg.connect(database.url()) as connection:
        connection.execute("INSERT INTO migration VALUES (9999, '9999_future.sql', '')")
    with pytest.raises(InputError, match=r"newer than this program.*9999_future\.sql"):
        await migrate(database.url())


async def test_changed_file_is_refused(database: Database):
    with psycopg.connect(database.url()) as connection:
        connection.execute("UPDATE migration SET sha256 = '' WHERE number = 1")
    with pytest.raises(InputError, match="applied file must not change"):
        await migrate(database.url())


async def test_files_applied_are_those_for_what_serves_the_database(database: Database):
    connection = await connect(database.url(), name="test")
    async with connection:
        server = await describe(connection)
        cursor = await connection.execute("SELECT name FROM migration ORDER BY number")
        names = [name for (name,) in await cursor.fetchall()]
    assert names == [migration.name for migration in migrations(server.variant)]
    assert server.name.startswith(f"{server.variant} ")


def test_both_kinds_of_server_have_the_same_numbers():
    numbers = {
        variant: [migration.number for migration in migrations(variant)]
        for variant in ("postgresql", "timescaledb")
    }
    expected = list(range(1, len(numbers["postgresql"]) + 1))
    assert numbers == {"postgresql": expected, "timescaledb": expected}


def test_missing_migrations_are_those_behind_the_applied():
    files = [Migration(number=n, name=f"{n:04}_x.sql", sql=b"") for n in (1, 2, 3)]
    digest = sha256(b"").digest()
    assert compare(files, [(1, "0001_x.sql", digest)]) == files[1:]


@pytest.mark.parametrize("role", LOGINS)
def test_every_role_has_a_login_of_its_own(database: Database, role: str):
    with psycopg.connect(database.url(role)) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (LOGINS[role],)


@pytest.mark.parametrize("role", LOGINS)
def test_nobody_but_the_owner_can_change_or_remove_evidence(
    database: Database, role: str
):
    with psycopg.connect(database.url()) as connection:
        found = {
            name for (name,) in connection.execute(PRIVILEGES, (LOGINS[role], EVIDENCE))
        }
    assert found <= {"SELECT", "INSERT"}


async def test_password_is_stored_as_a_verifier_only(empty_database: Database):
    await migrate(empty_database.url(), {"web": PASSWORD})
    with psycopg.connect(empty_database.url()) as connection:
        query = "SELECT rolpassword FROM pg_authid WHERE rolname = 'blackbox_web'"
        stored = connection.execute(query).fetchone()
    assert stored is not None
    assert stored[0].startswith("SCRAM-SHA-256$")


def test_ingest_can_make_room_for_readings_of_any_month(database: Database):
    with psycopg.connect(database.url("ingest"), autocommit=True) as connection:
        connection.execute(
            "SELECT ensure_reading_range('2026-11-30T23:00Z', '2027-01-01T00:00Z')"
        )
        connection.execute(
            "INSERT INTO reading SELECT 1, time, 1, 5.0, 0, 0 FROM unnest(%s::timestamptz[]) time",
            (["2026-11-30T23:59:59Z", "2026-12-15Z", "2027-01-01T00:00Z"],),
        )
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE reading SET value = 4")


def test_owner_needs_no_superuser(database_server: str, empty_database: Database):
    with psycopg.connect(database_server, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS blackbox_test_owner")
        connection.execute(
            "CREATE ROLE blackbox_test_owner LOGIN CREATEROLE PASSWORD 'x'"
        )
    with psycopg.connect(empty_database.url(), autocommit=True) as connection:
        connection.execute("GRANT ALL ON SCHEMA public TO blackbox_test_owner")
    url = make_conninfo(empty_database.url(), user="blackbox_test_owner", password="x")
    assert asyncio.run(migrate(url))
