"""Comparing what was expected with what was raised."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from simulators.expectations import (
    Exclusion,
    Expected,
    ExpectedFinding,
    Raised,
    RaisedFinding,
    compare,
)
from tests.unit.simulators.builders import CODE, SUMMER

NAMES = {
    "enterprise": CODE,
    "device": "coldroom-1",
    "point": "t1",
    "rule": "gsp-cold-room",
    "level": "excursion",
}


def expected(**when: Any) -> Expected:
    return Expected.model_validate({**NAMES, **when})


def raised(start: float, end: float | None, **names: str) -> Raised:
    """Times in minutes."""
    return Raised(
        **{**NAMES, **names},
        start=SUMMER + timedelta(minutes=start),
        end=None if end is None else SUMMER + timedelta(minutes=end),
    )


EXACT = {"from": "10m", "to": "20m"}
ROUGH = {"from_between": ["10m", "15m"], "to_between": ["20m", "30m"]}


@pytest.mark.parametrize(
    ("when", "start", "end", "fits"),
    [
        (EXACT, 10, 20, True),
        (EXACT, 11, 20, False),
        (EXACT, 10, 21, False),
        (EXACT, 10, None, False),
        (ROUGH, 10, 30, True),
        (ROUGH, 15, 20, True),
        (ROUGH, 16, 20, False),
        (ROUGH, 15, 31, False),
        ({"from": "10m", "to": "open"}, 10, None, True),
        ({"from": "10m", "to": "open"}, 10, 20, False),
    ],
)
def test_times_must_fit(
    when: dict[str, Any], start: float, end: float | None, fits: bool
) -> None:
    assert expected(**when).fits(raised(start, end), SUMMER) is fits


@pytest.mark.parametrize("name", NAMES)
def test_every_name_must_fit(name: str) -> None:
    assert not expected(**EXACT).fits(raised(10, 20, **{name: "other"}), SUMMER)


@pytest.mark.parametrize(
    ("when", "complaint"),
    [
        ({"to": "1m"}, "either `from` or `from_between`"),
        ({**EXACT, "from_between": ["1m", "2m"]}, "either `from` or `from_between`"),
        ({"from": "1m"}, "either `to` or `to_between`"),
        ({"from": "2m", "to": "1m"}, "ascend"),
        ({"from_between": ["2m", "1m"], "to": "open"}, "ascend"),
        ({"from": 10, "to": "20m"}, "write a duration"),
    ],
)
def test_expectation_says_each_time_once(when: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        expected(**when)


def test_comparison_pairs_and_names_the_rest() -> None:
    wanted = [expected(**EXACT), expected(**{"from": "40m", "to": "50m"})]
    surprise = raised(60, 70)
    result = compare(wanted, [surprise, raised(10, 20)], start=SUMMER)
    assert result.found == 1
    assert result.missed == (wanted[1],)
    assert result.unexpected == (surprise,)


def test_one_excursion_satisfies_one_expectation_only() -> None:
    wanted = [expected(**ROUGH), expected(**ROUGH)]
    result = compare(wanted, [raised(12, 25)], start=SUMMER)
    assert (result.found, result.missed) == (1, (wanted[1],))


def test_what_began_before_the_scenario_is_left_out() -> None:
    result = compare([], [raised(-1, 5)], start=SUMMER)
    assert result.unexpected == ()


def test_excluded_interval_of_a_device_is_not_compared() -> None:
    minute = timedelta(minutes=1)
    exclusions = [Exclusion("coldroom-1", SUMMER + 15 * minute, SUMMER + 30 * minute)]
    wanted = [expected(**EXACT), expected(**{"from": "31m", "to": "32m"})]
    found = [raised(5, None), raised(29, 40), raised(31, 32)]
    result = compare(wanted, found, start=SUMMER, exclusions=exclusions)
    assert (result.found, result.missed, result.unexpected) == (1, (), ())
    other = compare(
        [], [raised(16, 17, device="x")], start=SUMMER, exclusions=exclusions
    )
    assert len(other.unexpected) == 1


def silent(**when: Any) -> ExpectedFinding:
    names = {"enterprise": CODE, "device": "coldroom-1", "rule": "device-silent"}
    return ExpectedFinding.model_validate({**names, **when})


def finding(
    start: float, end: float | None, device: str = "coldroom-1"
) -> RaisedFinding:
    """Times in minutes."""
    minute = timedelta(minutes=1)
    stop = None if end is None else SUMMER + end * minute
    return RaisedFinding(CODE, device, "device-silent", SUMMER + start * minute, stop)


def test_findings_are_compared_like_excursions_and_beside_them() -> None:
    wanted = [expected(**EXACT), silent(**ROUGH)]
    result = compare(wanted, [finding(12, 25), raised(10, 20)], start=SUMMER)
    assert (result.found, result.missed, result.unexpected) == (2, (), ())


def test_missed_and_unexpected_findings_are_named() -> None:
    wanted = silent(**{"from": "10m", "to": "open"})
    surprise = finding(10, 20)
    result = compare([wanted], [surprise], start=SUMMER)
    assert (result.missed, result.unexpected) == ((wanted,), (surprise,))
    assert compare([wanted], [finding(10, None)], start=SUMMER).found == 1


def test_finding_of_another_device_does_not_fit() -> None:
    assert not silent(**EXACT).fits(finding(10, 20, "coldroom-2"), SUMMER)
    assert not silent(**EXACT).fits(raised(10, 20), SUMMER)


def test_excluded_findings_are_not_compared() -> None:
    minute = timedelta(minutes=1)
    exclusions = [Exclusion("coldroom-1", SUMMER + 5 * minute, SUMMER + 15 * minute)]
    wanted, found = [silent(**EXACT)], [finding(6, 9)]
    result = compare(wanted, found, start=SUMMER, exclusions=exclusions)
    assert (result.found, result.missed, result.unexpected) == (0, (), ())


def test_what_begins_when_the_scenario_is_over_is_left_out() -> None:
    hour = timedelta(hours=1)
    found = [finding(59, None), finding(60, None)]
    result = compare([], found, start=SUMMER, length=hour)
    assert result.unexpected == (found[0],)


def test_finding_of_an_unknown_rule_is_refused() -> None:
    with pytest.raises(ValidationError, match="device-silent"):
        silent(**EXACT, rule="gsp-cold-room")
