"""What rules watch for, on what basis, with which limits: in words, in both languages. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from alerting.telling.texts import BOX
from dashboard.api.models import Both, Model
from dashboard.display import Display
from dashboard.parts import limits
from dashboard.texts import LANGUAGES, Texts
from rules.rule import AnyRule

DISPLAYS: Final = tuple(
    Display(
        texts=Texts(language),
        zone=UTC,
        now=datetime.min.replace(tzinfo=UTC),
    )
    for language in LANGUAGES
)
"""Limits name no time, so that it does not matter which."""


class Rule(Model):
    """The rule that an alert is by."""

    key: str
    version: str | None
    """As it judged; null: a finding of the box itself."""
    name: Both
    basis: Both
    """Law, standard or process; of the box's own findings, what to do."""


class LevelInWords(Model):
    """One severity of a rule."""

    name: str
    severity: str
    limit: Both
    """What violates it."""


@lru_cache(1000)
def parsed(content: str) -> AnyRule:
    """The rule of a stored version."""
    return limits.rule(content)


def rule(key: str, version: str | None, content: str | None) -> Rule:
    """The rule `key` in words."""
    if content is None:
        name, basis = BOX.get(key, ((key, key), ("", "")))
        return Rule(
            key=key,
            version=version,
            name=Both(zh=name[0], en=name[1]),
            basis=Both(zh=basis[0], en=basis[1]),
        )
    own = parsed(content)
    return Rule(
        key=key,
        version=version,
        name=Both(zh=own.name.zh, en=own.name.en),
        basis=Both(zh=own.basis.zh, en=own.basis.en),
    )


def levels(own: AnyRule, unit: str | None) -> list[LevelInWords]:
    """The levels of a rule, in words; `unit` is that of the point, None: of the rule."""
    return [
        LevelInWords(
            name=level.name,
            severity=level.severity.name.lower(),
            limit=Both(
                **{
                    show.texts.language: limits.describe(
                        show, level, unit or own.unit or ""
                    )
                    for show in DISPLAYS
                }
            ),
        )
        for level in own.levels
    ]
