"""The canonical encoding, as docs/chain.md specifies it, and what a walk finds and names."""

from __future__ import annotations

import random
import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from math import nan
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from domain.chain import (
    GENESIS,
    Field,
    GroupDigest,
    Row,
    Table,
    digest_group,
    digest_groups,
    digest_intake,
    encode,
    intake_id,
)
from domain.chain_check import Fault, Head, Intake, Misfit, Walk, examine
from storage.evidence import CHAINED, CONFLICT, JOURNAL, LEDGER, READING

SPECIFICATION = (Path(__file__).parents[2] / "docs/chain.md").read_text()
T0 = datetime(2026, 1, 1, tzinfo=UTC)
DAY = T0.date()


# The encoding -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "00"),
        (False, "01 0000000000000000"),
        (7, "01 0000000000000007"),
        (-2, "01 fffffffffffffffe"),
        (2**63 - 1, "01 7fffffffffffffff"),
        (5.25, "02 4015000000000000"),
        (-0.0, "02 8000000000000000"),
        (nan, "02 7ff8000000000000"),
        (datetime(1970, 1, 1, 0, 0, 1, 2, tzinfo=UTC), "03 00000000000f4242"),
        (datetime.fromisoformat("1970-01-01T08:00:00+08:00"), "03 0000000000000000"),
        (datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC), "03 ffffffffffffffff"),
        ("", "04 00000000"),
        ("7 °C", "04 00000005 37 20 c2b0 43"),
        (b"\x00\xff", "05 00000002 00ff"),
    ],
)
def test_field_is_encoded_as_tag_and_value(value: Field, expected: str):
    assert encode(value) == bytes.fromhex(expected)


def test_what_no_column_holds_is_refused():
    with pytest.raises(TypeError, match="no canonical encoding for list"):
        encode([])  # pyright: ignore[reportArgumentType]


def test_type_of_the_column_decides_how_a_field_is_encoded():
    whole, real = ([(1, T0, 9, value, 0, 0)] for value in (5, 5.0))
    assert digest_group(READING, DAY, whole) == digest_group(READING, DAY, real)


def test_order_in_which_rows_are_given_does_not_matter():
    rows = [(1, T0, value, 9, 8, 2.5, 0, 0) for value in (nan, -1.0, 3.0, 2.0)]
    digests = {
        digest_group(CONFLICT, DAY, random.Random(n).sample(rows, 4)) for n in range(9)
    }
    assert len(digests) == 1


def test_readings_are_filed_under_their_own_utc_day():
    texts = ("2026-01-02T07:59:59+08:00", "2026-01-02T08:00:00+08:00")
    rows = [(1, datetime.fromisoformat(text), 9, 5.0, 0, 0) for text in texts]
    groups = digest_groups({READING: rows}, T0)
    assert [group.day for group in groups] == [date(2026, 1, 1), date(2026, 1, 2)]


def test_other_rows_are_filed_under_the_day_of_arrival():
    arrived = datetime.fromisoformat("2026-01-02T07:00:00+08:00")
    (group,) = digest_groups({LEDGER: [(9, 7, 1, 0, 1, 1, 0, 0, 0)]}, arrived)
    assert group.day == DAY


# The specification, followed by somebody who knows docs/chain.md only -------------------


def specified_field(kind: str, value: Any) -> bytes:
    if value is None:
        return b"\x00"
    if kind in {"bool", "int2", "int4", "int8"}:
        return b"\x01" + int(value).to_bytes(8, "big", signed=True)
    if kind == "float8":
        return b"\x02" + struct.pack("!d", value)
    if kind == "timestamptz":
        since = value - datetime(1970, 1, 1, tzinfo=UTC)
        micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
        return b"\x03" + micros.to_bytes(8, "big", signed=True)
    tag, data = (b"\x05", value) if kind == "bytea" else (b"\x04", value.encode())
    return tag + len(data).to_bytes(4, "big") + data


