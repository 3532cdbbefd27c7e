"""What the application's logins may not do: change evidence, or write another's chain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from storage.evidence import CHAINED
from storage.migrate import LOGINS
from tests.services import Database

EVIDENCE = {"intake", "intake_digest"} | {table.table for table in CHAINED}
REGISTRY = {
    "enterprise", "site", "device", "point", "point_setting", "rule_version", "registry_head",
}  # fmt: skip
WORK = {
    "share", "excursion", "alert", "delivery", "attempt", "request", "heartbeat", "migration",
    "person", "session", "api_token", "sign_in", "contact", "subscription", "channel_health",
    "incident", "command", "maintenance", "completeness", "safety",
    "rollup_fine", "rollup_coarse", "touched",
}  # fmt: skip
TABLES = """
SELECT c.relname FROM pg_class AS c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""
CHANGEABLE = """
SELECT l.login, c.oid::regclass::text
  FROM pg_class AS c
 CROSS JOIN unnest(%s::text[]) AS l (login)
 WHERE c.relkind IN ('r', 'p') AND c.oid >= 16384
   AND (has_any_column_privilege(l.login, c.oid, 'UPDATE')
        OR has_table_privilege(l.login, c.oid, 'DELETE, TRUNCATE, TRIGGER'))
"""
PARTS = """
SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'reading'::regclass
"""
GROUNDWORK = """
INSERT INTO share (id, name, digest) VALUES (1, 'hangzhou', decode(repeat('00', 32), 'hex'));
SELECT ensure_reading_range('2026-01-01Z', '2026-01-01Z');
INSERT INTO reading VALUES (1, '2026-01-01Z', 1, 5, 0, 0);
"""


Login = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def ready(database: Database) -> Database:
    """A database with a second share, and a reading in its first partition."""
    with psycopg.connect(database.url()) as owner:
        owner.execute(GROUNDWORK)
    return database


@pytest.fixture(params=LOGINS)
def login(ready: Database, request: pytest.FixtureRequest) -> Iterator[Login]:
    """Each of the application's logins in turn."""
    with psycopg.connect(ready.url(request.param), autocommit=True) as connection:
        yield connection


@pytest.fixture
def web(ready: Database) -> Iterator[Login]:
    """The login of the web page."""
    with psycopg.connect(ready.url("web"), autocommit=True) as connection:
        yield connection


def test_every_table_is_evidence_or_registry_or_work(database: Database):
    """A new table has to be put somewhere; evidence then has to be chained."""
    with psycopg.connect(database.url()) as owner:
        tables = [name for (name,) in owner.execute(TABLES)]
    assert sorted(tables) == sorted([*EVIDENCE, *REGISTRY, *WORK])


def test_evidence_can_be_read_but_not_changed(login: Login):
    for table in sorted(EVIDENCE):
        column = "id" if table == "intake" else "intake"
        names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
        login.execute(sql.SQL("SELECT {column} FROM {table} LIMIT 1").format(**names))
        for statement in (
            sql.SQL("UPDATE {table} SET {column} = {column}"),
            sql.SQL("DELETE FROM {table}"),
            sql.SQL("TRUNCATE {table}"),
            sql.SQL("ALTER TABLE {table} DISABLE TRIGGER ALL"),
            sql.SQL("DROP TABLE {table}"),
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                login.execute(statement.format(**names))


def test_parts_of_the_reading_table_are_no_way_round(login: Login):
    parts = [name for (name,) in login.execute(PARTS)]
    assert parts
    for part in parts:
        for statement in (
            "UPDATE {part} SET value = 0",
            "DELETE FROM {part}",
            "DROP TABLE {part}",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                login.execute(statement.format(part=part).encode())


def test_nothing_else_can_be_changed_than_what_is_listed_here(ready: Database):
    """Tables of which some login may update columns, or remove rows."""
    with psycopg.connect(ready.url()) as owner:
        found = set(owner.execute(CHANGEABLE, (list(LOGINS.values()),)))
    ingest = {
        "share", "excursion", "alert", "request", "heartbeat", "incident", "completeness", "safety",
        "enterprise", "site", "device", "point", "registry_head", "rollup_fine", "rollup_coarse", "touched",
    }  # fmt: skip
    web = {
        "share", "alert", "person", "session", "api_token", "sign_in", "contact", "subscription",
    }  # fmt: skip
    assert found == {
        *(("blackbox_ingest", table) for table in ingest),
        *(("blackbox_web", table) for table in web),
        *(("blackbox_dispatch", table) for table in ("delivery", "channel_health")),
    }


def test_functions_of_timescaledb_are_no_way_round(login: Login):
    installed = "SELECT FROM pg_extension WHERE extname = 'timescaledb'"
    if login.execute(installed).rowcount == 0:
        pytest.skip("plain PostgreSQL has no such functions")
    for statement in (
        "SELECT compress_chunk(c) FROM show_chunks('reading') AS c",
        "SELECT drop_chunks('reading', older_than => '2027-01-01Z'::timestamptz)",
        "SELECT add_retention_policy('reading', INTERVAL '1 second')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            login.execute(statement)


# The chain of people ------------------------------------------------------------------


def test_web_moves_the_head_of_people_and_no_other(web: Login):
    move = "UPDATE share SET number = number + 1 WHERE id = %s"
    assert web.execute(move, (0,)).rowcount == 1
    assert web.execute(move, (1,)).rowcount == 0
    assert web.execute(
        "SELECT id FROM share ORDER BY id FOR NO KEY UPDATE"
    ).fetchall() == [(0,)]
    assert web.execute("SELECT id FROM share ORDER BY id").fetchall() == [(0,), (1,)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE share SET id = 1 WHERE id = 0",
        "UPDATE share SET session = 'none' WHERE id = 0",
        "INSERT INTO share (id, name, digest) VALUES (2, 'x', '')",
        "INSERT INTO intake VALUES ((1::int8 << 40) + 1, 1, 1, 'command', '2026-01-01Z', 0, '', '')",
        "INSERT INTO intake VALUES ((1::int8 << 40) + 1, 0, 1, 'command', '2026-01-01Z', 0, '', '')",
        "INSERT INTO intake_digest VALUES ((1::int8 << 40) + 1, 'reading', '2026-01-01', 0, '', '', '')",
        "INSERT INTO reading VALUES (1, '2026-01-01T01:00Z', 1, 5, 0, 0)",
    ],
)
def test_web_cannot_write_into_another_chain(web: Login, statement: LiteralString):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        web.execute(statement)


@pytest.mark.parametrize("role", ["dispatch", "retention"])
def test_others_write_no_chain_at_all(ready: Database, role: str):
    with psycopg.connect(ready.url(role), autocommit=True) as connection:
        for statement in (
            "UPDATE share SET number = 1",
            "INSERT INTO intake VALUES (1, 0, 1, 'command', '2026-01-01Z', 0, '', '')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_ingest_cannot_rename_a_share(ready: Database):
    with psycopg.connect(ready.url("ingest"), autocommit=True) as connection:
        connection.execute("UPDATE share SET session = 'opening' WHERE id = 1")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE share SET name = 'x' WHERE id = 1")
