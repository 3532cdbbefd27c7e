"""Gathering the facts of enterprises, in a few statements for all of them.

A device is silent, and a share deaf, by the same reckoning as everywhere (`silence.py`): by
the watermark of the share that listens to it, and not from before the device was in use and
known, nor from before the end of a deafness of ours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple, TypeVar

from alerting.safety.completeness import day_of, full_days
from alerting.safety.facts import Counts, Facts
from domain.rules import Severity
from storage import findings, safety, shares, signs
from storage.safety import Complete, InUse, Judged, Listener, Opened
from storage.unit import Connection

SILENT_AFTER: Final = timedelta(hours=24)
DEAF_AFTER: Final = timedelta(minutes=10)

Row = TypeVar("Row", InUse, Opened)


class Ear(NamedTuple):
    """How a share listens to a region."""

    region: str
    """The digits that its regions begin with."""
    watermark: datetime
    since: datetime
    """Since when there was no deafness."""
    deaf: bool
    """For more than `DEAF_AFTER`, or whoever listens is gone for as long."""


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
    ears = await _ears(connection, share, now)
    heard = await _heard(connection, [device.id for device in in_use])
    opened = await safety.opened(connection, ids)
    complete = await safety.complete(connection, ids, now, full_days(now))
    listened = {device.id: listener(ears, device.region) for device in in_use}
    known = Known(
        devices=_grouped(in_use),
        silent=frozenset(
            device.id
            for device in in_use
            if silent(device, heard[device.id], listened[device.id])
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


def silent(device: InUse, heard: datetime, ear: Ear | None) -> bool:
    """Whether a device has said nothing for too long; `heard` is when it last did."""
    if ear is None:
        return False
    return ear.watermark - max(heard, device.since, ear.since) > SILENT_AFTER


def listener(ears: Sequence[Ear], region: str) -> Ear | None:
    """Who listens to a region; `ears` has the most recent sign of life first."""
    return next((ear for ear in ears if region.startswith(ear.region)), None)


def _counts(counts: Mapping[int, int]) -> Counts:
    worst_first = sorted(Severity, reverse=True)
    return Counts(*(counts.get(severity, 0) for severity in worst_first))


def _grouped(rows: Sequence[Row]) -> Mapping[int, Sequence[Row]]:
    groups: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.enterprise].append(row)
    return groups


async def _heard(
    connection: Connection, devices: Sequence[int]
) -> Mapping[int, datetime]:
    """When each was last heard; of those never heard, when the box learnt of them."""
    last = await signs.last(connection, devices)
    heard = {device: one.at for device, one in last.items()}
    never = [device for device in devices if device not in heard]
    return heard | await signs.registered(connection, never)


async def _ears(connection: Connection, share: int, now: datetime) -> list[Ear]:
    """How the shares listen, the one with the newest sign of life first.

    Real times are compared among themselves: `share`, which asks, lives.
    """
    listening = await safety.listening(connection)
    beats = {one.id: one.beat_at for one in listening}
    return [
        await _ear(connection, one, beats.get(share, one.beat_at), now)
        for one in listening
    ]


async def _ear(
    connection: Connection, one: Listener, real_now: datetime, now: datetime
) -> Ear:
    left = await shares.listened(connection, one.id)
    met = await findings.deafness(connection, one.id)
    assert left is not None, "listed are those who have listened"
    going_on = met is not None and met.end is None and now - met.start > DEAF_AFTER
    return Ear(
        region=one.name.replace("/", ""),
        watermark=left.watermark,
        since=left.since,
        deaf=going_on or real_now - one.beat_at > DEAF_AFTER,
    )