def specified_group(
    table: str, kinds: Sequence[str], day: date, rows: Sequence[Row]
) -> GroupDigest:
    fields = [
        [specified_field(*pair) for pair in zip(kinds, r, strict=True)] for r in rows
    ]
    fields.sort(key=b"".join)
    crcs = b"".join(zlib.crc32(b"".join(row)).to_bytes(4, "big") for row in fields)
    columns = b"".join(
        sha256(b"".join(row[n] for row in fields)).digest() for n in range(len(kinds))
    )
    covered = (
        specified_field("text", table)
        + specified_field("text", str(day))
        + specified_field("int4", len(rows))
        + specified_field("bytea", crcs)
        + specified_field("bytea", columns)
    )
    return GroupDigest(table, day, len(rows), crcs, columns, sha256(covered).digest())


def specified_columns() -> dict[str, tuple[str, list[str], list[str]]]:
    """Of each table: what groups its rows, its columns and their types."""
    lines = re.findall(r"^\| `(\w+)` \| `?(\w+)`? \| (\w+ .*) \|$", SPECIFICATION, re.M)
    tables = {}
    for table, day, columns in lines:
        pairs = [column.split() for column in columns.split(", ")]
        tables[table] = (day, [name for name, _ in pairs], [kind for _, kind in pairs])
    return tables


def test_specification_lists_every_table_and_column():
    stated = {
        table.table: (
            "arrival" if table.day is None else table.columns[table.day],
            list(table.columns),
            list(table.types),
        )
        for table in CHAINED
    }
    specified = {
        table: (day, columns, ["text" if kind == "json" else kind for kind in kinds])
        for table, (day, columns, kinds) in specified_columns().items()
    }
    assert specified == stated


def test_example_of_the_specification_can_be_recomputed():
    (text,) = re.findall(r"```yaml\n(.*?)```", SPECIFICATION, re.S)
    example = yaml.safe_load(text)
    for value, expected in example["fields"]:
        assert encode(value) == bytes.fromhex(expected)
    tables = {table.table: table for table in CHAINED}
    groups = [recomputed(tables[group["table"]], group) for group in example["groups"]]
    header, digest = example["intake"]["header"], example["intake"]["digest"]
    assert digest_intake(header, GENESIS, groups).hex() == digest


def recomputed(table: Table, group: Mapping[str, Any]) -> GroupDigest:
    values = [row["values"] for row in group["rows"]]
    encoded = [b"".join(row) for row in table.encode(values)]
    assert encoded == [bytes.fromhex(row["encoded"]) for row in group["rows"]]
    digest = digest_group(table, group["day"], values)
    assert digest.row_crcs.hex() == "".join(row["crc"] for row in group["rows"])
    assert digest.column_digests.hex() == "".join(group["columns"])
    assert digest.digest.hex() == group["digest"]
    return digest


FIELDS: Mapping[str, st.SearchStrategy[Any]] = {
    "bool": st.booleans(),
    "int2": st.integers(-(2**15), 2**15 - 1),
    "int4": st.integers(-(2**31), 2**31 - 1),
    "int8": st.integers(-(2**63), 2**63 - 1),
    "float8": st.floats(allow_nan=False) | st.just(nan),
    "timestamptz": st.datetimes(timezones=st.just(UTC)),
    "text": st.text(max_size=6),
    "bytea": st.binary(max_size=6),
}


def any_rows(table: Table) -> st.SearchStrategy[list[tuple[Field, ...]]]:
    """Rows of one day; null may stand wherever no key is."""
    kinds = [
        FIELDS[kind] if n < table.key else FIELDS[kind] | st.none()
        for n, kind in enumerate(table.types)
    ]
    if table.day is not None:
        of_day = st.integers(0, 86_399_999_999).map(
            lambda n: T0 + timedelta(microseconds=n)
        )
        kinds[table.day] = of_day
    return st.lists(
        st.tuples(*kinds),
        min_size=1,
        max_size=6,
        unique_by=lambda row: tuple(map(encode, row[: table.key])),
    )


