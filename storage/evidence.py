"""The evidence tables: what the chain covers, column by column.

The order of columns and the sort keys are part of the canonical encoding (docs/chain.md):
a change here changes digests, and so needs a new table or a new version of the chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import LiteralString

from domain.chain import Field

Row = Sequence[Field]


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One table of the chain."""

    table: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    """PostgreSQL types, for binary COPY."""
    key: tuple[int, ...]
    """Columns (by index) that the rows of a group are sorted by; unique within an intake."""
    day: int | None
    """Column (by index) whose UTC day groups the rows; None: the day the intake arrived."""
    copy: LiteralString
    select: LiteralString
    """All rows, in the order of intakes; `intake` is the first column of the result."""

    def sort_key(self, row: Row) -> tuple[Field, ...]:
        """What sorts `row` among the rows of its group. Key columns are never null."""
        return tuple(row[index] for index in self.key)

    def day_of(self, row: Row, arrived: datetime) -> date:
        """The UTC day of the group that `row` belongs to."""
        time = arrived if self.day is None else row[self.day]
        assert isinstance(time, datetime)
        return time.astimezone(UTC).date()


READING = Evidence(
    table="reading",
    columns=("point", "time", "intake", "value", "quality", "provenance"),
    types=("int4", "timestamptz", "int8", "float8", "int2", "int2"),
    key=(0, 1),
    day=1,
    copy="COPY reading (point, time, intake, value, quality, provenance) FROM STDIN (FORMAT binary)",
    select="SELECT intake, point, time, intake, value, quality, provenance FROM reading ORDER BY intake",
)
CONFLICT = Evidence(
    table="conflict",
    columns=(
        "point", "time", "judged", "intake", "against", "value", "quality", "provenance",
    ),
    types=("int4", "timestamptz", "float8", "int8", "int8", "float8", "int2", "int2"),
    key=(0, 1, 2),
    day=1,
    copy="COPY conflict (point, time, judged, intake, against, value, quality, provenance) FROM STDIN (FORMAT binary)",
    select="SELECT intake, point, time, judged, intake, against, value, quality, provenance FROM conflict ORDER BY intake",
)
REJECTED = Evidence(
    table="rejected",
    columns=(
        "identity", "intake", "device", "topic", "payload_digest", "size", "point",
        "time", "reason", "detail", "raw",
    ),
    types=(
        "bytea", "int8", "int4", "text", "bytea", "int4", "text",
        "timestamptz", "text", "text", "bytea",
    ),
    key=(0,),
    day=None,
    copy="COPY rejected (identity, intake, device, topic, payload_digest, size, point, time, reason, detail, raw) FROM STDIN (FORMAT binary)",
    select="SELECT intake, identity, intake, device, topic, payload_digest, size, point, time, reason, detail, raw FROM rejected ORDER BY intake",
)
READMISSION = Evidence(
    table="readmission",
    columns=("identity", "intake", "outcome"),
    types=("bytea", "int8", "text"),
    key=(0,),
    day=None,
    copy="COPY readmission (identity, intake, outcome) FROM STDIN (FORMAT binary)",
    select="SELECT intake, identity, intake, outcome FROM readmission ORDER BY intake",
)
LEDGER = Evidence(
    table="ledger",
    columns=(
        "intake", "device", "messages", "unreadable", "offered", "stored", "duplicate",
        "conflict", "rejected",
    ),
    types=("int8", *("int4",) * 8),
    key=(1,),
    day=None,
    copy="COPY ledger (intake, device, messages, unreadable, offered, stored, duplicate, conflict, rejected) FROM STDIN (FORMAT binary)",
    select="SELECT intake, intake, device, messages, unreadable, offered, stored, duplicate, conflict, rejected FROM ledger ORDER BY intake",
)
BOX_EVENT = Evidence(
    table="box_event",
    columns=("intake", "at", "kind", "detail"),
    types=("int8", "timestamptz", "text", "json"),
    key=(0,),
    day=None,
    copy="COPY box_event (intake, at, kind, detail) FROM STDIN (FORMAT binary)",
    select="SELECT intake, intake, at, kind, detail::text FROM box_event ORDER BY intake",
)
EXCURSION_REVISION = Evidence(
    table="excursion_revision",
    columns=(
        "excursion", "revision", "intake", "point", "rule", "version", "level",
        "severity", "started", "ended", "peak", "peak_time", "withdrawn",
    ),
    types=(
        "int8", "int4", "int8", "int4", "text", "text", "text",
        "int2", "timestamptz", "timestamptz", "float8", "timestamptz", "bool",
    ),
    key=(0, 1),
    day=None,
    copy="COPY excursion_revision (excursion, revision, intake, point, rule, version, level, severity, started, ended, peak, peak_time, withdrawn) FROM STDIN (FORMAT binary)",
    select="SELECT intake, excursion, revision, intake, point, rule, version, level, severity, started, ended, peak, peak_time, withdrawn FROM excursion_revision ORDER BY intake",
)
ALERT_EXCURSION = Evidence(
    table="alert_excursion",
    columns=("alert", "excursion", "intake"),
    types=("int8", "int8", "int8"),
    key=(0, 1),
    day=None,
    copy="COPY alert_excursion (alert, excursion, intake) FROM STDIN (FORMAT binary)",
    select="SELECT intake, alert, excursion, intake FROM alert_excursion ORDER BY intake",
)
ALERT_READING = Evidence(
    table="alert_reading",
    columns=("alert", "point", "time", "intake", "value", "quality", "provenance"),
    types=("int8", "int4", "timestamptz", "int8", "float8", "int2", "int2"),
    key=(0, 1, 2),
    day=None,
    copy="COPY alert_reading (alert, point, time, intake, value, quality, provenance) FROM STDIN (FORMAT binary)",
    select="SELECT intake, alert, point, time, intake, value, quality, provenance FROM alert_reading ORDER BY intake",
)
JOURNAL = Evidence(
    table="journal",
    columns=(
        "alert", "n", "intake", "at", "actor", "event", "severity", "old_state",
        "new_state", "reason", "detail",
    ),
    types=(
        "int8", "int4", "int8", "timestamptz", "text", "text", "int2", "text",
        "text", "text", "json",
    ),
    key=(0, 1),
    day=None,
    copy="COPY journal (alert, n, intake, at, actor, event, severity, old_state, new_state, reason, detail) FROM STDIN (FORMAT binary)",
    select="SELECT intake, alert, n, intake, at, actor, event, severity, old_state, new_state, reason, detail::text FROM journal ORDER BY intake",
)

CHAINED = (
    READING,
    CONFLICT,
    REJECTED,
    READMISSION,
    LEDGER,
    BOX_EVENT,
    EXCURSION_REVISION,
    ALERT_EXCURSION,
    ALERT_READING,
    JOURNAL,
)
"""Every table of the chain."""
