"""What differs between database servers, in one place.

TimescaleDB is the production database; plain PostgreSQL serves trials and tests. Which of
the two a *database* is was decided when it was first migrated, by what the server offered
then, and never changes: the extension is in it, or is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import psycopg

from storage.unit import Connection

Variant = Literal["timescaledb", "postgresql"]

CREATE_DATABASE = "CREATE DATABASE blackbox"
"""For a server of our own; elsewhere the administrator has made one."""

DESCRIBE = """
SELECT split_part(current_setting('server_version'), ' ', 1),
       (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb')
"""
OFFERS_TIMESCALEDB = """
SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
   AND EXISTS (SELECT FROM pg_settings WHERE name = 'timescaledb.max_background_workers')
"""
"""Installed and preloaded: the setting shows it to those who may not read what is preloaded."""
CREATE_TIMESCALEDB = "CREATE EXTENSION IF NOT EXISTS timescaledb"


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """What a database is served by."""

    name: str
    """"timescaledb 2.29.2" or "postgresql 18.6"."""
    variant: Variant


async def describe(connection: Connection) -> Server:
    """What serves this database."""
    cursor = await connection.execute(DESCRIBE)
    (postgresql, timescaledb), *_ = await cursor.fetchall()
    if timescaledb is None:
        return Server(name=f"postgresql {postgresql}", variant="postgresql")
    return Server(name=f"timescaledb {timescaledb}", variant="timescaledb")


async def equip(connection: Connection) -> None:
    """Put TimescaleDB into a new database, where the server offers it and we are permitted to."""
    cursor = await connection.execute(OFFERS_TIMESCALEDB)
    if await cursor.fetchone() != (True,):
        return
    try:
        await connection.execute(CREATE_TIMESCALEDB)
    except psycopg.errors.InsufficientPrivilege:
        return
