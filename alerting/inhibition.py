"""Which gaps a silent device explains. Pure.

A gap rule finds that records are missing; where the device itself was found silent at that
time, its alert says all there is to say. So what opens for such a gap, names that alert and is
told to nobody. Never any other kind of excursion, and never a gap that has to do with values.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from alerting.judging import Identity
from domain.excursions import Excursion
from domain.registry import Registry
from rules.gap import GapRule
from rules.rule import AnyRule
from storage.findings import Silence


def explicable(excursion: Excursion, rules: Mapping[str, AnyRule]) -> bool:
    """Whether silence could explain it: a gap by cadence, whatever the values."""
    rule = rules[excursion.version]
    level = rule.level(excursion.level) if isinstance(rule, GapRule) else None
    return level is not None and level.unlimited


def explained(
    gaps: Iterable[Excursion], silences: Iterable[Silence], registry: Registry
) -> dict[Identity, int]:
    """The alert about the silence that explains each of `gaps`, of those that one does."""
    of_device: dict[int, list[Silence]] = defaultdict(list)
    for silence in silences:
        of_device[silence.device].append(silence)
    return {
        gap.identity: silence.alert
        for gap in gaps
        for silence in of_device[registry.device_of[gap.point].id]
        if overlap(gap, silence)
    }


def overlap(gap: Excursion, silence: Silence) -> bool:
    """Whether they have some moment in common."""
    return (gap.end is None or silence.start < gap.end) and (
        silence.end is None or silence.end > gap.start
    )
