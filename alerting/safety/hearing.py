"""Since when a device is not heard, by the same reckoning as of `alerting/findings/silence.py`.

By the watermark of the share that listens to it, and not from before the device was in use
and known, nor from before the end of a deafness of ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from storage import findings, safety, shares, signs
from storage.safety import InUse, Listener
from storage.unit import Connection

DEAF_AFTER: Final = timedelta(minutes=10)


class Ear(NamedTuple):
    """How a share listens to a region."""

    region: str
    """The digits that its regions begin with."""
    watermark: datetime
    since: datetime
    """Since when there was no deafness."""
    deaf: bool
    """For more than `DEAF_AFTER`, or whoever listens is gone for as long."""


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


async def heard(
    connection: Connection, devices: Sequence[int]
) -> Mapping[int, datetime]:
    """When each was last heard; of those never heard, when the box learnt of them."""
    last = await signs.last(connection, devices)
    spoken = {device: one.at for device, one in last.items()}
    never = [device for device in devices if device not in spoken]
    return spoken | await signs.registered(connection, never)


def quiet(device: InUse, heard: datetime, ear: Ear | None) -> timedelta:
    """For how long a device has said nothing; `heard` is when it last did.

    Where nobody listens, nobody has missed anything.
    """
    if ear is None:
        return timedelta()
    return ear.watermark - max(heard, device.since, ear.since)


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
