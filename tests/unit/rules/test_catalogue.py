"""The ready rules, and their limits overridden."""

from __future__ import annotations

from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest

from domain.errors import InputError
from domain.rules import Severity
from rules.catalogue import load, resolve
from rules.rule import AnyRule

LIMITS = {
    ("gsp-cold-room", "warning"): ("minor", 2.5, 7.5, True, "5m"),
    ("gsp-cold-room", "excursion"): ("major", 2.0, 8.0, False, "0s"),
    ("gsp-cool", "excursion"): ("major", None, 20.0, False, "0s"),
    ("gsp-ambient", "excursion"): ("major", 10.0, 30.0, False, "0s"),
    ("gsp-freezer", "excursion"): ("major", -25.0, -10.0, False, "0s"),
    ("gsp-humidity", "excursion"): ("major", 35.0, 75.0, False, "0s"),
    ("who-refrigerator-heat", "heat"): ("critical", None, 8.0, False, "10h"),
    ("who-refrigerator-freeze", "freeze"): ("critical", -0.5, None, True, "1h"),
    ("shipping-limits", "heat"): ("critical", None, 45.0, True, "1h"),
    ("shipping-limits", "freeze"): ("critical", -0.5, None, True, "1h"),
}
CADENCES = {
    ("records-storage", "missing"): "30m",
    ("records-storage", "missing-out-of-limits"): "2m",
    ("records-transport", "missing"): "5m",
    ("records-transport", "missing-out-of-limits"): "2m",
}
WITHOUT_LAW = ("temperature-rate", "shipping-cumulative", "shipping-limits")
"""Nothing but defaults, or figures that we know from hearsay: their basis says so."""


@pytest.mark.parametrize(("rule", "level"), LIMITS)
def test_limits_are_those_of_the_basis(rule: str, level: str) -> None:
    found = load()[rule].level(level)
    assert found is not None
    dump = found.model_dump()
    fields = ("severity", "below", "above", "inclusive", "for")
    assert tuple(dump[field] for field in fields) == LIMITS[rule, level]


@pytest.mark.parametrize(("rule", "level"), CADENCES)
def test_cadences_are_those_of_the_basis(rule: str, level: str) -> None:
    found = load()[rule].level(level)
    assert found is not None
    assert found.model_dump()["every"] == CADENCES[rule, level]


def test_each_file_holds_the_rule_that_it_is_named_after() -> None:
    names = [file.name for file in (files("rules") / "catalogue").iterdir()]
    assert sorted(names) == [f"{key}.yaml" for key in load()]


@pytest.mark.parametrize("rule", load().values(), ids=lambda rule: rule.key)
def test_each_basis_cites_a_source_and_owns_up_to_defaults(rule: AnyRule) -> None:
    if rule.key not in WITHOUT_LAW:
        assert "附录3" in rule.basis.zh or "E006/TR06" in rule.basis.zh
        assert "Appendix 3" in rule.basis.en or "E006/TR06" in rule.basis.en
    assert "默认值" in rule.basis.zh
    assert "default" in rule.basis.en.lower()


def test_warnings_lie_inside_of_the_limits_and_are_inclusive() -> None:
    for rule in load().values():
        warning, excursion = rule.level("warning"), rule.level("excursion")
        if warning is not None:
            assert excursion is not None
            assert warning.inclusive
            for limit in (warning.above, warning.below):
                assert limit is None or not excursion.violates(limit)


def test_rule_without_overrides_is_the_ready_one() -> None:
    assert resolve("gsp-cold-room", {}) == load()["gsp-cold-room"]


def test_overrides_change_the_level_and_so_the_version() -> None:
    fields = {"above": 7.0, "below": None, "for": "10m", "severity": "major"}
    rule = resolve("gsp-cold-room", {"warning": fields})
    warning, excursion = rule.levels
    assert (warning.above, warning.below) == (7.0, None)
    assert warning.hold == timedelta(minutes=10)
    assert warning.severity is Severity.MAJOR
    assert warning.deadband == 0.2
    ready = load()["gsp-cold-room"]
    assert excursion == ready.level("excursion")
    assert rule.to_version().version != ready.to_version().version
    assert rule.to_version().rule == "gsp-cold-room"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"alarm": {"above": 7}}, "level 'alarm': its levels are warning, excursion"),
        ({"warning": 7}, "level warning: give fields with values, not 7"),
        ({"warning": {"name": "x"}}, "level warning, field name: it cannot be"),
        ({"warning": {"abov": 7}}, "level warning, field abov: is not known"),
        ({"warning": {"above": "7"}}, "level warning, field above: must be a number"),
        ({"warning": {"for": 5}}, "level warning, field for: write a duration like 0s"),
        ({"warning": {"above": 1}}, "level warning: `below` must be less than `above`"),
    ],
)
def test_wrong_override_names_rule_level_and_field(
    overrides: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as error:
        resolve("gsp-cold-room", overrides)
    assert error.value.en.startswith(f"rule gsp-cold-room, {message}")


def test_all_problems_of_a_level_are_told_at_once() -> None:
    with pytest.raises(InputError) as error:
        resolve("gsp-cold-room", {"excursion": {"abov": 7, "for": "?"}})
    assert len(error.value.en.splitlines()) == 2


def test_unknown_rule_is_told_which_there_are() -> None:
    with pytest.raises(
        InputError, match="'gsp-warm' is not in the catalogue: device-silent, gsp-a"
    ):
        resolve("gsp-warm", {})
