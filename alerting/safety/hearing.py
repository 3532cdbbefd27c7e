"""Since when a device is not heard, by the same reckoning as of `alerting/findings/silence.py`.

By the watermark of the share that listens to it, and not from before the device was in use
and known, nor from before the end of a deafness of ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from alerting.safety.completeness import day_of
from storage import findings, safety, shares, signs, unheard_devices
from storage.safety import InUse, Listener
from storage.scope import widened
from storage.standing import Region
from storage.unit import Connection

DEAF_AFTER: Final = timedelta(minutes=10)
SHOWN_AFTER: Final = timedelta(hours=2)
"""Without a message for as long, a device is shown as silent."""


class Ear(NamedTuple):
    """How a share listens to a region."""

    region: str
    """The digits that its regions begin with."""
    watermark: datetime
    since: datetime
    """Since when there was no deafness."""
    deaf: bool
    """For more than `DEAF_AFTER`, or whoever listens is gone for as long."""


class Silent(NamedTuple):
    """A device from which nothing comes."""

    device: int
    site: int
    since: datetime


async def ears(
    connection: Connection, now: datetime, share: int | None = None
) -> list[Ear]:
    """How the shares listen, the one with the newest sign of life first.

    Real times are compared among themselves: `share`, which asks, lives. None: another asks,
    and is not told who is gone.
    """
    listening = await safety.listening(connection)
    beats = {one.id: one.beat_at for one in listening}
    return [
        await _ear(connection, one, beats.get(share or 0, one.beat_at), now)
        for one in listening
    ]


async def unheard(
    connection: Connection, region: Region, now: datetime
) -> list[Silent]:
    """Devices in use of a region that are silent, though no alert says so, the longest first.

    Only those that the scope of the transaction, which is open, sees.
    """
    found = {
        one.id: one
        for one in await unheard_devices.devices(connection, region, now - SHOWN_AFTER)
    }
    # How the box listens, and since when a device is in use, does not depend on who asks.
    async with widened(connection):
        listening = await ears(connection, now)
        owners = {one.enterprise for one in found.values()}
        in_use = await safety.devices(connection, owners, now, day_of(now))
        asked = [one for one in in_use if one.id in found]
        last = await heard(connection, [one.id for one in asked])

    def counted(device: int) -> datetime:
        """From when on: of the time before a site was theirs, owners are told nothing."""
        return max(last[device], found[device].taken or last[device])

    silent = [
        Silent(one.id, one.site, since)
        for one in asked
        if (ear := listener(listening, one.region))
        and (since := silent_since(one, counted(one.id), ear, SHOWN_AFTER))
    ]
    return sorted(silent, key=lambda one: (one.since, one.device))


async def heard(
    connection: Connection, devices: Sequence[int]
) -> Mapping[int, datetime]:
    """When each was last heard; of those never heard, when the box learnt of them."""
    last = await signs.last(connection, devices)
    spoken = {device: one.at for device, one in last.items()}
    never = [device for device in devices if device not in spoken]
    return spoken | await signs.registered(connection, never)


def silent_since(
    device: InUse, heard: datetime, ear: Ear, after: timedelta
) -> datetime | None:
    """Since when a device has said nothing, if for longer than `after`.

    `heard` is when it last did.
    """
    since = max(heard, device.since, ear.since)
    return since if ear.watermark - since > after else None


def listener(ears: Sequence[Ear], region: str) -> Ear | None:
    """Who listens to a region; `ears` has the most recent sign of life first."""
    return next((ear for ear in ears if region.startswith(ear.region)), None)


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
