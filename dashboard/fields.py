"""What is wrong with the fields of a request, each named as its reader knows it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from dashboard.texts import Texts
from domain.wrong_values import said

LABELS: Final[Mapping[str, str]] = {
    "action": "command.field.action",
    "address": "telling.address",
    "again": "settings.password.again",
    "assignee": "command.field.assignee",
    "begins": "places.announce.begins",
    "cause": "command.field.cause",
    "channel": "telling.channel",
    "days": "settings.token.days",
    "device": "places.device",
    "ends": "places.announce.ends",
    "enterprise": "users.enterprise",
    "full_name": "users.full-name",
    "hours": "command.field.until",
    "label": "settings.token.label",
    "language": "users.language",
    "name": "sign-in.name",
    "old": "settings.password.old",
    "password": "settings.password.new",
    "q": "search",
    "reason": "command.field.reason",
    "region": "users.region",
    "role": "users.role",
    "stages": "telling.stages",
    "weekdays": "telling.weekdays",
    "zone": "places.zone",
}
"""The text that names a field on pages. What nobody fills in by hand is called as it is sent."""


def by_name(t: Texts, faults: Sequence[Any]) -> str:
    """For programs: fields as they are sent."""
    return "; ".join(f"{one['loc'][-1]}: {t.pick(said(one))}" for one in faults)


def by_label(t: Texts, faults: Sequence[Any]) -> str:
    """For people, a sentence for each field; of one that could be several things, the first."""
    words: dict[str, str] = {}
    for one in faults:
        words.setdefault(str(one["loc"][1:2][0]), t.pick(said(one)))
    return " ".join(
        t("form.wrong", field=_label(t, name), why=why) for name, why in words.items()
    )


def _label(t: Texts, name: str) -> str:
    return t(LABELS[name]) if name in LABELS else name
