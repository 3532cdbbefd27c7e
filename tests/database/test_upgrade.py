"""The data of every earlier version are taken up: migrated, adding up, the chain holding."""

from __future__ import annotations

import gzip
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerting.life.deadlines import clocked
from blackbox.services.postgres import wheel_binaries
from storage import alerts, chain, rollups, status
from storage.connect import connect
from storage.migrate import migrate
from storage.unit import Connection
from tests.database.box import NOT_IN_STEP
from tests.services import Database

DUMPS = sorted((Path(__file__).parents[1] / "dumps").glob("*.sql.gz"))


def restore(url: str, dump: Path) -> None:
    subprocess.run(
        [wheel_binaries() / "psql", "-q", "-d", url],
        input=gzip.decompress(dump.read_bytes()),
        stdout=subprocess.DEVNULL,
        check=True,
    )


async def numbers(connection: Connection) -> list[int]:
    """Of all alerts."""
    cursor = await connection.execute("SELECT id FROM alert")
    return [number for (number,) in await cursor.fetchall()]


async def flooding(connection: Connection) -> int:
    """How many alerts that are over would be told as overdue at the first start."""
    cursor = await connection.execute(
        "SELECT count(*) FROM alert WHERE returned_at IS NOT NULL"
        "   AND due_at <= (SELECT max(arrived) FROM intake)"
    )
    ((count,),) = await cursor.fetchall()
    return count


async def readings(connection: Connection) -> int:
    """How many there are, contradicting ones too."""
    cursor = await connection.execute(
        "SELECT (SELECT count(*) FROM reading) + (SELECT count(*) FROM conflict)"
    )
    ((count,),) = await cursor.fetchall()
    return count


async def rolled_up(connection: Connection) -> int:
    """How many readings the days have, once a worker has gone over all that was there."""
    while taken := await rollups.take(connection, datetime.max.replace(tzinfo=UTC)):
        await rollups.roll_up(connection, taken)
    cursor = await connection.execute(
        "SELECT sum(readings)::int8 FROM rollup WHERE level = 3"
    )
    ((count,),) = await cursor.fetchall()
    return count


def test_there_are_dumps() -> None:
    assert DUMPS


@pytest.mark.parametrize("dump", DUMPS, ids=lambda path: path.name)
async def test_a_dump_of_an_earlier_version_is_taken_up(
    empty_database: Database, dump: Path
) -> None:
    await migrate(empty_database.url())  # for the roles, which a dump does not hold
    async with await connect(empty_database.url(), name="test") as connection:
        await connection.execute("DROP SCHEMA public CASCADE")
        await connection.execute("CREATE SCHEMA public")
    restore(empty_database.url(), dump)

    await migrate(empty_database.url())

    async with await connect(empty_database.url(), name="test") as connection:
        assert await status.adds_up(connection)
        assert len(await status.raised(connection)) == 38
        assert await (await connection.execute(NOT_IN_STEP)).fetchall() == []
        heads = await alerts.lock(connection, await numbers(connection))
        assert all(clocked(head) == head for head in heads.values())
        assert {head.raised_at for head in heads.values()} == {
            head.opened_at for head in heads.values()
        }
        assert await flooding(connection) == 0
        assert await rolled_up(connection) == await readings(connection)
        verified = await chain.verify(connection, lambda _done, _all: None)
    assert verified.fault is None
    assert verified.rows > 1000
