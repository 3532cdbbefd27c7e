"""What watches a point, from its timeline."""

from __future__ import annotations

import pytest

from rules.watch import watches
from tests.series import at
from tests.unit.rules.builders import a_level, a_point, a_rule, a_setting

WARNING = a_level("warning", above=7.5)
EXCURSION = a_level("excursion", above=8.0)
RULES = {
    "c1": a_rule("cold", WARNING, EXCURSION),
    "c2": a_rule("cold", EXCURSION),
    "w1": a_rule("wet", a_level("excursion", above=75.0)),
}


def test_one_watch_per_rule_and_level_that_ever_occurs() -> None:
    point = a_point(a_setting("0s", ["c2"]), a_setting("1h", ["w1", "c1"]))
    assert [(watch.rule, watch.level) for watch in watches(point, RULES)] == [
        ("cold", "excursion"),
        ("wet", "excursion"),
        ("cold", "warning"),
    ]


def test_periods_follow_the_settings_of_the_point() -> None:
    point = a_point(
        a_setting("0s", []),
        a_setting("1h", ["c1"], max_gap="5m"),
        a_setting("2h", ["c2"]),
    )
    warning, _ = watches(point, RULES)
    assert (warning.point, warning.resolution) == (1, 0.1)
    assert [(p.valid_from, p.version, p.level) for p in warning.periods] == [
        (at("0s"), None, None),
        (at("1h"), "c1", WARNING),
        (at("2h"), "c2", None),
    ]
    assert warning.periods[1].max_gap == at("5m") - at("0s")


def test_point_without_rules_is_not_watched() -> None:
    assert watches(a_point(a_setting("0s", [])), RULES) == ()


def test_version_that_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError, match="c9"):
        watches(a_point(a_setting("0s", ["c9"])), RULES)
