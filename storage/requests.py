"""Table `request`: what people ask of the one writer of a share, and what came of it.

The one who asks waits by looking again; the notification only wakes the writer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from psycopg.rows import class_row
from psycopg.types.json import Json

from storage.unit import Connection

Kind: TypeAlias = Literal["registry", "readmission", "maintenance", "transfer"]

CHANNEL = "blackbox_request"
"""Of NOTIFY; the payload is the number of the share."""

SUBMIT = """
WITH submitted AS (
    INSERT INTO request (share, kind, body, requested_by) VALUES (%s, %s, %s, %s)
    RETURNING id, share
)
SELECT id, pg_notify('blackbox_request', share::text) FROM submitted
"""
WAITING = """
SELECT id, kind, body, requested_by FROM request
 WHERE outcome IS NULL AND share = %s
 ORDER BY id
"""
SETTLE = (
    "UPDATE request SET intake = %s, outcome = %s WHERE id = %s AND outcome IS NULL"
)
OUTCOME = "SELECT outcome FROM request WHERE id = %s"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What somebody asks for."""

    id: int
    kind: Kind
    body: Any
    """JSON, by kind."""
    requested_by: str


async def submit(
    connection: Connection,
    share: int,
    kind: Kind,
    body: Any,
    requested_by: str,
) -> int:
    """Ask the writer of `share` for something, and wake it; the request's number."""
    cursor = await connection.execute(SUBMIT, (share, kind, Json(body), requested_by))
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def waiting(connection: Connection, share: int) -> list[Request]:
    """What is asked of `share` and not carried out yet, in the order of asking."""
    async with connection.cursor(row_factory=class_row(Request)) as cursor:
        await cursor.execute(WAITING, (share,))
        return await cursor.fetchall()


async def settle(
    connection: Connection, request: int, intake: int | None, outcome: Any
) -> bool:
    """Note what came of a request; False if that was noted before.

    `connection` is that of the unit that carried it out, so that both hold or neither;
    `intake` is None for a request that was refused.
    """
    cursor = await connection.execute(SETTLE, (intake, Json(outcome), request))
    return cursor.rowcount == 1


async def outcome(connection: Connection, request: int) -> Any:
    """What came of a request; None while it waits. Raises LookupError for an unknown one."""
    cursor = await connection.execute(OUTCOME, (request,))
    row = await cursor.fetchone()
    if row is None:
        raise LookupError(f"no request {request}")
    return row[0]
