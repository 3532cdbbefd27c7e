"""Every error of input says both languages, each in its own and in no other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic_core import ErrorDetails

from domain.wrong_values import KNOWN, UNKNOWN, said
from rules import catalogue
from tests.unit.languages import ENGLISH_SENTENCE, HAN

HERE = Path(__file__).parents[2]
PACKAGES = (
    "alerting", "blackbox", "dashboard", "domain", "ingest", "rules", "simulators", "storage",
)  # fmt: skip
SOURCES = [path for package in PACKAGES for path in (HERE / package).rglob("*.py")]
UNITS = re.compile(r"°C(/h)?|%RH")


def literal(node: ast.expr) -> str:
    """The text of a literal; what is filled in is one word."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "X"
            for part in node.values
        )
    return ""


def pairs() -> Iterator[tuple[str, str, str]]:
    """Where something is said by `zh=` and `en=`, and what."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                said = {one.arg: literal(one.value) for one in node.keywords}
                if said.get("zh") and said.get("en"):
                    where = f"{path.relative_to(HERE)}:{node.lineno}"
                    yield where, said["zh"], said["en"]


def test_what_is_said_twice_is_chinese_and_english() -> None:
    found = list(pairs())
    assert len(found) > 60
    wrong = [
        where
        for where, zh, en in found
        if not re.search(HAN, zh)
        or re.search(ENGLISH_SENTENCE, zh.replace("make demo", ""))
        or re.search(HAN, en.replace("统一社会信用代码", ""))
    ]
    assert wrong == []


@pytest.mark.parametrize("kind", [*KNOWN, "frozen_instance"])
def test_what_pydantic_finds_is_told_in_our_words(kind: str) -> None:
    context = dict.fromkeys(("min_length", "max_length", "gt", "ge", "lt", "le"), 5) | {
        "expected": "'a', 'b' or 'c'"
    }
    error = ErrorDetails(type=kind, loc=("x",), msg="secret", input="?", ctx=context)
    words = said(error)
    assert not re.search(ENGLISH_SENTENCE, words.zh)
    assert not re.search(HAN, words.en)
    assert (words == UNKNOWN) == (kind not in KNOWN)
    assert "{" not in words.zh + words.en


def test_limits_and_amounts_of_all_rules_are_in_the_readers_language() -> None:
    for rule in catalogue.load().values():
        for level in rule.levels:
            unit = rule.unit or ""
            for text in (level.limit(unit), level.amount(9.25, unit, 1)):
                assert not re.search("[A-Za-z]", UNITS.sub("", text.zh)), text
                assert not re.search(HAN, text.en), text
