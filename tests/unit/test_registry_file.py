"""Registry files: what they may say, and what a person is told where they are wrong."""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InputError, RegistryError
from domain.quantities import QUANTITIES, STATE, unit_problem
from domain.registry import InUse, Setting
from domain.registry_file import parse, resolved
from domain.rules import RuleVersion
from domain.yaml_lines import MAX_DEPTH, MAX_SIZE, load
from rules import catalogue

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "simulators/scenarios/demo.registry.yaml"

FILE = """\
limits:
  gsp-cold-room: {warning: {above: 7.0, for: 0s}}
enterprises:
  91330106MA27XY001X:
    name: {zh: 示例, en: Example}
    kind: wholesaler
    high_risk: [vaccine]
    sites:
      warehouse-1:
        name: Warehouse
        kind: warehouse
        region: 330106
        telephone: 0571-88880000
        area_m2: 420
        position: {longitude: 120.1, latitude: 30.3}
        devices:
          room-1:
            name: Room 1
            time_zone: Asia/Shanghai
            timeline:
              - from: 2026-01-01T00:00:00+08:00
                zone: cold
                interval: 1m
                max_gap: 5m
                calibration_due: 2026-12-31
            points:
              t1:
                quantity: temperature
                resolution: 0.1
                timeline:
                  - from: 2026-01-01T00:00:00+08:00
                    rules: [gsp-cold-room]
                  - from: 2026-02-01T00:00:00+08:00
                    in_use: loaded
              door: {quantity: door}
"""
SITE = "enterprises.91330106MA27XY001X.sites.warehouse-1"
ROOM = f"{SITE}.devices.room-1"
CODE = ("91330106MA27XY001X", "room-1")


def lines_of(text: str) -> list[str]:
    """The problems of a file; at least one."""
    with pytest.raises(RegistryError) as refused:
        parse(text)
    return refused.value.problems


def broken(old: str, new: str) -> list[str]:
    """The problems of FILE with one place changed."""
    assert FILE.count(old) >= 1
    return lines_of(FILE.replace(old, new, 1))


def resolve(rule: str, limits: Mapping[str, Any]) -> RuleVersion:
    """A catalogue of `gsp-…` rules for temperatures and `any` for anything."""
    if not rule.startswith(("gsp-", "any")):
        raise InputError(zh="不用", en=f"rule {rule!r} is unknown\nask for another")
    content: dict[str, Any] = {"limits": limits}
    if rule != "any":
        content |= {"quantity": "temperature", "unit": "°C"}
    text = json.dumps(content, sort_keys=True)
    digest = hashlib.sha256(f"{rule} {text}".encode()).hexdigest()[:16]
    return RuleVersion(version=digest, rule=rule, kind="threshold", content=text)


def refused_rules(text: str) -> list[str]:
    """The problems of a file that is right but for its rules."""
    with pytest.raises(RegistryError) as refused:
        resolved(parse(text), resolve)
    return refused.value.problems


# What is wrong -------------------------------------------------------------------------

