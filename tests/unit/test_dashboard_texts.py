"""The pages' texts: both languages have all of them, and the pages name only such."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest
import yaml

import dashboard
from dashboard.api.spreadsheet import COLUMNS
from dashboard.pages.live.routes import FAULTS
from dashboard.problems import KINDS
from dashboard.pulse import Reason
from dashboard.texts import LANGUAGES, choose, load
from domain.people import Role

HERE = Path(dashboard.__file__).parent
SOURCES = [*HERE.rglob("*.html"), *HERE.rglob("*.py")]
LITERAL = re.compile(
    r"""\b(?:t|texts|known|Problem\(\d+,)\(?\s*"([a-z][a-z0-9.-]*)"\s*[,)]"""
)
"""A text that is named in full: t("alerts.title"), Problem(400, "error.range")."""


def names(text: str) -> set[str]:
    """What is filled in."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("key", load())
def test_every_text_is_in_both_languages_and_asks_for_the_same(key: str) -> None:
    both = load()[key]
    assert set(both) == set(LANGUAGES)
    assert all(both[language].strip() for language in LANGUAGES)
    assert names(both["zh"]) == names(both["en"])


def test_pages_name_only_texts_that_exist() -> None:
    named = {
        key
        for source in SOURCES
        for key in LITERAL.findall(source.read_text(encoding="utf-8"))
    }
    assert len(named) > 60
    assert named - set(load()) == set()


def test_no_text_is_left_over() -> None:
    sources = "".join(source.read_text(encoding="utf-8") for source in SOURCES)
    composed = re.compile(
        r"(alert|banner|csv|error|event|fault|in-use|level|problem|role|rule|sign-in|state|stream)\."
    )
    own = yaml.safe_load((HERE / "texts.yaml").read_text(encoding="utf-8"))
    assert [
        key for key in own if f'"{key}"' not in sources and not composed.match(key)
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
    assert load()[key]["en"]


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
