"""Gathering the facts of enterprises, in a few statements for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple, TypeVar

from alerting.safety import hearing
from alerting.safety.completeness import day_of, full_days
from alerting.safety.facts import Counts, Facts
from alerting.safety.hearing import listener, silent_since
from domain.rules import Severity
from storage import safety
from storage.safety import Complete, InUse, Judged, Opened
from storage.unit import Connection

SILENT_AFTER: Final = timedelta(hours=24)

Row = TypeVar("Row", InUse, Opened)


class Known(NamedTuple):
    """All that is known of some enterprises, by their numbers."""

    devices: Mapping[int, Sequence[InUse]]
    silent: frozenset[int]
    deaf: frozenset[int]
    """Devices to which nobody listens."""
    opened: Mapping[int, Sequence[Opened]]
    complete: Mapping[int, Complete]


async def gather(
    connection: Connection, share: int, judged: Sequence[Judged], now: datetime
) -> list[Facts]:
    """The facts of each enterprise at `now`; `share` is the one that asks."""
    ids = [enterprise.id for enterprise in judged]
    today = day_of(now)
    in_use = await safety.devices(connection, ids, now, today)
    ears = await hearing.ears(connection, now, share)
    heard = await hearing.heard(connection, [device.id for device in in_use])
    opened = await safety.opened(connection, ids)
    complete = await safety.complete(connection, ids, now, full_days(now))
    listened = {device.id: listener(ears, device.region) for device in in_use}
    known = Known(
        devices=_grouped(in_use),
        silent=frozenset(
            device.id
            for device in in_use
            if (ear := listened[device.id])
            and silent_since(device, heard[device.id], ear, SILENT_AFTER)
        ),
        deaf=frozenset(
            device for device, ear in listened.items() if ear is None or ear.deaf
        ),
        opened=_grouped(opened),
        complete={one.enterprise: one for one in complete},
    )
    return [facts(enterprise, known, now) for enterprise in judged]


def facts(enterprise: Judged, known: Known, now: datetime) -> Facts:
    """What is known of one enterprise."""
    devices = known.devices.get(enterprise.id, ())
    opened = {one.severity: one for one in known.opened.get(enterprise.id, ())}
    complete = known.complete.get(enterprise.id)
    critical = opened.get(Severity.CRITICAL)
    speaking = {device.site for device in devices if device.id not in known.silent}
    return Facts(
        points=sum(device.points for device in devices),
        uncalibrated=tuple(p for device in devices for p in device.uncalibrated),
        devices=len(devices),
        silent=tuple(d.id for d in devices if d.id in known.silent),
        silent_sites=tuple(sorted({d.site for d in devices} - speaking)),
        open=_counts({severity: one.alerts for severity, one in opened.items()}),
        overdue=_counts({severity: one.overdue for severity, one in opened.items()}),
        critical_for=critical and now - critical.oldest,
        due=complete.due if complete else 0,
        filled=complete.filled if complete else 0,
        deaf=any(device.id in known.deaf for device in devices),
        high_risk=enterprise.high_risk,
    )


def _counts(counts: Mapping[int, int]) -> Counts:
    worst_first = sorted(Severity, reverse=True)
    return Counts(*(counts.get(severity, 0) for severity in worst_first))


def _grouped(rows: Sequence[Row]) -> Mapping[int, Sequence[Row]]:
    groups: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.enterprise].append(row)
    return groups