POSITION = "{longitude: 120.1, latitude: 30.3}"
ENTRY = "from: 2026-01-01T00:00:00+08:00\n                zone"
TIME = "write date, time and offset, such as 2026-01-01T00:00:00+08:00"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        # Identity
        ("XY001X:", "XY001Y:", "line 4, enterprises.91330106MA27XY001Y: the check character of 统一社会信用代码 91330106MA27XY001Y does not fit; look for a typing error"),
        ("XY001X:", "XY001:", "line 4, enterprises.91330106MA27XY001: '91330106MA27XY001' is no 统一社会信用代码; give its 18 digits and capital letters"),
        ("MA27", "ma27", "line 4, enterprises.91330106ma27XY001X: '91330106ma27XY001X' is no 统一社会信用代码; give its 18 digits and capital letters"),
        ("warehouse-1:", "Warehouse/1:", "line 9, enterprises.91330106MA27XY001X.sites.Warehouse/1: 'Warehouse/1' is no key; use up to 64 lower-case letters, digits, - and _"),
        ("room-1:", "room+:", f"line 17, {SITE}.devices.room+: 'room+' is no key; use up to 64 lower-case letters, digits, - and _"),
        ("t1:", "'#':", f"line 27, {ROOM}.points.#: '#' is no key; use up to 64 lower-case letters, digits, - and _"),
        ("door: {q", "t1: {q", f"line 35, {ROOM}.points.t1: given twice, first in line 27"),
        # Names and kinds
        ("name: Room 1", "kind: logger", f"line 17, {ROOM}.name: is missing; give one name, or {{zh: …, en: …}}"),
        ("{zh: 示例, en: Example}", "{zh: 示例}", "line 5, enterprises.91330106MA27XY001X.name.en: is missing; give the English name"),
        ("name: Room 1", "name: ''", f"line 18, {ROOM}.name.zh: String should have at least 1 character; give the Chinese name"),
        ("name: Room 1", 'name: "Room\\nLink: https://evil"', f"line 18, {ROOM}.name.zh: 'Room\\nLink: https://evil' is no line of readable text; remove line breaks and invisible characters"),
        ("name: Room 1", 'name: "Room \\u202e1"', f"line 18, {ROOM}.name.zh: 'Room \\u202e1' is no line of readable text; remove line breaks and invisible characters"),
        ("name: Room 1", "name: '　'", f"line 18, {ROOM}.name.zh: '\\u3000' is no line of readable text; remove line breaks and invisible characters"),
        ("name: Room 1", "name: [a]", f"line 18, {ROOM}.name: must be keys with values; give one name, or {{zh: …, en: …}}"),
        ("    kind: wholesaler\n", "", "line 4, enterprises.91330106MA27XY001X.kind: is missing; give manufacturer or wholesaler or retailer or clinic or hospital or carrier"),
        ("kind: warehouse", "kind: store", f"line 11, {SITE}.kind: must be 'warehouse', 'plant', 'vehicle', 'pharmacy' or 'clinic'"),
        ("[vaccine]", "vaccine", "line 7, enterprises.91330106MA27XY001X.high_risk: must be a list; start each class with a dash"),
        # Unknown keys
        ("telephone", "telefone", f"line 13, {SITE}.telefone: unknown key; did you mean telephone?"),
        ("calibration_due", "calibrated", f"line 25, {ROOM}.timeline.0.calibrated: unknown key; did you mean calibration_due?"),
        ("en: Example", "en: Example, xx: 1", "line 5, enterprises.91330106MA27XY001X.name.xx: unknown key; known are en, zh"),
        ("from: 2026-02", "valid_from: 2026-02", f"line 33, {ROOM}.points.t1.timeline.1.valid_from: unknown key; known are calibration_due, from, in_use, interval, max_gap, rules, zone"),
        # Site
        ("telephone: 0571-88880000", "telephone: call me", f"line 13, {SITE}.telephone: 'call me' is no telephone; give one such as 0571-88880000"),
        ("        telephone: 0571-88880000\n", "", f"line 9, {SITE}.telephone: is missing; give a telephone that is answered, such as 0571-88880000"),
        ("region: 330106", "region: 3301", f"line 12, {SITE}.region: a region is the six digits of GB/T 2260, not '3301'; give the county of the site, such as 330106"),
        ("region: 330106", "region: 990106", f"line 12, {SITE}.region: GB/T 2260 has no province 99; give the county of the site, such as 330106"),
        ("region: 330106", "region: 331206", f"line 12, {SITE}.region: 浙江省 has no prefecture 3312; give the county of the site, such as 330106"),
        ("region: 330106", "region: 330100", f"line 12, {SITE}.region: 330100 is a whole prefecture; give the county of the site, such as 330106"),
        ("area_m2: 420", "area_m2: 0", f"line 14, {SITE}.area_m2: must be greater than 0"),
        ("area_m2: 420", "area_m2: .inf", f"line 14, {SITE}.area_m2: must be a number"),
        ("area_m2: 420", "area_m2: true", f"line 14, {SITE}.area_m2: must be a number"),
        (POSITION, "{longitude: 30.3, latitude: 12.1}", f"line 15, {SITE}.position.longitude: must be greater than or equal to 73; give degrees east"),
        (POSITION, "30.3", f"line 15, {SITE}.position: must be keys with values; write {{longitude: …, latitude: …}}"),
        ("Asia/Shanghai", "Asia/Hangzhou", f"line 19, {ROOM}.time_zone: 'Asia/Hangzhou' is no time zone; give an IANA name such as Asia/Shanghai"),
        ("Asia/Shanghai", "../zone", f"line 19, {ROOM}.time_zone: '../zone' is no time zone; give an IANA name such as Asia/Shanghai"),
        ("kind: warehouse", "kind: vehicle", f"line 27, {ROOM}.points.t1: is in a vehicle; write stage: transport"),
        # Points
        ("quantity: temperature", "quantity: temprature", f"line 28, {ROOM}.points.t1.quantity: unknown quantity 'temprature'; did you mean temperature?"),
        ("                quantity: temperature\n", "", f"line 27, {ROOM}.points.t1.quantity: is missing; say what is measured, such as temperature"),
        ("resolution: 0.1", "unit: C\n                resolution: 0.1", f"line 29, {ROOM}.points.t1.unit: temperature is not given in 'C'; write °C"),
        ("resolution: 0.1", "unit: K\n                resolution: 0.1", f"line 29, {ROOM}.points.t1.unit: temperature is not given in 'K'; use °C"),
        ("resolution: 0.1", "resolution: 0", f"line 29, {ROOM}.points.t1.resolution: must be greater than or equal to 0.000001; give the smallest step of the value that means anything, such as 0.1"),
        ("resolution: 0.1", "resolution: '0.1'", f"line 29, {ROOM}.points.t1.resolution: must be a number; give the smallest step of the value that means anything, such as 0.1"),
        ("resolution: 0.1", "resolution: 1000", f"line 29, {ROOM}.points.t1.resolution: is coarser than temperature ranges (-200 to 400 °C); mend it"),
        ("                resolution: 0.1\n", "", f"line 27, {ROOM}.points.t1.resolution: is missing; give the smallest step of the value that means anything, such as 0.1"),
        ("{quantity: door}", "{quantity: door, resolution: 0.5}", f"line 35, {ROOM}.points.door.resolution: a state has resolution 1; leave it out"),
        ("{quantity: door}", "door", f"line 35, {ROOM}.points.door: must be keys with values"),
        # Timelines
        ("from: 2026-02-01T00:00:00+08:00", "from: 2026-02-01T00:00:00", f"line 33, {ROOM}.points.t1.timeline.1.from: '2026-02-01T00:00:00' leaves open in which time zone; {TIME}"),
        ("from: 2026-02-01T00:00:00+08:00", "from: tomorrow", f"line 33, {ROOM}.points.t1.timeline.1.from: 'tomorrow' is no time; {TIME}"),
        ("from: 2026-02-01T00:00:00+08:00", "from: 1769875200", f"line 33, {ROOM}.points.t1.timeline.1.from: 1769875200 is no time; {TIME}"),
        ("from: 2026-02-01T00:00:00+08:00", "from: 2260-02-01T00:00:00+08:00", f"line 33, {ROOM}.points.t1.timeline.1.from: '2260-02-01T00:00:00+08:00' is outside the years 2000 to 2099; {TIME}"),
        ("from: 2026-02-01T00:00:00+08:00", "from: 0001-01-01T00:00:00+08:00", f"line 33, {ROOM}.points.t1.timeline.1.from: '0001-01-01T00:00:00+08:00' is outside the years 2000 to 2099; {TIME}"),
        ("from: 2026-02-01T00:00:00+08:00", "from: 2025-12-31T16:00:00Z", f"line 33, {ROOM}.points.t1.timeline.1.from: is not after the entry before; put entries in order of time"),
        (ENTRY, "zone", f"line 21, {ROOM}.timeline.0.from: is missing; give the time from which the entry holds"),
        ("                zone: cold\n", "", f"line 21, {ROOM}.timeline.0.zone: is missing; give cold, cool, ambient, frozen or your own"),
        ("                interval: 1m\n", "", f"line 21, {ROOM}.timeline.0.interval: is missing; give the recording interval"),
        ("zone: cold", "zone: cold room", f"line 22, {ROOM}.timeline.0.zone: 'cold room' is no key; use up to 64 lower-case letters, digits, - and _"),
        ("interval: 1m", "interval: 60", f"line 23, {ROOM}.timeline.0.interval: write a duration like 0s, 15m or 1h30m, not 60"),
        ("max_gap: 5m", "max_gap: 367d", f"line 24, {ROOM}.timeline.0.max_gap: is longer than 366d; shorten it"),
        ("interval: 1m", "interval: 900000d", f"line 23, {ROOM}.timeline.0.interval: is longer than 366d; shorten it"),
        ("interval: 1m", "interval: 0s", f"line 23, {ROOM}.timeline.0.interval: must be longer than 0s; write a duration such as 1m"),
        ("interval: 1m\n                max_gap: 5m", "interval: 31m", f"line 23, {ROOM}.timeline.0.interval: GSP wants a value at least every 30m in storage; shorten it"),
        ("max_gap: 5m", "max_gap: 59s", f"line 24, {ROOM}.timeline.0.max_gap: is shorter than the interval, 1m; lengthen it"),
        ("2026-12-31", "31.12.2026", f"line 25, {ROOM}.timeline.0.calibration_due: '31.12.2026' is no date; write it as 2026-12-31"),
        ("2026-12-31", "2126-12-31", f"line 25, {ROOM}.timeline.0.calibration_due: '2126-12-31' is outside the years 2000 to 2099; mend it"),
        ("in_use: loaded", "in_use: closed", f"line 34, {ROOM}.points.t1.timeline.1.in_use: must be 'commissioned', 'loaded', 'in_maintenance' or 'empty'"),
        ("in_use: loaded", "interval: 10m", f"line 24, {ROOM}.timeline.0.max_gap: is shorter than the interval, 10m; lengthen it"),
        # Rules
        ("rules: [gsp-cold-room]", "rules: gsp-cold-room", f"line 32, {ROOM}.points.t1.timeline.0.rules: must be a list; start each rule with a dash"),
        ("[gsp-cold-room]", "[gsp-cold-room, gsp-cold-room]", f"line 32, {ROOM}.points.t1.timeline.0.rules.1: gsp-cold-room is given twice in one entry; keep one"),
        ("[gsp-cold-room]", "[{limits: {}}]", f"line 32, {ROOM}.points.t1.timeline.0.rules.0.rule: is missing; give the key of a rule in the catalogue"),
        ("{above: 7.0, for: 0s}", "{above: [7.0]}", "line 2, limits.gsp-cold-room.warning.above: a limit is one value; write `above: 8.0`"),
        ("{warning: {above: 7.0, for: 0s}}", "{warning: 7.0}", "line 2, limits.gsp-cold-room.warning: must be keys with values"),
    ],
)  # fmt: skip
def test_problem_names_line_path_and_remedy(old: str, new: str, problem: str):
    assert problem in broken(old, new)


