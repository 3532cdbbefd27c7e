"""Every text of the pages, in both languages, and which language a request wants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

import yaml

from alerting.telling.texts import EVENTS, SEVERITIES, STATES

Language: TypeAlias = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
NAMES: dict[Language, str] = {"zh": "中文", "en": "English"}
TAGS: dict[Language, str] = {"zh": "zh-CN", "en": "en"}
"""For the `lang` attribute."""


@cache
def load() -> Mapping[str, Mapping[str, str]]:
    """All texts: key → language → text. What alerts are called comes from `alerting`."""
    own = yaml.safe_load(
        (files("dashboard") / "texts.yaml").read_text(encoding="utf-8")
    )
    alerts = {
        **{f"severity.{one.name.lower()}": text for one, text in SEVERITIES.items()},
        **{f"event.{one}": text for one, text in EVENTS.items()},
        **{f"alert-state.{one}": text for one, text in STATES.items()},
    }
    return MappingProxyType(own | {key: text._asdict() for key, text in alerts.items()})


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts in one language."""

    language: Language

    def __call__(self, key: str, **values: object) -> str:
        """The text of `key`, its {names} filled in. Raises KeyError for one unknown."""
        return load()[key][self.language].format(**values)

    def known(self, key: str, otherwise: str) -> str:
        """The text of `key`, or `otherwise`: for keys that come from data."""
        return load()[key][self.language] if key in load() else otherwise

    def name(self, thing: Any, of: str = "name") -> str:
        """The name in this language of what has `name_zh` and `name_en` (or `of`_…)."""
        return getattr(thing, f"{of}_{self.language}") or ""

    def full(self, thing: Any, of: str = "name") -> str:
        """Name of a point, with its device's unless it begins with that anyhow."""
        name, device = self.name(thing, of), self.name(thing, "device")
        return name if name.startswith(device) else f"{device} · {name}"

    def pick(self, both: Any) -> str:
        """Of a pair with `zh` and `en`, the one in this language."""
        return getattr(both, self.language)


def choose(asked: str | None, cookie: str | None, accepted: str) -> Language:
    """The language of a request: asked for, else remembered, else accepted, else Chinese.

    `accepted` is the Accept-Language header.
    """
    for wish in (asked, cookie, *_by_weight(accepted)):
        for language in LANGUAGES:
            if wish and wish.lower().split("-")[0] == language:
                return language
    return "zh"


def _by_weight(accepted: str) -> list[str]:
    """Language tags of an Accept-Language header, the most wanted first."""
    weighted: list[tuple[float, str]] = []
    for part in accepted.split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighted.append((-float(weight or 1), tag))
        except ValueError:
            continue
    return [tag for _, tag in sorted(weighted, key=lambda pair: pair[0])]
