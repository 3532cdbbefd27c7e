"""The pages' texts: both languages have all of them, and the pages name only such."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from babel.messages.pofile import read_po

import dashboard
from dashboard.api.spreadsheet import COLUMNS
from dashboard.pages.demo.routes import FAULTS
from dashboard.problems import KINDS
from dashboard.pulse import Reason
from dashboard.texts import LANGUAGES, Texts, choose, load
from domain.people import Role

HERE = Path(dashboard.__file__).parent
SOURCES = [*HERE.rglob("*.html"), *HERE.rglob("*.py")]
CATALOGUES = sorted(HERE.rglob("locale/*.po"))
LITERAL = re.compile(
    r"""\b(?:t|texts|known|Problem\(\d+,)\(?\s*"([a-z][a-z0-9.-]*)"\s*[,)]"""
)
"""A text that is named in full: t("alerts.title"), Problem(400, "error.range")."""


COMPOSED = re.compile(r'"([a-z][a-z0-9.-]*)\.(?:"\s*~|\{)')
"""The beginning of a text that is named in part: "state." ~ one, f"error.{status}"."""


def names(text: str) -> set[str]:
    """What is filled in."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def catalogue(path: Path) -> dict[str, Any]:
    """Messages by key: a text, or its plural forms."""
    with path.open("rb") as file:
        messages = read_po(file, locale=path.stem, abort_invalid=True)
    return {
        key if isinstance(key := one.id, str) else key[0]: one.string
        for one in messages
        if one.id
    }


@pytest.mark.parametrize(
    "path", CATALOGUES, ids=lambda path: str(path.relative_to(HERE))
)
def test_a_catalogue_has_the_same_texts_as_that_of_the_other_language(
    path: Path,
) -> None:
    other = path.with_stem({"zh": "en", "en": "zh"}[path.stem])
    ours, theirs = catalogue(path), catalogue(other)
    assert list(ours) == list(theirs)
    for key, text in ours.items():
        forms = [text] if isinstance(text, str) else text
        assert all(form.strip() for form in forms), key
        assert names("".join(forms)) == names("".join(theirs[key])), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_stands_in_two_catalogues(language: str) -> None:
    keys = [
        key for path in CATALOGUES if path.stem == language for key in catalogue(path)
    ]
    assert len(keys) == len(set(keys))


def test_pages_name_only_texts_that_exist() -> None:
    named = {
        key
        for source in SOURCES
        for key in LITERAL.findall(source.read_text(encoding="utf-8"))
    }
    assert len(named) > 60
    assert named - set(load("en").plural) == set()


def test_no_text_is_left_over() -> None:
    sources = "".join(source.read_text(encoding="utf-8") for source in SOURCES)
    composed = {prefix + "." for prefix in COMPOSED.findall(sources)}
    own = [key for path in CATALOGUES if path.stem == "en" for key in catalogue(path)]
    assert [
        key
        for key in own
        if f'"{key}"' not in sources
        and not any(key.startswith(prefix) for prefix in composed)
    ] == []


@pytest.mark.parametrize(
    "key",
    [
        *(f"fault.{fault}" for fault in FAULTS),
        *(f"banner.{reason}" for reason in Reason),
        *(f"role.{role}" for role in Role),
        *(f"sign-in.{status}" for status in (401, 429)),
        *(f"stream.{status}" for status in (429, 503)),
        *(
            f"error.{status}"
            for status in (400, 401, 403, 404, 405, 409, 413, 500, 503)
        ),
        *(f"problem.{kind}.title" for kind in (*KINDS.values(), "stale", "ours")),
        *(f"csv.{column}" for column in COLUMNS),
    ],
)
def test_every_composed_key_has_a_text(key: str) -> None:
    assert Texts("en").known(key, "")


@pytest.mark.parametrize(
    ("asked", "cookie", "accepted", "chosen"),
    [
        ("en", "zh", "zh-CN", "en"),
        (None, "en", "zh-CN", "en"),
        (None, None, "en-US,en;q=0.9,zh;q=0.8", "en"),
        (None, None, "fr, zh;q=0.5, en;q=0.4", "zh"),
        (None, None, "fr", "zh"),
        ("xx", "yy", "en;q=broken", "zh"),
        (None, None, "", "zh"),
    ],
)
def test_language_is_asked_remembered_accepted_or_chinese(
    asked: str | None, cookie: str | None, accepted: str, chosen: str
) -> None:
    assert choose(asked, cookie, accepted) == chosen


def test_what_somebody_wrote_in_chinese_is_marked_on_an_english_page() -> None:
    assert Texts("en").lang("已电话联系") == ' lang="zh-CN"'
    assert Texts("en").lang("compressor replaced") == ""
    assert Texts("zh").lang("已电话联系") == ""
