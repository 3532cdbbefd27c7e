"""Scenarios: what is refused, and where the fault is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from domain.errors import InputError
from simulators.scenario import ScenarioError, find_scenario, load_scenario

GOOD = """\
seed: 1
start: 2026-07-15T06:00:00+08:00
length: 2h
devices:
  - region: "330106"
    enterprise: 91330106MA27XY001X
    device: coldroom-1
    model: cold-room
    interval: 1m
    parameters: {shelter: 1.0}
  - region: "330106"
    enterprise: 91330106MA27XY001X
    device: scripted-1
    model: scripted
    interval: 1m
    points:
      s1: 5.0x10 8.1x20 5.0
faults:
  - {device: coldroom-1, fault: door-open, at: 10m, lasts: 20m}
expected:
  - enterprise: 91330106MA27XY001X
    device: scripted-1
    point: s1
    rule: gsp-cold-room
    level: excursion
    from: 10m
    to: 30m
"""


def problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "some.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    return caught.value.problems


def test_good_scenario_is_read(tmp_path: Path) -> None:
    path = tmp_path / "good.yaml"
    path.write_text(GOOD)
    scenario = load_scenario(path)
    assert scenario.length == timedelta(hours=2)
    assert [spec.device for spec in scenario.devices] == ["coldroom-1", "scripted-1"]
    assert len(scenario.faults_of("coldroom-1")) == 1
    assert scenario.faults_of("scripted-1") == []


@pytest.mark.parametrize(
    ("old", "new", "line", "complaint"),
    [
        ("length: 2h", "length: 2", 3, "write a duration"),
        ("length: 2h", "length: 0s", 3, "longer than 0s"),
        ("+08:00", "", 2, "timezone"),
        ("interval: 1m", "interval: 1m\n    color: red", 10, "Extra inputs"),
        (
            "91330106MA27XY001X\n    device: c",
            "91330106MA27XY0010\n    device: c",
            6,
            "check character",
        ),
        ('"330106"', '"000106"', 5, "no province 00"),
        ("model: cold-room", "model: oven", 8, "'cold-room'"),
        ("shelter: 1.0", "shelves: 1.0", 5, "no parameter 'shelves'; there are"),
        ("shelter: 1.0", "cooling: 0", 5, "more than 0"),
        ("shelter: 1.0", "cool_below: 9.0", 5, "less than cool_above"),
        ("8.1x20", "hot", 17, "'hot' is no word"),
        ("    points:\n      s1: 5.0x10 8.1x20 5.0\n", "", 11, "scripted device"),
        (
            "    points:",
            "    parameters: {shelter: 1.0}\n    points:",
            11,
            "no `parameters`",
        ),
        (
            "device: scripted-1\n    model",
            "device: coldroom-1\n    model",
            13,
            "two devices",
        ),
        (
            "{device: coldroom-1, f",
            "{device: coldroom-9, f",
            19,
            "there are coldroom-1, scripted-1",
        ),
        (
            "{device: coldroom-1, f",
            "{device: scripted-1, f",
            19,
            "can have clock-wrong, conflicting, corrupt, duplicates",
        ),
        ("fault: door-open", "fault: fire", 19, "'door-open'"),
        ("lasts: 20m", "lasts: 20m, by: 2.0", 19, "has no size"),
        ("lasts: 20m", "lasts: 111m", 19, "after the scenario"),
        ("lasts: 20m", "lasts: 20m, point: t1", 19, "not of one point"),
        (
            "door-open, at: 10m",
            "sensor-stuck, point: x, at: 10m",
            19,
            "points t1, h1, door, power",
        ),
        ("point: s1", "point: s9", 23, "points s1"),
        ("to: 30m", "to: 3h", 26, "after the scenario's end"),
        ("to: 30m", "to: 5m", 21, "ascend"),
        ("device: scripted-1\n    point", "device: x\n    point", 22, "no device 'x'"),
    ],
)
def test_problem_is_named_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, complaint: str
) -> None:
    assert old in GOOD
    found = problems(tmp_path, GOOD.replace(old, new, 1))
    assert any(
        p.startswith(f"some.yaml, line {line}") and complaint in p for p in found
    ), found


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("lasts: 20m", "lasts: 3h").replace("point: s1", "point: s9")
    assert len(problems(tmp_path, text)) == 2


def test_file_that_is_no_yaml_is_refused(tmp_path: Path) -> None:
    assert "not YAML" in problems(tmp_path, "seed: [1")[0]


def test_scenario_needs_devices(tmp_path: Path) -> None:
    text = "seed: 1\nstart: 2026-07-15T06:00:00+08:00\nlength: 2h\n"
    assert "needs devices" in problems(tmp_path, text)[0]


def test_included_scenario_is_added(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(GOOD)
    path = tmp_path / "more.yaml"
    path.write_text(
        "seed: 1\nstart: 2026-07-15T06:00:00+08:00\nlength: 4h\ninclude: [base.yaml]\n"
        "faults:\n  - {device: coldroom-1, fault: power-cut, at: 1h, lasts: 1h}\n"
    )
    scenario = load_scenario(path)
    assert len(scenario.devices) == 2
    assert [spec.fault.value for spec in scenario.faults] == ["power-cut", "door-open"]
    assert len(scenario.expected) == 1


def test_inclusion_in_a_circle_is_refused(tmp_path: Path) -> None:
    text = GOOD.replace("seed: 1", "seed: 1\ninclude: [some.yaml]")
    assert "in a circle" in problems(tmp_path, text)[0]


def test_missing_included_file_is_named(tmp_path: Path) -> None:
    text = GOOD.replace("seed: 1", "seed: 1\ninclude: [nowhere.yaml]")
    assert "nowhere.yaml" in problems(tmp_path, text)[0]


def test_scenario_is_found_by_name_or_path(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(GOOD)
    assert find_scenario(str(own)) == own
    assert find_scenario("demo").name == "demo.yaml"
    with pytest.raises(InputError, match="there are calm, demo, order, short"):
        find_scenario("nothing")