def test_device_that_is_in_two_sites_is_refused():
    again = """\
      warehouse-2:
        {name: W, kind: warehouse, region: 330106, telephone: 0571-88880000, devices: {room-1: {name: R}}}
"""
    second = SITE.replace("warehouse-1", "warehouse-2")
    assert lines_of(FILE + again) == [
        f"line 37, {second}.devices.room-1: room-1 is also in warehouse-1; rename one"
    ]


def test_point_without_any_timeline_is_refused():
    start, end = FILE.index("            timeline:"), FILE.index("            points:")
    text = FILE[:start] + FILE[end:]
    assert f"line 29, {ROOM}.points.door: has no timeline; give one to the point or to its device" in lines_of(text)  # fmt: skip


def test_transport_is_recorded_every_five_minutes():
    transport = FILE.replace("kind: warehouse", "kind: vehicle")
    transport = transport.replace("quantity: temperature", "quantity: temperature\n                stage: transport")  # fmt: skip
    transport = transport.replace(
        "{quantity: door}", "{quantity: door, stage: transport}"
    )
    parse(transport)
    slow = transport.replace("interval: 1m", "interval: 6m").replace("5m", "6m")
    assert lines_of(slow) == [
        f"line 23, {ROOM}.timeline.0.interval: GSP wants a value at least every 5m in transport; shorten it"
    ]


