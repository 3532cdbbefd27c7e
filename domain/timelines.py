"""What holds for a point over time: the entries of the registry, under maintenance windows.

A window has the last word on `in_use` from its begin until its end; all else is what the
entries say, those that begin within it too. Where a window begins or ends, and where the
site changes its owner, what holds is stated anew: a *border*, which is no entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from domain.registry import InUse, Setting


@dataclass(frozen=True, slots=True)
class Window:
    """A maintenance window of a point."""

    begins: datetime
    ends: datetime
    """Exclusive."""


class Held(NamedTuple):
    """What holds from a time on."""

    setting: Setting
    said: InUse | None
    """What the entry that begins there says of `in_use`; None: a border."""


def in_force(entries: Mapping[datetime, Setting], time: datetime) -> Setting | None:
    """The one of `entries`, by when they begin, that holds at `time`, as if from then."""
    since = max((since for since in entries if since <= time), default=None)
    return replace(entries[since], valid_from=time) if since else None


def held(
    entries: Mapping[datetime, Setting],
    windows: Iterable[Window],
    handovers: Iterable[datetime],
) -> list[Held]:
    """What `entries`, by when they begin, come to; in order of time."""
    windows = list(windows)
    borders = {time for window in windows for time in (window.begins, window.ends)}
    times = sorted(entries.keys() | borders | set(handovers))
    return [
        Held(
            covered(setting, windows),
            entries[time].in_use if time in entries else None,
        )
        for time in times
        if (setting := in_force(entries, time)) is not None
    ]


def covered(setting: Setting, windows: Iterable[Window]) -> Setting:
    """A setting as the windows make it."""
    if any(window.begins <= setting.valid_from < window.ends for window in windows):
        return replace(setting, in_use=InUse.IN_MAINTENANCE)
    return setting
