"""Short ways to say a level, a rule, a period, a watch, a point."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.durations import parse_duration
from domain.excursions import Excursion
from domain.readings import Reading, slots
from domain.registry import InUse, Point, Setting
from rules import engine
from rules.kinds import parse
from rules.level import Level
from rules.threshold import ThresholdLevel, ThresholdRule
from rules.watch import Advance, Period, Watch
from tests.series import at

RULE = {
    "quantity": "temperature",
    "unit": "°C",
    "name": {"zh": "规则", "en": "rule"},
    "basis": {"zh": "测试", "en": "a test"},
}
"""What is the same in all rules here."""


def a_level(name: str = "excursion", hold: str = "0s", **fields: Any) -> ThresholdLevel:
    """A level of severity major, unless `fields` say otherwise."""
    return ThresholdLevel.model_validate(
        {"name": name, "severity": "major", "for": hold, **fields}
    )


def a_period(
    level: Level | None = None,
    *,
    since: str = "0s",
    version: str | None = "v1",
    max_gap: str = "2m",
) -> Period:
    """A period from `since` after the start of the series on."""
    return Period(
        valid_from=at(since),
        version=version,
        level=level,
        max_gap=parse_duration(max_gap),
    )


def a_watch(*periods: Period) -> Watch:
    """A watch at a point of resolution 0.1."""
    return Watch(point=1, resolution=0.1, rule="r", level="excursion", periods=periods)


def watching(hold: str = "0s", max_gap: str = "2m", **fields: Any) -> Watch:
    """A watch with one period: watching(above=8.0, deadband=0.2)."""
    return a_watch(a_period(a_level(hold=hold, **fields), max_gap=max_gap))


def watching_by(kind: str, max_gap: str = "2m", **level: Any) -> Watch:
    """A watch of any kind with one period: watching_by("gap", every="2m")."""
    words = {"name": "excursion", "severity": "major", **level}
    rule = parse({**RULE, "key": "r", "kind": kind, "levels": [words]})
    watch = a_watch(a_period(rule.levels[0], max_gap=max_gap))
    return replace(watch, kind=kind)


def a_rule(key: str, *levels: ThresholdLevel) -> ThresholdRule:
    """A rule for temperatures."""
    return ThresholdRule.model_validate(
        {**RULE, "key": key, "kind": "threshold", "levels": levels}
    )


def a_setting(since: str, rules: Iterable[str], max_gap: str = "2m") -> Setting:
    """A setting of a point, loaded and recorded every minute."""
    return Setting(
        valid_from=at(since),
        zone="cold",
        interval=timedelta(minutes=1),
        max_gap=parse_duration(max_gap),
        in_use=InUse.LOADED,
        rules=tuple(rules),
    )


def a_point(*timeline: Setting) -> Point:
    """Point 1, resolution 0.1 °C."""
    return Point(
        id=1,
        device=1,
        key="t1",
        name_zh="测点",
        name_en="point",
        quantity="temperature",
        unit="°C",
        resolution=0.1,
        timeline=timeline,
    )


def excursions(
    watch: Watch, readings: Iterable[Reading], advance: Advance = engine.advance
) -> list[Excursion]:
    """All excursions of `readings`."""
    return engine.excursions(watch, slots(readings, watch.resolution), advance)
