"""Troubles of a device that last for as long as they recur: conflicts, a clock ahead. Pure.

The first opens a finding. Further ones are no news, but prolong it; it ends when there was
none for `QUIET`. One that began while the device was not in use does not go on in use, and
the other way round: else nobody would be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from alerting.findings.finding import Finding, extent
from domain.readings import Reading
from domain.registry import Device
from storage.readings import Kept

CONFLICT: Final = "conflict"
CLOCK_AHEAD: Final = "clock-ahead"
RULES: Final = (CONFLICT, CLOCK_AHEAD)
QUIET: Final = timedelta(hours=1)
"""Domain time without a recurrence after which a trouble is over."""


class Trouble(NamedTuple):
    """A trouble that goes on. Times of arrival."""

    start: datetime
    latest: datetime
    """When it last recurred."""
    suppressed: bool
    """The device was not in use when it began."""


def recurred(known: Trouble | None, now: datetime, *, suppressed: bool) -> Trouble:
    """The trouble that goes on after it was met at `now`; a new one starts `now`."""
    if known is None or known.suppressed != suppressed:
        return Trouble(now, now, suppressed)
    return known._replace(latest=now)


def over(trouble: Trouble, watermark: datetime) -> bool:
    """Whether it has been quiet for long enough."""
    return watermark - trouble.latest >= QUIET


def in_use(device: Device, time: datetime) -> bool:
    """Whether any point of the device is somebody's concern."""
    settings = (point.setting(time) for point in device.points.values())
    return any(setting is not None and setting.in_use.alerts for setting in settings)


def told(device: Device, reading: Reading, kept: Kept, intake: int) -> dict[str, Any]:
    """What the journal says of a conflict that came in `intake`, against what is `kept`."""
    points = device.points.values()
    return {
        "point": next(point.key for point in points if point.id == reading.point),
        "time": reading.time.isoformat(),
        "values": [kept.value, reading.value],
        "intakes": [kept.intake, intake],
    }


def begins(
    device: Device, rule: str, trouble: Trouble, detail: Mapping[str, Any]
) -> Finding:
    """The finding that a trouble opens; `detail` tells of the first time."""
    return Finding(
        rule=rule,
        device=device,
        suppressed=trouble.suppressed,
        begins={**extent(trouble.start, None), **detail},
    )


def ends(device: Device, rule: str, trouble: Trouble) -> Finding:
    """The end of that finding: when the trouble last recurred."""
    return Finding(
        rule=rule,
        device=device,
        suppressed=trouble.suppressed,
        ends=extent(trouble.start, trouble.latest),
    )
