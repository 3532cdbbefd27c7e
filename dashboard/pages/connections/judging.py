"""How a device's connection is: heard, on time, complete, accepted? Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, Literal, NamedTuple, TypeAlias

from storage.connections import Heard, Measured

State: TypeAlias = Literal["never", "receiving", "refusing", "silent"]
Pace: TypeAlias = Literal["on-time", "ahead", "behind", "delayed", "late"]

INTERVALS: Final = 5
PATIENCE: Final = timedelta(minutes=15)
"""Silent is who says nothing for five recording intervals, and at least this long."""
AHEAD: Final = timedelta(seconds=2)
"""A device measures nothing that has not happened: what is beyond this is its clock."""
PROMPT: Final = timedelta(seconds=60)
"""Between measuring and arriving, nobody wonders."""
LATE: Final = timedelta(minutes=5)
"""As at the door (ingest/door.py): later than this, and than two intervals, is late."""
STEADY: Final = timedelta(seconds=10)
"""Delays that differ by less come from a clock; a network's differ more."""
SLOW: Final = 1.5
"""Times the recording interval: from there on, readings are missing."""


def state(heard: Heard | None, interval: timedelta | None, now: datetime) -> State:
    """In one word. Who sends what is refused is heard, and not silent."""
    if heard is None:
        return "never"
    patience = max(INTERVALS * (interval or timedelta()), PATIENCE)
    if heard.will or now - heard.at > patience:
        return "silent"
    return "refusing" if heard.refusing else "receiving"


class Clock(NamedTuple):
    """How far the newest readings of some intakes lay before their arrival."""

    pace: Pace
    delay: timedelta
    """The median; negative: measured after it arrived, by the device's clock."""


def clock(readings: Iterable[Measured], interval: timedelta | None) -> Clock | None:
    """The clock, by the newest reading of each intake; None: nothing was measured.

    A reading that waited does not say how the clock is, but the newest beside it does.
    """
    newest: dict[int, timedelta] = {}
    for one in readings:
        delay = one.arrived - one.time
        newest[one.intake] = min(delay, newest.get(one.intake, delay))
    if not newest:
        return None
    delays = sorted(newest.values())
    middle = _median(delays)
    steady = len(delays) > 1 and delays[-1] - delays[0] <= STEADY
    return Clock(_pace(middle, interval, steady=steady), middle)


def _median(those: Iterable[timedelta]) -> timedelta:
    ordered = sorted(those)
    return ordered[(len(ordered) - 1) // 2]


def _pace(delay: timedelta, interval: timedelta | None, *, steady: bool) -> Pace:
    if delay < -AHEAD:
        return "ahead"
    if delay <= PROMPT:
        return "on-time"
    if steady:
        return "behind"
    late = max(LATE, 2 * (interval or timedelta()))
    return "late" if delay > late else "delayed"


def observed(readings: Iterable[Measured]) -> dict[int, timedelta]:
    """How far apart the readings of each point are, usually: the median."""
    times: dict[int, list[datetime]] = defaultdict(list)
    for one in readings:
        times[one.point].append(one.time)
    return {
        point: _median(late - early for early, late in pairwise(sorted(those)))
        for point, those in times.items()
        if len(those) > 1
    }


def slow(expected: timedelta | None, found: timedelta | None) -> bool:
    """Whether a point reports more seldom than it should."""
    return expected is not None and found is not None and found > SLOW * expected


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing that an engineer wants to be right; its texts are `connections.check.{key}…`."""

    key: str
    result: Literal["well", "wrong", "open"]
    """Open: not known yet."""
    names: Sequence[str] = ()
    """What is concerned."""


def checks(
    *,
    heard: bool,
    clock: Clock | None,
    refusing: bool,
    unseen: Sequence[str],
    slow: Sequence[str],
    unknown: Sequence[str],
) -> list[Check]:
    """All that has to be right; `unseen`, `slow` and `unknown` are keys of points."""
    prompt = clock is not None and clock.pace == "on-time"
    return [
        Check(key="heard", result="well" if heard else "open"),
        Check(key="accepted", result=_result(not refusing, known=heard)),
        Check(
            key="points", result=_result(not unseen, known=bool(clock)), names=unseen
        ),
        Check(key="keys", result=_result(not unknown, known=heard), names=unknown),
        Check(key="clock", result=_result(prompt, known=clock is not None)),
        Check(
            key="interval",
            result=_result(not slow, known=clock is not None),
            names=slow,
        ),
    ]


def _result(well: bool, *, known: bool) -> Literal["well", "wrong", "open"]:  # noqa: FBT001
    if not known:
        return "open"
    return "well" if well else "wrong"
