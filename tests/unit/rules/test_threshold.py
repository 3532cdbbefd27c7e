"""What a threshold rule may say, and how it is frozen."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from domain.rules import Severity
from rules.kinds import from_version
from rules.threshold import ThresholdLevel as Level
from tests.unit.rules.builders import a_level, a_rule


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "needs `above`, `below` or both"),
        ({"above": 2.0, "below": 2.0}, "`below` must be less than `above`"),
        ({"above": 2.5, "below": 2.1, "deadband": 0.2}, "less than half of the band"),
        ({"above": 8.0, "deadband": -0.1}, "greater than or equal to 0"),
        ({"above": 8.0, "hold": timedelta(seconds=-1)}, "greater than or equal to 0"),
        ({"above": 8.0, "for": 90}, "write a duration like 0s, 15m or 1h30m, not 90"),
        ({"above": 8.0, "for": "soon"}, "not 'soon'"),
        ({"above": 8.0, "severity": "high"}, "write minor, major, critical"),
        ({"above": 8.0, "severity": 2}, "write minor, major, critical"),
        ({"above": 8.0, "name": "Too Hot"}, "should match pattern"),
        ({"above": "8.0"}, "valid number"),
        ({"above": True}, "valid number"),
        ({"above": float("nan")}, "finite number"),
        ({"above": 8.0, "inclusive": "yes"}, "valid boolean"),
        ({"above": 8.0, "over": 9.0}, "not permitted"),
    ],
)
def test_senseless_level_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Level.model_validate({"name": "excursion", "severity": "major", **fields})


def test_level_reads_what_yaml_gives() -> None:
    level = a_level(hold="1h30m", severity="critical", above=8, below=2, deadband=0.2)
    assert level.hold == timedelta(minutes=90)
    assert level.severity is Severity.CRITICAL
    assert (level.above, level.below) == (8.0, 2.0)


def test_deadband_may_be_any_with_one_limit() -> None:
    assert a_level(above=0.5, deadband=3.0).deadband == 3.0


def test_names_of_levels_are_unique() -> None:
    with pytest.raises(ValidationError, match="two levels have the same name"):
        a_rule("r", a_level(above=8.0), a_level(above=9.0))


def test_rule_has_at_least_one_level() -> None:
    with pytest.raises(ValidationError, match="at least 1 item"):
        a_rule("r")


def test_level_is_found_by_its_name() -> None:
    rule = a_rule("r", a_level("warning", above=7.5), a_level(above=8.0))
    assert rule.level("excursion") is rule.levels[1]
    assert rule.level("alarm") is None


def test_version_is_named_by_the_hash_of_canonical_content() -> None:
    version = a_rule("r", a_level(above=8, hold="90m")).to_version()
    assert version.content == (
        '{"basis":{"en":"a test","zh":"测试"},"key":"r","kind":"threshold",'
        '"levels":[{"above":8.0,"below":null,"deadband":0.0,"for":"1h30m",'
        '"inclusive":false,"name":"excursion","severity":"major"}],'
        '"name":{"en":"rule","zh":"规则"},"quantity":"temperature","unit":"°C"}'
    )
    assert version.version == hashlib.sha256(version.content.encode()).hexdigest()[:16]
    assert (version.rule, version.kind) == ("r", "threshold")


def test_version_does_not_depend_on_how_the_yaml_was_written() -> None:
    one = a_rule("r", a_level(above=8, hold="600m"))
    other = a_rule("r", a_level(hold="10h", above=8.0, inclusive=False, below=None))
    assert one.to_version() == other.to_version()


def test_version_changes_with_each_field() -> None:
    level: dict[str, Any] = {"above": 8.0, "below": 2.0}
    changes: list[dict[str, Any]] = [
        {},
        {"above": 8.1},
        {"below": 2.1},
        {"inclusive": True},
        {"hold": "1m"},
        {"deadband": 0.1},
        {"severity": "minor"},
        {"name": "warning"},
    ]
    rules = [a_rule("r", a_level(**{**level, **change})) for change in changes]
    assert len({rule.to_version().version for rule in rules}) == len(changes)


def test_frozen_rule_comes_back_as_it_was() -> None:
    rule = a_rule("r", a_level("warning", above=7, inclusive=True), a_level(below=2))
    assert from_version(rule.to_version()) == rule


def test_content_is_valid_json_for_the_database() -> None:
    content = json.loads(a_rule("r", a_level(above=8.0)).to_version().content)
    assert content["levels"][0]["for"] == "0s"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"above": 8.0}, "> 8 °C"),
        ({"below": -0.5, "inclusive": True}, "≤ −0.5 °C"),
        ({"below": 2.0, "above": 8.25}, "< 2 °C, > 8.25 °C"),
    ],
)
def test_a_level_says_what_violates_it_and_how_bad_it_was(
    fields: dict[str, Any], text: str
) -> None:
    assert a_level(**fields).limit("°C") == (text, text)
    assert a_level(**fields).amount(8.25, "°C", 1) == ("8.2 °C", "8.2 °C")