def test_other_stages_may_be_recorded_more_seldom():
    text = FILE.replace("quantity: temperature", "quantity: temperature\n                stage: production")  # fmt: skip
    parse(
        text.replace("{quantity: door}", "{quantity: running, stage: quality}")
        .replace("interval: 1m", "interval: 2h")
        .replace("max_gap: 5m", "max_gap: 1d")
    )


def test_all_problems_come_at_once_in_order_of_lines():
    text = FILE
    for old, new in [
        ("XY001X", "XY001Y"),
        ("kind: warehouse", "kind: store"),
        ("interval: 1m", "interval: 60"),
        ("resolution: 0.1", "resolution: 0"),
        ("{quantity: door}", "{quantity: dor}"),
    ]:
        text = text.replace(old, new)
    numbers = [re.match(r"line (\d+)", line) for line in lines_of(text)]
    assert [int(found[1]) for found in numbers if found] == [4, 11, 23, 29, 35]


# YAML ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1: must be keys with values"),
        ("# nothing\n", "line 1: must be keys with values"),
        ("- a", "line 1: must be keys with values"),
        ("enterprises: []", "line 1, enterprises: must be keys with values; start with `enterprises:`"),
        ("limits: {}", "line 1, enterprises: is missing; start with `enterprises:`"),
        ("a: b: c", "line 1: this is not YAML: mapping values are not allowed in this context"),
        ("a: 1\n\tb: 2", "line 2: this is not YAML: "),
        ("%YAML 9.9\n---\na: 1", "line 1: this is not YAML: found incompatible YAML document"),
        ("a: 1\n---\nb: 1", "line 2: a second document starts; write one file for each"),
        ("enterprises: {}\nlimits: {}\nenterprises: {}", "line 3, enterprises: given twice, first in line 1"),
        ("enterprises: &a {}\nlimits: *a", "line 2, limits: aliases are not allowed; write the value out"),
        ("enterprises: !!map {}", "line 1, enterprises: the tag tag:yaml.org,2002:map is not allowed; remove it"),
        ("enterprises: !!python/object/apply:os.system [ls]", "line 1, enterprises: the tag tag:yaml.org,2002:python/object/apply:os.system is not allowed; remove it"),
        ("? [a]\n: b", "line 1: a key must be plain text"),
        ('\nname: "a\\0b"', "line 2, name: the invisible character U+0000 is not allowed; remove it"),
        ('\n"a\\0b": 1', "line 2, a\ufffdb: the invisible character U+0000 is not allowed; remove it"),
        ("a: 1\nb: \0", "line 2: the invisible character U+0000 is not allowed; remove it"),
        ("a: \ud800", "line 1: the invisible character U+D800 is not allowed; remove it"),
        ('a: "\\ud800"', "line 1: this is not YAML: found invalid Unicode character escape code"),
        ("[" * 100_000, f"line 1: nested more than {MAX_DEPTH} levels deep; flatten it"),
        ("a" * (MAX_SIZE + 1), f"line 1: the file has more than {MAX_SIZE} characters; split it"),
    ],
    ids=range(21),
)  # fmt: skip
def test_yaml_that_is_refused_names_its_line(text: str, problem: str):
    assert any(line.startswith(problem) for line in lines_of(text))


