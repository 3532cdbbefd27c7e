"""What there is to say about an alert, gathered from its rule, its point and its excursions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from alerting.texts import Facts, Text
from domain.alerts import Alert, Subject
from domain.excursions import Excursion
from rules.threshold import Level, ThresholdRule


def gather(
    alert: Alert,
    rules: Mapping[str, ThresholdRule],
    subject: Subject,
    live: Sequence[Excursion],
    past: Sequence[Excursion],
) -> Facts:
    """Facts of an alert on a point, by the rule version that found its worst excursion.

    `past` are its excursions, withdrawn ones included: at least one.
    """
    worst = max(live or past, key=lambda e: (e.severity, e.start))
    rule = rules[worst.version]
    level = rule.level(worst.level)
    return Facts(
        alert=alert,
        what=Text(rule.name.zh, rule.name.en),
        basis=Text(rule.basis.zh, rule.basis.en),
        subject=subject,
        excursion=worst,
        limit=limits(level) if level else "",
    )


def limits(level: Level) -> str:
    """What violates a level, without the unit: `> 8`, `≤ -0.5`, `< 2, > 8`."""
    less, more = ("≤", "≥") if level.inclusive else ("<", ">")
    parts = []
    if level.below is not None:
        parts.append(f"{less} {level.below:g}")
    if level.above is not None:
        parts.append(f"{more} {level.above:g}")
    return ", ".join(parts)