any_group = st.sampled_from(CHAINED).flatmap(
    lambda table: st.tuples(st.just(table), any_rows(table))
)


@given(any_group)
def test_digests_are_those_of_the_specification(
    group: tuple[Table, list[tuple[Field, ...]]],
):
    table, rows = group
    _, _, kinds = specified_columns()[table.table]
    assert digest_group(table, DAY, rows) == specified_group(
        table.table, kinds, DAY, rows
    )


# The walk -----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Link:
    """One intake as the database would hold it."""

    intake: Intake
    groups: list[GroupDigest]
    rows: dict[Table, list[Row]]


def linked(before: Link | None, rows: Mapping[Table, Sequence[Row]]) -> Link:
    """The intake after `before`."""
    number = before.intake.number + 1 if before else 1
    previous = before.intake.digest if before else GENESIS
    header = (1, number, "readings", T0, 1)
    groups = digest_groups(rows, T0)
    digest = digest_intake(header, previous, groups)
    intake = Intake(intake_id(1, number), *header, previous, digest)
    return Link(
        intake=intake,
        groups=groups,
        rows={table: list(of) for table, of in rows.items()},
    )


def reading(point: int, second: int, value: float) -> Row:
    return (point, T0 + timedelta(seconds=second), 9, value, 0, 0)


def entry(n: int, reason: str) -> Row:
    return (
        1,
        n,
        9,
        T0,
        "王芳",
        "acknowledged",
        2,
        "active",
        "acknowledged",
        reason,
        "{}",
    )


def three_links() -> list[Link]:
    readings = [[reading(p, n, p + n / 10) for p in (1, 2, 3)] for n in (1, 2, 3)]
    links: list[Link] = []
    for n, rows in enumerate(readings):
        of: dict[Table, list[Row]] = {READING: rows, JOURNAL: [entry(n + 1, "到场")]}
        links.append(linked(links[-1] if links else None, of))
    return links


def walked(links: Sequence[Link], head: Intake | None = None) -> Fault | None:
    """The first fault of a chain; its head is that of `head`, or of its last intake."""
    head = head or links[-1].intake
    walk = Walk({1: Head("hangzhou", head.number, head.digest)})
    faults = (walk.step(link.intake, link.groups, link.rows) for link in links)
    return next(filter(None, faults), None) or walk.finish()


def changed(rows: Sequence[Row], at: int, column: int, value: Field) -> list[Row]:
    row = list(rows[at])
    row[column] = value
    return [*rows[:at], tuple(row), *rows[at + 1 :]]


def with_rows(link: Link, table: Table, rows: Sequence[Row]) -> Link:
    return replace(link, rows=link.rows | {table: list(rows)})


def test_chain_that_nobody_touched_holds():
    links = three_links()
    walk = Walk({1: Head("hangzhou", 3, links[-1].intake.digest)})
    for link in links:
        assert walk.step(link.intake, link.groups, link.rows) is None
    assert walk.finish() is None
    assert (walk.intakes, walk.rows) == (3, 12)


def faults_of_second(table: Table, rows: Sequence[Row]) -> Fault:
    links = three_links()
    links[1] = with_rows(links[1], table, rows)
    fault = walked(links)
    assert fault is not None
    assert (fault.share, fault.intake, fault.table) == ("hangzhou", 2, table.table)
    return fault


def readings_of_second() -> list[Row]:
    return three_links()[1].rows[READING]


def test_changed_value_is_named():
    fault = faults_of_second(READING, changed(readings_of_second(), 1, 3, 4.9))
    assert str(fault) == (
        "share hangzhou, intake 2: a row was changed; table reading;"
        " row point=2, time=2026-01-01T00:00:02+00:00; field value"
    )


