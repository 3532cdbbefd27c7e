"""What there is to say about an alert, gathered from its rule, its point and its excursions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from alerting.telling.texts import Facts
from domain.alerts import Alert, Subject
from domain.excursions import Excursion
from domain.readings import decimals
from domain.text import Text
from rules.rule import AnyRule
from rules.words import NOTHING


def gather(
    alert: Alert,
    rules: Mapping[str, AnyRule],
    subject: Subject,
    news: Iterable[Excursion],
    *,
    found_late: bool = False,
) -> Facts:
    """Facts of an alert on a point, by the rule version that found the worst of `news`.

    `news` are the excursions to tell of: at least one.
    """
    worst = max(news, key=lambda e: (e.severity, e.start))
    rule = rules[worst.version]
    level = rule.level(worst.level)
    unit, digits = subject.unit, decimals(subject.resolution)
    return Facts(
        alert=alert,
        what=Text(rule.name.zh, rule.name.en),
        basis=Text(rule.basis.zh, rule.basis.en),
        subject=subject,
        excursion=worst,
        limit=level.limit(unit) if level else NOTHING,
        amount=level.amount(worst.peak, unit, digits) if level else NOTHING,
        found_late=found_late,
    )
