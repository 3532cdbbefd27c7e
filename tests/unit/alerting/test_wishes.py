"""Subscriptions as people write them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from alerting.telling.wishes import wished
from domain.errors import InputError
from domain.people import Person, Role
from domain.rules import Severity

CITY = Person(
    id=3,
    name="li",
    full_name="李",
    role=Role.SUPERVISOR,
    region="330100",
    enterprise=None,
    language="zh",
)
FIRM = replace(CITY, role=Role.ENTERPRISE, region=None, enterprise=7)


def test_unsaid_is_everything_that_is_seen() -> None:
    wish = wished(CITY, "mail")
    assert (wish.low, wish.high) == (330100, 330199)
    assert wish.severity is Severity.MINOR
    assert (wish.stages, wish.weekdays) == ((), ())
    assert wish.from_minute == wish.to_minute


@pytest.mark.parametrize(
    ("region", "span"),
    [("330100", (330100, 330199)), ("330106", (330106, 330106))],
)
def test_a_region_is_with_all_below_it(region: str, span: tuple[int, int]) -> None:
    wish = wished(CITY, "mail", region=region)
    assert (wish.low, wish.high) == span


def test_an_enterprises_user_is_told_of_their_enterprise() -> None:
    assert wished(FIRM, "mail").high == 999_999
    with pytest.raises(InputError, match="their enterprise alone"):
        wished(FIRM, "mail", region="330106")


@pytest.mark.parametrize(
    ("text", "days"),
    [("1-5", (1, 2, 3, 4, 5)), ("7,6", (6, 7)), ("1,1-2", (1, 2)), ("3-3", (3,))],
)
def test_days_are_numbers_from_monday(text: str, days: tuple[int, ...]) -> None:
    assert wished(CITY, "mail", weekdays=text).weekdays == days


def test_hours_are_minutes_of_the_day() -> None:
    wish = wished(CITY, "mail", hours="22:30-06:00")
    assert (wish.from_minute, wish.to_minute) == (1350, 360)


@pytest.mark.parametrize(
    "wrong",
    [
        {"region": "330200"}, {"region": "330000"}, {"region": "000000"}, {"region": "33010"},
        {"region": "３３０１０６"}, {"region": "990000"}, {"region": ""},
        {"severity": "fatal"}, {"severity": ""},
        {"stages": ["store"]}, {"stages": [""]},
        {"weekdays": "0"}, {"weekdays": "8"}, {"weekdays": "5-1"}, {"weekdays": "1-"},
        {"weekdays": "Mon"}, {"weekdays": " "},
        {"hours": "8:00-18:00"}, {"hours": "08:00-24:00"}, {"hours": "08:00-08:00"},
        {"hours": "08:60-09:00"}, {"hours": "x"},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        wished(CITY, "mail", **wrong)


def test_the_disabled_are_told_of_nothing() -> None:
    with pytest.raises(InputError, match="is disabled"):
        wished(replace(CITY, disabled=True), "mail")