def test_alias_bomb_is_refused_at_once():
    levels = "".join(
        f"{b}: [{', '.join([f'*{a}'] * 9)}]\n"
        for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    bomb = "a: &a [x]\n" + re.sub(r"^(\w): ", r"\1: &\1 ", levels, flags=re.MULTILINE)
    assert all("aliases are not allowed" in line or "unknown key" in line or "missing" in line for line in lines_of(bomb))  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12), ("-7", -7), ("+7", 7), ("0", 0), ("0571", "0571"), ("1_000", "1_000"),
        ("0x10", "0x10"), ("9" * 19, "9" * 19),
        ("1.5", 1.5), ("-.5", -0.5), ("2.", 2.0), ("1.5e3", 1500.0), ("1.0e999", "1.0e999"),
        (".nan", ".nan"), ("1:30", "1:30"), ("2026-01-01", "2026-01-01"),
        ("true", True), ("false", False), ("yes", "yes"), ("on", "on"),
        ("null", None), ("~", None), ("", None), ("'12'", "12"), ("''", ""), ("|-\n  x", "x"),
    ],
)  # fmt: skip
def test_scalars_are_read_as_yaml_1_2_reads_them(text: str, value: object):
    document = load(f"a: {text}\n")
    assert document.problems == []
    read = document.value["a"]
    assert (read, type(read)) == (value, type(value))


