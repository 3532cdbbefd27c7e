"""Walking a chain: each intake against the one before, its rows and its digests. Pure.

What does not fit is named as exactly as the chain allows. Of an intake's rows and of what
the chain keeps of them either may have been changed; the one that gives the intake's
digest was not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from domain.chain import (
    GENESIS,
    NUMBERS,
    Encoded,
    GroupDigest,
    Row,
    Table,
    column_digests,
    digest_group,
    digest_groups,
    digest_intake,
    intake_id,
    row_crcs,
)

CRC = 4
SHA256 = 32
Pair: TypeAlias = tuple[Encoded, Row]
"""A row encoded, and as it is."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """What does not fit within an intake."""

    what: str
    """a row was changed, the intake is missing …"""
    table: str | None = None
    row: str | None = None
    """The row's key, or where it stood."""
    fields: tuple[str, ...] = ()


MISSING = Misfit("the intake is missing")
REWRITTEN = Misfit(
    "its row was changed, or rows together with what the chain keeps of them",
    "intake",
    fields=("kind", "arrived", "messages", "digest"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault(Misfit):
    """The first thing that does not fit."""

    share: str
    intake: int
    """Number of the intake within its share."""

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
class Head:
    """The end of a share's chain: what to write down to recognise it later."""

    share: str
    number: int
    digest: bytes


class Intake(NamedTuple):
    """An intake's own row."""

    id: int
    share: int
    number: int
    kind: str
    arrived: datetime
    messages: int
    previous: bytes
    digest: bytes

    def fits(self, groups: Iterable[GroupDigest]) -> bool:
        """Whether its digest is that of its row and `groups`."""
        header = (self.share, self.number, self.kind, self.arrived, self.messages)
        return digest_intake(header, self.previous, groups) == self.digest


# The walk -----------------------------------------------------------------------------


class Walk:
    """Where a walk stands. Each step gives the fault it finds; then the walk is over."""

    def __init__(self, claimed: Mapping[int, Head]) -> None:
        """Begin at the genesis of every share; `claimed` are the heads they should reach."""
        self.heads = {
            share: Head(head.share, 0, GENESIS) for share, head in claimed.items()
        }
        self.intakes = 0
        self.rows = 0
        self._claimed = claimed

    def step(
        self,
        intake: Intake,
        groups: Sequence[GroupDigest],
        rows: Mapping[Table, Sequence[Row]],
    ) -> Fault | None:
        """Go on to `intake`, if it holds: its link, its rows, what the chain keeps of them."""
        fault = self._link(intake) or self._compare(intake, groups, rows)
        if fault is None:
            name = self.heads[intake.share].share
            self.heads[intake.share] = Head(name, intake.number, intake.digest)
            self.intakes += 1
            self.rows += sum(map(len, rows.values()))
        return fault

    def finish(self) -> Fault | None:
        """After the last intake: the heads are what they claim to be."""
        for share, claimed in self._claimed.items():
            head = self.heads[share]
            if head.number < claimed.number:
                return self.blame(intake_id(share, head.number + 1), MISSING)
            if head != claimed:
                moved = Misfit("a row was changed", "share", None, ("number", "digest"))
                return self.blame(intake_id(share, head.number), moved)
        return None

    def blame(self, intake: int, misfit: Misfit) -> Fault:
        """What is wrong with the intake of that id."""
        share, number = divmod(intake, NUMBERS)
        name = self.heads[share].share if share in self.heads else f"#{share}"
        return Fault(**asdict(misfit), share=name, intake=number)

    def _link(self, intake: Intake) -> Fault | None:
        """Check that `intake` is the next of its share."""
        last = self.heads.get(intake.share)
        if last is None or intake.id != intake_id(intake.share, intake.number):
            return self.blame(
                intake.id,
                Misfit("a row was changed", "intake", None, ("share", "number")),
            )
        if intake.number != last.number + 1:
            return self.blame(intake_id(intake.share, last.number + 1), MISSING)
        if intake.previous != last.digest:
            what = (
                "it does not continue the intake before; one of the two was rewritten"
            )
            return self.blame(intake.id, Misfit(what, "intake", None, ("previous",)))
        return None

    def _compare(
        self,
        intake: Intake,
        groups: Sequence[GroupDigest],
        rows: Mapping[Table, Sequence[Row]],
    ) -> Fault | None:
        """Check the rows of an intake, and what the chain keeps of them, by its digest."""
        found = digest_groups(rows, intake.arrived)
        if intake.fits(found):
            misfit = examine_digests(groups, found)
        elif intake.fits(groups):
            misfit = examine_rows(groups, rows, intake.arrived)
        else:
            misfit = REWRITTEN
        return misfit and self.blame(intake.id, misfit)


# What exactly does not fit ------------------------------------------------------------


def examine_digests(
    groups: Iterable[GroupDigest], found: Iterable[GroupDigest]
) -> Misfit | None:
    """The first row of `intake_digest` that is not what the rows give, which are proven."""
    kept = {(group.table, group.day): group for group in groups}
    true = {(group.table, group.day): group for group in found}
    for key in sorted(kept.keys() | true.keys()):
        old, new = true.get(key), kept.get(key)
        if old != new:
            what = (
                "inserted" if old is None else "deleted" if new is None else "changed"
            )
            names = [f.name for f in fields(GroupDigest)] if old and new else []
            differing = tuple(n for n in names if getattr(old, n) != getattr(new, n))
            row = f"evidence={key[0]}, day={key[1]}"
            return Misfit(f"a row was {what}", "intake_digest", row, differing)
    return None


def examine_rows(
    groups: Iterable[GroupDigest],
    rows: Mapping[Table, Iterable[Row]],
    arrived: datetime,
) -> Misfit:
    """The first row of evidence that is not what the chain keeps, whose digests are proven."""
    kept = {(group.table, group.day): group for group in groups}
    for table, of_table in rows.items():
        there = table.by_day(of_table, arrived)
        days = there.keys() | {day for name, day in kept if name == table.table}
        for day in sorted(days):
            of_day = there.get(day, [])
            stored = kept.get((table.table, day)) or digest_group(table, day, [])
            if digest_group(table, day, of_day).digest != stored.digest:
                return examine(stored, table, of_day)
    return Misfit("the chain covers a table that this program does not know")


def examine(stored: GroupDigest, table: Table, rows: Sequence[Row]) -> Misfit:
    """The first of the `rows` of a group that is not what the chain keeps of it."""
    ordered = sorted(zip(table.encode(rows), rows, strict=True), key=itemgetter(0))
    old = pieces(stored.row_crcs, CRC)
    new = pieces(row_crcs([encoded for encoded, _ in ordered]), CRC)
    gone, fresh = surplus(old, new), frozenset(surplus(new, old))
    came = [ordered[n] for n in sorted(fresh)]
    left = [pair for n, pair in enumerate(ordered) if n not in fresh]
    if len(gone) == len(came):
        return _changed(stored, table, left, gone, came)
    if len(gone) < len(came):
        what = were(len(came) - len(gone), "inserted")
        return Misfit(what, table.table, table.describe(came[0][1]))
    what = were(len(gone) - len(came), "deleted")
    row = f"{gone[0] + 1} of {len(old)}"
    if gone[0] < len(left):
        row += f", before {table.describe(left[gone[0]][1])}"
    return Misfit(what, table.table, row)


def _changed(
    stored: GroupDigest,
    table: Table,
    left: Sequence[Pair],
    gone: Sequence[int],
    came: Sequence[Pair],
) -> Misfit:
    """As many rows came as are gone: they were changed, in the columns that differ.

    A row whose key was changed stands elsewhere now; put back to where one is missing, it
    leaves the digests of the other columns as they were.
    """
    back = list(left)
    for place, pair in zip(gone, came, strict=True):
        back.insert(place, pair)
    digests = zip(
        table.columns,
        pieces(stored.column_digests, SHA256),
        pieces(column_digests([encoded for encoded, _ in back]), SHA256),
        strict=False,
    )
    return Misfit(
        were(len(came), "changed"),
        table.table,
        table.describe(came[0][1]) if came else None,
        tuple(name for name, old, new in digests if old != new),
    )


def were(number: int, done: str) -> str:
    """How many rows were changed, deleted or inserted, in words; 0: some."""
    if number == 0:
        return f"rows were {done}"
    return f"a row was {done}" if number == 1 else f"{number} rows were {done}"


def pieces(data: bytes, size: int) -> list[bytes]:
    """`data` cut into pieces of `size` bytes."""
    return [data[at : at + size] for at in range(0, len(data), size)]


def surplus(these: Sequence[bytes], those: Sequence[bytes]) -> list[int]:
    """Where `these` have pieces that `those` have not, or not as often."""
    left = Counter(those)
    found: list[int] = []
    for n, piece in enumerate(these):
        if left[piece]:
            left[piece] -= 1
        else:
            found.append(n)
    return found
