from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from alerting.facts import gather
from domain.excursions import Excursion
from domain.rules import Severity
from tests.examples import ALERT, EXCURSION, SUBJECT, minutes
from tests.unit.rules.builders import a_level, a_rule

OLD = a_rule("r", a_level(above=8.0), a_level("warning", above=7.5, inclusive=True))
NEW = a_rule("r", a_level(above=9.0))
RULES = {"old": OLD, "new": NEW}


def an_excursion(**fields: Any) -> Excursion:
    return replace(EXCURSION, **{"version": "old", **fields})


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"above": 8.0}, "> 8"),
        ({"below": -0.5, "inclusive": True}, "≤ -0.5"),
        ({"below": 2.0, "above": 8.25}, "< 2, > 8.25"),
    ],
)
def test_limits_say_what_violates(fields: dict[str, Any], text: str) -> None:
    assert a_level(**fields).limit("°C") == f"{text} °C"


def test_the_worst_excursion_is_told_with_the_limit_of_its_own_version() -> None:
    live = [
        an_excursion(start=minutes(0)),
        an_excursion(start=minutes(5), version="new"),
        an_excursion(start=minutes(9), level="warning", severity=Severity.MINOR),
    ]
    facts = gather(ALERT, RULES, SUBJECT, live, live)
    assert (facts.excursion, facts.limit) == (live[1], "> 9 °C")
    assert gather(ALERT, RULES, SUBJECT, live[2:], live).limit == "≥ 7.5 °C"


def test_withdrawn_alert_tells_of_what_it_had() -> None:
    past = [an_excursion()]
    facts = gather(ALERT, RULES, SUBJECT, [], past)
    assert (facts.excursion, facts.limit) == (past[0], "> 8 °C")
    assert (facts.what.zh, facts.basis.en) == (OLD.name.zh, OLD.basis.en)