def test_byte_order_mark_of_an_editor_is_ignored():
    assert load("\ufeffa: 1").value == {"a": 1}


plain = (
    st.none()
    | st.booleans()
    | st.integers(-99, 99)
    | st.text("abc é中'\"\n:#", max_size=9)
)
trees = st.recursive(
    plain,
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(st.text("ab1 :", min_size=1), below, max_size=3)
    ),
    max_leaves=12,
)


@given(trees)
def test_json_is_read_as_what_it_says(value: object):
    assert load(json.dumps(value, ensure_ascii=False)).value == value


@given(st.text(max_size=40) | st.text("a:- []{}\n\"'&*!?|>#%@,\0", max_size=40))
def test_any_text_is_read_or_refused_with_a_line(text: str):
    document = load(text)
    assert all(problem.line >= 1 for problem in document.problems)


# What a file says ----------------------------------------------------------------------


def settings_of(text: str, point: str) -> tuple[Setting, ...]:
    """The timeline of a point of room-1."""
    return resolved(parse(text), resolve).timelines[(*CODE, point)]


JANUARY = datetime(2025, 12, 31, 16, tzinfo=UTC)
FEBRUARY = datetime(2026, 1, 31, 16, tzinfo=UTC)


def test_point_inherits_from_its_device_and_carries_on():
    first, second = settings_of(FILE, "t1")
    version = resolve("gsp-cold-room", {"warning": {"above": 7.0, "for": "0s"}}).version
    assert first == Setting(
        valid_from=JANUARY,
        zone="cold",
        interval=timedelta(minutes=1),
        max_gap=timedelta(minutes=5),
        in_use=InUse.COMMISSIONED,
        rules=(version,),
        calibration_due=date(2026, 12, 31),
    )
    assert (second.valid_from, second.in_use) == (FEBRUARY, InUse.LOADED)
    assert (second.rules, second.zone) == (first.rules, first.zone)
    (door,) = settings_of(FILE, "door")
    assert door.rules == ()


def test_what_the_device_says_later_reaches_the_point_unless_it_spoke_itself():
    later = """\
              - {from: 2026-03-01T00:00:00+08:00, in_use: in_maintenance, zone: cool}
            points:
"""
    text = FILE.replace("            points:\n", later)
    assert [each.in_use for each in settings_of(text, "t1")] == [
        InUse.COMMISSIONED,
        InUse.LOADED,
        InUse.LOADED,
    ]
    assert [each.zone for each in settings_of(text, "t1")] == ["cold", "cold", "cool"]
    assert [each.in_use for each in settings_of(text, "door")] == [
        InUse.COMMISSIONED,
        InUse.IN_MAINTENANCE,
    ]


def test_null_takes_back_what_was_said():
    text = FILE.replace("in_use: loaded", "{calibration_due: null, max_gap: null, rules: null}")  # fmt: skip
    text = text.replace("- from: 2026-02-01T00:00:00+08:00\n                    {", "- {from: 2026-02-01T00:00:00+08:00, ")  # fmt: skip
    _, second = settings_of(text, "t1")
    assert second.calibration_due is None
    assert second.max_gap == timedelta(minutes=3), "three intervals, the default"
    assert second.rules == ()


def test_null_cannot_take_back_what_must_be_there():
    text = FILE.replace("in_use: loaded", "zone: null")
    assert lines_of(text) == [
        f"line 34, {ROOM}.points.t1.timeline.1.zone: is missing; give cold, cool, ambient, frozen or your own"
    ]


def test_defaults_come_from_the_quantity():
    site = parse(FILE).enterprises["91330106MA27XY001X"].sites["warehouse-1"]
    points = site.devices["room-1"].points
    assert (points["t1"].unit, points["t1"].name.zh) == ("°C", "温度")
    assert (points["door"].unit, points["door"].resolution) == (STATE, 1)
    assert site.region == "330106"
    assert (site.name.zh, site.name.en) == ("Warehouse", "Warehouse")