def test_changed_key_is_named_though_the_row_stands_elsewhere_now():
    fault = faults_of_second(READING, changed(readings_of_second(), 0, 0, 77))
    assert fault.what == "a row was changed"
    assert fault.row == "point=77, time=2026-01-01T00:00:02+00:00"
    assert fault.fields == ("point",)


def test_swapped_values_are_named():
    first, second, third = readings_of_second()
    swapped = [(*first[:3], second[3], 0, 0), (*second[:3], first[3], 0, 0), third]
    fault = faults_of_second(READING, swapped)
    assert fault.what == "2 rows were changed"
    assert fault.row == "point=1, time=2026-01-01T00:00:02+00:00"
    assert fault.fields == ("value",)


def test_deleted_row_is_named_by_its_place():
    rows = readings_of_second()
    fault = faults_of_second(READING, rows[1:])
    assert fault.what == "a row was deleted"
    assert fault.row == "1 of 3, before point=2, time=2026-01-01T00:00:02+00:00"
    assert faults_of_second(READING, rows[:2]).row == "3 of 3"
    everything = faults_of_second(READING, [])
    assert (everything.what, everything.row) == ("3 rows were deleted", "1 of 3")


def test_inserted_row_is_named():
    fault = faults_of_second(READING, [*readings_of_second(), reading(2, 7, 5.0)])
    assert fault.what == "a row was inserted"
    assert fault.row == "point=2, time=2026-01-01T00:00:07+00:00"


def test_row_on_a_day_that_has_none_is_inserted():
    rows = [*readings_of_second(), reading(2, 86_400, 5.0)]
    assert faults_of_second(READING, rows).what == "a row was inserted"


def test_row_moved_to_another_intake_is_missing_in_its_own():
    links = three_links()
    row, *rest = links[0].rows[READING]
    links[0] = with_rows(links[0], READING, rest)
    links[1] = with_rows(links[1], READING, [*links[1].rows[READING], row])
    fault = walked(links)
    assert fault is not None
    assert (fault.intake, fault.what) == (1, "a row was deleted")


def test_deletion_among_changes_is_counted():
    rows = changed(readings_of_second()[:2], 0, 3, 0.0)
    assert faults_of_second(READING, rows).what == "a row was deleted"


def test_change_that_keeps_every_crc_is_found_and_its_field_named():
    rows = [reading(1, 1, 5.0)]
    stored = digest_group(READING, DAY, rows)
    forged = changed(rows, 0, 3, 6.0)
    crcs = digest_group(READING, DAY, forged).row_crcs
    assert examine(replace(stored, row_crcs=crcs), READING, forged) == Misfit(
        "rows were changed", "reading", None, ("value",)
    )


@pytest.mark.parametrize("column", ["rows", "row_crcs", "column_digests", "digest"])
def test_changed_digest_is_told_from_changed_rows(column: str):
    links = three_links()
    groups = links[1].groups
    value: Any = 9 if column == "rows" else bytes(32)
    links[1] = replace(
        links[1], groups=[replace(groups[0], **{column: value}), groups[1]]
    )
    assert walked(links) == Fault(
        share="hangzhou",
        intake=2,
        what="a row was changed",
        table="intake_digest",
        row="evidence=reading, day=2026-01-01",
        fields=(column,),
    )


