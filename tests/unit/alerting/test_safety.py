"""Safety codes, scores and indices, by hand: every ground at its boundary; and what never holds."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alerting.safety.code import (
    BADNESS,
    Colour,
    Enterprise,
    code,
    costs,
    index,
    score,
    standing,
)
from alerting.safety.facts import Counts, Facts

HOUR = timedelta(hours=1)
INSTANT = timedelta(microseconds=1)
ABOVE = HOUR + INSTANT
NOW = datetime(2026, 11, 22, tzinfo=UTC)
SOUND = Facts(points=20, devices=10, due=1000, filled=1000)
"""An enterprise with nothing to say against it."""


def numbers(count: int) -> tuple[int, ...]:
    return tuple(range(1, count + 1))


def judged(**facts: Any) -> tuple[str, list[str]]:
    """Colour, and the keys of the reasons."""
    colour, reasons = code(replace(SOUND, **facts))
    return colour.value, [reason.key for reason in reasons]


# The code


def test_nothing_to_say_is_green_without_reasons():
    assert judged() == ("green", [])
    assert score(SOUND) == 100


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"points": 0, "devices": 0}, ("grey", ["no-points"])),
        ({"deaf": True}, ("grey", ["deaf"])),
        ({"open": Counts(critical=1), "critical_for": HOUR}, ("yellow", ["alerts-open"])),
        ({"open": Counts(critical=1), "critical_for": ABOVE}, ("red", ["critical-long", "alerts-open"])),
        (
            {"open": Counts(1), "overdue": Counts(1), "critical_for": HOUR},
            ("red", ["critical-overdue", "alerts-open", "overdue"]),
        ),
        ({"open": Counts(0, 1)}, ("yellow", ["alerts-open"])),
        ({"open": Counts(0, 2), "overdue": Counts(0, 2)}, ("yellow", ["alerts-open", "overdue"])),
        (
            {"open": Counts(0, 3), "overdue": Counts(0, 3)},
            ("red", ["majors-overdue", "alerts-open", "overdue"]),
        ),
        ({"open": Counts(0, 0, 4)}, ("green", [])),
        ({"open": Counts(0, 0, 5)}, ("yellow", ["minors-open"])),
        ({"open": Counts(0, 0, 1), "overdue": Counts(0, 0, 1)}, ("yellow", ["overdue"])),
        ({"filled": 950}, ("green", [])),
        ({"filled": 949}, ("yellow", ["data-gaps"])),
        ({"filled": 800}, ("yellow", ["data-gaps"])),
        ({"filled": 799}, ("red", ["data-missing"])),
        ({"due": 0, "filled": 0}, ("green", [])),
        ({"silent": (7,)}, ("yellow", ["device-silent"])),
        ({"silent": (7,), "silent_sites": (3,)}, ("red", ["site-silent", "device-silent"])),
        ({"uncalibrated": numbers(1)}, ("yellow", ["uncalibrated"])),
        ({"uncalibrated": numbers(10)}, ("yellow", ["uncalibrated"])),
        ({"uncalibrated": numbers(11)}, ("red", ["most-uncalibrated"])),
    ],
)  # fmt: skip
def test_grounds_hold_exactly_within_their_limits(
    facts: dict[str, Any], expected: tuple[str, list[str]]
):
    assert judged(**facts) == expected


def test_what_is_not_assessed_is_grey_whatever_else_there_is_and_says_it_all():
    facts = {"open": Counts(1), "critical_for": ABOVE, "filled": 0}
    keys = ["critical-long", "data-missing", "alerts-open"]
    assert judged(deaf=True, **facts) == ("grey", ["deaf", *keys])
    assert score(replace(SOUND, deaf=True, **facts)) is None
    assert score(replace(SOUND, points=0)) is None


def test_reasons_are_words_in_both_languages_and_lead_somewhere():
    facts = replace(
        SOUND,
        open=Counts(2, 1),
        critical_for=2 * HOUR,
        overdue=Counts(1),
        filled=799,
        silent=numbers(30),
        uncalibrated=(4,),
    )
    assert [(r.text.zh, r.text.en, r.link) for r in code(facts).reasons] == [
        (
            "严重告警超过 1 小时未关闭（未关闭的严重告警 2 条）",
            "A critical alert has been open for more than 1 h (critical alerts open: 2)",
            {"alerts": {"severity": ["critical"]}},
        ),
        (
            "严重告警逾期 1 条",
            "Critical alerts overdue: 1",
            {"alerts": {"severity": ["critical"], "overdue": True}},
        ),
        (
            "近 7 日数据完整率低于 80%（应有 1000 条，实有 799 条）",
            "Data of the last 7 days less than 80 % complete (799 of 1000 due)",
            {},
        ),
        (
            "未关闭的严重告警 2 条、主要告警 1 条",
            "Alerts open: 2 critical, 1 major",
            {"alerts": {"severity": ["critical", "major"]}},
        ),
        ("逾期告警共 1 条", "Alerts overdue: 1", {"alerts": {"overdue": True}}),
        (
            "失联超过 24 小时的设备 30 台",
            "Devices silent for more than 24 h: 30",
            {"devices": list(numbers(20))},
        ),
        (
            "校准过期的监测点 1 个",
            "Points past their calibration: 1",
            {"points": [4]},
        ),
    ]


def test_a_code_stands_while_whoever_judges_gives_signs_of_life():
    ten = timedelta(minutes=10)
    assert standing(Colour.GREEN, NOW - ten, NOW) is Colour.GREEN
    assert standing(Colour.GREEN, NOW - ten - INSTANT, NOW) is Colour.GREY
    assert standing(Colour.RED, None, NOW) is Colour.GREY


# The score


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"open": Counts(1, 1, 1)}, 71),
        ({"open": Counts(1, 1, 1), "points": 5}, 71),
        ({"open": Counts(1, 1, 1), "points": 40}, 85.5),
        ({"open": Counts(2)}, 60),
        ({"open": Counts(3)}, 60),
        ({"overdue": Counts(1, 1, 1)}, 80),
        ({"overdue": Counts(2, 1)}, 75),
        ({"overdue": Counts(3)}, 75),
        ({"overdue": Counts(1, 1), "points": 60}, 95),
        ({"filled": 900}, 92.5),
        ({"filled": 800}, 85),
        ({"filled": 0}, 85),
        ({"silent": numbers(1)}, 98),
        ({"silent": numbers(5)}, 90),
        ({"silent": numbers(10)}, 90),
        ({"uncalibrated": numbers(5)}, 95),
        ({"uncalibrated": numbers(20)}, 90),
        ({"open": Counts(9, 9, 9), "overdue": Counts(9, 9, 9), "filled": 0,
          "silent": numbers(10), "uncalibrated": numbers(20)}, 0),
    ],
)  # fmt: skip
def test_score_by_hand(facts: dict[str, Any], expected: float):
    assert score(replace(SOUND, **facts)) == pytest.approx(expected)


def test_the_example_of_the_documentation():
    facts = Facts(
        points=40,
        devices=10,
        open=Counts(1, 3),
        overdue=Counts(0, 1),
        critical_for=timedelta(minutes=20),
        due=100,
        filled=97,
        silent=(1,),
        uncalibrated=(1, 2),
    )
    assert score(facts) == 70.25
    assert code(facts).colour is Colour.YELLOW
    assert code(replace(facts, critical_for=ABOVE)).colour is Colour.RED


few = st.integers(0, 60)
counts = st.builds(Counts, few, few, few)


@st.composite
def enterprises(draw: st.DrawFn) -> Facts:
    """Facts that do not contradict each other."""
    points = draw(st.integers(0, 400))
    devices = draw(st.integers(min(points, 1), max(points, 1)))
    opened = draw(counts)
    overdue = Counts(*(draw(st.integers(0, number)) for number in opened))
    due = draw(st.integers(0, 5000))
    silent = numbers(draw(st.integers(0, devices)))
    ages = st.timedeltas(timedelta(), timedelta(days=2))
    return Facts(
        points=points,
        devices=devices,
        open=opened,
        overdue=overdue,
        critical_for=draw(ages) if opened.critical else None,
        due=due,
        filled=draw(st.integers(0, due)),
        silent=silent,
        silent_sites=numbers(draw(st.integers(0, len(silent)))),
        uncalibrated=numbers(draw(st.integers(0, points))),
        deaf=draw(st.booleans()),
    )


def worsened(facts: Facts, what: str) -> Facts | None:
    """With one more trouble of a kind; None: there is no room for one."""
    more = {
        f"{kind}-{severity}": replace(
            facts,
            **{kind: getattr(facts, kind)._replace(**{severity: getattr(getattr(facts, kind), severity) + 1})},
        )
        for kind in ("open", "overdue")
        for severity in Counts._fields
    }  # fmt: skip
    if what in more:
        return more[what]
    if what == "older":
        return replace(facts, critical_for=(facts.critical_for or timedelta()) + HOUR)
    if what == "missing" and facts.filled:
        return replace(facts, filled=facts.filled - 1)
    if what == "silent" and len(facts.silent) < facts.devices:
        return replace(facts, silent=numbers(len(facts.silent) + 1))
    if what == "uncalibrated" and len(facts.uncalibrated) < facts.points:
        return replace(facts, uncalibrated=numbers(len(facts.uncalibrated) + 1))
    return None


TROUBLES = [
    *(f"{kind}-{severity}" for kind in ("open", "overdue") for severity in Counts._fields),
    "older", "missing", "silent", "uncalibrated",
]  # fmt: skip


@given(enterprises())
def test_scores_lie_between_0_and_100_and_go_with_the_colour(facts: Facts):
    points, colour = score(facts), code(facts).colour
    assert (points is None) == (colour is Colour.GREY)
    assert points is None or 0 <= points <= 100
    assert points is None or points + sum(costs(facts).values()) == pytest.approx(100)


@given(enterprises())
def test_facts_are_read_as_they_were_kept(facts: Facts):
    kept = json.loads(json.dumps({**facts.document(), "share": 33}))
    assert Facts.read(kept) == facts


@given(enterprises(), st.sampled_from(TROUBLES))
def test_one_more_trouble_never_makes_a_code_or_a_score_better(facts: Facts, what: str):
    worse = worsened(facts, what)
    assume(worse is not None)
    assert worse is not None
    before, after = score(facts), score(worse)
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert after <= before
    assert BADNESS[code(worse).colour] >= BADNESS[code(facts).colour]
    kept = {reason.key for reason in code(facts).reasons}
    lost = kept - {reason.key for reason in code(worse).reasons}
    assert lost <= {"data-gaps", "uncalibrated"}, "only where the red one holds instead"


# The index


def some(
    *scored: float, colour: Colour = Colour.GREEN, high_risk: bool = False
) -> list[Enterprise]:
    """Enterprises of these scores; their numbers are the scores."""
    return [
        Enterprise(id=round(value), colour=colour, score=value, high_risk=high_risk)
        for value in scored
    ]  # fmt: skip


def grey(count: int) -> list[Enterprise]:
    return [
        Enterprise(id=1000 + n, colour=Colour.GREY, score=None, high_risk=False)
        for n in range(count)
    ]


def stated(enterprises: list[Enterprise]) -> tuple[float | None, str | None]:
    found = index(enterprises)
    return found.value, found.band and found.band.value


def test_index_is_the_mean_in_which_high_risk_weighs_double():
    assert stated(some(90, 80)) == (85, "yellow")
    assert stated(some(90) + some(60, high_risk=True)) == (70, "red")


@pytest.mark.parametrize(
    ("value", "band"),
    [(100, "green"), (90, "green"), (89.9, "yellow"), (75, "yellow"), (74.9, "red")],
)
def test_bands(value: float, band: str):
    assert stated(some(value)) == (value, band)


def test_any_red_caps_the_band_at_yellow():
    red = some(95, colour=Colour.RED)
    assert stated(some(100, 100) + red)[1] == "yellow"
    assert stated(some(40) + red)[1] == "red"


def test_an_index_of_which_less_than_80_percent_are_assessed_is_not_stated():
    assert stated(some(90, 91, 92, 93) + grey(1)) == (91.5, "green")
    found = index(some(90, 91, 92) + grey(1))
    assert (found.value, found.band, found.assessed) == (None, None, 0.75)
    assert found.counts == {"grey": 1, "green": 3, "yellow": 0, "red": 0}
    assert found.worst == (90, 91, 92)
    assert stated([]) == stated(grey(3)) == (None, None)


def test_a_code_that_no_longer_stands_is_not_assessed_whatever_its_score():
    gone = some(50, colour=Colour.GREY)
    found = index(some(90, 91, 92, 93) + gone)
    assert (found.value, found.assessed, found.worst[0]) == (91.5, 0.8, 90)


def test_worst_are_five_by_colour_then_score_then_number():
    enterprises = (
        some(70, 71)
        + some(80, 60, colour=Colour.YELLOW)
        + some(99, 98, colour=Colour.RED)
        + grey(1)
    )
    assert index(enterprises).worst == (98, 99, 60, 80, 70)


assessed = st.sampled_from([Colour.GREEN, Colour.YELLOW, Colour.RED])
points = st.floats(0, 100)


@given(st.lists(st.tuples(assessed, points, st.booleans()), min_size=1))
def test_an_index_lies_between_the_scores_and_is_not_green_beside_a_red(
    found: list[tuple[Colour, float, bool]],
):
    enterprises = [
        Enterprise(id=n, colour=colour, score=value, high_risk=risk)
        for n, (colour, value, risk) in enumerate(found)
    ]
    outcome = index(enterprises)
    values = [value for _, value, _ in found]
    assert outcome.value is not None
    assert min(values) - 1e-9 <= outcome.value <= max(values) + 1e-9
    assert sum(outcome.counts.values()) == len(found)
    if any(colour is Colour.RED for colour, _, _ in found):
        assert outcome.band is not Colour.GREEN
