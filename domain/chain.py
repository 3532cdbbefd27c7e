"""The canonical encoding of evidence and the digests over it. Specified in docs/chain.md.

An intake's evidence rows are grouped by (table, UTC day). Of each group the chain keeps
the number of rows, a CRC-32 per row (to find the row), a SHA-256 per column (to find the
field, and to prove it), and one digest over all of these. The digest of an intake covers
its header, the digest of the intake before it and the digests of its groups.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias

Field: TypeAlias = None | bool | int | float | str | bytes | datetime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
GENESIS = bytes(32)
"""The digest before the first intake of a share."""


def encode(value: Field) -> bytes:
    """The canonical bytes of one field: a tag, then the value, big-endian.

    Raises TypeError for a type that no evidence column has.
    """
    match value:
        case None:
            return b"\x00"
        case bool():
            return b"\x01" + struct.pack(">q", value)
        case int():
            return b"\x01" + struct.pack(">q", value)
        case float():
            return b"\x02" + struct.pack(">d", value)
        case datetime():
            return b"\x03" + struct.pack(">q", (value - EPOCH) // MICROSECOND)
        case str():
            data = value.encode()
            return b"\x04" + struct.pack(">I", len(data)) + data
        case bytes():
            return b"\x05" + struct.pack(">I", len(value)) + value
        case _:
            raise TypeError(f"no canonical encoding for {type(value).__name__}")


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupDigest:
    """What the chain keeps of the rows of one table and UTC day in one intake."""

    table: str
    day: date
    rows: int
    row_crcs: bytes
    """4 bytes per row, big-endian, in the order of the rows' keys."""
    column_digests: bytes
    """32 bytes per column, in the order of the table's columns."""
    digest: bytes


def digest_group(table: str, day: date, rows: Sequence[Sequence[Field]]) -> GroupDigest:
    """Digest `rows`, which must be sorted by the table's key and all have its columns."""
    encoded = [[encode(value) for value in row] for row in rows]
    crcs = b"".join(struct.pack(">I", zlib.crc32(b"".join(row))) for row in encoded)
    columns = b"".join(
        hashlib.sha256(b"".join(column)).digest()
        for column in zip(*encoded, strict=True)
    )
    total = hashlib.sha256(
        encode(table)
        + encode(day.isoformat())
        + encode(len(rows))
        + encode(crcs)
        + encode(columns)
    )
    return GroupDigest(
        table=table,
        day=day,
        rows=len(rows),
        row_crcs=crcs,
        column_digests=columns,
        digest=total.digest(),
    )


def digest_intake(
    header: Iterable[Field], previous: bytes, groups: Iterable[GroupDigest]
) -> bytes:
    """Digest of an intake from its header, the digest before it and its groups."""
    ordered = sorted(groups, key=lambda group: (group.table, group.day))
    parts = [encode(value) for value in header]
    parts.append(encode(previous))
    parts.extend(encode(group.digest) for group in ordered)
    return hashlib.sha256(b"".join(parts)).digest()
