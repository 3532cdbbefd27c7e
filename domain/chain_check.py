"""Finding what does not fit: rows as they are, against what the chain keeps of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.chain import Field, GroupDigest, digest_group

CRC = 4
SHA256 = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """The first thing that does not fit."""

    what: str
    """changed, deleted, inserted, missing intake, broken link …"""
    intake: int
    """Number of the intake within its share."""
    share: str
    table: str | None = None
    row: str | None = None
    """The row's key, or where it stood."""
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        """One line that names share, intake, table, row and fields."""
        parts = [f"share {self.share}, intake {self.intake}: {self.what}"]
        if self.table:
            parts.append(f"table {self.table}")
        if self.row:
            parts.append(f"row {self.row}")
        if self.fields:
            parts.append(f"field {', '.join(self.fields)}")
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class Misfit:
    """What does not fit within one group of rows."""

    what: str
    row: int | None = None
    """Index among the rows that are there; None where no row can be named."""
    columns: tuple[int, ...] = ()
    gone: bool = False
    """The misfit is a row that is missing before `row`."""


def pieces(data: bytes, size: int) -> list[bytes]:
    """`data` cut into pieces of `size` bytes."""
    return [data[at : at + size] for at in range(0, len(data), size)]


def examine(stored: GroupDigest, rows: Sequence[Sequence[Field]]) -> Misfit | None:
    """Compare the sorted `rows` of a group with what the chain keeps of it."""
    found = digest_group(stored.table, stored.day, rows)
    if found.digest == stored.digest:
        return None
    old, new = pieces(stored.row_crcs, CRC), pieces(found.row_crcs, CRC)
    at = next(
        (n for n, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]),
        min(len(old), len(new)),
    )
    if len(new) < len(old):
        return Misfit("a row was deleted", at, gone=True)
    if len(new) > len(old):
        return Misfit("a row was inserted", at)
    columns = tuple(
        n
        for n, pair in enumerate(
            zip(
                pieces(stored.column_digests, SHA256),
                pieces(found.column_digests, SHA256),
                strict=False,
            )
        )
        if pair[0] != pair[1]
    )
    if at < len(new):
        return Misfit("a row was changed", at, columns)
    return Misfit("the rows were changed" if columns else "the digest was changed", None, columns)
