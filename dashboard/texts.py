"""Texts of the pages by gettext: catalogues `locale/{zh,en}.po`, beside what they are for.

A message's id is its place (`inbox.title`), not one of its texts, so that both languages
are equals, and a better wording changes one file. `{names}` are filled in. `{n}` is a count:
written as the language writes numbers, and choosing the plural where a message has one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations
from markupsafe import Markup

from alerting.telling.texts import EVENTS, SEVERITIES, STATES

Language: TypeAlias = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
NAMES: dict[Language, str] = {"zh": "中文", "en": "English"}
TAGS: dict[Language, str] = {"zh": "zh-CN", "en": "en"}
"""For the `lang` attribute."""
LOCALES: dict[Language, Locale] = {
    "zh": Locale.parse("zh_CN"),
    "en": Locale.parse("en_GB"),
}
"""How numbers, dates and zones are written; to look one up by name takes half a millisecond."""
HAN = re.compile("[\u4e00-\u9fff]")
HERE = Path(__file__).parent


class Messages(NamedTuple):
    """All messages in one language."""

    translations: Translations
    plural: Mapping[str, bool]
    """Every message's id, and whether it has a plural."""


@cache
def load(language: Language) -> Messages:
    """The catalogues of all pages and parts. What alerts are called comes from `alerting`."""
    merged = Catalog(locale=language)
    for path in sorted(HERE.rglob(f"locale/{language}.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id:
                    merged[message.id] = message
    for key, text in _of_alerts():
        merged.add(key, getattr(text, language))
    binary = BytesIO()
    write_mo(binary, merged)
    binary.seek(0)
    ids = {_key(message.id): message.pluralizable for message in merged if message.id}
    return Messages(Translations(binary), ids)


def _of_alerts() -> list[tuple[str, Any]]:
    return [
        *((f"severity.{one.name.lower()}", text) for one, text in SEVERITIES.items()),
        *((f"event.{one}", text) for one, text in EVENTS.items()),
        *((f"alert-state.{one}", text) for one, text in STATES.items()),
    ]


def _key(identity: Any) -> str:
    """Of a message with a plural, the id of its singular."""
    return identity if isinstance(identity, str) else identity[0]


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts in one language."""

    language: Language

    def __call__(self, key: str, **values: object) -> str:
        """The text of `key`, its {names} filled in. Raises KeyError for one unknown."""
        if not values:
            return plain(key, self.language)
        messages, n = load(self.language), values.get("n")
        if messages.plural[key]:
            assert isinstance(n, int), f"{key} needs a count n"
            text = messages.translations.ungettext(key, key, n)
        else:
            text = messages.translations.ugettext(key)
        if isinstance(n, int):
            values["n"] = count(n, self.language)
        return text.format(**values)

    def known(self, key: str, otherwise: str) -> str:
        """The text of `key` as it is, or `otherwise`: for keys that come from data."""
        messages = load(self.language)
        return (
            messages.translations.ugettext(key) if key in messages.plural else otherwise
        )

    def name(self, thing: Any, of: str = "name") -> str:
        """The name in this language of what has `name_zh` and `name_en` (or `of`_…)."""
        return getattr(thing, f"{of}_{self.language}") or ""

    def full(self, thing: Any, of: str = "name") -> str:
        """Name of a point, with its device's unless it begins with that anyhow."""
        name, device = self.name(thing, of), self.name(thing, "device")
        return name if name.startswith(device) else f"{device} · {name}"

    def lang(self, text: str) -> Markup:
        """Attribute for what somebody wrote in Chinese on a page that is not: it is read out so."""
        foreign = self.language != "zh" and HAN.search(text)
        return Markup(' lang="zh-CN"') if foreign else Markup()

    def pick(self, both: Any) -> str:
        """Of a pair with `zh` and `en`, the one in this language."""
        return getattr(both, self.language)


@cache
def plain(key: str, language: Language) -> str:
    """The text of `key`, which needs no values: most of a page, so each is looked up once."""
    messages = load(language)
    assert not messages.plural[key], f"{key} needs a count n"
    return messages.translations.ugettext(key).format()


@lru_cache(maxsize=4096)
def count(n: int, language: Language) -> str:
    """A number of things as the language writes it: `12,345`."""
    return format_decimal(n, locale=LOCALES[language])


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
