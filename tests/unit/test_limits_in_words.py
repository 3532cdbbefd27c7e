"""Limits of rules, in words for the pages: each kind in both languages."""

from __future__ import annotations

import re

import pytest

from dashboard.api.rule_texts import DISPLAYS
from dashboard.parts import limits
from dashboard.parts.limits import Measured
from rules import catalogue
from rules.level import Level

LEVELS = {
    f"{rule.key} {level.name}": (rule, level)
    for rule in catalogue.load().values()
    for level in rule.levels
}
ZH, EN = DISPLAYS if DISPLAYS[0].texts.language == "zh" else reversed(DISPLAYS)
UNITS = re.compile(r"°C(/h)?|%RH")
OF = Measured("temperature", "°C", 0.1)


def level(name: str) -> Level:
    return LEVELS[name][1]


@pytest.mark.parametrize("name", LEVELS)
def test_a_chinese_page_has_no_english_limit(name: str) -> None:
    rule, one = LEVELS[name]
    words = limits.describe(ZH, one, rule.unit or "")
    assert not re.search("[A-Za-z]", UNITS.sub("", words)), words


@pytest.mark.parametrize(
    ("name", "zh", "en"),
    [
        ("gsp-cold-room warning", "≤ 2.5 °C, ≥ 7.5 °C · 持续 5 分钟", "≤ 2.5 °C, ≥ 7.5 °C · for 5 min"),
        ("temperature-rate fast", "10 分钟内变化率 < −12 °C/h, > 12 °C/h", "< −12 °C/h, > 12 °C/h over 10 min"),
        ("shipping-cumulative warm", "自装载起累计 20 小时处于 ≥ 10 °C", "≥ 10 °C for 20 h in total since loading"),
        ("records-storage missing", "超过 30 分钟没有记录", "no record for more than 30 min"),
        ("sensor-no-value absent", "持续 15 分钟没有有效值", "no value for 15 min"),
        ("device-silent silent", "连续 5 个记录间隔（至少 15 分钟）没有消息", "no message for 5 intervals, at least 15 min"),
    ],
)  # fmt: skip
def test_a_limit_says_what_violates_it(name: str, zh: str, en: str) -> None:
    assert limits.limit(level(name), ZH, "°C") == zh
    assert limits.limit(level(name), EN, "°C") == en


def test_a_peak_has_the_unit_of_its_kind() -> None:
    def peak(name: str) -> str:
        return limits.amount(level(name), EN, 12.345, OF)

    assert peak("gsp-cold-room excursion") == "12.3 °C"
    assert peak("temperature-rate fast") == "12.35 °C/h"
    assert peak("shipping-cumulative hot") == "12.3 h in total"
    assert peak("records-storage missing") == "12.345 min"
    assert peak("sensor-no-value absent") == ""


def test_a_rate_has_no_more_decimals_than_it_is_known_to() -> None:
    def rate(resolution: float) -> str:
        of = Measured("temperature", "°C", resolution)
        return limits.amount(level("temperature-rate fast"), EN, 12.6, of)

    assert [rate(one) for one in (1, 0.1, 0.01, 0.001)] == [
        "12.6 °C/h",
        "12.60 °C/h",
        "12.60 °C/h",
        "12.600 °C/h",
    ]


def test_a_limit_that_nothing_reaches_is_not_shown() -> None:
    warning = level("gsp-humidity warning")
    off = warning.model_copy(update={"below": 0.0, "above": 100.0, "inclusive": False})
    half = off.model_copy(update={"above": 70.0})
    shown = limits.reached([off, warning, half], "humidity", "%RH")
    assert [limits.limit(one, EN, "%RH") for one in shown] == [
        "≤ 40 %RH, ≥ 70 %RH · for 10 min",
        "> 70 %RH · for 10 min",
    ]
    assert limits.reached([off], "new", "%RH") == [off]


def test_of_a_falling_trend_the_steepest_is_the_worst() -> None:
    assert limits.farthest(level("temperature-trend drift"), -3.0, -0.6) == -3.0
