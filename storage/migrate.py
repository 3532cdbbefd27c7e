"""Migrations: numbered files, each applied once, in order, in a transaction of its own.

`migrations/NNNN_name.sql` is for every server, `NNNN_name.<variant>.sql` for one kind.
A file that was applied must not change: its SHA-256 is kept, and compared at each run.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources

from domain.errors import InputError
from storage.connect import connect
from storage.server import Variant, describe, equip
from storage.unit import Connection

LOGINS = {
    "ingest": "blackbox_ingest",
    "dispatch": "blackbox_dispatch",
    "web": "blackbox_web",
    "retention": "blackbox_retention",
}
"""Login of each process, as the migrations make them."""

FILE = re.compile(r"(?P<number>\d{4})_(?P<name>\w+)(\.(?P<variant>\w+))?\.sql")

# Any number will do that nothing else locks in this database.
LOCK = "SELECT pg_advisory_lock(hashtext('blackbox migration'))"
UNLOCK = "SELECT pg_advisory_unlock(hashtext('blackbox migration'))"
CREATE = """
CREATE TABLE IF NOT EXISTS migration (
    number  int4 PRIMARY KEY,
    name    text NOT NULL,      -- of the file
    sha256  bytea NOT NULL      -- of the file
)
"""
IS_NEW = "SELECT to_regclass('migration') IS NULL"
APPLIED = "SELECT number, name, sha256 FROM migration ORDER BY number"
INSERT = "INSERT INTO migration (number, name, sha256) VALUES (%s, %s, %s)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """One file."""

    number: int
    name: str
    """Of the file."""
    sql: bytes

    @property
    def sha256(self) -> bytes:
        """Digest of the file."""
        return sha256(self.sql).digest()


async def migrate(url: str, passwords: Mapping[str, str] | None = None) -> list[str]:
    """Bring the database up to this program's version; return the names of the files applied.

    `url` is of the owner. `passwords` are set for the roles they name (keys of LOGINS).
    Two runs at once are safe: the second waits, and finds nothing to do. Raises InputError
    for a database that a newer program has migrated, or other files than ours.
    """
    connection = await connect(url, name="blackbox migrate")
    async with connection, locked(connection):
        applied = await apply_missing(connection)
        for role, password in (passwords or {}).items():
            set_password(connection, LOGINS[role], password)
    return applied


@asynccontextmanager
async def locked(connection: Connection) -> AsyncIterator[None]:
    """Hold the lock of migrations."""
    await connection.execute(LOCK)
    try:
        yield
    finally:
        await connection.execute(UNLOCK)


async def apply_missing(connection: Connection) -> list[str]:
    """Apply what the database has not; return the names of the files."""
    cursor = await connection.execute(IS_NEW)
    if await cursor.fetchone() == (True,):
        await equip(connection)
        await connection.execute(CREATE)
    ours = migrations((await describe(connection)).variant)
    cursor = await connection.execute(APPLIED)
    missing = compare(ours, await cursor.fetchall())
    for migration in missing:
        await apply(connection, migration)
    return [migration.name for migration in missing]


async def apply(connection: Connection, migration: Migration) -> None:
    """Apply one file: whole, or not at all."""
    async with connection.transaction():
        await connection.execute(migration.sql)
        await connection.execute(
            INSERT, (migration.number, migration.name, migration.sha256)
        )


def compare(
    ours: Iterable[Migration], applied: Iterable[tuple[int, str, bytes]]
) -> list[Migration]:
    """The migrations that are missing. Raises InputError if the applied are not the first of ours."""
    left = list(ours)
    for number, name, digest in applied:
        if not left:
            raise InputError(
                zh=f"数据库比本程序新：已有迁移 {name}。",
                en=f"the database is newer than this program: it has migration {name}.",
            )
        mine = left.pop(0)
        if (mine.number, mine.name, mine.sha256) != (number, name, bytes(digest)):
            raise InputError(
                zh=(
                    f"数据库的迁移 {number}（{name}）与本程序的（{mine.name}）不同；"
                    "已执行的文件不得更改。"
                ),
                en=(
                    f"the database has another migration {number} ({name}) than this program"
                    f" ({mine.name}); an applied file must not change."
                ),
            )
    return left


def migrations(variant: Variant) -> list[Migration]:
    """The files for that kind of server, in order."""
    folder = resources.files("storage") / "migrations"
    found: list[Migration] = []
    for path in folder.iterdir():
        match = FILE.fullmatch(path.name)
        if match and match["variant"] in {None, variant}:
            found.append(
                Migration(
                    number=int(match["number"]), name=path.name, sql=path.read_bytes()
                )
            )
    return sorted(found, key=lambda migration: migration.number)


def set_password(connection: Connection, login: str, password: str) -> None:
    """Set the password of a login. The server sees only what it stores of it, never the text."""
    connection.pgconn.change_password(login.encode(), password.encode())