def test_limits_of_the_assignment_override_those_of_the_file():
    text = FILE.replace(
        "[gsp-cold-room]",
        "[{rule: gsp-cold-room, limits: {warning: {above: 6.5}, excursion: {for: 1m}}}, any]",
    )
    (first, _) = settings_of(text, "t1")
    cold = resolve("gsp-cold-room", {"excursion": {"for": "1m"}, "warning": {"above": 6.5, "for": "0s"}})  # fmt: skip
    assert first.rules == (resolve("any", {}).version, cold.version), "sorted by rule"
    registry = resolved(parse(text), resolve)
    assert registry.versions == {
        each.version: each for each in (cold, resolve("any", {}))
    }


def test_rule_that_is_refused_names_the_line_of_its_assignment():
    assert refused_rules(FILE.replace("[gsp-cold-room]", "[gsp-cold-room, who]")) == [
        f"line 32, {ROOM}.points.t1.timeline.0.rules.1: ask for another",
        f"line 32, {ROOM}.points.t1.timeline.0.rules.1: rule 'who' is unknown",
    ]


def test_rule_must_judge_what_the_point_measures():
    text = FILE.replace("max_gap: 5m", "rules: [gsp-cold-room]")
    assert refused_rules(text) == [
        f"line 24, {ROOM}.timeline.0.rules.0: the rule judges temperature, the point gives door; assign another"
    ]


WINDOW = "its window, {}, is shorter than two intervals of {}; lengthen it, or do not assign it here"


def of_catalogue(rule: str, limits: str = "{}", interval: str = "1m") -> str:
    """FILE with a rule of the catalogue that comes with us."""
    text = FILE.replace(
        "limits:\n  gsp-cold-room: {warning: {above: 7.0, for: 0s}}\n", ""
    )
    text = text.replace("[gsp-cold-room]", f"[{{rule: {rule}, limits: {limits}}}]")
    return text.replace("interval: 1m", f"interval: {interval}")


@pytest.mark.parametrize(
    ("rule", "limits", "interval", "window"),
    [
        ("temperature-rate", "{fast: {over: 1m59s}}", "1m", "1m59s"),
        ("temperature-rate", "{}", "5m1s", "10m"),
        ("temperature-trend", "{drift: {window: 1m}}", "1m", "1m"),
        ("shipping-cumulative", "{hot: {since: null, within: 9m, total: 5m}}", "5m", "9m"),
    ],
)  # fmt: skip
def test_window_shorter_than_two_intervals_is_refused(
    rule: str, limits: str, interval: str, window: str
):
    text = of_catalogue(rule, limits, interval).replace("max_gap: 5m", "max_gap: 10m")
    with pytest.raises(RegistryError) as refused:
        resolved(parse(text), catalogue.version)
    assert refused.value.problems == [
        f"line 30, {ROOM}.points.t1.timeline.0.rules.0: {WINDOW.format(window, interval)}"
    ]


def test_window_is_held_against_every_interval_that_comes_under_the_rule():
    """The line is that of the assignment, though what makes it wrong is a later entry."""
    slow = "interval: 6m\n                    max_gap: 6m"
    text = of_catalogue("temperature-rate").replace("in_use: loaded", slow)
    with pytest.raises(RegistryError) as refused:
        resolved(parse(text), catalogue.version)
    assert refused.value.problems == [
        f"line 30, {ROOM}.points.t1.timeline.0.rules.0: {WINDOW.format('10m', '6m')}"
    ]
    resolved(parse(text.replace("6m\n", "6m\n                    rules: []\n", 1)), catalogue.version)  # fmt: skip


def test_window_of_two_intervals_and_a_rule_without_one_are_taken():
    for text in (
        of_catalogue("temperature-rate", "{fast: {over: 2m}}"),
        of_catalogue("temperature-rate", "{}", "5m"),
        of_catalogue("shipping-cumulative", "{}", "5m"),
    ):
        resolved(parse(text), catalogue.version)


