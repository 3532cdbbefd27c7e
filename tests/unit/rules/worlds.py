"""Hypothesis: small worlds where trouble lives.

Times on a grid of minutes, values at the limits ± a resolution and ± the deadband, gaps at
`max_gap` ± one step, holds of a few steps, bad and missing values, several levels and rules,
a timeline that changes underneath.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from hypothesis import strategies as st

from domain.readings import Quality, Reading
from domain.registry import Setting
from domain.rules import Severity
from rules.threshold import ThresholdLevel, ThresholdRule
from rules.watch import Watch, watches
from tests.series import at
from tests.unit.rules.builders import a_level, a_point, a_rule, a_setting

LIMITS = [
    {"above": 8.0},
    {"above": 8.1},
    {"below": 7.4},
    {"below": 7.5},
    {"below": 7.4, "above": 8.0},
    {"below": 7.5, "above": 8.1},
    {"above": 7.6},
    {"below": 7.8},
]
VALUES = [tenths / 10 for tenths in range(71, 85)]
STEPS = [1, 1, 1, 2, 3, 4]
SENT = ["good"] * 6 + ["uncertain", "bad", "null"]
ASSIGNED = [["a1"], ["a2"], ["a1", "b1"], ["a2", "b1"], []]
"""Rule versions in force: of two rules, the one in two versions."""


class World(NamedTuple):
    """What watches a point, and what it measured."""

    watches: tuple[Watch, ...]
    readings: list[Reading]


@cache
def level(
    name: str, limits: int, minutes: int, deadband: float, more: int
) -> ThresholdLevel:
    severity, inclusive = Severity(more % 3 + 1), more >= 3
    rest = {"deadband": deadband, "severity": severity, "inclusive": inclusive}
    return a_level(name, f"{minutes}m", **LIMITS[limits], **rest)


def levels(name: str) -> st.SearchStrategy[ThresholdLevel]:
    return st.builds(
        level,
        st.just(name),
        st.integers(0, len(LIMITS) - 1),
        st.integers(0, 4),
        st.sampled_from([0.0, 0.1, 0.2]),
        st.integers(0, 5),
    )


def rules(key: str) -> st.SearchStrategy[ThresholdRule]:
    return st.builds(a_rule, st.just(key), levels("warning"), levels("excursion"))


def reading(time: datetime, value: float, noise: float, sent: str) -> Reading:
    if sent == "null":
        return Reading(1, time, None)
    return Reading(1, time, round(value + noise, 2), Quality[sent.upper()])


SETTINGS = st.builds(
    a_setting,
    st.sampled_from([0, 0, 2, 5, 7, 10, 15]).map("{}m".format),
    st.sampled_from(ASSIGNED),
    st.integers(1, 3).map("{}m".format),
)
TIMELINES = st.lists(SETTINGS, min_size=1, max_size=3, unique_by=lambda s: s.valid_from)
VERSIONS = st.fixed_dictionaries({"a1": rules("a"), "a2": rules("a"), "b1": rules("b")})
SAMPLES = st.tuples(
    st.sampled_from(VALUES), st.sampled_from([0, 0, 0.02, -0.04]), st.sampled_from(SENT)
)
RUNS = st.tuples(st.integers(1, 4), st.sampled_from(STEPS), SAMPLES)
"""How many readings, how many minutes apart, of which value."""


def world(
    versions: dict[str, ThresholdRule],
    timeline: list[Setting],
    runs: list[tuple[int, int, tuple[float, float, str]]],
) -> World:
    point = a_point(*sorted(timeline, key=lambda setting: setting.valid_from))
    time, readings = at("0s"), list[Reading]()
    for length, step, sample in runs:
        for _ in range(length):
            readings.append(reading(time, *sample))
            time += timedelta(minutes=step)
    return World(watches(point, versions), readings)


WORLDS = st.builds(world, VERSIONS, TIMELINES, st.lists(RUNS, max_size=8))