def test_digests_that_came_or_went_are_named():
    links = three_links()
    reading_group, journal_group = links[1].groups
    for groups, what, row in [
        ([journal_group], "a row was deleted", "evidence=reading, day=2026-01-01"),
        (
            [
                reading_group,
                journal_group,
                replace(journal_group, day=date(2026, 1, 2)),
            ],
            "a row was inserted",
            "evidence=journal, day=2026-01-02",
        ),
    ]:
        fault = walked([links[0], replace(links[1], groups=groups), links[2]])
        assert fault is not None
        assert (fault.what, fault.table, fault.row) == (what, "intake_digest", row)


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"kind": "command"}, ("kind", "arrived", "messages", "digest")),
        (
            {"arrived": T0 + timedelta(days=1)},
            ("kind", "arrived", "messages", "digest"),
        ),
        ({"digest": bytes(32)}, ("kind", "arrived", "messages", "digest")),
        ({"previous": bytes(32)}, ("previous",)),
        ({"number": 7}, ("share", "number")),
        ({"share": 7}, ("share", "number")),
    ],
)
def test_changed_row_of_an_intake_is_named(
    change: dict[str, Any], fields: tuple[str, ...]
):
    links = three_links()
    links[1] = replace(links[1], intake=links[1].intake._replace(**change))
    fault = walked(links)
    assert fault is not None
    assert (fault.intake, fault.table, fault.fields) == (2, "intake", fields)


def test_intake_written_anew_does_not_fit_the_next():
    links = three_links()
    rows = links[1].rows | {READING: [reading(1, 2, 5.0)]}
    fault = walked([links[0], linked(links[0], rows), links[2]])
    assert fault is not None
    assert (fault.intake, fault.fields) == (3, ("previous",))


def test_missing_intake_is_named():
    first, second, third = three_links()
    for links, missing in [
        ([second, third], 1),
        ([first, third], 2),
        ([first, second], 3),
    ]:
        fault = walked(links, head=third.intake)
        assert fault is not None
        assert str(fault) == f"share hangzhou, intake {missing}: the intake is missing"


def test_head_that_was_moved_is_named():
    first, second, third = three_links()
    fault = walked([first, second, third], head=second.intake)
    assert fault is not None
    assert (fault.table, fault.fields) == ("share", ("number", "digest"))


def test_table_that_is_not_known_is_no_change_of_rows():
    links = three_links()
    links[2] = replace(links[2], rows={READING: links[2].rows[READING]})
    fault = walked(links)
    assert fault is not None
    assert fault.what == "the chain covers a table that this program does not know"


@st.composite
def tampered(draw: st.DrawFn) -> tuple[list[Link], list[Link], str, str, str]:
    """A chain, the same after one change, the table, what was done, to which column."""
    links: list[Link] = []
    for groups in draw(st.lists(st.lists(any_group, max_size=2), max_size=2)):
        links.append(linked(links[-1] if links else None, dict(groups)))
    table, rows = draw(any_group)
    last = linked(links[-1] if links else None, {table: rows})
    what, column, now = draw(changes(table, rows))
    other = with_rows(last, table, now)
    return [*links, last], [*links, other], table.table, what, column


@st.composite
def changes(
    draw: st.DrawFn, table: Table, rows: list[tuple[Field, ...]]
) -> tuple[str, str, list[Row]]:
    """One change of one row: (what is to be reported, of which column, the rows then)."""
    at = draw(st.integers(0, len(rows) - 1))
    what = draw(st.sampled_from(["changed", "deleted", "inserted"]))
    if what == "deleted":
        return what, "", [*rows[:at], *rows[at + 1 :]]
    (another, *_) = draw(any_rows(table))
    if what == "inserted":
        return what, "", [*rows[:at], another, *rows[at:]]
    column = draw(st.integers(0, len(table.columns) - 1))
    now = changed(rows, at, column, another[column])
    if table.encode(now) == table.encode(rows):
        return "nothing", "", now
    return what, table.columns[column], now


@given(tampered())
def test_any_single_change_is_found_and_named(
    case: tuple[list[Link], list[Link], str, str, str],
):
    links, other, table, what, column = case
    assert walked(links) is None
    fault = walked(other)
    if what == "nothing":
        assert fault is None
        return
    assert fault is not None
    assert (fault.intake, fault.table) == (len(links), table)
    assert fault.what == f"a row was {what}"
    assert fault.fields == ((column,) if column else ())