def test_window_of_more_readings_than_can_be_compared_in_pairs_is_refused():
    with pytest.raises(RegistryError) as refused:
        resolved(parse(of_catalogue("temperature-trend", "{drift: {window: 12h1m}}")), catalogue.version)  # fmt: skip
    assert refused.value.problems == [
        (
            f"line 30, {ROOM}.points.t1.timeline.0.rules.0: its window, 12h1m, is longer than 720 "
            "intervals of 1m; shorten it, or do not assign it here"
        )
    ]
    resolved(parse(of_catalogue("temperature-trend", "{drift: {window: 12h}}")), catalogue.version)  # fmt: skip


def test_no_duration_of_a_rule_leaves_the_calendar():
    with pytest.raises(RegistryError, match=r"line 30.*for"):
        resolved(parse(of_catalogue("gsp-cool", "{excursion: {for: 367d}}")), catalogue.version)  # fmt: skip


def test_limits_that_nothing_uses_are_refused():
    text = FILE.replace("  gsp-cold-room:", "  gsp-cool: {}\n  gsp-cold-room:")
    assert refused_rules(text) == [
        "line 2, limits.gsp-cool: no point has this rule; assign it or remove its limits"
    ]


# The files that come with us -----------------------------------------------------------


def test_demo_world_is_valid_with_the_catalogue():
    registry = resolved(
        parse(DEMO.read_text(encoding="utf-8")),
        lambda rule, limits: catalogue.resolve(rule, limits).to_version(),
    )
    assert sorted({device for _, device, _ in registry.timelines}) == [
        "coldroom-1", "coldroom-2", "lorry-1", "lorry-2", "refrigerator-1",
        "scripted-1", "scripted-clock", "scripted-conflict", "scripted-gap",
        "scripted-kinds", "scripted-late", "scripted-offline", "steriliser-1",
    ]  # fmt: skip
    assert len(registry.timelines) == 41
    assert {each.rule for each in registry.versions.values()} == {
        "gsp-cold-room", "gsp-humidity", "who-refrigerator-heat", "who-refrigerator-freeze",
        "temperature-trend", "temperature-rate", "shipping-cumulative", "sensor-no-value",
        "records-storage", "records-transport", "device-silent",
    }  # fmt: skip


def test_demo_states_every_limit_itself():
    file = parse(DEMO.read_text(encoding="utf-8"))
    for rule, stated in file.limits.items():
        ready = catalogue.load()[rule]
        assert {level.name for level in ready.levels} == set(stated)
        for level in ready.levels:
            theirs = level.model_dump(by_alias=True, exclude_unset=True)
            assert set(theirs) - {"name"} <= set(stated[level.name]), rule


def test_example_of_the_manual_is_valid_with_the_catalogue():
    manual = (ROOT / "docs/registry.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```yaml\n(enterprises:.*?)```", manual, flags=re.DOTALL)
    registry = resolved(
        parse(example),
        lambda rule, limits: catalogue.resolve(rule, limits).to_version(),
    )
    assert registry.timelines


def test_manual_lists_every_quantity():
    manual = (ROOT / "docs/registry.md").read_text(encoding="utf-8")
    for name, quantity in QUANTITIES.items():
        units = ", ".join(quantity.units)
        assert f"| {name} | {quantity.name_zh} | {units}" in manual


# Quantities -----------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "quantity"), QUANTITIES.items())
def test_quantity_has_plausible_units_and_states(name: str, quantity: Any):
    assert re.fullmatch(r"[a-z-]+", name)
    assert all(low < high for low, high in quantity.units.values())
    assert all(unit_problem(name, unit) is None for unit in quantity.units)
    assert bool(quantity.states) == (quantity.unit == STATE)
    if quantity.states:
        assert quantity.units[STATE] == (0, len(quantity.states) - 1)


@pytest.mark.parametrize(
    ("quantity", "unit", "advice"),
    [
        ("temperature", "℃", "write °C"),
        ("humidity", "%", "write %RH"),
        ("conductivity", "us/cm", "write µS/cm"),
        ("pressure", "bar", "use Pa or hPa or kPa or MPa"),
        ("temperature", "%", "use °C"),
    ],
)
def test_unit_that_does_not_fit_is_answered_with_one_that_does(
    quantity: str, unit: str, advice: str
):
    problem = unit_problem(quantity, unit)
    assert problem == f"{quantity} is not given in {unit!r}; {advice}"
