"""Which gaps a silent device explains. Pure.

A gap rule finds that records are missing; where the device itself was found silent all that
time, its alert says all there is to say. So what opens for such a gap, names that alert and is
told to nobody. Never any other kind of excursion, never a gap that has to do with values, and
never one of which a part, outside of all silences, would be a gap of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from alerting.following.judging import Identity
from domain.excursions import Excursion
from domain.registry import Registry
from rules.gap import GapRule
from rules.rule import AnyRule
from storage.findings import Silence

FOREVER: Final = datetime.max.replace(tzinfo=UTC)


def explicable(excursion: Excursion, rules: Mapping[str, AnyRule]) -> bool:
    """Whether silence could explain it: a gap by cadence, whatever the values."""
    rule = rules[excursion.version]
    level = rule.level(excursion.level) if isinstance(rule, GapRule) else None
    return level is not None and level.unlimited


def explained(
    gaps: Iterable[Excursion],
    silences: Iterable[Silence],
    registry: Registry,
    rules: Mapping[str, AnyRule],
) -> dict[Identity, int]:
    """The alert about the (last) silence that explains each of `gaps`, of those that one does."""
    of_device: dict[int, list[Silence]] = defaultdict(list)
    for silence in sorted(silences, key=lambda silence: silence.start):
        of_device[silence.device].append(silence)
    found: dict[Identity, int] = {}
    for gap in gaps:
        of_gap = of_device[registry.device_of[gap.point].id]
        within = [silence for silence in of_gap if overlap(gap, silence)]
        if within and unexplained(gap, within) <= patience(gap, rules):
            found[gap.identity] = within[-1].alert
    return found


def patience(gap: Excursion, rules: Mapping[str, AnyRule]) -> timedelta:
    """How long there may be no record without it being a gap."""
    level: Any = rules[gap.version].level(gap.level)
    return level.every + level.tolerance


def unexplained(gap: Excursion, silences: Iterable[Silence]) -> timedelta:
    """The longest stretch of `gap` outside of `silences`, which come by their starts."""
    reached, longest = gap.start, timedelta()
    for silence in silences:
        longest = max(longest, silence.start - reached)
        reached = max(reached, silence.end or FOREVER)
    return max(longest, (gap.end or FOREVER) - reached)


def overlap(gap: Excursion, silence: Silence) -> bool:
    """Whether they have some moment in common."""
    return (gap.end is None or silence.start < gap.end) and (
        silence.end is None or silence.end > gap.start
    )
