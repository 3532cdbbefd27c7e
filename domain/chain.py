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
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

Field: TypeAlias = bool | int | float | str | bytes | datetime | None
Row: TypeAlias = Sequence[Field]
Encoded: TypeAlias = tuple[bytes, ...]
"""A row, field by field."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
GENESIS = bytes(32)
"""The digest before the first intake of a share."""
NUMBERS = 1 << 40
"""Intakes that a share has room for."""


def intake_id(share: int, number: int) -> int:
    """The int8 that names intake `number` of `share` everywhere."""
    return share * NUMBERS + number


# Fields -------------------------------------------------------------------------------

NULL = b"\x00"
_integer = partial(struct.Struct(">Bq").pack, 1)
_real = partial(struct.Struct(">Bd").pack, 2)
_moment = partial(struct.Struct(">Bq").pack, 3)
_size = struct.Struct(">BI").pack


def _time(value: datetime) -> bytes:
    return _moment((value - EPOCH) // MICROSECOND)


def _text(value: str) -> bytes:
    data = value.encode()
    return _size(4, len(data)) + data


def _bytes(value: bytes) -> bytes:
    return _size(5, len(value)) + value


ENCODERS: Mapping[type, Callable[[Any], bytes]] = {
    int: _integer,
    float: _real,
    datetime: _time,
    str: _text,
    bytes: _bytes,
}
"""By the type of the field or column; a bool is an int."""
KINDS: Mapping[str, type] = {
    "bool": int,
    "int2": int,
    "int4": int,
    "int8": int,
    "float8": float,
    "timestamptz": datetime,
    "text": str,
    "bytea": bytes,
}
"""What a column of each type of the database is encoded as."""


def encode(value: Field) -> bytes:
    """The canonical bytes of one field: a tag, then the value, big-endian.

    Raises TypeError for a type that no evidence column has.
    """
    if value is None:
        return NULL
    for kind, encoder in ENCODERS.items():
        if isinstance(value, kind):
            return encoder(value)
    raise TypeError(f"no canonical encoding for {type(value).__name__}")


# Rows ---------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Table:
    """One table of the chain."""

    table: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    """Keys of KINDS; a column of JSON is text here."""
    key: int
    """How many of the first columns name a row within an intake."""
    day: int | None
    """Column (by index) whose UTC day groups the rows; None: the day the intake arrived."""

    def encode(self, rows: Sequence[Row]) -> list[Encoded]:
        """The fields of each row, encoded as what their columns are: a 5 among floats as 5.0."""
        if not rows:
            return []
        columns: list[list[bytes]] = []
        for name, column in zip(self.types, zip(*rows, strict=True), strict=True):
            encoder = ENCODERS[KINDS[name]]  # by column: twice as fast as by row
            columns.append(
                [NULL if value is None else encoder(value) for value in column]
            )
        return list(zip(*columns, strict=True))

    def by_day(self, rows: Iterable[Row], arrived: datetime) -> dict[date, list[Row]]:
        """The rows of an intake by the UTC day that the chain files them under."""
        days: dict[date, list[Row]] = defaultdict(list)
        for row in rows:
            time = arrived if self.day is None else row[self.day]
            assert isinstance(time, datetime)
            days[time.astimezone(UTC).date()].append(row)
        return days

    def describe(self, row: Row) -> str:
        """The key of `row`, for people."""
        key = zip(self.columns[: self.key], row[: self.key], strict=True)
        return ", ".join(f"{name}={_shown(value)}" for name, value in key)


def _shown(value: Field) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value)


def row_crcs(encoded: Sequence[Encoded]) -> bytes:
    """The CRC-32 of each row."""
    crcs = map(zlib.crc32, map(b"".join, encoded))
    return struct.pack(f">{len(encoded)}I", *crcs)


def column_digests(encoded: Sequence[Encoded]) -> bytes:
    """The SHA-256 of each column; of no rows, nothing."""
    columns = map(b"".join, zip(*encoded, strict=True))
    return b"".join(hashlib.sha256(column).digest() for column in columns)


# Digests ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GroupDigest:
    """What the chain keeps of the rows of one table and UTC day in one intake."""

    table: str
    day: date
    rows: int
    row_crcs: bytes
    """4 bytes per row, big-endian, in canonical order: that of the rows' encoded bytes."""
    column_digests: bytes
    """32 bytes per column, in the order of the table's columns; rows in canonical order."""
    digest: bytes


def digest_group(table: Table, day: date, rows: Sequence[Row]) -> GroupDigest:
    """Digest the rows of one table and day, given in any order."""
    ordered = sorted(table.encode(rows))
    crcs, columns = row_crcs(ordered), column_digests(ordered)
    covered = (table.table, day.isoformat(), len(rows), crcs, columns)
    digest = hashlib.sha256(b"".join(map(encode, covered))).digest()
    return GroupDigest(table.table, day, len(rows), crcs, columns, digest)


def digest_groups(
    rows: Mapping[Table, Iterable[Row]], arrived: datetime
) -> list[GroupDigest]:
    """Digest all evidence of one intake, given by table."""
    return [
        digest_group(table, day, of_day)
        for table, of_table in rows.items()
        for day, of_day in table.by_day(of_table, arrived).items()
    ]


def digest_intake(
    header: Iterable[Field], previous: bytes, groups: Iterable[GroupDigest]
) -> bytes:
    """Digest of an intake from its header, the digest before it and its groups."""
    ordered = sorted(groups, key=lambda group: (group.table, group.day))
    covered = [*header, previous, *(group.digest for group in ordered)]
    return hashlib.sha256(b"".join(map(encode, covered))).digest()
