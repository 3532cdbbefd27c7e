"""The evidence tables: what the chain covers, column by column.

The order of columns is part of the canonical encoding (docs/chain.md): a change here
changes digests, and so needs a new table or a new version of the chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

from domain.chain import Row, Table

__all__ = ["CHAINED", "Evidence", "Row"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Evidence(Table):
    """One table of the chain, and its SQL."""

    copy: LiteralString | None = None
    """For rows of `types`, in binary."""
    insert: LiteralString | None = None
    """Instead of `copy`, which row-level security does not allow."""
    select: LiteralString
    """All rows, in the order of intakes."""


# fmt: off
READING = Evidence(
    table="reading",
    columns=("point", "time", "intake", "value", "quality", "provenance"),
    types=("int4", "timestamptz", "int8", "float8", "int2", "int2"),
    key=2,
    day=1,
    copy="COPY reading (point, time, intake, value, quality, provenance) FROM STDIN (FORMAT binary)",
    # OFFSET 0: else the server sorts every partition at once, each in a memory of its own.
    select="SELECT point, time, intake, value, quality, provenance FROM (SELECT * FROM reading OFFSET 0) AS r ORDER BY intake",
)
CONFLICT = Evidence(
    table="conflict",
    columns=(
        "point", "time", "judged", "intake", "against", "value", "quality",
        "provenance",
    ),
    types=("int4", "timestamptz", "float8", "int8", "int8", "float8", "int2", "int2"),
    key=3,
    day=1,
    copy="COPY conflict (point, time, judged, intake, against, value, quality, provenance) FROM STDIN (FORMAT binary)",
    select="SELECT point, time, judged, intake, against, value, quality, provenance FROM conflict ORDER BY intake",
)
REJECTED = Evidence(
    table="rejected",
    columns=(
        "identity", "intake", "device", "topic", "payload_digest", "size", "point",
        "time", "reason", "detail", "raw",
    ),
    types=(
        "bytea", "int8", "int4", "text", "bytea", "int4", "text", "timestamptz", "text",
        "text", "bytea",
    ),
    key=1,
    day=None,
    copy="COPY rejected (identity, intake, device, topic, payload_digest, size, point, time, reason, detail, raw) FROM STDIN (FORMAT binary)",
    select="SELECT identity, intake, device, topic, payload_digest, size, point, time, reason, detail, raw FROM rejected ORDER BY intake",
)
READMISSION = Evidence(
    table="readmission",
    columns=("identity", "intake", "outcome"),
    types=("bytea", "int8", "text"),
    key=1,
    day=None,
    copy="COPY readmission (identity, intake, outcome) FROM STDIN (FORMAT binary)",
    select="SELECT identity, intake, outcome FROM readmission ORDER BY intake",
)
LEDGER = Evidence(
    table="ledger",
    columns=(
        "intake", "device", "messages", "unreadable", "offered", "stored", "duplicate",
        "conflict", "rejected",
    ),
    types=("int8", *("int4",) * 8),
    key=2,
    day=None,
    copy="COPY ledger (intake, device, messages, unreadable, offered, stored, duplicate, conflict, rejected) FROM STDIN (FORMAT binary)",
    select="SELECT intake, device, messages, unreadable, offered, stored, duplicate, conflict, rejected FROM ledger ORDER BY intake",
)
DEVICE_SIGN = Evidence(
    table="device_sign",
    columns=("intake", "device", "sign", "messages", "boot", "final"),
    types=("int8", "int4", "text", "int4", "text", "bool"),
    key=3,
    day=None,
    copy="COPY device_sign (intake, device, sign, messages, boot, final) FROM STDIN (FORMAT binary)",
    select="SELECT intake, device, sign, messages, boot, final FROM device_sign ORDER BY intake",
)
BOX_EVENT = Evidence(
    table="box_event",
    columns=("intake", "at", "kind", "detail"),
    types=("int8", "timestamptz", "text", "text"),
    key=1,
    day=None,
    insert="INSERT INTO box_event (intake, at, kind, detail) VALUES (%s, %s, %s, %s)",
    select="SELECT intake, at, kind, detail::text FROM box_event ORDER BY intake",
)
EXCURSION_REVISION = Evidence(
    table="excursion_revision",
    columns=(
        "excursion", "revision", "intake", "point", "rule", "version", "level",
        "severity", "started", "ended", "peak", "peak_time", "withdrawn",
    ),
    types=(
        "int8", "int4", "int8", "int4", "text", "text", "text", "int2", "timestamptz",
        "timestamptz", "float8", "timestamptz", "bool",
    ),
    key=2,
    day=None,
    copy="COPY excursion_revision (excursion, revision, intake, point, rule, version, level, severity, started, ended, peak, peak_time, withdrawn) FROM STDIN (FORMAT binary)",
    select="SELECT excursion, revision, intake, point, rule, version, level, severity, started, ended, peak, peak_time, withdrawn FROM excursion_revision ORDER BY intake",
)
ALERT_EXCURSION = Evidence(
    table="alert_excursion",
    columns=("alert", "excursion", "intake"),
    types=("int8", "int8", "int8"),
    key=2,
    day=None,
    insert="INSERT INTO alert_excursion (alert, excursion, intake) VALUES (%s, %s, %s)",
    select="SELECT alert, excursion, intake FROM alert_excursion ORDER BY intake",
)
ALERT_READING = Evidence(
    table="alert_reading",
    columns=("alert", "point", "time", "intake", "value", "quality", "provenance"),
    types=("int8", "int4", "timestamptz", "int8", "float8", "int2", "int2"),
    key=3,
    day=None,
    insert="INSERT INTO alert_reading (alert, point, time, intake, value, quality, provenance) VALUES (%s, %s, %s, %s, %s, %s, %s)",
    select="SELECT alert, point, time, intake, value, quality, provenance FROM alert_reading ORDER BY intake",
)
ALERT_CONFLICT = Evidence(
    table="alert_conflict",
    columns=(
        "alert", "point", "time", "judged", "intake", "value", "quality", "provenance",
    ),
    types=("int8", "int4", "timestamptz", "float8", "int8", "float8", "int2", "int2"),
    key=4,
    day=None,
    insert="INSERT INTO alert_conflict (alert, point, time, judged, intake, value, quality, provenance) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
    select="SELECT alert, point, time, judged, intake, value, quality, provenance FROM alert_conflict ORDER BY intake",
)
JOURNAL = Evidence(
    table="journal",
    columns=(
        "alert", "n", "intake", "at", "actor", "event", "severity", "old_state",
        "new_state", "reason", "detail",
    ),
    types=(
        "int8", "int4", "int8", "timestamptz", "text", "text", "int2", "text", "text",
        "text", "text",
    ),
    key=2,
    day=None,
    insert="INSERT INTO journal (alert, n, intake, at, actor, event, severity, old_state, new_state, reason, detail) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
    select="SELECT alert, n, intake, at, actor, event, severity, old_state, new_state, reason, detail::text FROM journal ORDER BY intake",
)
SITE_OWNER = Evidence(
    table="site_owner",
    columns=("site", "valid_from", "enterprise", "intake"),
    types=("int4", "timestamptz", "int4", "int8"),
    key=2,
    day=None,
    insert="INSERT INTO site_owner (site, valid_from, enterprise, intake) VALUES (%s, %s, %s, %s)",
    select="SELECT site, valid_from, enterprise, intake FROM site_owner ORDER BY intake",
)
SAFETY_CODE = Evidence(
    table="safety_code",
    columns=(
        "enterprise", "n", "intake", "at", "old_code", "new_code", "score", "formula",
        "detail",
    ),
    types=(
        "int4", "int4", "int8", "timestamptz", "text", "text", "float8", "text", "text",
    ),
    key=2,
    day=None,
    insert="INSERT INTO safety_code (enterprise, n, intake, at, old_code, new_code, score, formula, detail) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
    select="SELECT enterprise, n, intake, at, old_code, new_code, score, formula, detail::text FROM safety_code ORDER BY intake",
)
HANDOVER = Evidence(
    table="handover",
    columns=("intake", "at", "author", "area", "note"),
    types=("int8", "timestamptz", "text", "int4", "text"),
    key=1,
    day=None,
    insert="INSERT INTO handover (intake, at, author, area, note) VALUES (%s, %s, %s, %s, %s)",
    select="SELECT intake, at, author, area, note FROM handover ORDER BY intake",
)
# fmt: on

CHAINED = (
    READING,
    CONFLICT,
    REJECTED,
    READMISSION,
    LEDGER,
    DEVICE_SIGN,
    BOX_EVENT,
    EXCURSION_REVISION,
    ALERT_EXCURSION,
    ALERT_READING,
    ALERT_CONFLICT,
    JOURNAL,
    SITE_OWNER,
    SAFETY_CODE,
    HANDOVER,
)
"""Every table of the chain."""
